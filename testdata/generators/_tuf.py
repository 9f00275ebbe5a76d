# SPDX-License-Identifier: Apache-2.0
"""A TUF repository that is made, changed and spoiled, and the cases that say what a client makes of it."""

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
