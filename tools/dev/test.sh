# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# build and run the tests, and sum them up in one line
#
#   ./dev test [--all] [--preset PRESET] [--rooms] [TEST...] [-- FILTER]
#
# TEST is a room (base, crypto ...) or a script of tests/ (without _test.sh or _test.py); FILTER is GoogleTest's,
# and leaves the scripts out, as --rooms does. The last line is `N passed, N failed, N skipped`.
#
# --all fails on any test that is skipped. Tests that need more than a clone look for it here:
#   programs of others   on PATH or where `./dev lab install` puts them
#   SLUICE_SHARED=DIR    a folder that holds conformance/; else ../shared
#   SUITES=DIR           a folder with checkouts of public test suites: tests/conformance/README.md

# peers_or_die: what --all cannot do without, named before a minute is spent.
peers_or_die() {
  tools/lab status >&2 || die "--all needs these peers: ./dev lab install"
  [ -d "${SLUICE_SHARED:-}/conformance" ] ||
    die "--all needs the shared vectors: name the folder that holds conformance/ in SLUICE_SHARED"
  [ -n "${SUITES:-}" ] ||
    say "SUITES is not set: the tests over public suites will be skipped and fail --all (tests/conformance/README.md)"
  [ -z "${SUITES:-}" ] || [ -d "$SUITES" ] || die "SUITES names no folder: $SUITES"
}

strict=
rooms=
preset=dev
tests=
while [ $# -gt 0 ]; do
  case $1 in
    --all)
      strict=--all
      export SLUICE_TEST_ALL=1 ;;
    --rooms) rooms=1 ;;
    --preset)
      [ $# -gt 1 ] || usage_error "--preset wants a name"
      preset=$2
      shift ;;
    --)
      shift
      break ;;
    -*) usage_error "no such option: $1" ;;
    *)
      [ -f "tests/$1_test.sh" ] || [ -f "tests/$1_test.py" ] || [ -d "tests/$1" ] || case $1 in fuzz_*) ;; *) usage_error "no such test: $1" ;; esac
      tests="$tests|$1" ;;
  esac
  shift
done
case $# in
  0) ;;
  1)
    export GTEST_FILTER="$1"
    rooms=1 ;;
  *) usage_error "one filter is possible, with : between its parts" ;;
esac

PATH=$(tools/lab path):$PATH
[ -z "$strict" ] || peers_or_die
build_preset "$preset"
need "to test the packages" package

export LSAN_OPTIONS="suppressions=$PWD/tests/sanitizers/leaks:print_suppressions=0${LSAN_OPTIONS:+:$LSAN_OPTIONS}"
export TSAN_OPTIONS="suppressions=$PWD/tests/sanitizers/races${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
results=$PWD/build/$preset/results
rm -rf "$results"
mkdir -p "$results"
ctest --test-dir "build/$preset" -N -L room | sed -n 's/^ *Test *#[0-9]*: //p' >"$results/rooms"
set -- --test-dir "build/$preset" -j "$(nproc)" --output-junit "$results/ctest.junit" --no-tests=error --no-label-summary
[ -z "$tests" ] || set -- "$@" -R "^(${tests#|})\$"
[ -z "$rooms" ] || set -- "$@" -L room
# Its own verdict is in the results; what it prints of each test is one line.
ctest "$@" </dev/null || :
tools/test-summary $strict "$results"
