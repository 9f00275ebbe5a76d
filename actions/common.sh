# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the steps of actions/sign, actions/attest and actions/verify share; they source it.
#
# The inputs are in WITH_* (not SLUICE_*: those are the program's own settings). Names of files may be anybody's:
# they are arguments, never code, and commands to the runner are off while the program prints them.

program=${WITH_PROGRAM:-sluice}
arguments=()
files=()

# stop CODE TEXT: ends the step with an annotation. The text is ours alone.
stop() {
  echo "::error title=sluice::$2"
  exit "$1"
}

need_program() {
  command -v "$program" >/dev/null ||
    stop 3 'the program is not on this runner: install it in an earlier step, or name it with the input "sluice"'
}

# option FLAG VALUE: both, where there is a value.
option() {
  [ -z "$2" ] || arguments+=("$1" "$2")
}

# each_line FLAG TEXT: FLAG and a line, for each line that is not empty; the lines alone without FLAG.
each_line() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    [ -z "$line" ] || arguments+=(${1:+"$1"} "$line")
  done <<<"$2"
}

# add PATH: once, however often it was named. The key has a letter in front: [*] and [@] alone mean all.
declare -A added=()
add() {
  [ -z "${added["f$1"]:-}" ] || return 0
  added["f$1"]=1
  files+=("$1")
}

# add_found PATH: of what a pattern fits, only files, and no bundles: dist/* means the same in a second run.
add_found() {
  [[ -f $1 && $1 != *.sigstore.json ]] || return 0
  fits=yes
  case $1 in
    *$'\n'*) stop 2 'the name of a file holds a line break: outputs could not tell it from two names' ;;
    - | sha256:* | sha384:* | sha512:*) add "./$1" ;; # to the program, that is no file's name
    *) add "$1" ;;
  esac
}

# collect_files TEXT: the lines, each a path or a pattern, become `files`. A name that reads as a pattern counts as
# both: whoever puts a file there that is called *, or one beside it that fits, takes none off the list.
collect_files() {
  local line each fits
  shopt -s globstar nullglob
  while IFS= read -r line || [ -n "$line" ]; do
    if [[ $line == *[*?[]* ]]; then
      fits=no
      local IFS= # names come out whole; an expansion that is not quoted expands patterns and runs nothing
      for each in $line "$line"; do add_found "$each"; done
      [ "$fits" = yes ] || stop 3 'no file fits a pattern of the input "files"'
    elif [ "$line" = - ]; then
      add ./-
    elif [ -n "$line" ]; then
      add "$line"
    fi
  done <<<"$1"
  [ "${#files[@]}" -gt 0 ] || stop 2 'the input "files" names no file'
}

random_word() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# call WORD...: the program. Its exit code is then in $code, and what it said in the file $said.
call() {
  local end
  end=$(random_word)
  said=$(mktemp "${RUNNER_TEMP:-/tmp}/sluice-XXXXXX")
  code=0
  echo "::stop-commands::$end"
  "$program" "$@" 2>&1 | tee "$said" || code=$?
  echo "::$end::"
}

# output NAME TEXT
output() {
  local end
  end=$(random_word)
  printf '%s<<%s\n%s\n%s\n' "$1" "$end" "$2" "$end" >>"${GITHUB_OUTPUT:-/dev/null}"
}

# summarize TITLE: with what was said, as a block of code: indented lines hold no markup and cannot leave it.
summarize() {
  {
    printf '### %s\n\n' "$1"
    head -n 200 "$said" | sed 's/^/    /'
    echo
  } >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
}

# ---- signing ---------------------------------------------------------------------------------------------

add_signing_options() {
  option --key "${WITH_KEY:-}"
  option --signing-config "${WITH_SIGNING_CONFIG:-}"
  option --trusted-root "${WITH_TRUSTED_ROOT:-}"
  option --bundle "${WITH_BUNDLE:-}"
  each_line '' "${WITH_ARGS:-}"
}

# Is there anything that says who signs?
has_identity() {
  [ -z "${WITH_KEY:-}${SIGSTORE_ID_TOKEN:-}${SIGSTORE_ID_TOKEN_FILE:-}" ] || return 0
  [[ $'\n'${WITH_ARGS:-} != *$'\n'--@(key|identity-token-file)* ]] || return 0
  [[ -n ${ACTIONS_ID_TOKEN_REQUEST_URL:-} && -n ${ACTIONS_ID_TOKEN_REQUEST_TOKEN:-} ]]
}

# finish_signing DONE BUNDLE...: outputs, summary, annotation, and the end of the step.
finish_signing() {
  local title=$1
  shift
  if [ "$code" -eq 0 ]; then
    output bundles "$(printf '%s\n' "$@")"
    output signer "$(sed -n 's/^as  //p' "$said" | tail -n 1)"
    summarize "$title"
    exit 0
  fi
  summarize 'Not signed'
  has_identity || stop "$code" 'this job may not ask for an ID token: give it "permissions: {id-token: write, contents: read}" (a pull request from a fork gets none), or use the input "key"'
  case $code in
    1) stop 1 'refused; the step summary says by which check. Nothing was written' ;;
    2) stop 2 'the call is wrong; the log says how' ;;
    *) stop "$code" 'could not sign; the log says why. Nothing was written' ;;
  esac
}
