#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A year of a repository under a set clock, served to our client and to those of others: releases, a team, expiries,
rotation, two thefts and what follows.

Each state is read by a client that has seen every state before it and by one that begins with the first root; each is
accepted or refused as it is due.
"""
import concurrent.futures
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support", "tuf"))

from clients import CLIENTS, Tuftool, expect_missing
from people import People, Served
from results import Results

BEGIN = datetime.datetime(2031, 1, 6, 9)
EXPIRED = "expired"
NOT_FOUND = r"not found|unknown|not listed|lists no"
NOT_SIGNED = "sign|threshold|verif"
ROLLED_BACK = r"version|rollback|older"
OTHER_CONTENT = r"hash|mismatch|verif|length|differ|expected|not as listed|digest"
SUCCINCT = "missing field `roles`"


class Story:
    def __init__(self, results, people):
        self.results = results
        self.people = people
        self.faithful = {}
        self.bins = False  # from then on tuftool does not read it: TAP 15 is not in it

    def root(self):
        return self.people.path("repo", "metadata", "1.root.json")

    def read(self, client, url, targets, reason):
        wanted = {name: content for name, content in targets.items() if client.can_find(name)}
        if self.bins and isinstance(client, Tuftool) and reason != EXPIRED:
            reason = SUCCINCT
        if reason:
            expect_missing(reason, lambda: client.read(url, wanted, self.people.now))
            return
        found = client.read(url, wanted, self.people.now)
        for name, content in wanted.items():
            assert found[name] == content.encode(), f"{name} is another"

    def faithful_reads(self, kind, url, targets, reason):
        if kind not in self.faithful:
            self.faithful[kind] = kind(self.root())
        self.read(self.faithful[kind], url, targets, reason)

    def new_one_reads(self, kind, url, targets, reason):
        with kind(self.root()) as client:
            self.read(client, url, targets, reason)

    def state(self, name, targets, reason=None, new_reason=None, folder="repo"):
        """What clients make of it now. The reason: why they must refuse; of new ones, where that is another, "none"."""
        new_reason = {None: reason, "none": None}.get(new_reason, new_reason)
        with Served(self.people.path(folder)) as url, concurrent.futures.ThreadPoolExecutor(4) as pool:
            runs = []
            for kind in CLIENTS:
                # It has no memory between two runs: it is always a new one.
                remembers = new_reason if kind is Tuftool else reason
                runs.append((f"{kind.name}, faithful", pool.submit(self.faithful_reads, kind, url, targets, remembers)))
                runs.append((f"{kind.name}, new", pool.submit(self.new_one_reads, kind, url, targets, new_reason)))
            for who, run in runs:
                self.results.case(name, f"{who} {'refuses' if reason else 'reads'}", run.result)

    def close(self):
        for client in self.faithful.values():
            shutil.rmtree(client.cache)

    # --- thieves
    def sign_as_thief(self, folder, name, role, change):
        """A file of metadata, changed and signed by whoever has the online key."""
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            metadata = json.load(file)
        change(metadata["signed"])
        canonical = json.dumps(metadata["signed"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.people.path("online.key")], check=True,
                                input=canonical.encode(), stdout=subprocess.PIPE)
        metadata["signatures"] = [{"keyid": metadata["signatures"][0]["keyid"], "sig": signed.stdout.hex()}]
        with open(os.path.join(folder, role), "w", encoding="utf-8") as file:
            json.dump(metadata, file)

    def fast_forward(self, version):
        """Snapshot and timestamp of versions that an honest repository never reaches."""
        shutil.copytree(self.people.path("repo"), self.people.path("stolen"))
        folder = self.people.path("stolen", "metadata")
        with open(os.path.join(folder, "timestamp.json"), encoding="utf-8") as file:
            now = json.load(file)["signed"]["meta"]["snapshot.json"]["version"]
        self.sign_as_thief(folder, f"{now}.snapshot.json", f"{version}.snapshot.json",
                           lambda signed: signed.update(version=version))
        self.sign_as_thief(folder, "timestamp.json", "timestamp.json",
                           lambda signed: signed.update(version=version, meta={"snapshot.json": {"version": version}}))


def online_keyid(people):
    roots = [name for name in os.listdir(people.path("repo", "metadata")) if name.endswith(".root.json")]
    newest = max(roots, key=lambda name: int(name.split(".")[0]))
    with open(people.path("repo", "metadata", newest), encoding="utf-8") as file:
        return json.load(file)["signed"]["roles"]["timestamp"]["keyids"][0]


def replace_online(people, variable, who):
    """The online key goes, and another one takes its place."""
    source = people.online(variable, who)
    people.tuf("key", "revoke", online_keyid(people), "--replace-with", f"{who}.pub")
    with open(people.path("repo", "tuf-repo.yaml"), encoding="utf-8") as file:
        policy = file.read()
    people.write("repo/tuf-repo.yaml", re.sub(r"env:[A-Z]+", source, policy))


def first_half(story, people):
    targets = {"app-1.0": "one\n"}
    people.start()
    people.add(targets)
    people.publish("ann", "ben", "carl")
    story.state("the first release", targets)

    people.pass_time(hours=18)
    people.tuf("refresh-online")
    story.state("a new timestamp by the cron job", targets)

    people.pass_time(days=20)
    story.state("the cron job is down", targets, EXPIRED)
    people.tuf("refresh-online")
    story.state("the cron job is up again", targets)

    targets |= people.add({"app-1.1": "one point one\n", "docs/app.txt": "a manual\n"})
    people.publish("carl")
    story.state("the second release", targets)

    people.tuf("delegate", "libs", "--path", "libs/*", "--path", "lib-*", "--key", people.key("dora"),
               "--key", people.key("eva", "ecdsa-p256"), "--threshold", "2")
    people.publish("carl", "dora", "eva")
    targets |= people.add({"libs/a": "library\n", "lib-b": "another one\n"})
    people.sign("dora")
    assert "libs" in people.refusal("publish")
    story.state("one of two of a team signed", {"app-1.1": targets["app-1.1"]})
    people.publish("eva")
    story.state("a team of its own", targets)

    people.pass_time(days=100)
    assert "sluice tuf propose --renew targets" in people.refusal("refresh-online", codes=(75,))
    story.state("nobody renewed targets", targets, EXPIRED)
    people.tuf("propose", "--renew", "targets", "--renew", "libs")
    people.publish("carl", "dora", "eva")
    story.state("targets renewed", targets)

    people.tuf("key", "rotate", "root", "ben", people.key("finn", "rsa"))
    people.sign("finn")
    people.refusal("publish")
    story.state("a new root is proposed", targets)
    people.publish("ann", "ben")
    story.state("ben left", targets)
    return targets


def thefts(story, people, targets):
    people.pass_time(hours=1)
    people.tuf("refresh-online")
    story.fast_forward(1_000_000)
    story.state("the online key is stolen, and versions raised", targets, folder="stolen")
    story.state("the repository, before anybody noticed", targets, ROLLED_BACK, "none")
    replace_online(people, "SECOND", "online-2")
    people.publish("ann", "finn")
    story.state("the online key is replaced", targets)
    # Who never saw the new root cannot know: he is held back until that timestamp expires.
    story.state("what the thief published", targets, NOT_SIGNED, "none", folder="stolen")

    # Whoever broke in has the key of targets and the new online key.
    shutil.copytree(people.path("repo"), people.path("broken-in"))
    people.write("bad", "bad\n")
    people.run("tuf", "add", "--as", "app-6.6", "bad", "--repo", "broken-in")
    people.run("tuf", "sign", "--key", "carl.key", "--yes", "--repo", "broken-in")
    people.run("tuf", "publish", "--repo", "broken-in")
    story.state("somebody broke in", targets | {"app-6.6": "bad\n"}, folder="broken-in")
    people.tuf("key", "revoke", "carl", "--replace-with", people.key("gwen"))
    replace_online(people, "THIRD", "online-3")
    people.publish("ann", "finn", "gwen")
    story.state("both keys are replaced", targets)
    story.state("what had been listed", {"app-6.6": "bad\n"}, NOT_FOUND)


def second_half(story, people, targets):
    shutil.copytree(people.path("repo"), people.path("old"))
    people.pass_time(hours=1)
    targets |= people.add({"app-1.2": "one point two\n"})
    people.tuf("remove", "app-1.1")
    people.publish("gwen")
    del targets["app-1.1"]
    story.state("the third release", targets)
    story.state("somebody serves the second again", {"app-1.0": "one\n"}, ROLLED_BACK, "none", folder="old")
    people.pass_time(days=2)
    story.state("and still does days later", {"app-1.0": "one\n"}, EXPIRED + "|" + ROLLED_BACK, EXPIRED, folder="old")
    people.tuf("refresh-online")

    shutil.copytree(people.path("repo"), people.path("damaged"))
    for name in os.listdir(people.path("damaged", "targets")):
        if name.endswith(".app-1.2"):
            people.write(f"damaged/targets/{name}", "one point six\n")
    story.state("a target is another", {"app-1.2": "?"}, OTHER_CONTENT, folder="damaged")

    people.tuf("delegate", "libs", "--remove")
    people.publish("gwen")
    targets = {name: content for name, content in targets.items() if not name.startswith("lib")}
    story.state("the team is gone", targets)
    story.state("and what it listed", {"lib-b": "another one\n"}, NOT_FOUND)

    people.tuf("delegate", "--bins", "8", "--key", people.key("dora"))
    people.publish("gwen", "dora")
    story.bins = True
    story.state("bins", targets)
    targets |= people.add({"app-2.0": "two\n"})
    people.publish("dora")
    story.state("a release in bins", targets)

    people.now = BEGIN + datetime.timedelta(days=120 + 366)
    assert "sluice tuf propose --renew root" in people.refusal("refresh-online", codes=(75,))
    assert "clients refuse everything until a new one is published" in people.refusal("publish", "--new-timestamp")
    story.state("nobody renewed root", targets, EXPIRED)
    people.tuf("propose", "--renew", "root", "--renew", "targets", *(word for i in range(8) for word in ("--renew", f"bins-{i}")))
    people.publish("ann", "finn", "gwen", "dora")
    people.tuf("clean")
    story.state("the end of the year, cleaned", targets)


def main():
    results = Results()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as keys:
        people = People(folder, keys, now=BEGIN)
        story = Story(results, people)
        targets = {}
        if results.case("told", "the first half", lambda: targets.update(first_half(story, people))):
            if results.case("told", "two thefts", lambda: thefts(story, people, targets)):
                results.case("told", "the second half", lambda: second_half(story, people, targets))
        story.close()
    results.finish()


main()
