# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# measure: start-up, hashing, parsing, windows, admission, build times; figures as JSON in build/bench
#
#   ./dev bench [NAME...]      start, hash, json, risk, gate, aiops, carbon, x509, sigstore, sign,
#                              admission, tuf, tuf-repository, intoto, layout, build; default: all of
#                              them
#
# Each bench/bench-NAME is a script of its own: it finds the optimised binary in $SLUICE, the folder
# of its build in $BUILD, a folder for JSON in $OUT, one for what it makes in $WORK and the measuring
# program (bench/measure.c) in $MEASURE. It ends with 1 where a limit that it states is missed.
# A machine that does other work at the same time spoils the figures. BENCH_PRESET=release measures
# the binary that needs nothing of the system, which starts in half the time.

bench_names() {
  for bench_file in bench/bench-*; do
    [ ! -x "$bench_file" ] || echo "${bench_file#bench/bench-}"
  done
}

# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(bench_names)
for name; do
  [ -x "bench/bench-$name" ] || usage_error "no such benchmark: $name; there are: $(bench_names | paste -sd' ')"
done

need "to measure against" test
preset=${BENCH_PRESET:-default}
build_preset "$preset"
cmake --build "build/$preset" --target bench_hash bench_json bench_carbon bench_gate bench_aiops bench_admission bench_x509 bench_tuf bench_sigstore >&2

BUILD=$PWD/build/$preset
OUT=$PWD/build/bench
MEASURE=$OUT/measure
export SLUICE BUILD OUT MEASURE
mkdir -p "$OUT/installed"
# As a package puts it there: of a file that a linker wrote, the system keeps many small pieces, and
# starts it a tenth of a millisecond later.
SLUICE=$OUT/installed/sluice
install -m 755 "$(binary_of "$preset")" "$SLUICE"
cc -std=c11 -O2 -o "$MEASURE" bench/measure.c -lm

missed=
for name; do
  say "bench $name"
  WORK=$OUT/work/$name
  export WORK
  mkdir -p "$WORK"
  "bench/bench-$name" </dev/null || missed="$missed $name"
done
rm -rf "$OUT/work"
say "the figures as JSON: $OUT"
[ -z "$missed" ] || die "limits missed:$missed"
