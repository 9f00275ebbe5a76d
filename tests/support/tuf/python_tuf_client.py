# SPDX-License-Identifier: Apache-2.0
"""python_tuf_client.py URL CACHE OUT TARGET...: python-tuf's updater behind a command line.

Runs in the environment of the peer, and behaves as tools/tuf/js does.
"""

import json
import pathlib
import sys

from tuf.ngclient import Updater


def fetch(url, cache, out, targets):
    root = pathlib.Path(cache, "1.root.json").read_bytes()
    updater = Updater(cache, f"{url}/metadata/", out, f"{url}/targets/", bootstrap=root)
    updater.refresh()
    for target in targets:
        info = updater.get_targetinfo(target)
        if info is None:
            raise LookupError(f"target {target} not found")
        file = updater.find_cached_target(info) or updater.download_target(info)
        print(json.dumps({"target": target, "file": file}), flush=True)


if len(sys.argv) < 4:
    sys.exit(__doc__)
try:
    fetch(*sys.argv[1:4], sys.argv[4:])
except Exception as problem:  # noqa: BLE001: whatever it is, the caller wants the reason and not a trace
    sys.exit(f"{type(problem).__name__}: {problem}")
