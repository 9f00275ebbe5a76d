# SPDX-License-Identifier: Apache-2.0
"""Cases of targets and delegations."""

import json

from _tuf import PAST, Key, case, sha256


@case("targets-mix-and-match", "targets of another version than the snapshot states")
def _(repo, steps):
    repo.publish("targets", "snapshot", "timestamp")
    repo.files["metadata/2.targets.json"] = repo.files["metadata/1.targets.json"]
    steps.then("tuf.targets.mix-and-match")


@case("targets-hash", "not the bytes that the snapshot states")
def _(repo, steps):
    repo.state_hashes = True
    repo.publish("targets", "snapshot", "timestamp")
    text = repo.files["metadata/2.targets.json"]
    repo.files["metadata/2.targets.json"] = text[:-1] + " "
    steps.then("tuf.targets.hash")
    repo.files["metadata/2.targets.json"] = text
    steps.then()


@case("targets-expired", "expired targets")
def _(repo, steps):
    repo.signed["targets"]["expires"] = PAST
    repo.publish("targets", "snapshot", "timestamp")
    steps.then("tuf.targets.expired")


@case("target-content", "the file that comes is another one")
def _(repo, steps):
    name = next(path for path in repo.files if path.startswith("targets/"))
    repo.files[name] = "AN APP"
    steps.then("tuf.target.hash")
    repo.files[name] = "an ap"
    steps.then("tuf.target.hash")
    repo.files[name] = "an app that goes on"
    steps.then("tuf.target.endless-data")
    repo.files[name] = "an app"
    steps.then()


@case("target-hashes-unknown", "hashes that this client does not know vouch for nothing")
def _(repo, steps):
    repo.signed["targets"]["targets"]["app.txt"]["hashes"] = {"blake2b-256": "00"}
    repo.publish("targets", "snapshot", "timestamp")
    steps.then("tuf.target.hash")


@case("target-not-listed", "nobody lists it")
def _(repo, steps):
    steps.then("tuf.target.unknown", ask="none.txt")


for number, path in enumerate(("../x", "a/../../x", "/x", "a//b", "a/./b", "a\\b", "a\\..\\x", "..", ".", "a/", "x\0y", "", "x" * 300)):
    @case(f"target-path-{number}", f"a target called {json.dumps(path)[:40]}")
    def _(repo, steps, path=path):
        repo.add("targets", path, "outside")
        repo.publish("targets", "snapshot", "timestamp")
        steps.then("tuf.target.path", ask=path)

for number, path in enumerate(("a b/c?d#e%2f", "%2e%2e/x", "\u00e4/\U0001f600.txt", "-rf", "a..b/...", "x" * 255)):
    @case(f"target-name-{number}", f"a target called {json.dumps(path)[:40]} is a plain name")
    def _(repo, steps, path=path):
        repo.signed["root"]["consistent_snapshot"] = False
        repo.add("targets", path, "inside")
        repo.publish_all()
        quoted = "".join(c if c.isascii() and (c.isalnum() or c in "-._~/!$&'()*+,;=:@")
                         else "".join(f"%{b:02X}" for b in c.encode()) for c in path)
        repo.files["targets/" + quoted] = "inside"
        steps.then(ask=path)


@case("delegation-by-path", "a role lists what its delegator lets it, and nothing else")
def _(repo, steps):
    repo.delegate("targets", "libs", paths=["libs/*.txt", "one/?/x"])
    for path in ("libs/a.txt", "one/b/x", "libs/a/b.txt", "one/bb/x", "LIBS/a.txt"):
        repo.add("libs", path, "of " + path)
    repo.publish("libs", "targets", "snapshot", "timestamp")
    steps.then(ask="libs/a.txt")
    steps.then(ask="one/b/x")
    for path in ("libs/a/b.txt", "one/bb/x", "LIBS/a.txt"):
        steps.then("tuf.target.unknown", ask=path)


@case("delegation-by-hash", "by the first digits of the hash of the path")
def _(repo, steps):
    digest = sha256("libs/a")
    repo.delegate("targets", "libs", path_hash_prefixes=[digest[:3].upper(), "ffff"])
    for path in ("libs/a", "libs/b"):
        repo.add("libs", path, "of " + path)
    repo.publish("libs", "targets", "snapshot", "timestamp")
    steps.then(ask="libs/a")
    steps.then("tuf.target.unknown", ask="libs/b")


@case("delegation-terminates", "a terminating one ends the search, another one does not")
def _(repo, steps):
    repo.delegate("targets", "first", paths=["libs/*"])
    repo.delegate("targets", "second", paths=["libs/*"])
    repo.add("second", "libs/a", "of the second")
    repo.publish("first", "second", "targets", "snapshot", "timestamp")
    steps.then(ask="libs/a")
    repo.signed["targets"]["delegations"]["roles"][0]["terminating"] = True
    repo.publish("targets", "snapshot", "timestamp")
    steps.then("tuf.target.unknown", ask="libs/a")


@case("delegation-cycle", "roles that delegate to each other")
def _(repo, steps):
    repo.delegate("targets", "a", paths=["libs/*"])
    repo.delegate("a", "b", paths=["libs/*"])
    repo.delegate("b", "a", paths=["libs/*"])
    repo.add("b", "libs/b", "of b")
    repo.publish("a", "b", "targets", "snapshot", "timestamp")
    steps.then(ask="libs/b")
    steps.then("tuf.target.unknown", ask="libs/none")


@case("delegation-depth", "a chain of 32 roles, and one of 33")
def _(repo, steps):
    names = ["targets"] + [f"r{i}" for i in range(33)]
    for parent, role in zip(names, names[1:]):
        repo.delegate(parent, role, paths=["libs/*"])
    repo.add("r31", "libs/near", "near")
    repo.add("r32", "libs/far", "far")
    repo.publish(*names[1:], "targets", "snapshot", "timestamp")
    steps.then(ask="libs/near")
    steps.then("tuf.target.limit", ask="libs/far")


@case("delegation-wrong-key", "signed by a key that the delegator does not list")
def _(repo, steps):
    repo.delegate("targets", "libs")
    repo.add("libs", "libs/a", "a")
    repo.publish("libs", "targets", "snapshot", "timestamp")
    steps.then(ask="libs/a")
    repo.keys["libs"] = repo.keys["targets"]
    repo.publish("libs", "snapshot", "timestamp")
    steps.then("tuf.delegated.signature", ask="libs/a")


@case("delegation-two-parents", "trusted by one parent, and not by the other one")
def _(repo, steps):
    repo.delegate("targets", "one", paths=["libs/one"])
    repo.delegate("targets", "two", paths=["libs/two"])
    repo.delegate("one", "shared", paths=["libs/*"])
    repo.delegate("two", "shared", keys=[Key()], paths=["libs/*"])
    repo.add("shared", "libs/one", "1")
    repo.add("shared", "libs/two", "2")
    repo.publish("shared", "one", "two", "targets", "snapshot", "timestamp")
    steps.then(ask="libs/one")
    steps.then("tuf.delegated.signature", ask="libs/two")


@case("delegation-threshold", "two different keys are needed")
def _(repo, steps):
    keys = [Key(), Key("ecdsa-sha2-nistp256")]
    repo.delegate("targets", "libs", keys=keys, threshold=2)
    repo.add("libs", "libs/a", "a")
    repo.publish("libs", "targets", "snapshot", "timestamp")
    steps.then(ask="libs/a")
    repo.keys["libs"] = keys[:1]
    repo.publish("libs", "snapshot", "timestamp")
    steps.then("tuf.delegated.signature", ask="libs/a")


@case("delegation-unlisted", "a role that the snapshot does not list")
def _(repo, steps):
    repo.delegate("targets", "libs")
    repo.publish("targets", "snapshot", "timestamp")
    steps.then("tuf.delegated.unlisted", ask="libs/a")


for number, name in enumerate(("../../../evil", "a/b", "..", ".", "C:\\x", "role with blanks", "%2e%2e%2f", "x" * 900)):
    @case(f"role-name-{number}", f"a role called {json.dumps(name)[:40]} is a name and no path")
    def _(repo, steps, name=name):
        repo.delegate("targets", name)
        repo.add(name, "libs/a", "a")
        repo.publish(name, "targets", "snapshot", "timestamp")
        steps.then(ask="libs/a")


def bad_delegations(identifier, why, change, outcome="tuf.targets.format"):
    @case(f"delegations-{identifier}", why)
    def _(repo, steps):
        repo.delegate("targets", "libs")
        repo.publish("libs", "targets", "snapshot", "timestamp")
        steps.then()
        change(repo.signed["targets"]["delegations"])
        repo.publish("targets", "snapshot", "timestamp")
        steps.then(outcome)


def first(**members):
    return lambda delegations: delegations["roles"][0].update(members)


for top in ("root", "timestamp", "snapshot", "targets"):
    bad_delegations(f"to-{top}", "a delegation to a role of root's", first(name=top))
bad_delegations("empty-name", "a role without a name", first(name=""))
bad_delegations("long-name", "a name of two kilobytes", first(name="x" * 2048))
bad_delegations("threshold-0", "a threshold that nobody has to reach", first(threshold=0))
bad_delegations("threshold-true", "a threshold that is no number", first(threshold=True))
bad_delegations("paths-and-prefixes", "by path and by hash", first(path_hash_prefixes=["00"]))
bad_delegations("neither", "neither by path nor by hash", lambda d: d["roles"][0].pop("paths"))
bad_delegations("prefix", "a hash prefix that is no hex", lambda d: (first(path_hash_prefixes=["xy"])(d), d["roles"][0].pop("paths")))
bad_delegations("twice", "two delegations to one role", lambda d: d["roles"].append(dict(d["roles"][0])))
bad_delegations("no-keys-of-it", "a keyid that nobody describes is no key, and no error", first(keyids=["none"]), "good")
bad_delegations("both-kinds", "roles beside bins",
                lambda d: d.update(succinct_roles={"bit_length": 1, "name_prefix": "b", "keyids": [], "threshold": 1}))
bad_delegations("no-kind", "neither roles nor bins", lambda d: d.pop("roles"))
for bits in (0, -1, 33, 2**40, True):
    bad_delegations(f"bits-{bits}", "bins of a number that cannot be",
                    lambda d, bits=bits: (d.pop("roles"), d.update(
                        succinct_roles={"bit_length": bits, "name_prefix": "b", "keyids": [], "threshold": 1})))

for bits in (1, 2, 3, 4, 5, 8):
    @case(f"bins-{bits}", f"2^{bits} bins (TAP 15)")
    def _(repo, steps, bits=bits):
        paths = [f"packages/{i}" for i in range(6)]
        names = repo.bins("targets", bits, paths=paths)
        repo.publish("targets", "snapshot", "timestamp")
        for path in paths:
            steps.then(ask=path)
        steps.then("tuf.target.unknown", ask="packages/none")
        # In another bin than its own.
        wrong = next(name for name in names if paths[0] not in repo.signed[name]["targets"])
        right = next(name for name in names if paths[0] in repo.signed[name]["targets"])
        repo.signed[wrong]["targets"][paths[0]] = repo.signed[right]["targets"].pop(paths[0])
        repo.publish(wrong, right, "snapshot", "timestamp")
        steps.then("tuf.target.unknown", ask=paths[0])
