# SPDX-License-Identifier: Apache-2.0
# python-tuf's client doing what bench-tuf asks of sluice. Runs in the environment of the peer.
#
#   tuf_peer.py fetch URL CACHE OUT TARGET    refresh, and one target
#   tuf_peer.py verify FOLDER RUNS            the flat targets.json in process: milliseconds
import os
import sys
import time


def fetch(url, cache, out, target):
    from tuf.ngclient import Updater, UpdaterConfig
    config = UpdaterConfig(snapshot_max_length=64 << 20, targets_max_length=256 << 20)
    with open(os.path.join(cache, "1.root.json"), "rb") as file:
        root = file.read()
    updater = Updater(cache, url + "/metadata/", out, url + "/targets/", config=config, bootstrap=root)
    updater.refresh()
    info = updater.get_targetinfo(target)
    if updater.find_cached_target(info) is None:
        updater.download_target(info)


def verify(folder, runs):
    from tuf.api.metadata import Metadata, Root, Targets
    with open(os.path.join(folder, "metadata/1.targets.json"), "rb") as file:
        data = file.read()
    root = Metadata[Root].from_file(os.path.join(folder, "metadata/1.root.json"))
    for _ in range(runs):
        began = time.perf_counter()
        targets = Metadata[Targets].from_bytes(data)
        root.signed.verify_delegate("targets", targets.signed_bytes, targets.signatures)
        print(f"{(time.perf_counter() - began) * 1000:.3f}")


if sys.argv[1] == "fetch":
    fetch(*sys.argv[2:])
else:
    verify(sys.argv[2], int(sys.argv[3]))
