#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What Sigstore's conformance suite has signed: in a Sigstore of our own, and verified there by sigstore-python, too.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/conformance/suite.sh
. tests/conformance/suite.sh
knows sign --signing-config --trusted-root || skip 'this sluice signs with keys alone, not with identities'
python=$(command -v sigstore-python) || skip 'sigstore-python is not here (./dev lab install sigstore-python)'

# Where the suite's own client finds Python with sigstore-python in it.
GHA_SIGSTORE_CONFORMANCE_SELFTEST_ENV=$(dirname "$(readlink -f "$python")")/environment
export GHA_SIGSTORE_CONFORMANCE_SELFTEST_ENV
run_suite "$PWD/tools/sigstore-lab" run -- -m signing
