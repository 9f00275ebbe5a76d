# SPDX-License-Identifier: Apache-2.0
# python-tuf's metadata API doing what bench-tuf-repository asks of sluice. Runs in the environment
# of the peer.
#
#   tuf_repository_peer.py create FOLDER KEY LIST        a repository of the list, in 16,384 bins
#   tuf_repository_peer.py add FOLDER KEY PATH LENGTH SHA256   one target: bin, snapshot, timestamp
#   tuf_repository_peer.py check FOLDER PATH SHA256      is it listed, and is all on the way signed?
import datetime
import json
import os
import sys

from tuf.api.metadata import Delegations, Metadata, MetaFile, Root, Snapshot, SuccinctRoles, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer
from securesystemslib.signer import CryptoSigner

EXPIRES = datetime.datetime(2090, 1, 1, tzinfo=datetime.timezone.utc)
BITS = 14


def signer_of(path):
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    with open(path, "rb") as file:
        return CryptoSigner(load_pem_private_key(file.read(), None))


def write(folder, role, metadata, signer, versioned=True):
    metadata.sign(signer)
    name = f"{metadata.signed.version}.{role}.json" if versioned else f"{role}.json"
    metadata.to_file(os.path.join(folder, name), JSONSerializer(compact=True))


def read(folder, name):
    return Metadata.from_file(os.path.join(folder, name))


def create(folder, key, listed):
    signer = signer_of(key)
    root = Root(expires=EXPIRES)
    for role in ("root", "timestamp", "snapshot", "targets"):
        root.add_key(signer.public_key, role)
    bins = SuccinctRoles([signer.public_key.keyid], 1, BITS, "bins")
    targets = Targets(expires=EXPIRES, delegations=Delegations({signer.public_key.keyid: signer.public_key}, succinct_roles=bins))
    each = {name: Targets(expires=EXPIRES) for name in bins.get_roles()}
    with open(listed, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            path = entry["path"]
            each[bins.get_role_for_target(path)].targets[path] = TargetFile(entry["length"], entry["hashes"], path)
    snapshot = Snapshot(expires=EXPIRES)
    for name, signed in each.items():
        write(folder, name, Metadata(signed), signer)
        snapshot.meta[f"{name}.json"] = MetaFile(1)
    write(folder, "root", Metadata(root), signer)
    write(folder, "targets", Metadata(targets), signer)
    write(folder, "snapshot", Metadata(snapshot), signer)
    write(folder, "timestamp", Metadata(Timestamp(expires=EXPIRES)), signer, False)


def way_to(folder, path):
    timestamp = read(folder, "timestamp.json")
    snapshot = read(folder, f"{timestamp.signed.snapshot_meta.version}.snapshot.json")
    targets = read(folder, f"{snapshot.signed.meta['targets.json'].version}.targets.json")
    role = targets.signed.delegations.succinct_roles.get_role_for_target(path)
    listed = snapshot.signed.meta[f"{role}.json"]
    return timestamp, snapshot, targets, role, read(folder, f"{listed.version}.{role}.json")


def add(folder, key, path, length, sha256):
    signer = signer_of(key)
    timestamp, snapshot, _, role, bin_role = way_to(folder, path)
    bin_role.signed.targets[path] = TargetFile(int(length), {"sha256": sha256}, path)
    bin_role.signed.version += 1
    snapshot.signed.version += 1
    snapshot.signed.meta[f"{role}.json"].version = bin_role.signed.version
    timestamp.signed.version += 1
    timestamp.signed.snapshot_meta = MetaFile(snapshot.signed.version)
    write(folder, role, bin_role, signer)
    write(folder, "snapshot", snapshot, signer)
    write(folder, "timestamp", timestamp, signer, False)


def check(folder, path, sha256):
    timestamp, snapshot, targets, role, bin_role = way_to(folder, path)
    root = read(folder, "1.root.json")
    for name, metadata in (("timestamp", timestamp), ("snapshot", snapshot), ("targets", targets)):
        root.signed.verify_delegate(name, metadata.signed_bytes, metadata.signatures)
    targets.signed.verify_delegate(role, bin_role.signed_bytes, bin_role.signatures)
    if bin_role.signed.targets[path].hashes["sha256"] != sha256:
        sys.exit(f"{path} is listed with another hash")


{"create": create, "add": add, "check": check}[sys.argv[1]](*sys.argv[2:])
