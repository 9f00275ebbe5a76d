# SPDX-License-Identifier: Apache-2.0
"""GitHub workflows on simulated runners, as far as tuf-repo-template goes: triggers, jobs in their order, `if`,
expressions, secrets of environments, permissions; the actions for checkout and Pages, each as far as it is used.

After GitHub's documents "Workflow syntax", "Contexts" and "Expressions".
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "action"))
from runner import EXPRESSION, parse_commands, run_script  # noqa: E402

TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(==|!=|&&|\|\||!|\(|\))|([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)|(\d+))")


def evaluate(text, contexts):
    """The value of an expression: texts, numbers, names with dots, == != && || ! and parentheses."""
    tokens, at = [], 0
    text = text.strip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise ValueError(f"no such expression: {text}")
        tokens.append(match)
        at = match.end()

    def peek():
        return tokens[0][2] if tokens else None

    def primary():
        match = tokens.pop(0)
        if match[2] == "!":
            return not primary()
        if match[2] == "(":
            value = either()
            assert tokens.pop(0)[2] == ")", text
            return value
        if match[1]:
            return match[1][1:-1].replace("''", "'")
        if match[4]:
            return int(match[4])
        if match[3] in ("true", "false"):
            return match[3] == "true"
        value = contexts
        for part in match[3].split("."):
            value = value.get(part, "") if isinstance(value, dict) else ""
        return value

    def equality():
        left = primary()
        while peek() in ("==", "!="):
            same = tokens.pop(0)[2] == "=="
            left = (left == primary()) == same
        return left

    def both():
        left = equality()
        while peek() == "&&":
            tokens.pop(0)
            right = equality()
            left = left and right
        return left

    def either():
        left = both()
        while peek() == "||":
            tokens.pop(0)
            right = both()
            left = left or right
        return left

    value = either()
    assert not tokens, text
    return value


def expand(text, contexts):
    def shown(match):
        value = evaluate(match[1], contexts)
        return str(value).lower() if isinstance(value, bool) else str(value)
    return EXPRESSION.sub(shown, str(text))


def read_workflow(path):
    workflow = yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8"))
    workflow["on"] = workflow.pop(True)  # YAML 1.1 takes `on` for true
    return workflow


def check_workflow(workflow):
    """What would be a trap; a list of complaints."""
    wrong = []
    if "permissions" not in workflow:
        wrong.append("permissions are not limited")
    for name, job in workflow["jobs"].items():
        for step in job["steps"]:
            if "uses" in step and not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]):
                wrong.append(f"{name}: {step['uses']} is not pinned to a commit")
            if "${{" in step.get("run", ""):
                wrong.append(f"{name}: an expression in `run` makes code of what others wrote")
        if "secrets." in str(job) and "environment" not in job:
            wrong.append(f"{name}: secrets that every branch may use")
        if "secrets." in str(job) and "pull_request" in workflow["on"]:
            wrong.append(f"{name}: secrets beside what somebody proposes")
    return wrong


class Github:
    """The host: a bare repository, settings, Pages; `run` is what an event sets off."""

    def __init__(self, remote, temp, path):
        self.remote, self.temp, self.path = str(remote), str(temp), path
        self.secrets, self.variables = {}, {}  # {environment: {name: text}}; {name: text}
        self.environment = {}  # of every step: not GitHub's, but the test's
        self.pages = None
        self.jobs_run = 0

    def git(self, *words, cwd=None):
        done = subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True, text=True,
                              env={"PATH": self.path, "HOME": self.temp, "GIT_CONFIG_NOSYSTEM": "1"})
        return done.stdout.strip()

    def triggered(self, workflow, event_name, github):
        if event_name not in workflow["on"]:
            return False
        about = workflow["on"][event_name] or {}
        return event_name != "push" or github["ref_name"] in about.get("branches", [github["ref_name"]])

    def run(self, file, event_name, github, event=None):
        """{job: what became of it}; nothing where the event does not set it off."""
        workflow = read_workflow(file)
        github = {"event_name": event_name, "event": event or {}, "repository": "org/releases", **github}
        done = {}
        if not self.triggered(workflow, event_name, github):
            return done
        for name, job in workflow["jobs"].items():
            needs = job.get("needs", [])
            needs = [needs] if isinstance(needs, str) else needs
            contexts = {"github": github, "vars": self.variables,
                        "secrets": self.secrets.get(self.environment_of(job), {}),
                        "needs": {each: {"outputs": done[each]["outputs"]} for each in needs}, "steps": {}}
            held = all(done[each]["result"] == "success" for each in needs)
            if not held or not evaluate(str(job.get("if", "true")), contexts):
                done[name] = {"result": "skipped", "outputs": {}, "log": "", "summary": "", "commands": []}
                continue
            done[name] = self.run_job(workflow, job, contexts)
        return done

    @staticmethod
    def environment_of(job):
        named = job.get("environment", "")
        return named["name"] if isinstance(named, dict) else named

    def run_job(self, workflow, job, contexts):
        permissions = job.get("permissions", workflow["permissions"])
        self.jobs_run += 1
        workspace = os.path.join(self.temp, f"job-{self.jobs_run}", "releases")
        os.makedirs(workspace)
        code, log, summary, self.artifact = 0, "", "", None
        for step in job["steps"]:
            if not evaluate(str(step.get("if", "true")), contexts):
                continue
            if "uses" in step:
                given = {key: expand(value, contexts) for key, value in step.get("with", {}).items()}
                self.use(step["uses"].partition("@")[0], given, workspace, permissions, contexts)
                continue
            given = {**workflow.get("env", {}), **job.get("env", {}), **step.get("env", {})}
            ran = run_script(step["run"], workspace, {
                "PATH": self.path, "HOME": os.path.join(self.temp, "home"), "RUNNER_TEMP": self.temp, "CI": "true",
                "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": workspace, "GITHUB_REPOSITORY": "org/releases",
                "GITHUB_EVENT_NAME": contexts["github"]["event_name"], "GIT_CONFIG_NOSYSTEM": "1", **self.environment,
                **{key: expand(value, contexts) for key, value in given.items()}}, self.temp,
                contexts["github"]["event"])
            code, log, summary = ran["code"], log + ran["log"], summary + ran["summary"]
            contexts["steps"][step.get("id", "")] = {"outputs": ran["outputs"]}
            if code:
                break
        outputs = {key: expand(value, contexts) for key, value in job.get("outputs", {}).items()}
        return {"result": "failure" if code else "success", "code": code, "outputs": outputs, "log": log,
                "summary": summary, "commands": parse_commands(log)}

    def use(self, action, given, workspace, permissions, contexts):
        if action == "actions/checkout":
            self.check_out(given, workspace, permissions, contexts["github"])
        elif action == "actions/upload-pages-artifact":
            self.artifact = os.path.join(self.temp, f"artifact-{self.jobs_run}")
            shutil.copytree(os.path.join(workspace, given["path"]), self.artifact, symlinks=False)
        elif action == "actions/deploy-pages":
            assert permissions.get("pages") == "write" and permissions.get("id-token") == "write", permissions
            self.pages = self.artifact
        else:
            raise AssertionError(f"no such action here: {action}")

    def check_out(self, given, workspace, permissions, github):
        """What credentials are left behind can do is what the job's permissions say."""
        assert permissions.get("contents") in ("read", "write"), permissions
        depth = int(given.get("fetch-depth", "1"))
        ref = given.get("ref") or github["sha"]
        self.git("init", "-q", workspace)
        self.git("remote", "add", "origin", f"file://{self.remote}", cwd=workspace)
        wanted = ["+refs/heads/*:refs/remotes/origin/*", ref] if depth == 0 else [f"--depth={depth}", ref]
        self.git("fetch", "-q", "origin", *wanted, cwd=workspace)
        self.git("checkout", "-q", "--detach", self.git("rev-parse", "FETCH_HEAD", cwd=workspace) if depth
                 else self.git("rev-parse", ref if re.fullmatch("[0-9a-f]{40}", ref) else f"origin/{ref}", cwd=workspace),
                 cwd=workspace)
        kept = given.get("persist-credentials", "true") != "false"
        if not kept:
            self.git("remote", "set-url", "origin", "file:///nowhere/no-credentials.git", cwd=workspace)
        elif permissions["contents"] != "write":
            self.git("remote", "set-url", "--push", "origin", "file:///nowhere/read-only.git", cwd=workspace)
