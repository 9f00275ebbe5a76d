# SPDX-License-Identifier: Apache-2.0
"""A team with a repository made of tuf-repo-template: what both tests of it have in common. The host is whoever runs the
jobs: tests/tuf_template_github_test.py, tests/tuf_template_gitlab_test.py.
"""
import functools
import http.server
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
TEMPLATE = TREE / "tuf-repo-template"
PROGRAM = pathlib.Path(os.environ["SLUICE"]).resolve().parent / "sluice_at"  # by a clock of the test's
PASSWORD = "correct horse battery"
DAY = 86400
PEER = """
import datetime, sys
from tuf.ngclient import Updater
from tuf.ngclient._internal import trusted_metadata_set
url, root, cache, name, ahead = sys.argv[1:]
class Later(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.now(tz) + datetime.timedelta(seconds=int(ahead))
trusted_metadata_set.datetime = Later if trusted_metadata_set.datetime is datetime.datetime else \\
    type("module", (), {"datetime": Later, "timezone": datetime.timezone})
updater = Updater(cache, url + "/metadata/", cache, url + "/targets/", bootstrap=open(root, "rb").read())
updater.refresh()
print(open(updater.download_target(updater.get_targetinfo(name))).read(), end="")
"""


def peer_python():
    """The Python that has python-tuf; nothing where it is not here."""
    program = shutil.which("python-tuf")
    return program and os.path.join(os.path.dirname(os.path.realpath(program)), "environment", "bin", "python3")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Served:
    """Something on 127.0.0.1, for as long as the test runs."""

    def __init__(self, case, handler):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        case.addCleanup(server.server_close)
        case.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}"


class Team:
    """Two people with a clone each would do the same: one working copy here, keys beside it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.here = pathlib.Path(cls.folder.name, "here")

    def start(self):
        """All tests of a class have the same folder, one after the other: what they begin with is made once."""
        self.remote, self.work = self.here / "releases.git", self.here / "work"
        self.path = f"{self.here / 'bin'}:{os.environ['PATH']}"
        self.ahead = 0
        self.said = []  # whatever a job printed or kept
        shutil.rmtree(self.here, ignore_errors=True)
        if not self.take_again("begin"):
            self.begin()
            self.keep("begin")
        self.online = (self.here / "online.key").read_text()

    def keep(self, name):
        shutil.copytree(self.here, f"{self.folder.name}/{name}", symlinks=True)

    def take_again(self, name):
        kept = pathlib.Path(self.folder.name, name)
        if not kept.exists():
            return False
        shutil.rmtree(self.here, ignore_errors=True)
        shutil.copytree(kept, self.here, symlinks=True)
        return True

    def begin(self):
        (self.here / "bin").mkdir(parents=True)
        (self.here / "bin" / "sluice").symlink_to(PROGRAM)
        for who in ("ann", "ben", "spare", "online"):
            self.sluice("key", "generate", "--type", "ed25519", "--out-prefix", who, cwd=self.here)
        self.run_in(self.here, "git", "init", "-q", "--bare", "-b", "main", str(self.remote))
        self.run_in(self.here, "git", "-C", str(self.remote), "config", "http.receivepack", "true")
        shutil.copytree(TEMPLATE, self.work)
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", f"file://{self.remote}")
        self.commit("begin")
        self.git("push", "-q", "origin", "main")

    def run_in(self, folder, *words, check=True):
        names = {f"GIT_{who}_{what}": "T" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        done = subprocess.run(words, cwd=folder, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              env={**names, "PATH": self.path, "HOME": str(self.here), "SLUICE_PASSWORD": PASSWORD,
                                   "TUF_ONLINE_KEY": getattr(self, "online", ""), "SLUICE_TEST_CLOCK_AHEAD": str(self.ahead)})
        if check:
            self.assertEqual(done.returncode, 0, f"{words}\n{done.stdout}")
        return done

    def git(self, *words):
        return self.run_in(self.work, "git", *words).stdout.strip()

    def sluice(self, *words, cwd=None, check=True):
        return self.run_in(cwd or self.work, "sluice", *words, check=check)

    def commit(self, text):
        self.git("add", "--all")
        self.git("commit", "-q", "-m", text)
        return self.git("rev-parse", "HEAD")

    def branch(self, name):
        self.git("fetch", "-q", "origin")
        self.git("checkout", "-q", "-b", name, "origin/main")

    def sign(self, *people):
        for who in people:
            self.sluice("tuf", "sign", "--key", f"../{who}.key", "--yes")

    def ceremony(self):
        self.sluice("tuf", "init", "--root-key", "../ann.pub", "--root-key", "../ben.pub", "--root-key", "../spare.pub",
                    "--root-threshold", "2", "--targets-key", "../ann.pub", ".")

    def release(self, version):
        (self.here / "app.txt").write_text(f"release {version}\n")
        self.sluice("tuf", "add", "--under", f"app/{version}", "../app.txt")

    def merge(self, name):
        """As the host does it when somebody presses the button."""
        self.git("fetch", "-q", "origin")
        self.git("checkout", "-q", "-B", "main", "origin/main")
        self.git("merge", "-q", "--no-ff", "-m", f"merge {name}", name)
        self.git("push", "-q", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def tip(self):
        return self.run_in(self.here, "git", "-C", str(self.remote), "rev-parse", "main").stdout.strip()

    def in_tip(self, name):
        return self.run_in(self.here, "git", "-C", str(self.remote), "cat-file", "-e", f"main:{name}", check=False).returncode == 0

    # ---- clients

    def reads(self, folder, name):
        """What our client gets; None where it refuses."""
        served = Served(self, functools.partial(Quiet, directory=str(folder)))
        with tempfile.TemporaryDirectory(dir=self.here) as cache:
            self.sluice("tuf", "client", "init", "--cache", f"{cache}/c", f"{self.here}/root.json", cwd=self.here)
            done = self.sluice("tuf", "client", "download", "--cache", f"{cache}/c", "--metadata-url", f"{served.url}/metadata",
                               "--target-url", f"{served.url}/targets", "--to", f"{cache}/out", name, cwd=self.here, check=False)
            text = pathlib.Path(cache, "out", name).read_text() if done.returncode == 0 else None
        if peer_python():
            with tempfile.TemporaryDirectory(dir=self.here) as cache:
                peer = subprocess.run([peer_python(), "-c", PEER, served.url, f"{self.here}/root.json", cache, name,
                                       str(self.ahead)], capture_output=True, text=True, check=False)
            self.assertEqual(peer.stdout if peer.returncode == 0 else None, text, peer.stderr)
        return text

    def nothing_leaked(self):
        words = [line for line in self.online.splitlines() if line and not line.startswith("-----")] + [PASSWORD]
        for said in self.said:
            for word in words:
                self.assertNotIn(word, said)


def publish_first(self):
    """The ceremony, up to a published repository; the clients' root is then in root.json."""
    if self.take_again("published"):
        self.host.jobs_run = 100  # what was kept has folders of its own
        return
    self.branch("first-root")
    self.ceremony()
    self.sign("ann", "ben")
    proposed = self.propose("first-root")
    self.assertEqual((proposed["check"], proposed["complete"]), (0, 0), proposed["log"])
    failed, done = self.pushed(self.merge("first-root"))
    self.assertEqual(failed, [], done)
    shutil.copy(pathlib.Path(self.pages(), "metadata", "1.root.json"), self.here / "root.json")
    self.keep("published")


def publish_release(self, version):
    self.branch(f"release-{version}")
    self.release(version)
    self.sign("ann")
    proposed = self.propose(f"release-{version}")
    self.assertEqual((proposed["check"], proposed["complete"]), (0, 0), proposed["log"])
    failed, done = self.pushed(self.merge(f"release-{version}"))
    self.assertEqual(failed, [], done)


class Cases(Team):
    """For both hosts."""

    def test_before_the_ceremony_nothing_happens(self):
        failed, done = self.pushed(self.tip())
        self.assertEqual(failed, [])
        self.assertIn("nothing is proposed yet", self.log_of(done, "tuf-publish"))
        self.assertEqual(self.schedule()[0], [])

    def test_an_incomplete_proposal_is_sound_and_is_not_published(self):
        self.branch("first-root")
        self.ceremony()
        self.sign("ann")
        proposed = self.propose("first-root")
        self.assertEqual((proposed["check"], proposed["complete"]), (0, 75), proposed["log"])
        self.assertRegex(proposed["report"], r"(?m)^    +signed by +ann ")
        self.assertRegex(proposed["report"], r"(?m)^    +still needed +1 of ben .*spare ")
        self.assertRegex(proposed["report"], "adds key spare .* to root")
        failed, done = self.pushed(self.merge("first-root"))
        self.assertEqual(failed, [])
        self.assertIn("not complete, so not published", self.log_of(done, "tuf-publish"))
        self.assertFalse(self.in_tip("metadata"))

    def test_from_the_ceremony_to_clients_and_on_while_time_passes(self):
        publish_first(self)
        publish_release(self, "1.0")
        name = "app/1.0/app.txt"
        for folder in (self.pages(), self.here / "mirror"):
            self.assertEqual(self.reads(folder, name), "release 1.0\n")
        self.assertFalse(self.in_tip("staging"), "what is published is not proposed any more")
        self.ahead = 3 * DAY
        self.assertIsNone(self.reads(self.pages(), name), "the timestamp has expired")
        self.assertEqual(self.schedule()[0], [])
        for folder in (self.pages(), self.here / "mirror"):
            self.assertEqual(self.reads(folder, name), "release 1.0\n")
        tip = self.tip()
        failed, done = self.schedule()
        self.assertEqual((failed, self.tip()), ([], tip), "nothing was due")
        self.assertIn("nothing is due", self.log_of(done, "tuf-publish"))
        self.ahead = 80 * DAY
        failed, done = self.schedule()
        self.assertEqual([each.removeprefix("tuf-") for each in failed], ["watch"])
        self.assertRegex(self.log_of(done, "tuf-watch"), "targets: version 2 is good for 9 days more")
        self.assertEqual(self.reads(self.pages(), name), "release 1.0\n")

    def test_what_no_client_can_reach_goes_on_schedule(self):
        publish_first(self)
        publish_release(self, "1.0")
        self.branch("later")
        self.release("2.0")
        self.commit("later")
        self.pushed(self.merge("later"))

        def files():
            listed = self.run_in(self.here, "git", "-C", str(self.remote), "ls-tree", "-r", "--name-only", "main", "targets")
            return set(listed.stdout.split())
        both = files()
        self.assertEqual(self.schedule()[0], [])
        self.assertEqual((len(both), files()), (2, both), "the file of a proposal that waits stays")
        self.branch("never")
        self.sluice("tuf", "propose", "--drop")
        proposed = self.propose("never")
        self.assertEqual((proposed["check"], proposed["complete"]), (0, 0), proposed["log"])
        self.pushed(self.merge("never"))
        self.assertEqual(files(), both)
        failed, done = self.schedule()
        self.assertEqual(failed, [], done)
        gone, = both - files()
        self.assertTrue(gone.startswith("targets/app/2.0/"), gone)
        self.assertEqual(self.reads(self.pages(), "app/1.0/app.txt"), "release 1.0\n")

    def test_what_was_tampered_with_is_refused(self):
        publish_first(self)
        publish_release(self, "1.0")

        def staged(text):
            file = self.work / "staging" / "targets.json"
            file.write_text(file.read_text().replace("2.0", text))

        def added():
            file, = (self.work / "targets" / "app" / "2.0").iterdir()
            file.write_text("evil\n")

        def published():
            file, = (self.work / "targets" / "app" / "1.0").iterdir()
            file.write_text("evil\n")

        def metadata():
            file = self.work / "metadata" / "timestamp.json"
            file.write_bytes((self.work / "metadata" / "1.timestamp.json").read_bytes())

        def name():
            (self.work / "keys" / "ann.json").write_text((self.work / "keys" / "ben.json").read_text())

        for number, (change, says) in enumerate(((lambda: staged("6.6"), "edited after it was proposed"), (added, "not what is listed"),
                                                 (published, "stay as they are"), (metadata, "only the publishing job"),
                                                 (name, "a new key has a new name"), (lambda: None, ""))):
            self.branch(f"try-{number}")
            self.release("2.0")
            self.sign("ann")
            change()
            proposed = self.propose(f"try-{number}")
            if says:
                self.assertEqual(proposed["check"], 1, proposed["log"])
                self.assertIn(says, proposed["report"])
            else:
                self.assertEqual((proposed["check"], proposed["complete"]), (0, 0), "the neighbour that is accepted")

    def test_merged_all_the_same_it_is_not_published(self):
        publish_first(self)
        self.branch("evil")
        self.release("1.0")
        self.sign("ann")
        file, = (self.work / "targets" / "app" / "1.0").iterdir()
        file.write_text("evil\n")
        self.commit("evil")
        before = self.tip()
        failed, done = self.pushed(self.merge("evil"))
        self.assertEqual(len(failed), 1)
        self.assertIn("not what is listed", self.log_of(done, "tuf-publish"))
        self.assertNotEqual(self.tip(), before)
        self.assertFalse(self.in_tip("metadata/2.targets.json"))
        self.ahead = 3 * DAY
        self.assertEqual(self.schedule()[0], [], "and what is published goes on living")

    def test_another_change_that_was_faster_makes_a_proposal_outdated(self):
        publish_first(self)
        for name in ("one", "two"):
            self.branch(name)
            self.release(name)
            self.sign("ann")
            self.commit(name)
        self.git("checkout", "-q", "one")
        self.pushed(self.merge("one"))
        self.git("checkout", "-q", "two")
        (self.work / "note").write_text("x")
        proposed = self.propose("two")
        self.assertEqual(proposed["check"], 1)
        self.assertIn("is published by now", proposed["report"])

    def test_what_decides_how_it_is_kept_is_pointed_out(self):
        publish_first(self)
        self.branch("policy")
        with open(self.work / "tuf-repo.yaml", "a", encoding="utf-8") as file:
            file.write("# looser\n")
        (self.work / "ci" / "::error::fooled").write_text("")
        proposed = self.propose("policy")
        self.assertEqual((proposed["check"], proposed["complete"]), (0, 0), proposed["log"])
        self.assertIn("they decide how this repository is kept\n\n    ci/::error::fooled\n    tuf-repo.yaml\n", proposed["report"])
        self.assertEqual(proposed["commands"], [])

    def test_names_that_others_chose_stay_names(self):
        publish_first(self)
        self.branch("names")
        odd = self.here / "odd"
        odd.mkdir()
        for name in ("::error::fooled", "`id`", "$(id)", "### x", "<img src=x>"):
            (odd / name).write_text(name)
        self.sluice("tuf", "add", str(odd))
        self.assertIn("fooled", self.git("status", "--porcelain", "-uall"))
        proposed = self.propose("names")
        self.assertIn("fooled", proposed["report"])
        self.assertEqual([kind for kind, text in proposed["commands"] if "fooled" in text], [])
        self.assertNotIn("uid=", proposed["log"])
        for line in proposed["report"].split("\n"):
            self.assertTrue(not line or line.startswith(("    ", "### What", "### Look", "**")), line)

    def test_somebody_pushed_in_between(self):
        publish_first(self)
        stale = self.tip()
        publish_release(self, "1.0")
        self.ahead = 3 * DAY
        failed, done = self.pushed(stale, "schedule")
        self.assertEqual(failed, [], done)
        self.assertTrue(self.in_tip("metadata/2.targets.json"))
        self.assertEqual(self.reads(self.pages(), "app/1.0/app.txt"), "release 1.0\n")
        self.assertRegex(self.log_of(done, "tuf-publish"), "rejected")

    def test_a_secret_that_is_missing_is_said(self):
        publish_first(self)
        self.ahead = 3 * DAY
        self.without_key()
        failed, done = self.schedule()
        self.assertEqual(len(failed), 1)
        self.assertIn("TUF_ONLINE_KEY is not set", self.log_of(done, "tuf-publish"))

    def test_another_first_root_is_not_signed_for(self):
        publish_first(self)
        self.ahead = 3 * DAY
        tip = self.tip()
        self.pin("0" * 64)
        failed, done = self.schedule()
        self.assertEqual((len(failed), self.tip()), (1, tip))
        self.assertIn("not the one that TUF_ROOT_SHA256 names", self.log_of(done, "tuf-publish"))
        self.pin(subprocess.run(["sha256sum", self.here / "root.json"], check=True, capture_output=True, text=True).stdout[:64])
        self.assertEqual(self.schedule()[0], [])
        self.assertNotEqual(self.tip(), tip)

    def test_other_branches_publish_nothing(self):
        publish_first(self)
        self.branch("topic")
        self.release("1.0")
        self.sign("ann")
        sha = self.commit("topic")
        self.git("push", "-q", "origin", "topic")
        tip = self.tip()
        self.pushed(sha, ref="topic")
        self.pushed(sha, "workflow_dispatch", ref="topic")
        self.assertEqual(self.tip(), tip)
