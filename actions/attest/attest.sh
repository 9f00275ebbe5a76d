#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The step of actions/attest: inputs become arguments of `sluice attest`, which does the work.
set -euo pipefail
# shellcheck source=actions/common.sh
source "${BASH_SOURCE[0]%/*}/../common.sh"

need_program
collect_files "${WITH_FILES:-}"
option --type "${WITH_TYPE:-}"
option --predicate "${WITH_PREDICATE:-}"
option --name "${WITH_NAME:-}"
[ "${WITH_TOGETHER:-}" != true ] || arguments+=(--together)
add_signing_options
call attest "${arguments[@]}" -- "${files[@]}"

bundles=("${files[@]/%/.attestation.sigstore.json}")
[ -z "${WITH_BUNDLE:-}" ] || bundles=("$WITH_BUNDLE")
finish_signing Attested "${bundles[@]}"
