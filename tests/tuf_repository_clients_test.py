#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Repositories that sluice makes, through a matrix of features, read by our client and by those of others.

Where a client of others cannot read one, the reason stands in EXCEPTIONS, and the test fails when it is mended.
"""
import concurrent.futures
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support", "tuf"))

import features as make
from clients import CLIENTS, expect_missing
from people import People, Served
from results import Results

FEATURES = {
    "plain": make.plain,
    "targets in no folder": make.flat,
    "targets in folders alone": make.in_folders,
    "ed25519 alone": make.all_keys("ed25519", "ed25519", "ed25519"),
    "ecdsa-p256 alone": make.all_keys("ecdsa-p256", "ecdsa-p256", "ecdsa-p256"),
    "ecdsa-p384": make.all_keys("ecdsa-p384", "ed25519", "ecdsa-p384"),
    "ecdsa-p521": make.all_keys("ed25519", "ed25519", "ecdsa-p521"),
    "rsa-pss alone": make.all_keys("rsa", "rsa", "rsa"),
    "rsassa-pss-sha512": make.by_scheme("rsassa-pss-sha512"),
    "rsa-pkcs1v15-sha256": make.by_scheme("rsa-pkcs1v15-sha256"),
    "keytype ecdsa-sha2-nistp256": make.by_scheme("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "ecdsa-p256"),
    "thresholds": make.thresholds,
    "snapshot signed by people": make.snapshot_by_people,
    "sha512": make.hashes("sha512"),
    "two hashes": make.hashes("sha256", "sha512"),
    "custom metadata": make.custom,
    "custom metadata, names beyond the plane": make.custom_beyond_the_plane,
    "custom metadata, large numbers": make.large_numbers,
    "contents": make.contents,
    "names with blanks": make.names_of_targets("a b.txt", "c  d"),
    "names with signs": make.names_of_targets("a+b.txt", "c-1.0_2~3.txt", "d@e,f;g=h&i.txt", "(1)!'$.txt"),
    "names in other scripts": make.names_of_targets("größe.txt", "日本.txt"),
    "names with URL signs": make.names_of_targets("a?b.txt", "c#d.txt"),
    "names with percent signs": make.names_of_targets("50%25.txt", "100%.txt"),
    "delegation by path": make.by_path("lib-?.txt", "libs/*", "exact", lists=["lib-x.txt", "libs/a.txt", "exact"]),
    "delegation by path, hidden files": make.by_path("libs-*", "*-rc", lists=[".hidden-rc"]),
    "delegation to a team": make.team,
    "nested delegations": make.nested,
    "the first delegation wins": make.first_wins,
    "succinct bins": make.bins(32),
    "two succinct bins": make.bins(2, targets=4),
    "1024 succinct bins": make.bins(1024),
    "succinct bins of a team": make.bins_of_a_team,
    "explicit bins": make.bins(32, "--explicit"),
    "2000 targets": make.many_targets,
    "rotated roots": make.rotated,
    "more keys and thresholds": make.more_keys,
    "keys revoked": make.key_revoked,
    "a key of a team revoked": make.team_key_revoked,
    "targets changed": make.changed,
    "delegation removed": make.delegation_removed,
    "published elsewhere": make.elsewhere,
    "cleaned": make.cleaned,
}

# What a client of others does not read, and what it says then: (feature, client): pattern.
NO_SIGNATURE = r"signed by \d/\d|not enough signatures"
EXCEPTIONS = {
    ("targets in folders alone", "tuftool"): r"Failed to fetch .*/targets/[0-9a-f]{64}\.a/b/c/d/e\.txt",
    # tuf-js hashes with SHA-256 whatever the curve, tuftool knows P-256 alone, and go-tuf P-256 and P-384.
    ("ecdsa-p384", "tuf-js"): NO_SIGNATURE,
    ("ecdsa-p384", "tuftool"): "Invalid SubjectPublicKeyInfo",
    ("ecdsa-p521", "go-tuf"): NO_SIGNATURE,
    ("ecdsa-p521", "tuf-js"): NO_SIGNATURE,
    ("ecdsa-p521", "tuftool"): "Invalid SubjectPublicKeyInfo",
    # Of RSA, they know PSS with SHA-256.
    ("rsassa-pss-sha512", "go-tuf"): NO_SIGNATURE,
    ("rsassa-pss-sha512", "tuf-js"): NO_SIGNATURE,
    ("rsassa-pss-sha512", "tuftool"): "unknown variant `rsassa-pss-sha512`",
    ("rsa-pkcs1v15-sha256", "go-tuf"): NO_SIGNATURE,
    ("rsa-pkcs1v15-sha256", "tuf-js"): NO_SIGNATURE,
    ("rsa-pkcs1v15-sha256", "tuftool"): "unknown variant `rsa-pkcs1v15-sha256`",
    ("sha512", "tuftool"): "missing field `sha256`",
    # Sorted by UTF-16, and numbers above 2^53 rounded: another text than the one that was signed.
    ("custom metadata, names beyond the plane", "tuf-js"): NO_SIGNATURE,
    ("custom metadata, large numbers", "tuf-js"): NO_SIGNATURE,
    # What a URL is made with goes into it as it is: the rest is a query, a fragment, or the end of an escape.
    ("names with URL signs", "python-tuf"): "404",
    ("names with URL signs", "go-tuf"): "404",
    ("names with URL signs", "tuf-js"): "Failed to download",
    ("names with URL signs", "tuftool"): "file not found",
    ("names with percent signs", "python-tuf"): "404",
    ("names with percent signs", "go-tuf"): "404",
    ("names with percent signs", "tuf-js"): "Failed to download",
    ("names with percent signs", "tuftool"): "file not found",
    # A * of theirs matches no name that begins with a dot.
    ("delegation by path, hidden files", "tuf-js"): r"target \.hidden-rc not found",
    # TAP 15 is not there.
    ("succinct bins", "tuftool"): "missing field `roles`",
    ("two succinct bins", "tuftool"): "missing field `roles`",
    ("1024 succinct bins", "tuftool"): "missing field `roles`",
    ("succinct bins of a team", "tuftool"): "missing field `roles`",
    # It compares hexadecimal digits with base64.
    ("explicit bins", "go-tuf"): r"target file-\d+\.txt not found",
}


def read_all(client, served, targets):
    wanted = {name: content for name, content in targets.items() if client.can_find(name)} or targets
    found = client.read(served, wanted)
    for name, content in wanted.items():
        assert found[name] == (content if isinstance(content, bytes) else content.encode()), f"{name} is another"


def check(feature, kind, folder, targets):
    root = os.path.join(folder, "metadata", "1.root.json")
    with Served(folder) as url, kind(root) as client:
        reason = EXCEPTIONS.get((feature, kind.name))
        if reason:
            expect_missing(reason, lambda: read_all(client, url, targets))
        else:
            read_all(client, url, targets)


def damage(folder):
    """The timestamp is good for a year more, by nobody's signature."""
    path = os.path.join(folder, "metadata", "timestamp.json")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    at = text.index('"expires"') + len('"expires":"')
    year = text.index("20", at)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text[:year] + str(int(text[year:year + 4]) + 1) + text[year + 4:])


def refuses(kind, folder):
    with Served(folder) as url, kind(os.path.join(folder, "metadata", "1.root.json")) as client:
        expect_missing("signature|signed|threshold|verif", lambda: client.read(url, {"app.txt"}))


def not_found(kind, folder, name):
    with Served(folder) as url, kind(os.path.join(folder, "metadata", "1.root.json")) as client:
        client.read(url, {"app.txt"})
        expect_missing(r"not found|no role|unknown|no trusted role|not listed|lists no", lambda: client.read(url, {name}))


def each_client(results, feature, what, work):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = [(kind.name, pool.submit(work, kind)) for kind in CLIENTS]
        for name, run in runs:
            results.case(feature, f"{name} {what}", run.result)


def main():
    results = Results()
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as keys:
        for feature, make_it in FEATURES.items():
            if wanted and feature not in wanted:
                continue
            with tempfile.TemporaryDirectory() as folder:
                people = People(folder, keys)
                targets = {}
                if not results.case(feature, "made", lambda: targets.update(make_it(people))):
                    continue
                served = people.path("served" if os.path.exists(people.path("served")) else "repo")
                results.case(feature, "verified", lambda: people.run("tuf", "verify", "--deep", served))
                each_client(results, feature, "reads it", lambda kind: check(feature, kind, served, targets))
                if feature == "targets changed":
                    each_client(results, feature, "finds no removed target", lambda kind: not_found(kind, served, "gone"))
                if feature == "plain":
                    damage(served)
                    each_client(results, feature, "refuses a damaged one", lambda kind: refuses(kind, served))
    results.finish()


main()
