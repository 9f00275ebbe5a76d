#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The step of actions/gate: inputs become arguments of `sluice ci gate`, which does the work.
set -euo pipefail

program=${GATE_PROGRAM:-sluice}
if ! command -v "$program" >/dev/null; then
  echo '::error title=sluice::the program is not on this runner: install it in an earlier step, or name it with the input "sluice"'
  exit 3
fi

# each_line FLAG TEXT: FLAG and a line, for each line that is not empty; the lines alone without FLAG.
arguments=()
each_line() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    [ -z "$line" ] || arguments+=(${1:+"$1"} "$line")
  done <<<"$2"
}

folder=$(mktemp -d "${RUNNER_TEMP:-/tmp}/sluice-gate-XXXXXX")
arguments+=(--report "$folder/decision.json")
[ -z "${GATE_ENVIRONMENT:-}" ] || arguments+=(--env "$GATE_ENVIRONMENT")
[ -z "${GATE_POLICY:-}" ] || arguments+=(--policy "$GATE_POLICY")
[ -z "${GATE_FAIL_ON:-}" ] || arguments+=(--fail-on "$GATE_FAIL_ON")
[ "${GATE_COMMENT:-}" != true ] || arguments+=(--comment)
each_line --digest "${GATE_DIGEST:-}"
[ -z "${GATE_KEY:-}" ] || arguments+=(--key "$GATE_KEY" --bundle "$folder/decision.sigstore.json")
each_line '' "${GATE_ARGS:-}"
[ -z "${GATE_RANGE:-}" ] || arguments+=(-- "$GATE_RANGE")

code=0
"$program" ci gate "${arguments[@]}" || code=$?

case $code in
  0) ;;
  1) echo '::error title=sluice gate::blocked; the step summary says why' ;;
  3) echo '::error title=sluice gate::undecided; the log says what is not known' ;;
  75) echo '::error title=sluice gate::not now; the step summary says from when on' ;;
  *) echo '::error title=sluice gate::the gate could not be asked; the log says why' ;;
esac
exit "$code"
