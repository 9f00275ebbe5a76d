#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# certificate.sh DIR [DAYS]: a certificate for the webhook's service, by an authority of its own whose
# key is thrown away at once: it can sign nothing else. Run it again before it ends (default: 365 days).
#
# Writes DIR/tls.crt, DIR/tls.key and DIR/ca.crt, and prints the commands that put them in place.
set -eu
umask 077
folder=${1:?usage: certificate.sh DIR [DAYS]}
days=${2:-365}
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

new_key "$work/ca.key"
openssl req -x509 -new -key "$work/ca.key" -subj '/CN=sluice webhook authority' -days "$days" \
  -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign -out "$work/ca.crt"
new_key "$work/tls.key"
openssl req -new -key "$work/tls.key" -subj /CN=sluice.sluice-system.svc -out "$work/request"
cat >"$work/extensions" <<'EXTENSIONS'
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:sluice.sluice-system.svc,DNS:sluice.sluice-system.svc.cluster.local
EXTENSIONS
openssl x509 -req -in "$work/request" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days "$days" \
  -extfile "$work/extensions" -out "$work/tls.crt" 2>/dev/null
mv "$work/tls.crt" "$work/tls.key" "$work/ca.crt" "$folder/"

cat <<COMMANDS
kubectl -n sluice-system create secret tls sluice-tls --cert='$folder/tls.crt' --key='$folder/tls.key' --dry-run=client -o yaml | kubectl apply -f -
kubectl patch validatingwebhookconfiguration sluice --type=json -p '[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"$(base64 -w0 <"$folder/ca.crt")"}]'
COMMANDS
