# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# format, lint and other checks of what changed, or of everything with --all
#
#   ./dev check [--all] [STEP...]
#
#   format      clang-format                       rooms      includes follow the table of rooms
#   tidy        clang-tidy, per room               spdx       each source names its licence
#   shell       shellcheck                         nodiscard  no header lets a Result be dropped
#   headers     each header compiles alone         docs       generated documents are up to date
#   asan        the rooms' tests under address and undefined-behaviour sanitizers
#   tsan        rooms with threads under the thread sanitizer (with --all, or by name)
#
# What changed: against the branch that this one left (or the commit before), committed or not.

all=
steps=
while [ $# -gt 0 ]; do
  case $1 in
    --all) all=1 ;;
    format | tidy | shell | rooms | spdx | nodiscard | headers | docs | asan | tsan) steps="$steps $1" ;;
    *) usage_error "no such step: $1" ;;
  esac
  shift
done
[ -n "$steps" ] || steps="format shell rooms spdx nodiscard docs headers tidy asan${all:+ tsan}"

files() { if [ -n "$all" ]; then all_files "$@"; else changed_files "$@"; fi; }

check_format() {
  files '*.cc' '*.h' '*.c' | xargs -r clang-format-19 --dry-run -Werror
}

# Configured like the build, sources of a room together: a room is linted in the time of one file.
check_tidy() {
  cmake --fresh --preset asan -B build/tidy -DSLUICE_SANITIZE= -DCMAKE_CXX_COMPILER=clang++-19 \
    -DCMAKE_C_COMPILER=clang-19 >build/tidy.log 2>&1 || { cat build/tidy.log; return 1; }
  # The lint of sources that CMake put together looks for its settings above where they lie.
  for settings in */.clang-tidy; do cp "$settings" "build/tidy/$settings"; done
  if [ -n "$all" ]; then all_files '*.cc'; else changed_files '*.cc' '*.h'; fi >build/tidy.files
  tools/check-tidy build/tidy <build/tidy.files
}

check_shell() {
  files | while read -r file; do
    case $file in
      *.sh | .ci/run) echo "$file" ;;
      *.*) ;;
      *) head -n 1 "$file" | grep -q '^#!.*sh$' && echo "$file" ;;
    esac
  done | xargs -r shellcheck -x
}

check_rooms() { tools/check-rooms; }

check_spdx() {
  files | tools/check-spdx
}

# Found by eye of grep: a declaration at the start of a line, in a header, that returns one of these.
check_nodiscard() {
  set -- "$(files 'lib/*.h' | xargs -r grep -nE '^ *(virtual |static |inline |constexpr |friend )*(Result|Verdict)<.*>&? [A-Za-z_:]+\(' | grep -v nodiscard)"
  [ -z "$1" ] || { printf '%s\n' "$1" 'these need [[nodiscard]]: g++ 12 lets them be dropped otherwise'; return 1; }
}

# With the texts that the build files define, as empty texts.
check_headers() {
  grep -rhoE '\bSLUICE_[A-Z_]+=\\*"' --include=CMakeLists.txt cmd tests | sort -u | sed 's/\(.*\)=.*/-D\1=\\"\\"/' >build/defines
  # shellcheck disable=SC2016  # it is the inner shell that expands
  files 'lib/*.h' 'cmd/*.h' 'tests/*.h' | xargs -r -P "$(nproc)" -I{} sh -c \
    'g++ @build/defines -std=c++23 -Wall -Wextra -Werror -fsyntax-only -Ilib -Itests -include "$1" -x c++ /dev/null || { echo "$1 does not compile alone"; exit 1; }' - {}
}

check_docs() {
  if [ -x tools/check-docs ]; then
    build_preset dev sluice
    SLUICE=$(binary_of dev) tools/check-docs
  fi
}

check_asan() { ./dev test --preset asan --rooms; }

check_tsan() {
  # shellcheck disable=SC2046  # names of rooms
  ./dev test --preset tsan --rooms $(grep -rlE '<(thread|future)>|base/parallel\.h' lib cmd tests/*/ | cut -d/ -f2 | sort -u |
    while read -r room; do case $room in sluice) room=cmd ;; support) continue ;; esac; [ ! -d "tests/$room" ] || echo "$room"; done)
}

lists=base
case " $steps " in *" tidy "* | *" headers "*) lists="$lists system test" ;; esac
# shellcheck disable=SC2086
need "to check" $lists check
mkdir -p build

failed=
for name in $steps; do
  began=$(now)
  say "$name ..."
  # In a subshell of its own and in no condition, so that the first error of a check ends it.
  set +e
  (set -e; "check_$name")
  status=$?
  set -e
  if [ $status = 0 ]; then
    say "$name: ok, $(($(now) - began)) s"
  else
    say "$name: FAILED, $(($(now) - began)) s"
    failed="$failed $name"
  fi
done
[ -z "$failed" ] || die "failed:$failed"
say "all checks passed"
