#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The step of actions/sign: inputs become arguments of `sluice sign`, which does the work.
set -euo pipefail
# shellcheck source=actions/common.sh
source "${BASH_SOURCE[0]%/*}/../common.sh"

need_program
collect_files "${WITH_FILES:-}"
add_signing_options
call sign "${arguments[@]}" -- "${files[@]}"

bundles=("${files[@]/%/.sigstore.json}")
[ -z "${WITH_BUNDLE:-}" ] || bundles=("$WITH_BUNDLE")
finish_signing Signed "${bundles[@]}"
