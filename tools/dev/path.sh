# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# print the path of the built binary
#
#   ./dev path [PRESET]
[ -x "$(binary_of "${1:-dev}")" ] || die "not built yet: ./dev build ${1:-dev}"
binary_of "${1:-dev}"
