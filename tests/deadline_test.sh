#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A name server that never answers: the gate is over at its deadline all the same.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sluice=$(realpath "${SLUICE:?the binary under test}")
cd "$work"

skip() {
  echo "SKIP $*"
  exit 77
}
# A network of our own, in which we may be the name server.
unshare --map-root-user --mount --net true 2>/dev/null || skip 'this machine gives us no network of our own'
command -v python3 >/dev/null || skip 'no python3'

echo 'nameserver 127.0.0.1' > resolv.conf
echo 'hosts: files dns' > nsswitch.conf
cat > sluice.yaml <<'POLICY'
apiVersion: sluice/v1
kind: Policy
sources: {deadline: 1s, health: {prometheus: "http://metrics.example.org", service: web}}
environments: {production: {signals: [health]}}
POLICY
cat > silent.py <<'SILENT'
import fcntl
import socket
import struct
import sys

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
SIOCSIFFLAGS, UP_AND_RUNNING = 0x8914, 0x41
fcntl.ioctl(server, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", UP_AND_RUNNING))
server.bind(("127.0.0.1", 53))
print("listening", flush=True)
asked = server.recv(512)
print("asked", flush=True)
sys.stdin.read()
SILENT
cat > inside.sh <<'INSIDE'
set -e
mount --bind resolv.conf /etc/resolv.conf
mount --bind nsswitch.conf /etc/nsswitch.conf
mkfifo hold
python3 silent.py <hold >heard &
exec 3>hold
until grep -q listening heard; do sleep 0.05; done
began=$(date +%s%N)
code=0
HOME=$PWD "$1" gate check --policy-file sluice.yaml >said || code=$?
took=$((($(date +%s%N) - began) / 1000000))
exec 3>&-
echo "$code $took"
INSIDE
read -r code took < <(unshare --map-root-user --mount --net bash inside.sh "$sluice")
grep -q asked heard || { echo "the name server was never asked"; exit 1; }
[ "$code" = 3 ] || { echo "exit $code, not 3"; cat said; exit 1; }
if [ "$took" -lt 900 ] || [ "$took" -ge 4000 ]; then
  echo "it took $took ms, not about 1000"
  exit 1
fi
echo "over after $took ms"
