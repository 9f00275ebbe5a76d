#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tuf-repo-template in a simulated GitLab, which takes pushes by a token alone."""
import base64
import http.server
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "support"))
sys.dont_write_bytecode = True
from gitlab_pipeline import Gitlab, holds  # noqa: E402
from tuf_team import DAY, PASSWORD, Cases, Served, publish_first  # noqa: E402


class PushServer(http.server.BaseHTTPRequestHandler):
    """A git host over HTTP that wants a token for each push."""
    project, token, path_variable = "", "", ""

    def log_message(self, *_):
        pass

    def answer(self):
        wanted = "Basic " + base64.b64encode(f"tuf:{self.token}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic realm=git")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, check=True,
                              env={"PATH": self.path_variable, "GIT_PROJECT_ROOT": self.project, "GIT_HTTP_EXPORT_ALL": "1",
                                   "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
                                   "CONTENT_TYPE": self.headers.get("Content-Type", ""), "REMOTE_USER": "tuf",
                                   "CONTENT_LENGTH": str(len(body))})
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200 OK").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer


class GitlabCases(Cases, unittest.TestCase):
    def setUp(self):
        self.start()
        handler = type("Project", (PushServer,), {"project": str(self.here), "token": "glpat-example", "path_variable": self.path})
        (self.here / "online.file").write_text(self.online)
        self.host = Gitlab(self.remote, self.here, self.path)
        self.host.project_url = f"{Served(self, handler).url}/releases"
        self.host.variables = {"TUF_PAGES": "true", "TUF_PUBLISH_TO": str(self.here / "mirror")}
        self.host.secrets = {"tuf-online": {"TUF_ONLINE_KEY": str(self.here / "online.file"), "TUF_ONLINE_KEY_PASSWORD": PASSWORD,
                                            "TUF_PUSH_TOKEN": "glpat-example"}}
        self.addCleanup(self.nothing_leaked)

    def pipeline(self, commit, **variables):
        self.host.environment = {"SLUICE_TEST_CLOCK_AHEAD": str(self.ahead)}
        done = self.host.run(self.work / ".gitlab-ci.yml", commit, variables)
        self.said += [each["log"] for each in done.values()]
        for each in done.values():
            self.assertNotIn("glpat-example", each["log"])
        return done

    def propose(self, name):
        sha = self.commit(name)
        self.git("push", "-q", "-f", "origin", name)
        done = self.pipeline(sha, CI_PIPELINE_SOURCE="merge_request_event", CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
        self.assertEqual(set(done), {"tuf-check", "tuf-complete"})
        report = done["tuf-check"]["kept"]["tuf-report.md"].read_text()
        self.said.append(report)
        return {"check": done["tuf-check"]["code"], "complete": done["tuf-complete"]["code"], "report": report,
                "commands": [], "log": done["tuf-check"]["log"]}

    def pushed(self, sha, event="push", ref="main"):
        done = self.pipeline(sha, CI_PIPELINE_SOURCE=event, CI_COMMIT_BRANCH=ref)
        return [name for name, each in done.items() if each["code"]], done

    def schedule(self):
        return self.pushed(self.tip(), "schedule")

    def pages(self):
        return self.host.pages

    def log_of(self, done, job):
        return done[job]["log"]

    def without_key(self):
        del self.host.secrets["tuf-online"]["TUF_ONLINE_KEY"]

    def pin(self, digest):
        self.host.variables["TUF_ROOT_SHA256"] = digest

    def test_the_simulator_knows_what_gitlab_does(self):
        given = {"A": "main", "B": "main", "C": ""}
        for text, value in (("$A == $B", True), ('$A == "x"', False), ('$A != "x" && $C', False), ("$A", True)):
            self.assertEqual(holds(text, given), value, text)

    def test_a_wrong_token_pushes_nothing(self):
        publish_first(self)
        self.ahead = 3 * DAY
        tip = self.tip()
        self.host.secrets["tuf-online"]["TUF_PUSH_TOKEN"] = "glpat-wrong"
        failed, done = self.schedule()
        self.assertEqual((failed, self.tip()), (["tuf-publish"], tip))
        self.assertNotIn("glpat-wrong", done["tuf-publish"]["log"])


unittest.main(verbosity=1)
