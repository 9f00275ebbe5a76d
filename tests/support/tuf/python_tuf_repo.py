# SPDX-License-Identifier: Apache-2.0
"""python_tuf_repo.py FOLDER: a repository as python-tuf writes it, for tests that read it.

Runs in the environment of the peer. As tools/tuf/go-tuf-repo: two roots, three kinds of keys, a delegation
by path, one by hash prefix, and hash bins.
"""

import datetime
import pathlib
import sys

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

# Far away, so that a test need not set a clock.
EXPIRY = datetime.datetime(2090, 1, 1, tzinfo=datetime.timezone.utc)


class Repository:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "metadata").mkdir(parents=True)
        self.snapshot = Snapshot(expires=EXPIRY)

    def publish(self, name, signed, signers, versioned=True):
        metadata = Metadata(signed)
        for signer in signers:
            metadata.sign(signer, append=True)
        file = f"{signed.version}.{name}.json" if versioned else f"{name}.json"
        # Half of it compact, half of it not: what is signed is the canonical form of both.
        data = metadata.to_bytes(JSONSerializer(compact=name != "targets"))
        (self.folder / "metadata" / file).write_bytes(data)
        if isinstance(signed, Targets):
            self.snapshot.meta[f"{name}.json"] = MetaFile(
                signed.version, len(data), MetaFile.from_data(1, data, ["sha512"]).hashes
            )

    def add(self, role, path, content):
        data = content.encode()
        target = TargetFile.from_data(path, data, ["sha256", "sha512"])
        target.unrecognized_fields["custom"] = {"beside": ["ä", 1]}
        role.targets[path] = target
        stored = self.folder / "targets" / path
        stored.parent.mkdir(parents=True, exist_ok=True)
        (stored.parent / f"{target.hashes['sha256']}.{stored.name}").write_bytes(data)


def main(folder):
    repository = Repository(folder)
    ed25519, ecdsa, rsa = (
        CryptoSigner.generate_ed25519,
        CryptoSigner.generate_ecdsa,
        CryptoSigner.generate_rsa,
    )
    keys = {"root": ed25519(), "targets": rsa(), "snapshot": ecdsa(), "timestamp": ed25519()}
    other, fresh, libs_key, hashed_key, bins_key = ecdsa(), ed25519(), ecdsa(), rsa(), ed25519()

    root = Root(expires=EXPIRY, consistent_snapshot=True)
    for role, signer in keys.items():
        root.add_key(signer.public_key, role)
    root.add_key(other.public_key, "root")
    root.roles["root"].threshold = 2
    repository.publish("root", root, [keys["root"], other])
    root.revoke_key(keys["timestamp"].public_key.keyid, "timestamp")
    root.add_key(fresh.public_key, "timestamp")
    root.version = 2
    repository.publish("root", root, [keys["root"], other])

    targets = Targets(expires=EXPIRY)
    repository.add(targets, "app.txt", "an app\n")
    roles = {
        "libs": DelegatedRole("libs", [], 1, True, paths=["libs/*"]),
        "hashed": DelegatedRole("hashed", [], 1, False, path_hash_prefixes=list("0123456789abcdef")),
    }
    targets.delegations = Delegations({}, roles)
    targets.add_key(libs_key.public_key, "libs")
    targets.add_key(hashed_key.public_key, "hashed")

    libs = Targets(expires=EXPIRY)
    repository.add(libs, "libs/a.txt", 'a library, "quoted" and \\ so on\n')
    repository.publish("libs", libs, [libs_key])

    hashed = Targets(expires=EXPIRY)
    bins = SuccinctRoles([], 1, 4, "bin")
    hashed.delegations = Delegations({}, succinct_roles=bins)
    hashed.add_key(bins_key.public_key)
    repository.publish("hashed", hashed, [hashed_key])
    each = {name: Targets(expires=EXPIRY) for name in bins.get_roles()}
    for i in range(20):
        path = f"bins/{i}.txt"
        repository.add(each[bins.get_role_for_target(path)], path, f"in a bin: {i}\n")
    for name, role in each.items():
        repository.publish(name, role, [bins_key])

    repository.publish("targets", targets, [keys["targets"]])
    repository.publish("snapshot", repository.snapshot, [keys["snapshot"]])
    repository.publish("timestamp", Timestamp(expires=EXPIRY), [fresh], versioned=False)


if __name__ == "__main__":
    main(sys.argv[1])
