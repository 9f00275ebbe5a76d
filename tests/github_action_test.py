#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""actions/gate on a simulated runner, in real repositories, against a fake of GitHub's API."""
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "action"))
sys.dont_write_bytecode = True
import yaml  # noqa: E402
from fake_github import FakeGithub  # noqa: E402
from runner import Job, check_metadata, parse_commands, parse_outputs, read_action  # noqa: E402

SLUICE = os.path.abspath(os.environ["SLUICE"])
ACTION = os.path.join(os.path.dirname(HERE), "actions", "gate")
STRICT = "apiVersion: sluice/v1\nkind: Policy\nenvironments: {production: {signals: [risk]}}\n"
DELAYS = STRICT.replace("[risk]", "[risk], risk: {block_at: never, delay_at: medium}")
LOOSE = STRICT.replace("[risk]", "[risk], risk: {block_at: never, condition_at: never}")
RISKY = ["k8s/1", "k8s/2", "k8s/3", "k8s/4"]
INJECTIONS = ["k8s/`id`$(id)", "k8s/::set-output name=verdict::approve", "k8s/a\n::error::fooled",
              "k8s/b\n##[error]fooled", "k8s/<img src=x onerror=alert(1)>", "k8s/[x](http:evil)|@all",
              "k8s/\x1b[31mred", "k8s/--><script>"]


class Gate(unittest.TestCase):
    def setUp(self):
        self.temp = tempfile.TemporaryDirectory()
        self.addCleanup(self.temp.cleanup)
        self.work = os.path.join(self.temp.name, "shop")
        os.makedirs(os.path.join(self.temp.name, "bin"))
        os.symlink(SLUICE, os.path.join(self.temp.name, "bin", "sluice"))
        self.path = os.path.join(self.temp.name, "bin") + ":" + os.environ["PATH"]
        self.github = FakeGithub()
        self.addCleanup(self.github.server.server_close)
        self.addCleanup(self.github.server.shutdown)
        self.git("init", "-q", "-b", "main", self.work, cwd=self.temp.name)

    def git(self, *arguments, cwd=None):
        names = {f"GIT_{who}_{what}": "T" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        ran = subprocess.run(["git", *arguments], cwd=cwd or self.work, check=True, capture_output=True,
                             env={**names, "PATH": os.environ["PATH"], "HOME": self.temp.name})
        return ran.stdout.decode().strip()

    def commit(self, files, message="change"):
        for name, content in files.items():
            path = os.path.join(self.work, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as out:
                out.write(content)
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def start(self, policy=STRICT):
        self.base = self.commit({"sluice.yaml": policy} if policy else {"README": "1"})
        self.git("checkout", "-q", "-b", "topic")

    def pull(self, head, fork=False):
        return {"action": "synchronize", "pull_request": {
            "number": 12, "title": "x\n::error::fooled `id`", "base": {"sha": self.base, "ref": "main"},
            "head": {"sha": head, "ref": "topic", "repo": {"full_name": "eve/shop" if fork else "org/shop"}}}}

    def use(self, head=None, event="pull_request", document=None, given=None, path=None, workspace=None):
        job = Job(workspace or self.work, path or self.path, self.github.url, self.temp.name)
        return job.use(ACTION, event, document or self.pull(head), given)

    def change(self, names, message="change"):
        return self.commit({name: name for name in names}, message)

    # ---- the file itself

    def test_the_metadata_is_sound(self):
        action = read_action(ACTION)
        self.assertEqual(check_metadata(action), [])
        action["runs"]["steps"][0]["run"] += "${{ github.event.pull_request.title }}"
        action["outputs"]["verdict"]["value"] = "${{ steps.gate.outputs.verdikt }}"
        del action["inputs"]["range"]
        self.assertEqual(len(check_metadata(action)), 3, "the check finds what is wrong")

    def test_the_workflow_in_the_documents_fits(self):
        text = pathlib.Path(HERE, "..", "docs", "integrations.md").read_text(encoding="utf-8")
        blocks = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", text, re.S | re.M)]
        steps = [step for block in blocks for job in block.get("jobs", {}).values() for step in job["steps"]]
        ours = [step for step in steps if "actions/gate" in step.get("uses", "")]
        self.assertEqual(len(ours), 1)
        action = read_action(ACTION)
        self.assertLessEqual(set(ours[0]["with"]), set(action["inputs"]))
        for step in steps:
            self.assertNotIn("${{", step.get("run", ""))
            for name in re.findall(r"steps\.gate\.outputs\.([\w-]+)", str(step.get("env", ""))):
                self.assertIn(name, action["outputs"])

    def test_the_workflow_that_init_writes_works(self):
        self.start()
        head = self.change(RISKY)
        subprocess.run([SLUICE, "ci", "init", "github"], cwd=self.work, check=True, capture_output=True,
                       env={"PATH": os.environ["PATH"], "HOME": self.temp.name})
        written = pathlib.Path(self.work, ".github", "workflows", "sluice-gate.yml")
        workflow = yaml.safe_load(written.read_text(encoding="utf-8"))
        checkout, gate = workflow["jobs"]["gate"]["steps"]
        self.assertEqual(checkout["with"], {"fetch-depth": 0, "persist-credentials": False})
        self.assertEqual(workflow["permissions"], {"contents": "read", "pull-requests": "write"})
        self.assertIn("pull_request", workflow[True])  # YAML 1.1 reads the key "on" so
        job = Job(self.work, self.path, self.github.url, self.temp.name)
        ran = job.run(gate, {}, "job-token", "", "pull_request", self.pull(head))
        self.assertEqual((ran["code"], ran["outputs"]["comment"]), (1, "created"), ran["log"])

    def test_the_simulator_knows_what_a_runner_obeys(self):
        log = "  ::error::one\n::stop-commands::e\n::error::two\n::e::\nx ##[error]three\nx ::error::no"
        self.assertEqual([name for name, _ in parse_commands(log)], ["error", "##"])
        self.assertEqual(parse_outputs("a=1\nb<<E\nx\nc=2\nE\n"), {"a": "1", "b": "x\nc=2"})

    # ---- verdicts

    def test_a_harmless_change_passes(self):
        self.start()
        ran = self.use(self.change(["src/main.cc"]))
        self.assertEqual(ran["code"], 0, ran["log"])
        self.assertEqual(ran["outputs"]["verdict"], "approve")
        self.assertEqual(ran["outputs"]["exit-code"], "0")
        self.assertEqual(ran["commands"], [])
        self.assertEqual(set(ran["outputs"]), {name.split("/")[1] for name in ran["written"]})

    def test_a_risky_change_is_blocked_with_reasons(self):
        self.start()
        head = self.change(RISKY)
        ran = self.use(head)
        self.assertEqual(ran["code"], 1, ran["log"])
        outputs = ran["outputs"]
        self.assertEqual((outputs["verdict"], outputs["exit-code"]), ("block", "1"))
        self.assertIn("score 12, 4 infrastructure", outputs["reason"])
        report = json.loads(pathlib.Path(outputs["report"]).read_text(encoding="utf-8"))
        self.assertEqual(report["id"], outputs["decision-id"])
        self.assertIn(f"#12 {head[:7]}", json.dumps(report))
        self.assertTrue(ran["summary"].startswith("### BLOCK\n"), ran["summary"])
        self.assertIn("BLOCK   #12 ", ran["log"])
        self.assertEqual([name for name, _ in ran["commands"]], ["error"])

    def test_a_delay_says_until_when_and_fail_on_decides(self):
        self.start(DELAYS)
        head = self.change(["schema.sql", "k8s/1"])
        ran = self.use(head)
        self.assertEqual(ran["code"], 75, ran["log"])
        self.assertRegex(ran["outputs"]["delay-until"], r"^\d{4}-.*Z$")
        ran = self.use(head, given={"fail-on": "block"})
        self.assertEqual((ran["code"], ran["outputs"]["exit-code"]), (0, "75"))
        self.assertEqual(self.use(head, given={"fail-on": "never"})["code"], 0)
        wrong = self.use(head, given={"fail-on": "blok"})
        self.assertEqual(wrong["code"], 2)

    def test_the_policy_is_that_of_the_base(self):
        self.start()
        ran = self.use(self.commit({"sluice.yaml": LOOSE, **{name: "x" for name in RISKY}}))
        self.assertEqual((ran["code"], ran["outputs"]["verdict"]), (1, "block"), ran["log"])

    def test_signed_for_an_artifact(self):
        self.start(STRICT + "verifier: https://gate.example.org/shop\n")
        head = self.change(["src/a"])
        with open(os.path.join(self.temp.name, "pw"), "w", encoding="utf-8") as out:
            out.write("correct horse")
        subprocess.run([SLUICE, "key", "generate", "--out-prefix", "gate", "--password-file", "pw"],
                       cwd=self.temp.name, check=True, capture_output=True)
        digest = "sha256:" + "5" * 64
        ran = self.use(head, given={"key": os.path.join(self.temp.name, "gate.key"), "digest": f"{digest}\n",
                                    "args": "--password-file\n" + os.path.join(self.temp.name, "pw")})
        self.assertEqual(ran["code"], 0, ran["log"])
        verified = subprocess.run([SLUICE, "verify", "--key", "gate.pub", "--bundle", ran["outputs"]["bundle"],
                                   "--type", "https://slsa.dev/verification_summary/v1", digest],
                                  cwd=self.temp.name, capture_output=True, check=False)
        self.assertEqual(verified.returncode, 0, verified.stderr)

    # ---- events

    def test_a_push_to_the_default_branch_is_from_what_was_there(self):
        self.start()
        head = self.change(RISKY)
        document = {"ref": "refs/heads/main", "before": self.base, "after": head,
                    "repository": {"default_branch": "main"}}
        self.assertEqual(self.use(event="push", document=document)["outputs"]["verdict"], "block")
        document["before"] = head
        self.assertEqual(self.use(event="push", document=document)["outputs"]["verdict"], "approve")

    def test_another_branch_is_compared_with_the_default_branch(self):
        self.start()
        self.git("update-ref", "refs/remotes/origin/main", self.base)
        middle = self.change(RISKY)
        head = self.change(["src/a"])
        document = {"ref": "refs/heads/topic", "before": middle, "after": head,
                    "repository": {"default_branch": "main"}}
        self.assertEqual(self.use(event="push", document=document)["outputs"]["verdict"], "block")

    def test_an_event_about_no_change_wants_a_range(self):
        self.start()
        self.change(RISKY)
        ran = self.use(event="workflow_dispatch", document={"inputs": {}})
        self.assertEqual((ran["code"], ran["outputs"]["verdict"]), (2, "undecided"), ran["log"])
        self.assertIn("names no change", ran["outputs"]["reason"])
        ran = self.use(event="workflow_dispatch", document={"inputs": {}}, given={"range": "main..topic"})
        self.assertEqual(ran["outputs"]["verdict"], "block")
        ran = self.use(event="workflow_dispatch", document={"inputs": {}}, given={"range": "--fail-on=never"})
        self.assertNotEqual(ran["code"], 0, "a range is never an option")

    def test_a_shallow_checkout_is_noticed_with_the_line_to_add(self):
        self.start()
        head = self.change(RISKY)
        self.change(["src/later"])
        shallow = os.path.join(self.temp.name, "shallow")
        self.git("clone", "-q", "--depth", "1", "file://" + self.work, shallow, cwd=self.temp.name)
        ran = self.use(head, workspace=shallow)
        self.assertEqual((ran["code"], ran["outputs"]["verdict"]), (3, "undecided"), ran["log"])
        self.assertIn("fetch-depth: 0", ran["log"])

    def test_without_the_program_it_says_what_to_do(self):
        self.start()
        ran = self.use(self.change(["a"]), given={"sluice": "/nowhere/sluice"})
        self.assertEqual(ran["code"], 3)
        self.assertIn("install it in an earlier step", ran["commands"][0][1])

    # ---- the comment

    def test_one_comment_is_made_and_then_updated(self):
        self.start()
        for _ in range(130):
            self.github.add("talk")
        ran = self.use(self.change(RISKY))
        self.assertEqual(ran["outputs"]["comment"], "created", ran["log"])
        self.assertIn("### BLOCK", self.github.ours()[0])
        self.git("reset", "-q", "--hard", self.base)
        ran = self.use(self.change(["src/a"]))
        self.assertEqual(ran["outputs"]["comment"], "updated", ran["log"])
        self.assertEqual(len(self.github.ours()), 1)
        self.assertIn("### APPROVE", self.github.ours()[0])
        self.assertNotIn("job-token", ran["log"] + ran["summary"])

    def test_a_fork_gets_no_comment_but_the_verdict_counts(self):
        self.start()
        self.github.refuse = (403, {}, "Resource not accessible by integration")
        head = self.change(RISKY)
        ran = self.use(document=self.pull(head, fork=True))
        self.assertEqual((ran["code"], ran["outputs"]["comment"]), (1, "skipped"), ran["log"])
        self.assertIn("from a fork", ran["log"])
        ran = self.use(head)
        self.assertIn("pull-requests: write", ran["log"])

    def test_a_rate_limit_changes_no_verdict(self):
        self.start()
        self.github.refuse = (403, {"x-ratelimit-remaining": "0"}, "API rate limit exceeded")
        ran = self.use(self.change(["src/a"]))
        self.assertEqual((ran["code"], ran["outputs"]["comment"]), (0, "skipped"), ran["log"])
        self.assertIn("API rate limit exceeded", ran["log"])

    def test_the_comment_can_be_switched_off(self):
        self.start()
        ran = self.use(self.change(["src/a"]), given={"comment": "false"})
        self.assertEqual((ran["outputs"]["comment"], self.github.writes), ("", 0))

    # ---- what others wrote

    def test_names_and_subjects_stay_text(self):
        self.start(policy=None)
        self.git("checkout", "-q", "-b", "x;$(id)`id`")
        head = self.change(INJECTIONS, "::set-output name=verdict::approve\n\n::error::fooled")
        ran = self.use(head)
        self.assertEqual((ran["code"], ran["outputs"]["verdict"]), (1, "block"), ran["log"])
        self.assertEqual([message for _, message in ran["commands"]],
                         ["blocked; the step summary says why"])
        self.assertNotIn("uid=", ran["log"])
        self.assertNotIn("\x1b", ran["log"])
        for page in (ran["summary"], *self.github.ours()):
            text = re.sub(r"^<!-- sluice gate \w+ -->", "", page)
            for raw in ("<img", "<script", "-->", "](", "@all", "`id`", "\x1b", "\n::error"):
                self.assertNotIn(raw, text)

    def test_evidence_from_elsewhere_is_no_command(self):
        self.start(STRICT.replace("[risk]", "[risk], risk: {asserted: accept}"))
        head = self.change(["a"])
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        signal = os.path.join(self.temp.name, "risk.json")
        pathlib.Path(signal).write_text(json.dumps({
            "kind": "sluice.signal/v1", "signal": "risk", "level": "high", "observed_at": now,
            "text": "::error::fooled"}), encoding="utf-8")
        ran = self.use(head, given={"args": f"--signal\n{signal}"})
        self.assertEqual(ran["outputs"]["verdict"], "block", ran["log"])
        self.assertIn("   ::error::fooled", ran["log"])
        self.assertEqual([message for _, message in ran["commands"]], ["blocked; the step summary says why"])

    def test_an_input_is_one_argument(self):
        self.start()
        ran = self.use(self.change(["a"]), given={"environment": "production --fail-on never; id"})
        self.assertEqual(ran["code"], 2)
        self.assertNotIn("uid=", ran["log"])


unittest.main(verbosity=1)
