# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# run the fuzz targets, ten minutes each
#
#   ./dev fuzz [TARGET] [SECONDS]
#   ./dev fuzz keep TARGET     merge what was found into fuzz/corpus/TARGET, the smallest set of inputs
#                              that covers as much (the corpus replays in ./dev test, without clang)
#
# As many at a time as there are processors. New inputs go to build/fuzz/corpus, what crashes to
# build/fuzz/crashes; both stay. Prints executions and the code edges that were covered.

# last_number FILE PATTERN: the number that follows it, as last printed there.
last_number() { grep -o "$2 *[0-9]*" "$1" | tail -n 1 | grep -o '[0-9]*$' || echo 0; }

# one TARGET SECONDS
fuzz_one() {
  fuzz_log=build/fuzz/logs/$1
  mkdir -p "build/fuzz/corpus/$1" build/fuzz/crashes build/fuzz/logs "fuzz/corpus/$1"
  fuzz_status=0
  set -- "$1" "$2" "build/fuzz/corpus/$1" "fuzz/corpus/$1"
  [ ! -f "fuzz/$1.dict" ] || set -- "$@" "-dict=fuzz/$1.dict"
  fuzz_target=$1 fuzz_seconds=$2
  shift 2
  "build/fuzz/bin/${fuzz_target}_fuzz" "$@" "-max_total_time=$fuzz_seconds" -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 "-artifact_prefix=build/fuzz/crashes/$fuzz_target-" >"$fuzz_log" 2>&1 || fuzz_status=$?
  printf '%-16s %12s executions %8s /s   %6s of %s edges covered   %s new inputs%s\n' "$fuzz_target" \
    "$(last_number "$fuzz_log" 'number_of_executed_units:')" "$(last_number "$fuzz_log" 'average_exec_per_sec:')" \
    "$(last_number "$fuzz_log" 'cov:')" "$(sed -n 's/.*(\([0-9]*\) inline 8-bit counters).*/\1/p' "$fuzz_log" | awk '{ sum += $1 } END { print sum + 0 }')" \
    "$(last_number "$fuzz_log" 'new_units_added:')" \
    "$([ $fuzz_status = 0 ] || printf '   FAILED: %s' "$fuzz_log")"
  return $fuzz_status
}

fuzz_targets() {
  for fuzz_file in fuzz/*_fuzz.cc; do
    [ ! -f "$fuzz_file" ] || basename "$fuzz_file" _fuzz.cc
  done
}

keep() {
  [ -d "build/fuzz/corpus/$1" ] || die "nothing was found by the target $1 yet: ./dev fuzz $1"
  mkdir -p "fuzz/corpus/$1"
  "build/fuzz/bin/$1_fuzz" -merge=1 "fuzz/corpus/$1" "build/fuzz/corpus/$1" 2>&1 | tail -n 1
}

fuzz_all() {
  fuzz_running=
  fuzz_failed=0
  for fuzz_name; do
    fuzz_one "$fuzz_name" "$seconds" &
    fuzz_running="$fuzz_running $!"
    # shellcheck disable=SC2086
    set -- $fuzz_running
    if [ $# -ge "$(nproc)" ]; then
      wait "$1" || fuzz_failed=1
      shift
      fuzz_running=$*
    fi
  done
  for fuzz_pid in $fuzz_running; do wait "$fuzz_pid" || fuzz_failed=1; done
  [ $fuzz_failed = 0 ] || die "a target failed: what crashed it is in build/fuzz/crashes, its words in build/fuzz/logs"
}

case ${1:-} in
  keep)
    [ $# = 2 ] || usage_error "keep wants the name of a target"
    build_preset fuzz
    keep "$2"
    exit ;;
  *[!0-9]*)
    target=$1
    shift ;;
  *) target= ;;
esac
seconds=${1:-600}
case $seconds in *[!0-9]*) usage_error "not a number of seconds: $seconds" ;; esac

build_preset fuzz
if [ -n "$target" ]; then
  [ -x "build/fuzz/bin/${target}_fuzz" ] || die "no such target: $target; there are: $(fuzz_targets | paste -sd' ')"
  set -- "$target"
else
  # shellcheck disable=SC2046
  set -- $(fuzz_targets)
fi
[ $# -gt 0 ] || die "there are no fuzz targets"
say "$# targets, $seconds s each; the words of each are in build/fuzz/logs"
fuzz_all "$@"
