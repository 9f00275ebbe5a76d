# SPDX-License-Identifier: Apache-2.0
"""Cases of timestamp and snapshot."""

import copy
import json

from _tuf import PAST, case


@case("timestamp-again", "the same version once more changes nothing")
def _(repo, steps):
    steps.then()
    steps.then()


@case("timestamp-rollback", "a version before the one that was seen")
def _(repo, steps):
    old = repo.files["metadata/timestamp.json"]
    repo.publish("timestamp")
    steps.then()
    repo.files["metadata/timestamp.json"] = old
    steps.then("tuf.timestamp.rollback")


@case("timestamp-takes-snapshot-back", "a newer timestamp of an older snapshot")
def _(repo, steps):
    old = copy.deepcopy(repo.signed["timestamp"]["meta"])
    repo.publish("snapshot", "timestamp")
    steps.then()
    repo.signed["timestamp"]["meta"] = old
    repo.publish("timestamp")
    steps.then("tuf.timestamp.snapshot-rollback")


@case("timestamp-expired", "the newest that is offered has expired")
def _(repo, steps):
    steps.then(now="2030-02-28T23:59:59Z")
    steps.then("tuf.root.expired", now="2030-03-01T00:00:00Z")
    repo.signed["timestamp"]["expires"] = "2030-02-28T23:59:59Z"
    repo.publish("timestamp")
    steps.then("tuf.timestamp.expired", now="2030-02-28T23:59:59Z")


@case("clock-set-back", "the clock is before the last refresh")
def _(repo, steps):
    steps.then(now="2030-01-20T12:00:00Z")
    steps.then(now="2030-01-20T11:55:00Z")
    steps.then("tuf.clock.time", now="2030-01-15T12:00:00Z")


@case("timestamp-of-64-KiB", "a timestamp larger than its limit")
def _(repo, steps):
    repo.signed["timestamp"]["padding"] = "x" * (60 << 10)
    repo.publish("timestamp")
    steps.then()
    repo.signed["timestamp"]["padding"] = "x" * (64 << 10)
    repo.publish("timestamp")
    steps.then("tuf.timestamp.endless-data")


@case("timestamp-of-another-file", "a timestamp that speaks of more than snapshot.json")
def _(repo, steps):
    repo.signed["timestamp"]["meta"]["../../snapshot.json"] = {"version": 1}
    repo.publish("timestamp")
    steps.then("tuf.timestamp.format")


@case("unknown-members", "members that nobody knows survive and do not count")
def _(repo, steps):
    for role in ("root", "targets", "snapshot", "timestamp"):
        repo.signed[role]["x-unknown"] = {"a": [1, None, True, "\u00e4 \u2028 \U0001f600", {}], "b": -5}
    repo.signed["targets"]["targets"]["app.txt"]["x"] = 1
    repo.signed["root"]["roles"]["mirrors"] = {"keyids": [], "threshold": 1}
    repo.publish_all()
    steps.then()


@case("another-spelling", "blanks, order and escapes as they come: what is signed is the canonical form")
def _(repo, steps):
    repo.signed["timestamp"]["x"] = 'quote " backslash \\ tab\t \u00e4'
    repo.publish("timestamp")
    envelope = json.loads(repo.files["metadata/timestamp.json"])
    turned = {k: dict(reversed(v.items())) if isinstance(v, dict) else v for k, v in reversed(envelope.items())}
    repo.files["metadata/timestamp.json"] = json.dumps(turned, indent=7, ensure_ascii=True)
    steps.then()


BAD_VALUES = [("version", v) for v in (0, -1, True, 1.5, "2", None, 2**63, 2**64, [], {})]
BAD_VALUES += [("expires", v) for v in ("2090-01-01", "2090-01-01T00:00:00", "2090-01-01 00:00:00Z", "2090-13-01T00:00:00Z",
                                        "2090-01-01T25:00:00Z", "90-01-01T00:00:00Z", "tomorrow", "", 4000000000, None)]
BAD_VALUES += [("_type", v) for v in ("root", "Timestamp", "", 1)]
BAD_VALUES += [("spec_version", v) for v in ("2.0.0", "0.9", "", 1)]
BAD_VALUES += [("meta", v) for v in ({}, [], None, {"snapshot.json": {}}, {"snapshot.json": {"version": 0}},
                                     {"snapshot.json": {"version": 1, "length": -1}},
                                     {"snapshot.json": {"version": 1, "hashes": {}}},
                                     {"snapshot.json": {"version": 1, "hashes": {"sha256": "00"}}})]
for number, (member, value) in enumerate(BAD_VALUES):
    @case(f"timestamp-{member}-{number}", f"{member}: {json.dumps(value)[:60]}")
    def _(repo, steps, member=member, value=value):
        steps.then()
        repo.publish("timestamp")
        repo.signed["timestamp"][member] = value
        repo.files["metadata/timestamp.json"] = repo.text("timestamp")
        outcome = {"_type": "type", "spec_version": "spec-version" if isinstance(value, str) else "format"}
        steps.then("tuf.timestamp." + outcome.get(member, "format"))

for member in ("version", "expires", "_type", "spec_version", "meta"):
    @case(f"timestamp-without-{member}", f"no {member}")
    def _(repo, steps, member=member):
        repo.publish("timestamp")
        del repo.signed["timestamp"][member]
        repo.files["metadata/timestamp.json"] = repo.text("timestamp")
        steps.then("tuf.timestamp." + {"_type": "type", "spec_version": "spec-version"}.get(member, "format"))


def spoiled(identifier, why, change, outcome="tuf.timestamp.format"):
    @case(f"text-{identifier}", why)
    def _(repo, steps):
        steps.then()
        repo.publish("timestamp")
        repo.files["metadata/timestamp.json"] = change(repo.files["metadata/timestamp.json"])
        steps.then(outcome)


spoiled("empty", "nothing", lambda _: "")
spoiled("html", "a page of a captive portal", lambda _: "<html>log in</html>")
spoiled("null", "null", lambda _: "null")
spoiled("array", "an array", lambda _: "[]")
spoiled("number", "a number", lambda _: "1")
spoiled("cut", "the end is missing", lambda text: text[:-1])
spoiled("trailing", "something behind the end", lambda text: text + "{}")
spoiled("mark", "a byte-order mark", lambda text: "\ufeff" + text)
spoiled("deep", "nested too deep", lambda text: text[:-1] + ',"x":' + "[" * 100 + "]" * 100 + "}",
        "tuf.timestamp.limit")
spoiled("signed-twice", "two members called signed",
        lambda text: text[:-1] + ',"signed":{"_type":"timestamp"}}')
spoiled("version-twice", "two members called version",
        lambda text: text.replace('"version"', '"version":1,"version"', 1))
spoiled("escaped-twice", "the second one is spelled with an escape",
        lambda text: text.replace('"version"', '"\\u0076ersion":1,"version"', 1))
spoiled("surrogate", "half of a character", lambda text: text[:-1] + ',"x":"\\ud800"}')
spoiled("control", "a control character in a string", lambda text: text[:-1] + ',"x":"\n"}')
spoiled("comment", "a comment", lambda text: "/* */" + text)
spoiled("nan", "NaN", lambda text: text[:-1] + ',"x":NaN}')
spoiled("no-signatures", "no signatures", lambda text: '{"signed":' + text.split('"signed":', 1)[1])
spoiled("signatures-empty", "an empty list of signatures",
        lambda text: '{"signatures":[],"signed":' + text.split('"signed":', 1)[1], "tuf.timestamp.signature")
spoiled("signatures-object", "signatures that are no list",
        lambda text: '{"signatures":{},"signed":' + text.split('"signed":', 1)[1])
spoiled("signed-array", "what is signed is no object", lambda text: text.split('"signed":', 1)[0] + '"signed":[]}')
spoiled("one-digit", "one digit of what is signed", lambda text: text.replace("2030", "2031", 1), "tuf.timestamp.signature")
spoiled("snapshot", "the snapshot in its place", lambda _: json.dumps({"signatures": [], "signed": {"_type": "snapshot"}}),
        "tuf.timestamp.type")


@case("snapshot-mix-and-match", "a snapshot of another version than the timestamp states")
def _(repo, steps):
    repo.publish("snapshot", "timestamp")
    repo.files["metadata/2.snapshot.json"] = repo.files["metadata/1.snapshot.json"]
    steps.then("tuf.snapshot.mix-and-match")


@case("snapshot-hash", "not the bytes that the timestamp states")
def _(repo, steps):
    repo.state_hashes = True
    repo.publish("targets", "snapshot", "timestamp")
    steps.then()
    repo.publish("snapshot", "timestamp")
    text = repo.files["metadata/3.snapshot.json"]
    repo.files["metadata/3.snapshot.json"] = text.replace("{", "{ ", 1)[: len(text)]
    steps.then("tuf.snapshot.hash")
    repo.files["metadata/3.snapshot.json"] = text + " "
    steps.then("tuf.snapshot.endless-data")


@case("snapshot-missing", "the snapshot lists a role whose version goes back, or no more")
def _(repo, steps):
    repo.delegate("targets", "libs")
    repo.publish("libs", "targets", "snapshot", "timestamp")
    steps.then()
    listed = repo.signed["snapshot"]["meta"].pop("libs.json")
    repo.publish("snapshot", "timestamp")
    steps.then("tuf.snapshot.rollback")
    repo.signed["snapshot"]["meta"]["libs.json"] = listed
    repo.publish("snapshot", "timestamp")
    steps.then()
    repo.signed["snapshot"]["meta"]["targets.json"] = {"version": 1}
    repo.publish("snapshot", "timestamp")
    steps.then("tuf.snapshot.rollback")


@case("snapshot-expired", "an expired snapshot under a timestamp that is good")
def _(repo, steps):
    repo.signed["snapshot"]["expires"] = PAST
    repo.publish("snapshot", "timestamp")
    steps.then("tuf.snapshot.expired")


@case("snapshot-without-targets", "a snapshot that does not list targets.json")
def _(repo, steps):
    repo.signed["snapshot"]["meta"] = {}
    repo.publish("snapshot", "timestamp")
    steps.then("tuf.targets.unlisted")


@case("without-consistent-snapshots", "names without versions and hashes")
def _(repo, steps):
    repo.signed["root"]["consistent_snapshot"] = False
    repo.publish_all()
    repo.files["targets/app.txt"] = "an app"
    steps.then()
