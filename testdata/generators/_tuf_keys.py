# SPDX-License-Identifier: Apache-2.0
"""Cases of keys, schemes, signatures and thresholds."""

import json

from _tuf import CURVES, HASHES, Key, canonical, case

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
