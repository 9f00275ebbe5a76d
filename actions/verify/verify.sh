#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The step of actions/verify: inputs become arguments of `sluice verify`, which does the work.
set -euo pipefail
# shellcheck source=actions/common.sh
source "${BASH_SOURCE[0]%/*}/../common.sh"

need_program
collect_files "${WITH_FILES:-}"
option --repo "${WITH_REPO:-}"
option --workflow "${WITH_WORKFLOW:-}"
option --ref "${WITH_REF:-}"
option --trigger "${WITH_TRIGGER:-}"
option --sha "${WITH_SHA:-}"
option --certificate-identity "${WITH_IDENTITY:-}"
option --certificate-oidc-issuer "${WITH_ISSUER:-}"
each_line --key "${WITH_KEY:-}"
each_line --bundle "${WITH_BUNDLE:-}"
option --type "${WITH_TYPE:-}"
option --trusted-root "${WITH_TRUSTED_ROOT:-}"
each_line '' "${WITH_ARGS:-}"
call verify "${arguments[@]}" -- "${files[@]}"

case $code in
  0) verdict=verified ;;
  1) verdict=refused ;;
  *) verdict=undecided ;;
esac
output verdict "$verdict"
output exit-code "$code"
output signer "$([ "$code" -ne 0 ] || sed -n 's/^  signed by  *//p' "$said" | sort -u)"
summarize "${verdict^}"

case $code in
  0) ;;
  1) stop 1 'refused; the step summary says by which check' ;;
  2) stop 2 'the call is wrong; the log says how' ;;
  *) stop "$code" 'undecided; the log says what is missing' ;;
esac
