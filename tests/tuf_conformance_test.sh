#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The TUF conformance suite (github.com/theupdateframework/tuf-conformance) over `sluice tuf client`:
# all of it, nothing marked as expected to fail. Wants a checkout in SUITES, and the program
# tuf-conformance: pytest, from an environment of Python in which the suite's libraries are.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() {
  echo "SKIP: $*"
  exit 77
}
[ -n "${SUITES:-}" ] || skip 'SUITES names no folder with checkouts of public suites'
suite=$SUITES/tuf-conformance
[ -f "$suite/tuf_conformance/conftest.py" ] || skip 'SUITES holds no tuf-conformance'
command -v tuf-conformance >/dev/null || skip 'what the suite runs on is not here (./dev lab install tuf-conformance)'
command -v faketime >/dev/null || skip 'faketime, which the suite runs clients under, is not here (apt-get install faketime)'

SLUICE=$(realpath "${SLUICE:?the binary under test}")
export SLUICE
entrypoint=$PWD/tests/conformance/tuf-client
[ ! -e "$entrypoint.xfails" ] || { echo 'nothing is expected to fail'; exit 1; }
cd "$suite"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$suite exec tuf-conformance -p no:cacheprovider --quiet --tb=short \
  --entrypoint="$entrypoint" ${RESULTS:+--junitxml="$RESULTS"} tuf_conformance
