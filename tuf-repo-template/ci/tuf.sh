#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the jobs of this repository do; .github/workflows and .gitlab-ci.yml call it.
#
#   check     is what a change proposes sound? Exit code 1 where it is not; what it needs yet stands in the report
#   complete  have all signed? 75 where not
#   publish   signs online and publishes what is complete, signs what is due, pushes it
#   refresh   signs what is due, removes files that no client can reach any more, pushes that
#   mirror    brings the place that TUF_PUBLISH_TO names up to date
#   site DIR  what a web server has to serve, into DIR
#   watch     would a client accept what is published, and for how long? 1 where somebody has to act
#
# Variables: TUF_BRANCH, the branch that is published; TUF_ONLINE_KEY and TUF_ONLINE_KEY_PASSWORD, the online key as text
# or as the path of a file; TUF_ROOT_SHA256, the digest of the first root; TUF_PUSH_URL and TUF_PUSH_TOKEN, where origin
# cannot be pushed to; TUF_PUBLISH_TO, TUF_SINGLE_WRITER; TUF_REPORT, a file for the report. The words of a proposal are
# other people's: the runner obeys none of them.
set -eu
cd "$(dirname "$0")/.."

report=${TUF_REPORT:-${GITHUB_STEP_SUMMARY:-/dev/null}}
branch=${TUF_BRANCH:-main}

# tell KIND TEXT: for people, and as an annotation. The text is ours alone.
tell() {
  if [ -n "${GITHUB_ACTIONS:-}" ]; then echo "::$1 title=tuf::$2"; else echo "$1: $2"; fi
  printf '**%s**: %s\n\n' "$1" "$2" >>"$report"
}

stop() {
  tell error "$2"
  exit "$1"
}

# said TITLE COMMAND...: shows what it prints, in the log and in the report; ends with its exit code.
said() {
  title=$1
  shift
  printed=$(mktemp)
  said_code=0
  "$@" >"$printed" 2>&1 || said_code=$?
  word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  [ -z "${GITHUB_ACTIONS:-}" ] || echo "::stop-commands::$word"
  printf -- '--- %s\n' "$title"
  cat "$printed"
  [ -z "${GITHUB_ACTIONS:-}" ] || echo "::$word::"
  # Indented lines hold no markup, and cannot leave the block.
  {
    printf '### %s\n\n' "$title"
    head -n 300 "$printed" | sed 's/^/    /'
    echo
  } >>"$report"
  rm -f "$printed"
  return "$said_code"
}

as_ci() {
  git -c user.name="${TUF_GIT_NAME:-tuf publisher}" -c user.email="${TUF_GIT_EMAIL:-tuf-publisher@noreply.invalid}" \
    -c core.hooksPath=/dev/null -c commit.gpgSign=false "$@"
}

published() { [ -f metadata/timestamp.json ]; }

# ---- changes ---------------------------------------------------------------------------------------------

# What is looked at is what a merge would make of it.
merge_into_branch() {
  base=refs/remotes/origin/$branch
  # Where this may not ask the git host again, what the runner fetched is as new.
  git fetch -q origin "+refs/heads/$branch:$base" 2>/dev/null || git rev-parse -q --verify "$base^{commit}" >/dev/null ||
    stop 3 'the branch that is published is not here: fetch all of the history'
  git merge-base "$base" HEAD >/dev/null || stop 3 'too little history is here: fetch all of it (depth 0)'
  git merge-base --is-ancestor "$base" HEAD || as_ci merge -q --no-edit "$base" >/dev/null 2>&1 ||
    stop 1 'this does not merge with the branch that is published: merge that first'
}

changed() { git diff --no-renames --name-only "$@"; }

# refuse_changes TITLE TEXT DIFF_WORD...
refuse_changes() {
  refused_title=$1 refused_text=$2
  shift 2
  [ -n "$(changed "$@")" ] || return 0
  said "$refused_title" changed "$@"
  tell error "$refused_text"
  wrong=1
}

# What is proposed, by its exit code: 0 complete, or nothing; 75 signatures are missing; else something is wrong.
proposal() {
  said 'What is proposed' sluice tuf status --check
}

check() {
  merge_into_branch
  wrong=0
  refuse_changes 'Published metadata was changed' \
    'metadata/ holds what is published: only the publishing job writes there' "$base" HEAD -- metadata
  refuse_changes 'Published files were changed' \
    'files below targets/ stay as they are: a new version is a new file' --diff-filter=a "$base" HEAD -- targets
  refuse_changes 'Names of keys were changed' \
    'a name below keys/ stays with its key: a new key has a new name' --diff-filter=MT "$base" HEAD -- keys
  code=0
  proposal || code=$?
  said 'What it changes' sluice tuf diff || wrong=1
  set -- "$base" HEAD -- . ':!staging' ':!targets' ':!keys' ':!metadata'
  [ -z "$(changed "$@")" ] || said 'Look at these, too: they decide how this repository is kept' changed "$@"
  if published; then
    said 'What is published now, as a client sees it' sluice tuf verify --metadata-only ||
      tell warning 'what is published now is not what a client accepts; a change cannot do that, so look at it'
  fi
  case $code in
    0 | 75) ;;
    *) stop 1 'something is wrong with what is proposed; the report says what' ;;
  esac
  [ "$wrong" = 0 ] || stop 1 'this must not be merged; the report says why'
  [ "$code" = 0 ] || tell notice 'sound, and not complete: the report says who signs yet; nothing is published before'
}

all_signed() {
  merge_into_branch
  code=0
  proposal || code=$?
  case $code in
    0) ;;
    75) stop 75 'not complete: the report says who signs yet' ;;
    *) stop 1 'something is wrong with what is proposed; the report says what' ;;
  esac
}

# ---- publishing ------------------------------------------------------------------------------------------

# Nobody put another repository in the place of this one.
same_root() {
  [ -n "${TUF_ROOT_SHA256:-}" ] && published || return 0
  [ "$(sha256sum metadata/1.root.json | cut -d' ' -f1)" = "$TUF_ROOT_SHA256" ] ||
    stop 1 'metadata/1.root.json is not the one that TUF_ROOT_SHA256 names: nothing is signed'
}

# GitLab hands a variable of the type "file" over as a path.
take_key() {
  grep -q 'env:TUF_ONLINE_KEY' tuf-repo.yaml || return 0 # who signs online needs no key: an identity, a token
  [ -n "${TUF_ONLINE_KEY:-}" ] || stop 2 'TUF_ONLINE_KEY is not set: is the secret there, and may this branch use it?'
  if [ -f "$TUF_ONLINE_KEY" ]; then TUF_ONLINE_KEY=$(cat "$TUF_ONLINE_KEY"); fi
  export TUF_ONLINE_KEY
  [ -z "${TUF_ONLINE_KEY_PASSWORD:-}" ] || export SLUICE_PASSWORD="$TUF_ONLINE_KEY_PASSWORD"
}

sign_due() {
  same_root
  published || {
    tell notice 'nothing is published yet'
    return 0
  }
  take_key
  said 'Signed online' sluice tuf refresh-online || stop "$?" 'what is due could not be signed; the report says why'
}

# Of what was published, and of proposals that were given up. The files of a proposal that waits have to stay.
tidy() {
  ! published || [ -n "$(find staging -maxdepth 1 -name '*.json' 2>/dev/null)" ] ||
    said 'Removed: files that no client can reach any more' sluice tuf clean ||
    tell warning 'files that no client can reach any more could not be removed; the report says why'
}

refresh_all() {
  sign_due
  tidy
}

publish_complete() {
  same_root
  published || [ -d staging ] || {
    tell notice 'nothing is proposed yet: begin with sluice tuf init'
    return 0
  }
  code=0
  proposal || code=$?
  case $code in
    0) take_key
      said 'Published' sluice tuf publish || stop "$?" 'nothing was published; the report says why' ;;
    75) tell notice 'not complete, so not published: the report says who signs yet' ;;
    *) stop 1 'something is wrong with what is proposed, nothing was published; the report says what' ;;
  esac
  sign_due
}

push() {
  if [ -n "${TUF_PUSH_TOKEN:-}" ]; then
    # The token is neither an argument nor a setting: others on the machine could read those.
    # shellcheck disable=SC2016  # it is git's shell that expands
    git -c credential.helper= \
      -c credential.helper='!answer() { echo username=tuf; printf "password=%s\n" "$TUF_PUSH_TOKEN"; }; answer' \
      push -q "${TUF_PUSH_URL:-origin}" "HEAD:refs/heads/$branch"
  else
    git push -q "${TUF_PUSH_URL:-origin}" "HEAD:refs/heads/$branch"
  fi
}

add_all() {
  for folder in keys metadata staging targets; do
    if [ -d "$folder" ] || [ -n "$(git ls-files -- "$folder")" ]; then git add -A -- "$folder"; fi
  done
}

# until_pushed MESSAGE WORK: where somebody pushed in between, again from what is there then. What was signed before is
# given up: nobody saw it.
until_pushed() {
  for try in 1 2 3 4; do
    "$2"
    add_all
    if git diff --cached --quiet; then break; fi
    as_ci commit -q -m "$1 [skip ci]"
    if push; then break; fi
    [ "$try" != 4 ] || stop 3 'what was signed could not be pushed; the log says why'
    git fetch -q origin "+refs/heads/$branch:refs/remotes/origin/$branch"
    git reset -q --hard "refs/remotes/origin/$branch"
  done
  published || return 0
  echo published=true >>"${GITHUB_OUTPUT:-/dev/null}"
}

# ---- what is served --------------------------------------------------------------------------------------

# GitLab's later jobs begin with what was pushed to start the pipeline; what was signed since is newer.
at_tip() {
  [ -n "${GITLAB_CI:-}" ] || return 0
  git fetch -q origin "+refs/heads/$branch:refs/remotes/origin/$branch"
  git checkout -q --detach "refs/remotes/origin/$branch"
}

mirror() {
  at_tip
  published || {
    tell notice 'nothing is published yet'
    return 0
  }
  set -- --to "${TUF_PUBLISH_TO:?the place to publish to}"
  [ "${TUF_SINGLE_WRITER:-}" != true ] || set -- "$@" --single-writer
  # Nothing is due, and no key is here: what is published in this folder is copied there, the timestamp last.
  said 'Published to another place' sluice tuf refresh-online "$@" ||
    stop "$?" 'the other place was not brought up to date; the report says why'
}

site() {
  at_tip
  mkdir -p "$1"
  published || {
    tell notice 'nothing is published yet'
    return 0
  }
  cp -R metadata "$1"
  [ ! -d targets ] || cp -R targets "$1"
}

watch() {
  at_tip
  published || return 0
  said 'What is published, as a client sees it' sluice tuf verify --fail-on-warning ||
    stop 1 'somebody has to act; the report says on what'
}

[ "${1:-}" = site ] || command -v sluice >/dev/null || stop 3 'sluice is not on this runner: install it there'
case ${1:-} in
  check) check ;;
  complete) all_signed ;;
  publish) until_pushed 'tuf: publish' publish_complete ;;
  refresh) until_pushed 'tuf: sign what is due' refresh_all ;;
  mirror) mirror ;;
  site) site "${2:?a folder}" ;;
  watch) watch ;;
  *)
    echo "usage: $0 check|complete|publish|refresh|mirror|site DIR|watch" >&2
    exit 2
    ;;
esac
