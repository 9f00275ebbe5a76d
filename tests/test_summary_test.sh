#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/test-summary counts cases, believes no program that ended early, and fails when it should.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ctest's account: one line for each argument NAME:STATUS:INSIDE
account() {
  {
    echo '<testsuite name="x">'
    for test; do
      IFS=: read -r name status inside <<<"$test"
      echo "<testcase name=\"$name\" status=\"$status\">$inside</testcase>"
    done
    echo '</testsuite>'
  } >"$work/ctest.junit"
}
# A program's account of its cases: the elements as given.
cases() { echo "<testsuites><testsuite name=\"S\">$2</testsuite></testsuites>" >"$work/$1.xml"; }

pass='<testcase classname="S" name="good" status="run" result="completed"/>'
bad='<testcase classname="S" name="bad" status="run"><failure message="m">3 is not 4</failure></testcase>'
skip='<testcase classname="S" name="left" status="run" result="skipped"><skipped message="a_test.cc:7&#x0A;no vectors"/></testcase>'
off='<testcase classname="S" name="DISABLED_off" status="notrun" result="suppressed"/>'

# expect STATUS LAST-LINE TEXT [OPTION]
expect() {
  status=0
  tools/test-summary ${4:+"$4"} "$work" >"$work/said" 2>&1 || status=$?
  if [ "$status" != "$1" ] || [ "$(tail -n 1 "$work/said")" != "$2" ] || ! grep -qF -- "$3" "$work/said"; then
    echo "FAILED: expected $1, '$2' and '$3', got $status and:"
    cat "$work/said"
    exit 1
  fi
  rm -f "$work"/*.xml
}

echo 'room' >"$work/rooms"
account room:run: script:run:
cases room "$pass$pass"
expect 0 '3 passed, 0 failed, 0 skipped' ''

cases room "$pass$bad"
expect 1 '2 passed, 1 failed, 0 skipped' '3 is not 4'

cases room "$pass$skip$off"
expect 0 '2 passed, 0 failed, 2 skipped' 'skipped  room: S.left: no vectors'
cases room "$pass$skip"
expect 1 '2 passed, 0 failed, 1 skipped' 'a skipped test counts' --all
cases room "$pass"
expect 0 '2 passed, 0 failed, 0 skipped' '' --all

# A room that leaves no account ended early, however it ended.
expect 1 '1 passed, 1 failed, 0 skipped' 'room.xml'

cases room "$pass"
account 'room:fail:<failure message="Failed"/><system-out>LeakSanitizer: 8 bytes</system-out>'
expect 1 '1 passed, 1 failed, 0 skipped' 'LeakSanitizer: 8 bytes'

account 'room:fail:<failure message="Timeout"/>'
echo '<testsuites><testsuite>' >"$work/room.xml"
expect 1 '0 passed, 1 failed, 0 skipped' 'cut short'

account 'script:notrun:<skipped message="SKIP_RETURN_CODE=77"/><system-out>SKIP: no cosign here</system-out>' room:run:
cases room "$pass"
expect 0 '1 passed, 0 failed, 1 skipped' 'skipped  script: no cosign here'

account 'script:fail:<failure message=""/>'
expect 1 '0 passed, 1 failed, 0 skipped' 'a crash, or its time limit'
account 'script:notrun:<skipped message="Unable to find executable"/><system-out>Unable to find executable</system-out>'
expect 1 '0 passed, 1 failed, 0 skipped' 'Unable to find executable'

# Nothing ran, or nobody knows.
account
expect 1 '0 passed, 0 failed, 0 skipped' 'no test ran'
account room:run:
cases room "$skip"
expect 1 '0 passed, 0 failed, 1 skipped' ''
rm "$work/ctest.junit"
expect 1 '0 passed, 1 failed, 0 skipped' 'cannot be read'
