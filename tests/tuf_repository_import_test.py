#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Repositories that others made, taken over and carried on: every file that was published keeps its bytes, and clients
that trust the old root go on, with their caches and without.
"""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support", "tuf"))

from clients import CLIENTS, expect_missing, program
from people import People, Served
from results import Results

HERE = os.path.dirname(os.path.abspath(__file__))
EXPIRY = "2090-01-01T00:00:00Z"
OLD = {"old.txt": b"from before\n", "docs/a.txt": b"a manual\n", "lib-a": b"library\n"}
IN_BINS = {f"lib-{i}": f"lib-{i}".encode() for i in range(8)}
# As in tuf_repository_clients_test.py.
EXCEPTIONS = {("python-tuf", "tuftool"): "missing field `roles`", ("plain", "tuftool"): "missing field `roles`",
              # Keyids of tuf-on-ci leave out its own members.
              ("tuf-on-ci", "tuftool"): "Invalid key ID"}


def make_with_python_tuf(kind):
    def make(people):
        """The folder with what is published, and its targets."""
        for who in ("ann", "ben", "carl", "dora", "eva"):
            people.key(who, "ecdsa-p256" if who == "ben" else "ed25519")
        folder = os.path.dirname(os.path.realpath(program("python-tuf")))
        subprocess.run([os.path.join(folder, "environment", "bin", "python3"), "-B",
                        os.path.join(HERE, "support", "tuf", "others_repo.py"), kind, people.folder, people.path("old")],
                       check=True)
        return OLD | (IN_BINS if kind != "tuf-on-ci" else {})
    return make


def make_with_tuftool(people):
    """Two roots, a delegation, a release by `update`. It signs with RSA alone, from files."""
    keys = {}
    for who in ("ann", "ben", "carl", "dora", "online"):
        people.key(f"{who}-rsa", "rsa")
        keys[who] = f"{who}-rsa.key"
    people.online("ONLINE", "online-rsa", "rsa")

    def tuftool(*words):
        done = subprocess.run([program("tuftool"), *words], cwd=people.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        assert done.returncode == 0, f"tuftool {' '.join(words)}\n{done.stdout}"

    def versions(number, *roles):
        return [word for role in roles for word in (f"--{role}-expires", EXPIRY, f"--{role}-version", str(number))]

    tuftool("root", "init", "root.json")
    tuftool("root", "expire", "root.json", EXPIRY)
    for role in ("root", "targets", "snapshot", "timestamp"):
        tuftool("root", "set-threshold", "root.json", role, "2" if role == "root" else "1")
    for who, roles in (("ann", ["root"]), ("ben", ["root"]), ("carl", ["targets"]), ("online", ["snapshot", "timestamp"])):
        tuftool("root", "add-key", "root.json", "-k", keys[who], *(word for role in roles for word in ("--role", role)))
    tuftool("root", "sign", "root.json", "-k", keys["ann"], "-k", keys["ben"])
    people.write("in/old.txt", OLD["old.txt"])
    people.write("in/docs/a.txt", OLD["docs/a.txt"])
    signing = ["-k", keys["carl"], "-k", keys["online"]]
    tuftool("create", "--root", "root.json", "-k", keys["ann"], *signing, "--add-targets", "in", "--outdir", "old",
            *versions(1, "targets", "snapshot", "timestamp"))
    tuftool("delegation", "--signing-role", "libs", "create-role", "-o", "libs", "-k", keys["dora"], "-e", EXPIRY, "-v", "1")
    tuftool("delegation", "--signing-role", "targets", "add-role", "-d", "libs", "-i", f"file://{people.path('libs/metadata')}",
            *signing, "--root", "root.json", "-m", f"file://{people.path('old/metadata')}", "-o", "old", "-p", "lib-*",
            "-t", "1", "-v", "2", "-e", EXPIRY, "--sign-all", *versions(2, "snapshot", "timestamp"))
    people.write("more/more.txt", b"more\n")
    tuftool("update", "--root", "root.json", *signing, "--add-targets", "more", "-m", f"file://{people.path('old/metadata')}",
            "-o", "old", *versions(3, "targets", "snapshot", "timestamp"))
    # It lists a file of a folder by its name alone.
    return {"old.txt": OLD["old.txt"], "a.txt": OLD["docs/a.txt"], "more.txt": b"more\n"}


KINDS = {"python-tuf": make_with_python_tuf("python-tuf"), "plain": make_with_python_tuf("plain"),
         "tuf-on-ci": make_with_python_tuf("tuf-on-ci"), "tuftool": make_with_tuftool}


class TakenOver:
    def __init__(self, kind, results, people):
        self.kind = kind
        self.results = results
        self.people = people
        self.faithful = {}
        self.targets = {}

    def who(self, name):
        return f"{name}-rsa" if self.kind == "tuftool" else name

    def make(self):
        self.targets = KINDS[self.kind](self.people)

    def bytes_of(self, folder):
        out = {}
        for name in os.listdir(folder):
            if name.endswith(".json"):
                with open(os.path.join(folder, name), "rb") as file:
                    out[name] = file.read()
        return out

    def take(self):
        source = "old/git" if self.kind == "tuf-on-ci" else "old"
        said = self.people.run("tuf", "import", "--metadata", f"{source}/metadata", "--targets", f"{source}/targets", "repo")
        before = self.bytes_of(self.people.path("old", "metadata"))
        after = self.bytes_of(self.people.path("repo", "metadata"))
        for name, data in after.items():
            # Names without versions are those of the repository that was not consistent.
            assert data in before.values(), f"{name} is not as it was published\n{said}"
        for role in ("1.root.json", "timestamp.json"):
            assert after[role] == before[role], role
        with open(self.people.path("repo", "tuf-repo.yaml"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        lines = [line.replace("}", ', online: "env:ONLINE"}') if line.startswith(('  "snapshot"', '  "timestamp"')) else line
                 for line in lines]
        self.people.write("repo/tuf-repo.yaml", "\n".join(lines) + "\n")

    def verify(self):
        self.people.run("tuf", "verify", "--deep", "repo")

    def periods(self):
        with open(self.people.path("repo", "tuf-repo.yaml"), encoding="utf-8") as file:
            policy = file.read()
        for line in ('"root": {expires: 90d, renew: 30d}', '"libs": {expires: 90d, renew: 30d}',
                     '"timestamp": {expires: 7d, renew: 6d, online: '):
            assert line in policy, policy

    def names_of_people(self):
        said = self.people.tuf("status")
        for who in ("@ann", "@ben", "@carl", "@dora"):
            assert who in said, said

    def go_on(self):
        """A target in targets, one in the role that was delegated, a key of root."""
        who = self.who
        if self.kind == "plain":  # snapshots become consistent first
            self.people.publish("ann", "ben")
        self.targets |= self.people.add({"new.txt": b"from sluice\n"})
        self.people.publish(who("carl"))
        self.targets |= self.people.add({"lib-new": b"a new library\n"})
        self.people.publish("eva" if self.kind in ("python-tuf", "plain") else who("dora"))  # a bin, or dora's role
        self.people.tuf("key", "add", "root", self.people.key("finn"))
        self.people.publish(who("ann"), who("ben"))

    def read(self, client, url):
        wanted = {name: content for name, content in self.targets.items() if client.can_find(name)}
        reason = EXCEPTIONS.get((self.kind, client.name))
        if reason:
            expect_missing(reason, lambda: client.read(url, wanted))
            return
        found = client.read(url, wanted)
        for name, content in wanted.items():
            assert found[name] == content, f"{name} is another"

    def faithful_reads(self, kind, url):
        if kind not in self.faithful:
            self.faithful[kind] = kind(self.people.path("old", "metadata", "1.root.json"))
        self.read(self.faithful[kind], url)

    def new_one_reads(self, kind, url):
        with kind(self.people.path("old", "metadata", "1.root.json")) as client:
            self.read(client, url)

    def everybody(self, when, folder):
        with Served(self.people.path(folder)) as url, concurrent.futures.ThreadPoolExecutor(4) as pool:
            runs = []
            for kind in CLIENTS:
                runs.append((f"{kind.name}, faithful", pool.submit(self.faithful_reads, kind, url)))
                runs.append((f"{kind.name}, new", pool.submit(self.new_one_reads, kind, url)))
            for who, run in runs:
                self.results.case(self.kind, f"{who} reads it {when}", run.result)

    def tell(self):
        case = self.results.case
        if not case(self.kind, "made", self.make):
            return
        self.everybody("before", "old")
        if not case(self.kind, "taken over", self.take):
            return
        case(self.kind, "verified", self.verify)
        if self.kind == "tuf-on-ci":
            case(self.kind, "people have the names that they had", self.names_of_people)
            case(self.kind, "versions are good for as long as they were", self.periods)
        self.everybody("taken over", "repo")
        if case(self.kind, "carried on", self.go_on):
            case(self.kind, "verified after that", self.verify)
            self.everybody("carried on", "repo")
        for client in self.faithful.values():
            shutil.rmtree(client.cache)


def main():
    results = Results()
    with tempfile.TemporaryDirectory() as keys:
        for kind in KINDS:
            with tempfile.TemporaryDirectory() as folder:
                TakenOver(kind, results, People(folder, keys)).tell()
    results.finish()


main()
