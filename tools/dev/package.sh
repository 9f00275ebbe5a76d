# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# build the Debian packages and the tarball, install and remove them in a test
#
#   ./dev package [PRESET]     default: the preset `default`
#
# The packages land in build/PRESET/packages. The test gives dpkg a root and a database of its own: it
# installs and removes for real and changes nothing on this machine.
[ $# -le 1 ] || usage_error "one preset at a time"
preset=${1:-default}
need "to make packages" package
build_preset "$preset"
rm -rf "build/$preset/packages"
# The same commit gives the same bytes.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) && export SOURCE_DATE_EPOCH
(cd "build/$preset" && step "packing" cpack >&2)
rm -rf "build/$preset/packages/_CPack_Packages"
step "installing and removing" tools/check-package "build/$preset/packages"
ls -l "build/$preset/packages"
