# SPDX-License-Identifier: Apache-2.0
"""in-toto chains: every kind of rule, accepted and refused, and rule lists made by chance.

The verdict of each comes from the plain reading of the specification's queue (below), over Python's
own fnmatch; the files are written and signed without any code of ours.

A case has "file": {"owner": PEM, "layout": text, "links": {file name: text}}.
"""

import fnmatch
import hashlib
import json
import random

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEED = 20261128
BY_CHANCE = 400


def canonical(value):
    """OLPC: sorted keys, no blanks, only the quote and the backslash escaped."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(canonical(each) for each in value) + "]"
    return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"


class Signer:
    def __init__(self):
        self.key = ed25519.Ed25519PrivateKey.generate()
        raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        core = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": raw}}
        self.keyid = hashlib.sha256(canonical(core).encode()).hexdigest()
        self.object = {"keyid": self.keyid, **core}

    def pem(self):
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, payload):
        signature = self.key.sign(canonical(payload).encode()).hex()
        return json.dumps({"signatures": [{"keyid": self.keyid, "sig": signature}], "signed": payload}, indent=1)


def digest(text):
    return {"sha256": hashlib.sha256(text.encode()).hexdigest()}


def link(name, materials, products):
    return {"_type": "link", "byproducts": {"return-value": 0}, "command": [], "environment": {},
            "materials": {path: digest(text) for path, text in materials.items()}, "name": name,
            "products": {path: digest(text) for path, text in products.items()}}


def takes(rule, queue, materials, products, steps):
    """The names that a rule takes out of the queue."""
    kind, pattern = rule[0], rule[1]
    if kind != "MATCH":
        covered = {name for name in queue if fnmatch.fnmatchcase(name, pattern)}
        if kind == "CREATE":
            return covered & (products.keys() - materials.keys())
        if kind == "DELETE":
            return covered & (materials.keys() - products.keys())
        if kind == "MODIFY":
            both = materials.keys() & products.keys()
            return {name for name in covered & both if materials[name] != products[name]}
        return covered
    words = rule[2:]
    inside = outside = ""
    if words[0] == "IN":
        inside, words = words[1] + "/", words[2:]
    side, words = words[1], words[2:]
    if words[0] == "IN":
        outside, words = words[1] + "/", words[2:]
    theirs = steps[words[1]][0 if side == "MATERIALS" else 1]
    out = set()
    for name, text in queue.items():
        tail = name[len(inside):]
        if name.startswith(inside) and fnmatch.fnmatchcase(tail, pattern):
            if theirs.get(outside + tail) == text:
                out.add(name)
    return out


def passes(rules, which, step, steps):
    materials, products = steps[step]
    queue = dict(steps[step][which])
    for rule in rules:
        if rule[0] == "REQUIRE":
            if rule[1] not in queue:
                return False
        elif rule[0] == "DISALLOW":
            if any(fnmatch.fnmatchcase(name, rule[1]) for name in queue):
                return False
        else:
            for name in takes(rule, queue, materials, products, steps):
                del queue[name]
    return True


class Maker:
    def __init__(self, out):
        self.out = out
        self.owner = Signer()
        self.worker = Signer()

    def case(self, name, why, steps, rules):
        """steps: name -> (materials, products), each name -> content; rules: step -> (list, list)."""
        good = all(passes(rules[step][which], which, step, steps) for step in steps for which in (0, 1))
        layout = {"_type": "layout", "expires": "2099-01-01T00:00:00Z", "inspect": [],
                  "keys": {self.worker.keyid: self.worker.object}, "readme": "",
                  "steps": [{"_type": "step", "expected_command": [], "expected_materials": rules[step][0],
                             "expected_products": rules[step][1], "name": step,
                             "pubkeys": [self.worker.keyid], "threshold": 1} for step in steps]}
        links = {f"{step}.{self.worker.keyid[:8]}.link": self.worker.sign(link(step, *steps[step]))
                 for step in steps}
        content = {"owner": self.owner.pem(), "layout": self.owner.sign(layout), "links": links}
        file = self.out.file(f"{name}.json", json.dumps(content))
        self.out.case(name, "chain", "pass" if good else "refuse", why, file=file)
        return good

    def pair(self, name, rule, which, good, bad):
        """The same rule, then DISALLOW *, over two steps that differ in one thing."""
        for kind, steps in (("accepted", good), ("refused", bad)):
            rules = {step: ([], []) for step in steps}
            lists = [[], []]
            lists[which] = [rule, ["DISALLOW", "*"]] if rule[0] != "REQUIRE" else [rule]
            rules["it"] = tuple(lists)
            made = self.case(f"{name}-{kind}", " ".join(rule), steps, rules)
            if made != (kind == "accepted"):
                raise ValueError(f"{name}-{kind} is not")


def it(materials, products, prev=None):
    return {"prev": ({}, prev or {}), "it": (materials, products)}


def every_kind(maker):
    pair = maker.pair
    pair("create", ["CREATE", "a"], 1, it({}, {"a": "1"}), it({"a": "1"}, {"a": "1"}))
    pair("delete", ["DELETE", "a"], 0, it({"a": "1"}, {}), it({"a": "1"}, {"a": "1"}))
    pair("modify", ["MODIFY", "a"], 1, it({"a": "1"}, {"a": "2"}), it({"a": "1"}, {"a": "1"}))
    pair("modify-material", ["MODIFY", "a"], 0, it({"a": "1"}, {"a": "2"}), it({"a": "1"}, {}))
    pair("allow", ["ALLOW", "a"], 1, it({}, {"a": "1"}), it({}, {"b": "1"}))
    pair("disallow", ["DISALLOW", "b"], 1, it({}, {}), it({}, {"b": "1"}))
    pair("require", ["REQUIRE", "a"], 1, it({}, {"a": "1"}), it({}, {"b": "1"}))
    pair("match", ["MATCH", "*", "WITH", "PRODUCTS", "FROM", "prev"], 0,
         it({"a": "1"}, {}, {"a": "1"}), it({"a": "1"}, {}, {"a": "2"}))
    pair("match-in", ["MATCH", "*", "IN", "s", "WITH", "PRODUCTS", "FROM", "prev"], 0,
         it({"s/a": "1"}, {}, {"a": "1"}), it({"s/a": "1", "a": "1"}, {}, {"a": "1"}))
    pair("match-in-in", ["MATCH", "x/?", "IN", "s", "WITH", "PRODUCTS", "IN", "o", "FROM", "prev"], 0,
         it({"s/x/a": "1"}, {}, {"o/x/a": "1"}), it({"s/x/ab": "1"}, {}, {"o/x/ab": "1"}))
    pair("match-materials", ["MATCH", "a", "WITH", "MATERIALS", "FROM", "it"], 1,
         it({"a": "1"}, {"a": "1"}), it({"a": "1"}, {"a": "2"}))


NAMES = ["a", "b", "ab", "a.c", "s/a", "s/b", "s/ab", "s/t/a", ".a", "a-b", "[a]", "s/[a]", "é"]
PATTERNS = ["*", "a", "?", "a*", "*b", "s/*", "[ab]", "[!a]", "*/?", "s/*a*", "[a-b]*", "[[]a]", "*.*", "?*?"]


def by_chance(maker):
    dice = random.Random(SEED)

    def some():
        return {name: str(dice.randint(1, 2)) for name in dice.sample(NAMES, dice.randint(0, 5))}

    def rule(before):
        kind = dice.choice(["MATCH", "MATCH", "CREATE", "DELETE", "MODIFY", "ALLOW", "DISALLOW", "REQUIRE"])
        if kind == "REQUIRE":
            return [kind, dice.choice(NAMES)]
        if kind != "MATCH":
            return [kind, dice.choice(PATTERNS)]
        inside = dice.choice([[], [], ["IN", "s"], ["IN", "s/t"]])
        outside = dice.choice([[], [], ["IN", "s"]])
        return ["MATCH", dice.choice(PATTERNS), *inside, "WITH", dice.choice(["MATERIALS", "PRODUCTS"]),
                *outside, "FROM", dice.choice(before)]

    good = 0
    for number in range(BY_CHANCE):
        steps = {"prev": (some(), some()), "it": (some(), some())}
        lists = ([], [])
        for each in lists:
            each += [rule(["prev", "it"]) for _ in range(dice.randint(0, 4))]
            if dice.random() < 0.5:
                each.append(["DISALLOW", dice.choice(["*", "a*", "s/*"])])
        good += maker.case(f"chance-{number}", "rules made by chance", steps, {"prev": ([], []), "it": lists})
    if not BY_CHANCE // 5 < good < BY_CHANCE - BY_CHANCE // 5:
        raise ValueError(f"{good} of {BY_CHANCE} pass: these dice say little")


def generate(out):
    maker = Maker(out)
    every_kind(maker)
    by_chance(maker)
