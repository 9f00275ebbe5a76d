#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages and the tarball of this build install, work and leave nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${BUILD:?the build folder; ctest sets it}"
[ -f "$BUILD/CPackConfig.cmake" ] || { echo "SKIP: a build with sanitizers makes no packages"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$BUILD" && cpack -B "$work") >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
rm -rf "$work/_CPack_Packages"
tools/check-package "$work"
