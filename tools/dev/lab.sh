# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# install and find the programs of others that tests compare us with
#
#   ./dev lab install [PEER...]   into a cache folder; nothing system-wide
#   ./dev lab path                that folder, to put in front of PATH
#   ./dev lab status              which peers are there
tools/lab "$@"
