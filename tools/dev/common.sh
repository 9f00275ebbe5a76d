# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the commands of ./dev share. Sourced: the working directory is the root of the tree.
: "${root:?}" "${called_from:?}" "${command:?}"  # ./dev sets them

say() { printf 'dev: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}
usage_error() {
  say "$*; see ./dev $command --help"
  exit 2
}

now() { date +%s; }

# step LABEL COMMAND...: says what runs and how long it took. Not for the condition of an `if`: a
# shell function called there goes on after an error.
step() {
  step_label=$1
  step_began=$(now)
  shift
  say "$step_label ..."
  "$@" || {
    step_status=$?
    say "$step_label: FAILED after $(($(now) - step_began)) s"
    return $step_status
  }
  say "$step_label: $(($(now) - step_began)) s"
}

# from_caller PATH: a path that the user gave, seen from where the user stands.
from_caller() {
  case $1 in
    /*) echo "$1" ;;
    *) echo "$called_from/$1" ;;
  esac
}

# The one place for vectors that are not part of the tree: $SLUICE_SHARED, else ../shared.
if [ -n "${SLUICE_SHARED:-}" ]; then
  SLUICE_SHARED=$(from_caller "$SLUICE_SHARED")
elif [ -d ../shared/conformance ]; then
  SLUICE_SHARED=$(cd ../shared && pwd)
fi
[ -z "${SUITES:-}" ] || SUITES=$(from_caller "$SUITES")
[ -z "${SLUICE_SHARED:-}" ] || export SLUICE_SHARED
[ -z "${SUITES:-}" ] || export SUITES

# ---- Debian packages ------------------------------------------------------------------------------

apt_get() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive apt-get "$@" >&2
  else
    sudo env DEBIAN_FRONTEND=noninteractive apt-get "$@" >&2
  fi
}

# need WHY LIST...: the packages of these lists of tools/deps. One question to dpkg when all are there.
need() {
  need_why=$1
  shift
  need_list=$(tools/deps missing "$@" | tr '\n' ' ') || exit 1
  [ -n "$need_list" ] || return 0
  if [ -n "${SLUICE_NO_INSTALL:-}" ]; then
    say "missing $need_why: $need_list"
    return 0
  fi
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    die "missing $need_why, and there is no sudo: run as root: apt-get install --no-install-recommends $need_list"
  say "installing $need_why: $need_list"
  # Package lists that are absent or too old to know a name; then files that are gone from the mirror.
  # shellcheck disable=SC2086  # one word for each package
  apt-get -qq --simulate install $need_list >/dev/null 2>&1 || step "apt-get update" apt_get -qq update
  # shellcheck disable=SC2086
  set -- -q -y -o Dpkg::Use-Pty=0 --no-install-recommends install $need_list
  apt_get "$@" || {
    say "apt-get failed; once more with fresh package lists"
    apt_get -qq update
    apt_get "$@" || die "these packages could not be installed: $need_list"
  }
}

# ---- presets --------------------------------------------------------------------------------------

# setting PRESET VARIABLE: what CMakePresets.json says, through CMake, which knows about inheritance.
setting() { cmake -N --preset "$1" 2>/dev/null | sed -n "s/^  $2=\"\(.*\)\"\$/\1/p"; }

# prepare PRESET: everything that its build needs, up to a configured folder.
prepare() {
  need "to build" base
  prepare_kind=$(setting "$1" SLUICE_DEPS)
  [ -n "$prepare_kind" ] || die "no such preset: $1; there are: $(cmake --list-presets | sed -n 's/^ *"\([^"]*\)".*/\1/p' | tr '\n' ' ')"
  prepare_lists=$prepare_kind
  [ "$(setting "$1" SLUICE_TESTS)" = OFF ] || prepare_lists="$prepare_lists test"
  [ "$(setting "$1" CMAKE_CXX_COMPILER)" != clang++-19 ] || prepare_lists="$prepare_lists check fuzz"
  # shellcheck disable=SC2086
  need "to build the preset $1" $prepare_lists

  # Timed apart from ours: a first run builds them into the cache, which takes minutes.
  prepare_began=$(now)
  prepare_prefix=$(tools/deps "$prepare_kind") || exit 1
  prepare_took=$(($(now) - prepare_began))
  [ $prepare_took -lt 2 ] || say "libraries ($prepare_kind): $prepare_took s"
  # Another prefix (a newer OpenSSL, an emptied cache) wants another configuration.
  if [ ! -f "build/$1/build.ninja" ] || [ "$(cat "build/$1/libraries" 2>/dev/null)" != "$prepare_prefix" ]; then
    step "configuring $1" cmake --preset "$1" --log-level=WARNING >&2
    echo "$prepare_prefix" >"build/$1/libraries"
  fi
}

# build_preset PRESET [TARGET...]
build_preset() {
  build_name=$1
  shift
  prepare "$build_name"
  if [ $# = 0 ]; then
    step "building $build_name" cmake --build "build/$build_name" >&2
  else
    step "building $build_name ($*)" cmake --build "build/$build_name" --target "$@" >&2
  fi
}

binary_of() { echo "$root/build/$1/bin/sluice"; }

# ---- what changed ---------------------------------------------------------------------------------

# Against the branch that this one left, or, standing on that branch, the commit before; with what is
# not committed yet.
changed_since() {
  for since_name in origin/HEAD origin/main main; do
    since=$(git merge-base HEAD "$since_name" 2>/dev/null) || continue
    [ "$since" = "$(git rev-parse HEAD)" ] || { echo "$since"; return; }
  done
  git rev-parse -q --verify 'HEAD^' || git rev-parse HEAD
}

all_files() { git ls-files -co --exclude-standard -- "$@" | while read -r file; do [ ! -f "$file" ] || echo "$file"; done; }

changed_files() {
  {
    git diff --name-only --diff-filter=d "$(changed_since)" -- "$@"
    git ls-files -o --exclude-standard -- "$@"
  } | sort -u
}
