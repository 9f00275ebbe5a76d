# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# build sluice and show it at work, in about a minute
#
#   ./dev demo
[ $# = 0 ] || usage_error "this command takes no arguments"
build_preset dev sluice
tools/demo "$(binary_of dev)"
