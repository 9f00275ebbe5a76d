# SPDX-License-Identifier: Apache-2.0
"""TUF repositories, good and bad, step by step, made with python3-cryptography and none of our code.

One kind of case, "workflow": a client begins with "root" and goes through "steps". In each,
the server has "files" (path: text), the client refreshes at "now" and fetches "ask", and "outcome" is "good" or the id
of the check that refuses. What was trusted stays.
"""

import copy
import hashlib
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

NOW = "2030-01-15T12:00:00Z"
LATER = "2030-03-01T00:00:00Z"
PAST = "2030-01-01T00:00:00Z"
CURVES = {"256": (ec.SECP256R1(), hashes.SHA256()), "384": (ec.SECP384R1(), hashes.SHA384()),
          "521": (ec.SECP521R1(), hashes.SHA512())}
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
RSA = []


def canonical(value):
    """OLPC: sorted, only the quote and the backslash escaped."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, dict):
        return "{" + ",".join(canonical(k) + ":" + canonical(value[k]) for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return repr(value)


def pem(public):
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def sha256(data):
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


class Key:
    """A key of the scheme; keytype: another spelling of what the scheme says."""

    def __init__(self, scheme="ed25519", keytype=None):
        self.scheme = scheme
        if scheme == "ed25519":
            self.private = ed25519.Ed25519PrivateKey.generate()
            raw = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            public, kind = raw.hex(), "ed25519"
        elif scheme.startswith("ecdsa"):
            self.private = ec.generate_private_key(CURVES[scheme[-3:]][0])
            public, kind = pem(self.private.public_key()), "ecdsa"
        else:
            if not RSA:
                RSA.append(rsa.generate_private_key(65537, 2048))
            self.private = RSA[0]
            public, kind = pem(self.private.public_key()), "rsa"
        self.value = {"keytype": keytype or kind, "scheme": scheme, "keyval": {"public": public}}
        self.keyid = sha256(canonical(self.value))

    def named(self, keyid):
        out = copy.copy(self)
        out.keyid = keyid
        return out

    def sign(self, data):
        if self.scheme == "ed25519":
            return self.private.sign(data).hex()
        if self.scheme.startswith("ecdsa"):
            return self.private.sign(data, ec.ECDSA(CURVES[self.scheme[-3:]][1])).hex()
        digest = HASHES[self.scheme[-3:]]
        pad = padding.PKCS1v15() if "pkcs1" in self.scheme else padding.PSS(padding.MGF1(digest), digest.digest_size)
        return self.private.sign(data, pad, digest).hex()


class Repo:
    """publish() gives roles their next version, signs them, and tells it to snapshot and timestamp."""

    def __init__(self):
        self.files = {}
        self.keys = {}
        self.signed = {}
        self.state_hashes = False
        root = self.new("root")
        root.update({"consistent_snapshot": True, "keys": {}, "roles": {}})
        self.new("timestamp")["meta"] = {}
        self.new("snapshot")["meta"] = {}
        self.new("targets")["targets"] = {}
        for role in ("root", "timestamp", "snapshot", "targets"):
            self.give(role, [Key()])
        self.add("targets", "app.txt", "an app")
        self.publish_all()
        self.first_root = self.files["metadata/1.root.json"]

    def new(self, role, kind=None):
        self.signed[role] = {"_type": kind or role, "expires": LATER, "spec_version": "1.0.34", "version": 0}
        return self.signed[role]

    def give(self, role, keys, threshold=1):
        self.keys[role] = keys
        root = self.signed["root"]
        for key in keys:
            root["keys"][key.keyid] = key.value
        root["roles"][role] = {"keyids": [key.keyid for key in keys], "threshold": threshold}

    def add(self, role, path, content):
        digest = sha256(content)
        self.signed[role]["targets"][path] = {"length": len(content.encode()), "hashes": {"sha256": digest}}
        folder, _, name = path.rpartition("/")
        self.files[f"targets/{folder + '/' if folder else ''}{digest}.{name}"] = content

    def delegations(self, parent):
        return self.signed[parent].setdefault("delegations", {"keys": {}, "roles": []})

    def delegate(self, parent, role, keys=None, terminating=False, threshold=1, **what):
        if role not in self.signed:
            self.new(role, "targets")["targets"] = {}
        if keys is None:
            keys = self.keys.get(role) or [Key()]
        self.keys.setdefault(role, keys)
        below = self.delegations(parent)
        for key in keys:
            below["keys"][key.keyid] = key.value
        below["roles"].append({"name": role, "keyids": [key.keyid for key in keys], "threshold": threshold,
                               "terminating": terminating, **(what or {"paths": ["libs/*"]})})

    def bins(self, parent, bits, prefix="bin", paths=()):
        """All bins, with those targets in the right one."""
        key = Key()
        self.signed[parent]["delegations"] = {
            "keys": {key.keyid: key.value},
            "succinct_roles": {"bit_length": bits, "name_prefix": prefix, "keyids": [key.keyid], "threshold": 1}}
        width = len(f"{2**bits - 1:x}")
        names = [f"{prefix}-{number:0{width}x}" for number in range(2**bits)]
        for name in names:
            self.new(name, "targets")["targets"] = {}
            self.keys[name] = [key]
        for path in paths:
            self.add(names[int(sha256(path)[:8], 16) >> (32 - bits)], path, "of " + path)
        self.publish(*names)
        return names

    def text(self, role):
        signed = self.signed[role]
        message = canonical(signed).encode()
        signatures = [{"keyid": key.keyid, "sig": key.sign(message)} for key in self.keys[role]]
        return json.dumps({"signatures": signatures, "signed": signed}, ensure_ascii=False, separators=(",", ":"))

    def put(self, role, text=None):
        """As it is signed now, or this text; in its place."""
        text = self.text(role) if text is None else text
        version = self.signed[role]["version"]
        versioned = role == "root" or (self.signed["root"]["consistent_snapshot"] and role != "timestamp")
        name = "".join(c if c.isascii() and (c.isalnum() or c in "-._~") else f"%{c.encode().hex().upper()}" for c in role)
        self.files[f"metadata/{f'{version}.' if versioned else ''}{name}.json"] = text
        if role in ("root", "timestamp"):
            return
        meta = {"version": version}
        if self.state_hashes:
            meta.update(length=len(text.encode()), hashes={"sha256": sha256(text)})
        self.signed["timestamp" if role == "snapshot" else "snapshot"]["meta"][role + ".json"] = meta

    def publish(self, *roles):
        for role in roles:
            self.signed[role]["version"] += 1
            self.put(role)

    def publish_all(self):
        self.publish("root", "targets", "snapshot", "timestamp")


class Steps:
    def __init__(self, repo):
        self.repo = repo
        self.done = []

    def then(self, outcome="good", ask="app.txt", now=NOW):
        self.done.append({"files": dict(self.repo.files), "ask": ask, "now": now, "outcome": outcome})


CASES = []


def case(identifier, why):
    def register(function):
        CASES.append((identifier, why, function))
        return function
    return register


# ---- keys and signatures -----------------------------------------------------------------------------

SCHEMES = [("ed25519", None)]
SCHEMES += [(f"ecdsa-sha2-nistp{bits}", None) for bits in CURVES]
SCHEMES += [(f"ecdsa-sha2-nistp{bits}", f"ecdsa-sha2-nistp{bits}") for bits in CURVES]
SCHEMES += [(f"{scheme}-sha{bits}", None) for scheme in ("rsassa-pss", "rsa-pkcs1v15") for bits in HASHES]


def scheme_cases(scheme, keytype):
    name = f"{scheme}{'-as-keytype' if keytype else ''}"

    @case(f"key-{name}", "signed by a key of this scheme")
    def good(repo, steps):
        for role in ("root", "targets", "snapshot", "timestamp"):
            keys = [Key(scheme, keytype)]
            repo.keys["root"] += keys if role == "root" else []
            if role == "root":
                signers = repo.keys["root"]
                repo.give("root", keys)
                repo.keys["root"] = signers
            else:
                repo.give(role, keys)
        repo.publish_all()
        steps.then()

    @case(f"key-{name}-flipped", "one bit of the signature is another one")
    def flipped(repo, steps):
        repo.give("timestamp", [Key(scheme, keytype)])
        repo.publish("root", "timestamp")
        steps.then()
        repo.publish("timestamp")
        envelope = json.loads(repo.files["metadata/timestamp.json"])
        sig = bytearray.fromhex(envelope["signatures"][0]["sig"])
        sig[-1] ^= 1
        envelope["signatures"][0]["sig"] = sig.hex()
        repo.files["metadata/timestamp.json"] = json.dumps(envelope)
        steps.then("tuf.timestamp.signature")


for each in SCHEMES:
    scheme_cases(*each)


@case("key-alias-counts-once", "one key under two keyids is one key")
def _(repo, steps):
    key, other = Key(), Key()
    repo.give("timestamp", [key, other], 2)
    repo.publish("root", "timestamp")
    steps.then()
    repo.give("timestamp", [key, key.named("another name")], 2)
    repo.publish("root", "timestamp")
    steps.then("tuf.timestamp.signature")


@case("key-unsupported-never-counts", "a key of an unknown kind is kept and does not count")
def _(repo, steps):
    known, unknown = Key(), Key()
    unknown.value = {"keytype": "ml-dsa", "scheme": "ml-dsa-65", "keyval": {"public": "00", "more": [1]}}
    repo.give("timestamp", [unknown, known])
    repo.publish("root", "timestamp")
    steps.then()
    repo.keys["timestamp"] = [unknown]
    repo.publish("timestamp")
    steps.then("tuf.timestamp.signature")


@case("signature-twice", "two signatures of one keyid")
def _(repo, steps):
    repo.keys["timestamp"] *= 2
    repo.publish("timestamp")
    steps.then("tuf.timestamp.format")


@case("signature-of-a-stranger", "a key that root does not list beside one that it does")
def _(repo, steps):
    repo.keys["timestamp"].append(Key())
    repo.publish("timestamp")
    steps.then()
    repo.keys["timestamp"].pop(0)
    repo.publish("timestamp")
    steps.then("tuf.timestamp.signature")


@case("signature-of-another-role", "the key of snapshot does not sign for timestamp")
def _(repo, steps):
    repo.keys["timestamp"] = repo.keys["snapshot"]
    repo.publish("timestamp")
    steps.then("tuf.timestamp.signature")


@case("signatures-256-and-more", "as many signatures as a file may have, and one more")
def _(repo, steps):
    message = canonical(repo.signed["timestamp"]).encode()
    for more, outcome in ((255, "good"), (256, "tuf.timestamp.limit")):
        repo.signed["timestamp"]["version"] += 1
        message = canonical(repo.signed["timestamp"]).encode()
        signatures = [{"keyid": str(i), "sig": "00"} for i in range(more)]
        signatures.append({"keyid": repo.keys["timestamp"][0].keyid, "sig": repo.keys["timestamp"][0].sign(message)})
        repo.put("timestamp", json.dumps({"signatures": signatures, "signed": repo.signed["timestamp"]}))
        steps.then(outcome)


@case("signatures-100000", "signatures to keep a client busy with")
def _(repo, steps):
    repo.publish("targets")
    envelope = json.loads(repo.text("targets"))
    envelope["signatures"] += [{"keyid": str(i), "sig": ""} for i in range(100_000)]
    repo.put("targets", json.dumps(envelope))
    repo.publish("snapshot", "timestamp")
    steps.then("tuf.targets.limit")


# ---- root --------------------------------------------------------------------------------------------

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


# ---- timestamp ---------------------------------------------------------------------------------------

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


# ---- snapshot ----------------------------------------------------------------------------------------

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


# ---- targets and delegations -------------------------------------------------------------------------

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


def generate(out):
    for identifier, why, function in CASES:
        repo = Repo()
        steps = Steps(repo)
        function(repo, steps)
        expect = "pass" if all(step["outcome"] == "good" for step in steps.done) else "refuse"
        out.case(identifier, "workflow", expect, why, root=repo.first_root, steps=steps.done)
