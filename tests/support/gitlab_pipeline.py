# SPDX-License-Identifier: Apache-2.0
"""GitLab jobs on simulated runners: rules, variables, and for a whole .gitlab-ci.yml stages, artifacts and variables of
environments. After GitLab's document "CI/CD YAML syntax reference".
"""
import json
import os
import pathlib
import re
import shutil
import subprocess

import yaml

NO_JOBS = {"stages", "default", "variables", "workflow", "include"}
RUN_BY = {"bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"], "sh": ["sh", "-e", "-c"]}


def expand(value, variables):
    """GitLab expands variables in the values of variables, and runs nothing."""
    return re.sub(r"\$\{?(\w+)\}?", lambda match: variables.get(match[1], ""), value)


def holds(condition, variables):
    """rules:if: a variable alone, == and != with variables or texts, && between them."""
    def value(word):
        return variables.get(word[1:], "") if word.startswith("$") else json.loads(word)

    def one(text):
        left, sign, right = re.fullmatch(r'\s*(\$\w+|"[^"]*")(?:\s*(==|!=)\s*(\$\w+|"[^"]*"))?\s*', text).groups()
        return bool(value(left)) if not sign else (value(left) == value(right)) == (sign == "==")
    return all(one(each) for each in condition.split("&&"))


def runs(job, variables):
    """Whether a pipeline with these variables has the job."""
    return any(holds(rule["if"], variables) for rule in job["rules"])


def run_script(job, workspace, environment, shell="bash"):
    """The exit code and the log."""
    ran = subprocess.run([*RUN_BY[shell], "\n".join(job["script"])], cwd=workspace, env=environment, check=False,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return ran.returncode, ran.stdout.decode("utf-8")


class Gitlab:
    """The host: a bare repository and its settings; `run` is a pipeline."""

    def __init__(self, remote, temp, path):
        self.remote, self.temp, self.path = str(remote), str(temp), path
        self.secrets, self.variables = {}, {}  # {environment: {name: text}}; {name: text}
        self.environment = {}  # of every job: the test's
        self.project_url = str(remote).removesuffix(".git")
        self.pages = None
        self.jobs_run = 0

    def git(self, *words, cwd=None):
        subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True,
                       env={"PATH": self.path, "HOME": self.temp, "GIT_CONFIG_NOSYSTEM": "1"})

    def run(self, file, commit, variables, shell="sh"):
        """{job: what became of it}, stage by stage until one fails."""
        document = yaml.safe_load(pathlib.Path(file).read_text(encoding="utf-8"))
        jobs = {name: job for name, job in document.items() if name not in NO_JOBS}
        known = {"CI": "true", "GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main", "CI_PROJECT_URL": self.project_url,
                 "CI_COMMIT_SHA": commit, **self.variables, **variables}
        done = {}
        for stage in document["stages"]:
            if any(each["code"] for each in done.values()):
                break
            for name, job in jobs.items():
                assert job["stage"] in document["stages"], name
                assert all(each in jobs for each in job.get("needs", [])), name
                if job["stage"] == stage and runs(job, known):
                    done[name] = self.run_job(name, job, commit, known, shell)
        return done

    def run_job(self, name, job, commit, known, shell):
        self.jobs_run += 1
        workspace = os.path.join(self.temp, f"job-{self.jobs_run}", "releases")
        given = {**known, **self.secrets.get(job.get("environment", ""), {})}
        given |= {key: expand(value, given) for key, value in job.get("variables", {}).items()}
        self.check_out(workspace, commit, int(given.get("GIT_DEPTH", "20")))
        environment = {"PATH": self.path, "HOME": os.path.join(self.temp, "home"), "GIT_CONFIG_NOSYSTEM": "1", **given,
                       **self.environment}
        code, log = run_script(job, workspace, environment, shell)
        kept = {}
        artifacts = job.get("artifacts", {})
        if not code or artifacts.get("when") == "always":
            for path in artifacts.get("paths", []):
                kept[path] = pathlib.Path(workspace, path)
        if name == "pages" and not code:
            self.pages = os.path.join(self.temp, f"pages-{self.jobs_run}")
            shutil.copytree(kept["public"], self.pages)
        return {"code": code, "log": log, "kept": kept}

    def check_out(self, workspace, commit, depth):
        """The job's own token reads, and does not push."""
        os.makedirs(workspace)
        self.git("init", "-q", workspace)
        self.git("remote", "add", "origin", f"file://{self.remote}", cwd=workspace)
        self.git("fetch", "-q", *([f"--depth={depth}"] if depth else []), "origin", commit, cwd=workspace)
        self.git("checkout", "-q", "--detach", commit, cwd=workspace)
        self.git("remote", "set-url", "--push", "origin", "file:///nowhere/read-only.git", cwd=workspace)
