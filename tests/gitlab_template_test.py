#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""integrations/gitlab in a simulated runner: inputs, rules, script, artifacts; in real repositories."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

SLUICE = os.path.abspath(os.environ["SLUICE"])
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
sys.dont_write_bytecode = True
from gitlab_pipeline import run_script, runs  # noqa: E402
TEMPLATE = ROOT / "integrations" / "gitlab" / "sluice-gate.yml"
POLICY = "apiVersion: sluice/v1\nkind: Policy\nenvironments: {production: {signals: [risk]}}\n"
DELAYS = POLICY.replace("[risk]", "[risk], risk: {block_at: never, delay_at: medium}")
TWO = POLICY.replace("}}\n", "}, staging: {signals: [risk], risk: {block_at: never}}}\n")
RISKY = ["k8s/1", "k8s/2", "k8s/3", "k8s/4"]


def job_with(inputs):
    """The job as GitLab makes it of the template (CI/CD inputs), and what is wrong with the inputs."""
    text = TEMPLATE.read_text(encoding="utf-8")
    spec, _ = yaml.safe_load_all(text)
    declared = spec["spec"]["inputs"]
    assert set(inputs) <= set(declared), "an input that is not declared"
    values = {name: inputs.get(name, each.get("default")) for name, each in declared.items()}
    for name, each in declared.items():
        assert values[name] is not None, f"{name} is required"
        assert values[name] in each.get("options", [values[name]]), f"{name} is none of the options"
    used = set(re.findall(r"\$\[\[ inputs\.([\w-]+) \]\]", text))
    assert used == set(declared), f"declared and used differ: {used ^ set(declared)}"
    body = re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda match: json.dumps(values[match[1]]),
                  text.split("\n---\n")[1])
    return yaml.safe_load(body)["sluice-gate"]


class Template(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.temp = temp.name
        self.work = os.path.join(temp.name, "shop")
        self.git("init", "-q", "-b", "main", self.work, cwd=temp.name)

    def git(self, *arguments, cwd=None):
        names = {f"GIT_{who}_{what}": "T" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        ran = subprocess.run(["git", *arguments], cwd=cwd or self.work, check=True, capture_output=True,
                             env={**names, "PATH": os.environ["PATH"], "HOME": self.temp})
        return ran.stdout.decode().strip()

    def commit(self, files):
        for name, content in files.items():
            path = pathlib.Path(self.work, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def start(self, policy=POLICY):
        self.base = self.commit({"sluice.yaml": policy})
        self.git("update-ref", "refs/remotes/origin/main", self.base)
        self.git("checkout", "-q", "-b", "topic")

    def merge_request(self, head):
        return {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "7",
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_COMMIT_SHA": head,
                "CI_MERGE_REQUEST_TITLE": "$(id) `id` \n x", "CI_COMMIT_REF_NAME": "x;$(id)"}

    def run_job(self, variables, inputs=None):
        job = job_with({"program": SLUICE, **(inputs or {})})
        variables = {"CI": "true", "GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main", **variables}
        self.assertTrue(runs(job, variables), "the rules let it run")
        environment = {"PATH": os.environ["PATH"], "HOME": os.path.join(self.temp, "home"),
                       **variables, **job["variables"]}
        code, log = run_script(job, self.work, environment)
        self.assertNotIn("uid=", log)
        return code, self.dotenv(job["artifacts"]["reports"]["dotenv"]), log, job

    def dotenv(self, name):
        """As GitLab reads it: at most 5 KiB and 20 lines of KEY=VALUE."""
        path = pathlib.Path(self.work, name)
        if not path.exists():
            return None
        text = path.read_text(encoding="utf-8")
        self.assertLessEqual(len(text), 5 * 1024)
        lines = text.splitlines()
        self.assertLessEqual(len(lines), 20)
        for line in lines:
            self.assertRegex(line, r"^[A-Za-z_][A-Za-z0-9_]*=")
        return dict(line.split("=", 1) for line in lines)

    def test_a_harmless_merge_request_passes(self):
        self.start()
        code, values, log, job = self.run_job(self.merge_request(self.commit({"src/a": "1"})))
        self.assertEqual((code, values["SLUICE_VERDICT"]), (0, "approve"), log)
        self.assertEqual(job["variables"]["GIT_DEPTH"], "0")

    def test_a_risky_one_is_blocked_and_leaves_its_report(self):
        self.start()
        head = self.commit({name: "x" for name in RISKY + ["k8s/`id`", "k8s/a\nSLUICE_VERDICT=approve"]})
        code, values, log, job = self.run_job(self.merge_request(head))
        self.assertEqual((code, values["SLUICE_VERDICT"], values["SLUICE_EXIT_CODE"]), (1, "block", "1"), log)
        self.assertEqual(job["artifacts"]["when"], "always")
        for name in job["artifacts"]["paths"]:
            report = json.loads(pathlib.Path(self.work, name).read_text(encoding="utf-8"))
        self.assertEqual(report["id"], values["SLUICE_DECISION_ID"])
        self.assertIn(f"!7 {head[:7]}", log)

    def test_not_now_fails_the_job_so_that_nothing_is_deployed(self):
        self.start(DELAYS)
        code, values, log, job = self.run_job(self.merge_request(self.commit({"schema.sql": "1", "k8s/1": "1"})))
        self.assertEqual((code, values["SLUICE_VERDICT"]), (75, "delay"), log)
        self.assertRegex(values["SLUICE_DELAY_UNTIL"], r"^\d{4}-.*Z$")
        self.assertFalse(job["allow_failure"])

    def test_inputs_reach_the_gate(self):
        self.start(TWO)
        request = self.merge_request(self.commit({name: "x" for name in RISKY}))
        self.assertEqual(self.run_job(request)[0], 2, "the policy has two environments")
        self.assertEqual(self.run_job(request, {"environment": "production"})[0], 1)
        self.assertEqual(self.run_job(request, {"environment": "staging"})[0], 0)
        self.assertEqual(self.run_job(request, {"environment": "production", "fail-on": "never"})[0], 0)
        self.assertEqual(self.run_job(request, {"environment": "staging", "policy": "absent.yaml"})[0], 2)
        with self.assertRaises(AssertionError):
            job_with({"fail-on": "nevr"})

    def test_the_default_branch_is_judged_from_what_was_there(self):
        self.start()
        head = self.commit({name: "x" for name in RISKY})
        push = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_SHA": head,
                "CI_COMMIT_BEFORE_SHA": self.base}
        self.assertEqual(self.run_job(push)[0], 1)
        job = job_with({})
        self.assertFalse(runs(job, {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "topic",
                                    "CI_DEFAULT_BRANCH": "main"}))

    def test_a_shallow_clone_is_said_and_not_approved(self):
        self.start()
        self.commit({name: "x" for name in RISKY})
        head = self.commit({"src/a": "1"})
        shallow = os.path.join(self.temp, "shallow")
        self.git("clone", "-q", "--depth", "1", "file://" + self.work, shallow, cwd=self.temp)
        self.work = shallow
        code, values, log, _ = self.run_job(self.merge_request(head))
        self.assertEqual((code, values["SLUICE_VERDICT"]), (3, "undecided"), log)
        self.assertIn("GIT_DEPTH: 0", log)

    def test_init_writes_this_very_template(self):
        def init(*more):
            return subprocess.run([SLUICE, "ci", "init", "gitlab", *more], cwd=self.work, check=False,
                                  capture_output=True, text=True, env={"PATH": os.environ["PATH"], "HOME": self.temp})
        self.assertEqual(init().returncode, 0)
        written = pathlib.Path(self.work, ".gitlab", "sluice-gate.yml")
        self.assertEqual(written.read_text(encoding="utf-8"), TEMPLATE.read_text(encoding="utf-8"))
        again = init()
        self.assertIn("unchanged", again.stdout)
        lines = again.stdout[again.stdout.index("    include:"):]
        included = yaml.safe_load(lines)
        self.assertEqual(included["include"][0]["local"], ".gitlab/sluice-gate.yml")
        job_with(included["include"][0].get("inputs", {}))
        written.write_text("mine\n", encoding="utf-8")
        refused = init()
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--force", refused.stderr)
        self.assertEqual(written.read_text(encoding="utf-8"), "mine\n")
        self.assertIn("replaced", init("--force").stdout)

    def test_the_include_in_the_documents_fits(self):
        text = (ROOT / "docs" / "integrations.md").read_text(encoding="utf-8")
        blocks = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", text, re.S | re.M)]
        ours = [each for block in blocks for each in block.get("include", []) if "sluice-gate.yml" in str(each)]
        self.assertEqual(len(ours), 1)
        job_with(ours[0]["inputs"])


unittest.main(verbosity=1)
