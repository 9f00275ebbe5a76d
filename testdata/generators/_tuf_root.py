# SPDX-License-Identifier: Apache-2.0
"""Cases of the chain of roots."""

from _tuf import LATER, PAST, Key, case


@case("root-chain", "root after root, each with new keys")
def _(repo, steps):
    for _ in range(5):
        old = repo.keys["root"]
        new = [Key()]
        repo.give("root", new)
        repo.keys["root"] = old + new
        repo.publish("root")
        repo.keys["root"] = new
    steps.then()


@case("root-not-signed-by-the-old-one", "new keys that nobody who was trusted vouches for")
def _(repo, steps):
    repo.give("root", [Key()])
    repo.publish("root")
    steps.then("tuf.root.signature")


@case("root-not-signed-by-itself", "the new keys have not signed")
def _(repo, steps):
    old = repo.keys["root"]
    repo.give("root", [Key()])
    repo.keys["root"] = old
    repo.publish("root")
    steps.then("tuf.root.signature")


@case("root-skips-a-version", "the file says another version than its name")
def _(repo, steps):
    repo.signed["root"]["version"] = 4
    repo.files["metadata/2.root.json"] = repo.text("root")
    steps.then("tuf.root.version")


@case("root-repeats-a-version", "the next root is the one that is trusted")
def _(repo, steps):
    repo.files["metadata/2.root.json"] = repo.files["metadata/1.root.json"]
    steps.then("tuf.root.version")


@case("root-expired", "the last root has expired; one before it may have")
def _(repo, steps):
    repo.signed["root"]["expires"] = PAST
    repo.publish("root")
    repo.signed["root"]["expires"] = LATER
    repo.publish("root")
    steps.then()
    repo.signed["root"]["expires"] = PAST
    repo.publish("root")
    steps.then("tuf.root.expired")


@case("root-larger-than-the-limit", "a root of more than a mebibyte")
def _(repo, steps):
    repo.signed["root"]["padding"] = "x" * (1 << 20)
    repo.publish("root")
    steps.then("tuf.root.endless-data")


for threshold in (0, -1):
    @case(f"root-threshold-{threshold}", "a threshold that nobody has to reach")
    def _(repo, steps, threshold=threshold):
        repo.signed["root"]["roles"]["timestamp"]["threshold"] = threshold
        repo.publish("root")
        steps.then("tuf.root.format")


@case("root-without-a-role", "a root that does not speak of timestamp")
def _(repo, steps):
    del repo.signed["root"]["roles"]["timestamp"]
    repo.publish("root")
    steps.then("tuf.root.format")


@case("root-keyid-twice", "one keyid twice in a role")
def _(repo, steps):
    repo.signed["root"]["roles"]["timestamp"]["keyids"] *= 2
    repo.publish("root")
    steps.then("tuf.root.format")


@case("root-is-a-timestamp", "the keys of root, on a document of another type")
def _(repo, steps):
    repo.signed["root"]["_type"] = "timestamp"
    repo.publish("root")
    steps.then("tuf.root.type")


@case("fast-forward-recovery", "after a key of timestamp is replaced, versions begin anew")
def _(repo, steps):
    repo.signed["timestamp"]["version"] = 2**62
    repo.publish("timestamp")
    steps.then()
    repo.signed["timestamp"]["version"] = 1
    repo.publish("timestamp")
    steps.then("tuf.timestamp.rollback")
    repo.give("timestamp", [Key()])
    repo.publish("root")
    repo.put("timestamp")
    steps.then()
