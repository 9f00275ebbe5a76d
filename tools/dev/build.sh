# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# build a preset: dev (the default), default, release, system, asan, tsan, fuzz
#
#   ./dev build [PRESET] [TARGET...]
#
# Installs the Debian packages that are missing, builds the linked libraries once into a cache
# (tools/deps), configures, builds. What is already done is not done again.
case ${1:-} in -*) usage_error "no such option: $1" ;; esac
[ $# -gt 0 ] || set -- dev
build_preset "$@"
say "the binary: $(binary_of "$1")"
