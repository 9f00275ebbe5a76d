#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tuf-repo-template in a simulated GitHub: from an empty repository to a release that clients read, by a clock that the
test moves."""
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "support"))
sys.dont_write_bytecode = True
import yaml  # noqa: E402
from github_workflow import Github, check_workflow, evaluate, expand, read_workflow  # noqa: E402
from tuf_team import PASSWORD, TEMPLATE, Cases, publish_first  # noqa: E402


class GithubCases(Cases, unittest.TestCase):
    def setUp(self):
        self.start()
        self.host = Github(self.remote, self.here, self.path)
        self.host.variables = {"TUF_PAGES": "true", "TUF_PUBLISH_TO": str(self.here / "mirror")}
        self.host.secrets = {"tuf-online": {"TUF_ONLINE_KEY": self.online, "TUF_ONLINE_KEY_PASSWORD": PASSWORD}}
        self.addCleanup(self.nothing_leaked)

    def workflow(self, name, event_name, github, event=None):
        self.host.environment = {"SLUICE_TEST_CLOCK_AHEAD": str(self.ahead)}
        done = self.host.run(self.work / ".github" / "workflows" / name, event_name, github, event)
        self.said += [each[what] for each in done.values() for what in ("log", "summary")]
        return done

    def propose(self, name):
        """A pull request: what the host would merge is what is looked at."""
        self.commit(name)
        self.git("push", "-q", "-f", "origin", name)
        self.git("fetch", "-q", "origin")
        self.git("checkout", "-q", "--detach", "origin/main")
        self.git("merge", "-q", "--no-ff", "-m", "as it would be", name)
        self.git("push", "-q", "-f", "origin", "HEAD:refs/pull/1/merge")
        sha = self.git("rev-parse", "HEAD")
        self.git("checkout", "-q", name)
        done = self.workflow("tuf-check.yml", "pull_request", {"ref": "refs/pull/1/merge", "ref_name": "1/merge", "sha": sha},
                             {"pull_request": {"base": {"ref": "main"}}})
        return {"check": done["check"]["code"], "complete": done["complete"]["code"], "report": done["check"]["summary"],
                "commands": done["check"]["commands"], "log": done["check"]["log"]}

    def pushed(self, sha, event="push", ref="main"):
        done = self.workflow("tuf-publish.yml", event, {"ref": f"refs/heads/{ref}", "ref_name": ref, "sha": sha})
        failed = [name for name, each in done.items() if each["result"] == "failure"]
        return failed, done

    def schedule(self):
        return self.pushed(self.tip(), "schedule")

    def pages(self):
        return self.host.pages

    def log_of(self, done, job):
        return done[{"tuf-publish": "sign", "tuf-watch": "watch"}[job]]["log"]

    def without_key(self):
        self.host.secrets = {}

    def pin(self, digest):
        self.host.variables["TUF_ROOT_SHA256"] = digest

    def test_workflows_are_sound(self):
        for path in sorted((TEMPLATE / ".github" / "workflows").iterdir()):
            self.assertEqual(check_workflow(read_workflow(path)), [], path.name)
        publish = read_workflow(TEMPLATE / ".github" / "workflows" / "tuf-publish.yml")
        writers = [name for name, job in publish["jobs"].items() if job["permissions"].get("contents") == "write"]
        self.assertEqual(writers, ["sign"])
        self.assertEqual(publish["concurrency"]["cancel-in-progress"], False)
        publish["jobs"]["watch"]["steps"][0]["uses"] = "actions/checkout@v5"
        publish["jobs"]["watch"]["steps"][1]["run"] += " ${{ github.event.head_commit.message }}"
        del publish["jobs"]["mirror"]["environment"]
        self.assertEqual(len(check_workflow(publish)), 3, "the check finds what is wrong")

    def test_the_simulator_knows_what_a_runner_does(self):
        contexts = {"github": {"event_name": "push"}, "vars": {"A": ""}, "needs": {"a-b": {"outputs": {"x": "1"}}}}
        for text, value in (("github.event_name == 'push' && 'a' || 'b'", "a"), ("vars.A != '' || vars.B", ""),
                            ("!(needs.a-b.outputs.x == '1')", False), ("'it''s'", "it's")):
            self.assertEqual(evaluate(text, contexts), value, text)
        self.assertEqual(expand("x ${{ github.event_name }} ${{ vars.none }}.", contexts), "x push .")

    def test_the_signing_job_alone_can_push(self):
        publish_first(self)
        for job, code in (("check", 1), ("mirror", 1), ("sign", 0)):
            file = "tuf-check.yml" if job == "check" else "tuf-publish.yml"
            path = self.work / ".github" / "workflows" / file
            workflow = read_workflow(path)
            steps = workflow["jobs"][job]["steps"]
            steps[1]["run"] = ("git -c user.name=x -c user.email=x commit -q --allow-empty -m x; git push -q origin HEAD:refs/heads/try"
                               "; echo published=true >>$GITHUB_OUTPUT")
            workflow[True] = workflow.pop("on")
            other = self.here / file
            other.write_text(yaml.safe_dump(workflow, sort_keys=False), encoding="utf-8")
            event = {"pull_request": {"base": {"ref": "main"}}}
            done = self.host.run(other, "pull_request" if job == "check" else "push",
                                 {"ref": "refs/heads/main", "ref_name": "main", "sha": self.tip()}, event)
            self.assertEqual(bool(done[job]["code"]), bool(code), done[job]["log"])


unittest.main(verbosity=1)
