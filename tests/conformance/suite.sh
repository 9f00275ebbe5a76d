# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the scripts over Sigstore's conformance suite share. README.md beside this file tells how it is laid out.

skip() {
  echo "SKIP: $*"
  exit 77
}

conformance=$PWD/tests/conformance
suite=${SUITES:-}/sigstore-conformance
[ -n "${SUITES:-}" ] || skip 'SUITES names no folder with checkouts of public suites'
[ -f "$suite/test/test_bundle.py" ] || skip 'SUITES holds no sigstore-conformance'
command -v sigstore-conformance >/dev/null || skip 'what the suite runs on is not here (./dev lab install sigstore-conformance)'
SLUICE=$(realpath "${SLUICE:?the binary under test}")
export SLUICE

# knows COMMAND OPTION...: whether sluice's command has all these.
knows() {
  local help
  help=$("$SLUICE" "$1" --help) || return 1
  for option in "${@:2}"; do
    case $help in *"$option"*) ;; *) return 1 ;; esac
  done
}

# run_suite BEFORE... -- ARGUMENT...: pytest over the suite, from its folder, leaving nothing there.
run_suite() {
  local before=()
  while [ "$1" != -- ]; do
    before+=("$1")
    shift
  done
  shift
  cd "$suite" || exit
  PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$conformance exec "${before[@]}" sigstore-conformance -p offline -p no:cacheprovider \
    --quiet --tb=short --entrypoint="$conformance/sigstore" ${RESULTS:+--junitxml="$RESULTS"} "$@"
}
