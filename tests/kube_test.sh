#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sluice serve as the webhook of a real kube-apiserver, asked by kubectl.
set -eu
cd "$(dirname "$0")/.."
exec tools/kube-lab tests/kube/webhook.py
