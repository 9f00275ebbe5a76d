#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The bundles of Sigstore's conformance suite: each as a file and by its digest. No network is there.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/conformance/suite.sh
. tests/conformance/suite.sh
knows verify --trusted-root --certificate-identity --certificate-oidc-issuer ||
  skip 'this sluice verifies with keys alone, not with identities'

alone=()
if unshare --map-root-user --net true 2>/dev/null; then alone=(unshare --map-root-user --net); fi
run_suite env "${alone[@]}" -- test/test_bundle.py::test_verify
