#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The commands in the documents do what is written below them.
set -eu
exec tools/run-documents "$SLUICE" README.md tuf-repo-template/README.md docs/*.md
