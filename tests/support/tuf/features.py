# SPDX-License-Identifier: Apache-2.0
"""What a repository of ours can be like: each feature makes one, by the commands, and returns its targets."""
import datetime
import json
import os

APP = {"app.txt": "an application\n", "app/1.0/notes.txt": "notes\n"}


def plain(people):
    """Root by two kinds of keys, targets by a third, the online key of a fourth."""
    people.start()
    people.add(APP)
    people.publish("ann", "ben", "carl")
    return APP


def flat(people):
    people.start()
    targets = people.add({"app.txt": "an application\n"})
    people.publish("ann", "ben", "carl")
    return targets


def in_folders(people):
    people.start()
    targets = people.add({"a/b/c/d/e.txt": "deep\n"})
    people.publish("ann", "ben", "carl")
    return targets


def all_keys(*kinds):
    def feature(people):
        people.start(kinds=kinds)
        people.add(APP)
        people.publish("ann", "ben", "carl")
        return APP
    return feature


def by_scheme(scheme, keytype="rsa", kind="rsa"):
    """Targets by a key whose scheme is not the usual one."""
    def feature(people):
        people.key("carl", kind)
        with open(people.path("carl.pub"), encoding="utf-8") as file:
            public = {"keytype": keytype, "scheme": scheme, "keyval": {"public": file.read()}}
        people.write("carl.json", json.dumps(public))
        people.init("--root-key", people.key("ann"), "--targets-key", "carl.json", "--online-signer", "env:ONLINE")
        people.add(APP)
        people.publish("ann", "carl")
        return APP
    return feature


def thresholds(people):
    """Two of three for root, two of two for the others, two online keys for each of snapshot and timestamp."""
    people.init(*(word for who in ("ann", "ben", "dora") for word in ("--root-key", people.key(who))),
                "--root-threshold", "2", "--targets-key", people.key("carl", "rsa"), "--targets-key", "ben.pub",
                "--targets-threshold", "2", "--online-signer", "env:ONLINE",
                "--online-signer", people.online("SECOND", "online-2", "ecdsa-p256"),
                "--snapshot-threshold", "2", "--timestamp-threshold", "2")
    people.add(APP)
    people.publish("ann", "dora", "carl", "ben")
    return APP


def snapshot_by_people(people):
    people.init("--root-key", people.key("ann"), "--targets-key", people.key("carl"),
                "--snapshot-key", people.key("dora"), "--timestamp-signer", "env:ONLINE")
    people.add(APP)
    people.sign("ann", "carl")
    people.refusal("publish")
    people.publish("dora")
    return APP


def hashes(*kinds):
    def feature(people):
        people.start(*(word for kind in kinds for word in ("--hash", kind)))
        people.add(APP)
        people.publish("ann", "ben", "carl")
        return APP
    return feature


def custom(people):
    """Every kind of JSON that canonical form has, in custom metadata."""
    people.start()
    value = {"note": "ünïcode \" \\ \n\t\x7f 😀", "n": -17, "many": [1, [], {}, None, True], "größe": {"ﬀ": "", "é": 2}}
    people.add(APP, "--custom", json.dumps(value), "--version", "1.0", "--release-date", "2031-01-01")
    people.publish("ann", "ben", "carl")
    return APP


def custom_beyond_the_plane(people):
    """Member names whose order is another one by UTF-16 than by code points."""
    people.start()
    people.add(APP, "--custom", json.dumps({"ﬀ": 1, "😀": 2}))
    people.publish("ann", "ben", "carl")
    return APP


def large_numbers(people):
    people.start()
    people.add(APP, "--custom", json.dumps({"n": 2**53 + 1}))
    people.publish("ann", "ben", "carl")
    return APP


def contents(people):
    """An empty file, one of all bytes, one of some megabytes."""
    people.start()
    targets = {"empty": b"", "bytes": bytes(range(256)), "large": bytes(range(251)) * 20_000}
    people.add(targets)
    people.publish("ann", "ben", "carl")
    return targets


def names_of_targets(*names):
    def feature(people):
        people.start()
        targets = people.add({name: f"this is {name}\n" for name in names})
        people.publish("ann", "ben", "carl")
        return targets
    return feature


def by_path(*patterns, lists):
    """A team lists targets below patterns."""
    def feature(people):
        people.start()
        people.add(APP)
        people.tuf("delegate", "team", *(word for pattern in patterns for word in ("--path", pattern)),
                   "--key", people.key("dora"))
        people.publish("ann", "ben", "carl", "dora")
        targets = people.add({name: f"of the team: {name}\n" for name in lists})
        people.publish("dora")
        return APP | targets
    return feature


def team(people):
    """A team with a threshold and keys of its own, which others of targets do not sign."""
    people.start()
    people.add(APP)
    people.tuf("delegate", "team", "--path", "team-*", "--key", people.key("dora"), "--key", people.key("eva", "ecdsa-p256"),
               "--key", people.key("finn", "rsa"), "--threshold", "2")
    people.publish("ann", "ben", "carl", "dora", "eva")
    targets = people.add({"team-a": "one\n"})
    people.publish("finn", "eva")
    return APP | targets


def nested(people):
    """Three levels, the last one terminating."""
    people.start()
    people.add(APP)
    people.tuf("delegate", "libs", "--path", "lib-*", "--path", "libs/*", "--key", people.key("dora"))
    people.publish("ann", "ben", "carl", "dora")
    people.tuf("delegate", "core", "--parent", "libs", "--path", "lib-core-*", "--key", people.key("eva"), "--terminating")
    people.publish("dora", "eva")
    people.tuf("delegate", "heart", "--parent", "core", "--path", "lib-core-heart-*", "--key", people.key("finn", "ecdsa-p256"))
    people.publish("eva", "finn")
    targets = {"lib-a": "libs\n", "libs/b": "libs, too\n", "lib-core-a": "core\n", "lib-core-heart-a": "heart\n"}
    people.add(targets)
    people.publish("dora", "eva", "finn")
    return APP | targets


def first_wins(people):
    """Two roles list one target: the first delegation counts, unless the role says nothing of it."""
    people.start()
    people.add(APP)
    for role, who in (("first", "dora"), ("second", "eva")):
        people.tuf("delegate", role, "--path", "shared-*", "--key", people.key(who))
    people.publish("ann", "ben", "carl", "dora", "eva")
    people.add({"shared-a": "of the second\n", "shared-b": "of the second\n"}, "--role", "second")
    people.add({"shared-a": "of the first\n"}, "--role", "first")
    people.publish("dora", "eva")
    return APP | {"shared-a": "of the first\n", "shared-b": "of the second\n"}


def bins(count, *options, targets=24):
    def feature(people):
        people.start()
        people.tuf("delegate", "--bins", str(count), *options, "--signer", "env:ONLINE")
        people.policy('  delegated: {online: "env:ONLINE"}')
        people.publish("ann", "ben", "carl")
        many = {f"file-{i}.txt": f"number {i}\n" for i in range(targets)}
        for name, content in many.items():
            people.write(f"many/{name}", content)
        people.tuf("add", "--publish", "many")
        return many
    return feature


def bins_of_a_team(people):
    """Succinct bins below a delegation by path."""
    people.start()
    people.add(APP)
    people.tuf("delegate", "team", "--path", "team-*", "--key", people.key("dora"))
    people.publish("ann", "ben", "carl", "dora")
    people.tuf("delegate", "pool", "--parent", "team", "--bins", "8", "--key", people.key("eva"))
    people.publish("dora", "eva")
    targets = people.add({f"team-{i}": f"{i}\n" for i in range(6)})
    people.publish("eva")
    return APP | targets


def many_targets(people):
    people.start()
    names = {f"file-{i:05}": f"number {i}\n" for i in range(2000)}
    for name, content in names.items():
        people.write(f"many/{name}", content)
    people.tuf("add", "many")
    people.publish("ann", "ben", "carl")
    return {name: names[name] for name in list(names)[::400]}


def rotated(people):
    """Ten roots: each key of root replaced, and replaced again."""
    people.start(kinds=("ed25519", "ed25519", "ed25519"))
    people.add(APP)
    people.publish("ann", "ben", "carl")
    keys = ["ann", "ben"]
    for i in range(9):
        people.key(f"new-{i}", "ecdsa-p256" if i % 2 else "ed25519")
        people.tuf("key", "rotate", "root", keys[0], f"new-{i}.pub")
        people.publish(*keys, f"new-{i}")
        keys = [keys[1], f"new-{i}"]
    return APP


def more_keys(people):
    """A key and a threshold more for root and for targets, and a key less."""
    people.start()
    people.add(APP)
    people.publish("ann", "ben", "carl")
    people.tuf("key", "add", "root", people.key("dora"))
    people.publish("ann", "ben")
    people.tuf("key", "threshold", "root", "3")
    people.publish("ann", "ben", "dora")
    people.tuf("key", "threshold", "root", "2")
    people.publish("ann", "ben", "dora")
    people.tuf("key", "remove", "root", "ann")
    people.publish("ann", "ben", "dora")
    people.tuf("key", "add", "targets", "dora.pub")
    people.tuf("key", "threshold", "targets", "2")
    people.publish("ben", "dora", "carl")
    return APP


def key_revoked(people):
    """The key of targets, then the online one: whoever holds them has nothing."""
    people.start()
    people.add(APP)
    people.publish("ann", "ben", "carl")
    people.tuf("key", "revoke", "carl", "--replace-with", people.key("dora"))
    people.publish("ann", "ben", "dora")
    source = people.online("SECOND", "online-2")
    with open(people.path("repo", "metadata", "2.root.json"), encoding="utf-8") as file:
        online = json.load(file)["signed"]["roles"]["timestamp"]["keyids"][0]
    people.tuf("key", "revoke", online, "--replace-with", "online-2.pub")
    with open(people.path("repo", "tuf-repo.yaml"), encoding="utf-8") as file:
        policy = file.read()
    people.write("repo/tuf-repo.yaml", policy.replace("env:ONLINE", source))
    people.publish("ann", "ben")
    return APP


def team_key_revoked(people):
    targets = team(people)
    people.tuf("key", "revoke", "eva", "--replace-with", people.key("gwen"))
    people.publish("carl", "dora", "finn", "gwen")
    return targets


def changed(people):
    """A target with new content, one that is gone, one that moved to a team."""
    people.start()
    people.add(APP | {"gone": "before\n", "team-a": "before\n"})
    people.publish("ann", "ben", "carl")
    people.add({"app.txt": "version 2\n"})
    people.tuf("remove", "gone", "team-a")
    people.tuf("delegate", "team", "--path", "team-*", "--key", people.key("dora"))
    people.publish("carl", "dora")
    people.add({"team-a": "of the team\n"})
    people.publish("dora")
    return APP | {"app.txt": "version 2\n", "team-a": "of the team\n"}


def delegation_removed(people):
    by_path("team-*", lists=["team-a"])(people)
    people.tuf("delegate", "team", "--remove")
    people.publish("carl")
    return APP


def elsewhere(people):
    """Published to another folder, which is what is served."""
    people.start("--publish-to", people.path("served"))
    people.add(APP)
    people.publish("ann", "ben", "carl")
    return APP


def cleaned(people):
    """A year after its first versions, when what nobody reaches any more is removed."""
    people.now = datetime.datetime.now() - datetime.timedelta(days=30)
    people.start()
    people.add({"app.txt": "the first\n"})
    people.publish("ann", "ben", "carl")
    people.pass_time(days=15)
    people.add(APP)
    people.publish("carl")
    people.now = None
    people.tuf("refresh-online")
    before = len(os.listdir(people.path("repo", "targets")))
    people.tuf("clean")
    assert len(os.listdir(people.path("repo", "targets"))) < before, "nothing was removed"
    return APP
