# SPDX-License-Identifier: Apache-2.0
"""others_repo.py KIND KEYS FOLDER: a repository as others keep it, signed with the keys of people in KEYS.

KIND is python-tuf, with two roots, a delegation by path and succinct bins; plain, the same without consistent
snapshots; or tuf-on-ci, in the folders of its git repository (below git/) and as it publishes them.

Root is signed by ann and ben, targets by carl, the role libs by dora, bins by eva; snapshot and timestamp by online.
Runs in the environment of python-tuf.
"""

import datetime
import pathlib
import sys

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

EXPIRY = datetime.datetime(2090, 1, 1, tzinfo=datetime.timezone.utc)
NEAR = datetime.datetime(2089, 1, 1, tzinfo=datetime.timezone.utc)
CONTENTS = {"old.txt": b"from before\n", "docs/a.txt": b"a manual\n"}


class Repository:
    def __init__(self, keys, folder, on_ci=False):
        self.keys, self.folder, self.on_ci = pathlib.Path(keys), pathlib.Path(folder), on_ci
        self.targets = {}  # contents by path
        self.roles = {}  # the newest metadata
        self.files = {}  # all of it, with versions in names

    def signer(self, who):
        signer = CryptoSigner(load_pem_private_key((self.keys / f"{who}.key").read_bytes(), None))
        if self.on_ci and who == "online":
            signer.public_key.unrecognized_fields["x-tuf-on-ci-online-uri"] = "gcpkms:projects/example/keys/online"
        elif self.on_ci:
            signer.public_key.unrecognized_fields["x-tuf-on-ci-keyowner"] = f"@{who}"
        return signer

    def put(self, name, role, people):
        if self.on_ci and name not in ("snapshot", "timestamp"):  # of those, root says it
            role.unrecognized_fields |= {"x-tuf-on-ci-expiry-period": 90, "x-tuf-on-ci-signing-period": 30}
        metadata = Metadata(role)
        for who in people:
            metadata.sign(self.signer(who), append=True)
        self.roles[name] = metadata.to_bytes(JSONSerializer())
        self.files[name if name == "timestamp" else f"{role.version}.{name}"] = self.roles[name]

    def target(self, path, content):
        self.targets[path] = content
        return TargetFile.from_data(path, content, ["sha256"])

    def make_root(self, consistent):
        root = Root(version=1, expires=EXPIRY, consistent_snapshot=consistent)
        for who in ("ann", "ben"):
            root.add_key(self.signer(who).public_key, "root")
        root.roles["root"].threshold = 2
        root.add_key(self.signer("carl").public_key, "targets")
        for role in ("snapshot", "timestamp"):
            root.add_key(self.signer("online").public_key, role)
        root.unrecognized_fields["x-kept"] = {"as": "it is"}
        if self.on_ci:
            root.roles["timestamp"].unrecognized_fields |= {"x-tuf-on-ci-expiry-period": 7, "x-tuf-on-ci-signing-period": 6}
        self.put("root", root, ("ann", "ben"))
        root.version = 2
        self.put("root", root, ("ann", "ben"))

    def make_targets(self):
        top = Targets(version=3, expires=EXPIRY)
        for path, content in CONTENTS.items():
            top.targets[path] = self.target(path, content)
            top.targets[path].unrecognized_fields["custom"] = {"note": "ä \" \\"}
        dora = self.signer("dora").public_key
        libs = DelegatedRole("libs", [dora.keyid], 1, False, paths=["libs/*", "lib-*"])
        top.delegations = Delegations({dora.keyid: dora}, roles={"libs": libs})
        self.put("targets", top, ["carl"])
        below = Targets(version=2, expires=NEAR)
        below.targets["lib-a"] = self.target("lib-a", b"library\n")
        eva = self.signer("eva").public_key
        if not self.on_ci:
            bins = SuccinctRoles([eva.keyid], 1, 2, "bin")
            below.delegations = Delegations({eva.keyid: eva}, succinct_roles=bins)
            for name in bins.get_roles():
                one = Targets(version=1, expires=EXPIRY)
                for path in (f"lib-{i}" for i in range(8)):
                    if bins.get_role_for_target(path) == name:
                        one.targets[path] = self.target(path, path.encode())
                self.put(name, one, ["eva"])
        self.put("libs", below, ["dora"])

    def make_rest(self):
        snapshot = Snapshot(version=5, expires=EXPIRY)
        for name, data in self.roles.items():
            if name == "root":
                continue
            version = Metadata.from_bytes(data).signed.version
            snapshot.meta[f"{name}.json"] = MetaFile.from_data(version, data, ["sha256"]) if name == "libs" else MetaFile(version)
        self.put("snapshot", snapshot, ["online"])
        timestamp = Timestamp(version=9, expires=EXPIRY)
        timestamp.snapshot_meta = MetaFile.from_data(5, self.roles["snapshot"], ["sha256"])
        self.put("timestamp", timestamp, ["online"])

    def write(self, name, data):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def publish(self, consistent):
        for name, data in self.files.items():
            if consistent or name.endswith(".root"):
                self.write(f"metadata/{name}.json", data)
        if not consistent:
            for name, data in self.roles.items():
                self.write(f"metadata/{name}.json", data)
        for path, content in self.targets.items():
            folder, _, name = path.rpartition("/")
            hashed = TargetFile.from_data(path, content, ["sha256"]).hashes["sha256"] + "." + name
            self.write("targets/" + (f"{folder}/" if folder else "") + (hashed if consistent else name), content)

    def keep_in_git(self):
        for name, data in self.roles.items():
            self.write(f"git/metadata/{name}.json", data)
        for name, data in self.files.items():
            if name.endswith(".root"):
                self.write(f"git/metadata/root_history/{name}.json", data)
        for path, content in self.targets.items():
            self.write(f"git/targets/{path}", content)


def main(kind, keys, folder):
    repository = Repository(keys, folder, on_ci=kind == "tuf-on-ci")
    repository.make_root(consistent=kind != "plain")
    repository.make_targets()
    repository.make_rest()
    repository.publish(consistent=kind != "plain")
    if repository.on_ci:
        repository.keep_in_git()


main(*sys.argv[1:])
