#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/check-rooms passes the real tree and refuses one violation of each rule.
set -euo pipefail
cd "$(dirname "$0")/.."
check=$PWD/tools/check-rooms
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$check" >"$work/said" || { cat "$work/said"; echo "FAILED: the real tree"; exit 1; }

# A small tree that is in order: two rooms, a third beside them, their tests, a command, a fuzz target.
fresh() {
  rm -rf "$work/tree"
  mkdir -p "$work"/tree/{lib/{base,crypto,json},tests/{json,support/servers},cmd/sluice,fuzz}
  cd "$work/tree"
  cat >lib/CMakeLists.txt <<'CMAKE'
sluice_room(base USES dep::sodium)
sluice_room(crypto NEEDS base USES dep::crypto)  # a remark: NEEDS json
sluice_room(json NEEDS base)
CMAKE
  cat >tests/CMakeLists.txt <<'CMAKE'
target_link_libraries(test_support PUBLIC base dep::gtest)
target_link_libraries(test_servers PUBLIC test_support PRIVATE dep::httplib)
sluice_test(json NEEDS json USES dep::json)
CMAKE
  echo 'sluice_fuzz(json NEEDS json)' >fuzz/CMakeLists.txt
  printf '#include <span>\n' >lib/base/bytes.h
  printf '#include "base/bytes.h"\n#include <sodium.h>\n#include <sys/stat.h>\n#include <unistd.h>\n' >lib/base/bytes.cc
  printf '#include "base/bytes.h"\n' >lib/crypto/key.h
  printf '#include "crypto/key.h"\n#include <openssl/evp.h>\n' >lib/crypto/key.cc
  printf '#include "base/bytes.h"\n' >lib/json/value.h
  printf '#include "json/value.h"\n#include <emmintrin.h>\n' >lib/json/value.cc
  printf '#include "json/value.h"\n#include <gtest/gtest.h>\n#include <nlohmann/json.hpp>\n#include "support/fake.h"\n' >tests/json/value_test.cc
  printf '#include <gtest/gtest.h>\n#include "base/bytes.h"\n' >tests/support/fake.h
  printf '#include <httplib.h>\n' >tests/support/servers/server.cc
  printf '#include "json/value.h"\n#include <cstdint>\n' >fuzz/json_fuzz.cc
  printf '#include <string>\n' >cmd/sluice/cli.h
  printf '#include "cli.h"\n#include "crypto/key.h"\n#include <CLI/CLI.hpp>\n#include <unistd.h>\n' >cmd/sluice/main.cc
}

passed=0
accepted() {
  "$check" "$work/tree" >"$work/said" || { echo "FAILED: $1 is refused:"; cat "$work/said"; exit 1; }
  passed=$((passed + 1))
}

# refuse WHERE LINE REASON: the tree plus this one line at the end of this file.
refuse() {
  fresh
  echo "$2" >>"$1"
  if "$check" "$work/tree" >"$work/said"; then
    echo "FAILED: accepted: $2 in $1"
    exit 1
  fi
  if [ "$(wc -l <"$work/said")" != 1 ] || ! grep -qF -- "$3" "$work/said"; then
    echo "FAILED: $2 in $1: expected one line with: $3"
    cat "$work/said"
    exit 1
  fi
  passed=$((passed + 1))
}

fresh
accepted "the small tree"

refuse lib/json/value.cc '#include "crypto/key.h"' 'of the room crypto, which json does not need'
refuse lib/base/bytes.h '#include "json/value.h"' 'of the room json, which base does not need'
refuse lib/json/value.cc '  #  include   <openssl/evp.h>' 'dep::crypto or dep::ssl, which json does not use'
refuse lib/crypto/key.cc '#include <openssl/ssl.h>' 'needs dep::ssl, which crypto does not use'
refuse lib/crypto/key.h '#include <openssl/evp.h>' 'third-party headers stay in .cc files'
refuse lib/crypto/key.cc '#include <gtest/gtest.h>' 'which crypto does not use'
refuse lib/crypto/key.cc '#include "support/fake.h"' 'names no room'
refuse lib/crypto/key.cc '#include "tests/support/fake.h"' 'names no room'
refuse lib/crypto/key.cc '#include "key.h"' 'names no room'
refuse lib/crypto/key.cc '#include "crypto/../json/value.h"' 'names no room'
refuse lib/crypto/key.cc '#include KEY_HEADER' 'not plain text'
refuse lib/crypto/key.cc '#include <curl/curl.h>' 'needs dep::curl'
refuse lib/crypto/key.cc '#include <git2.h>' 'needs dep::git2'
refuse lib/crypto/key.cc '#include <sqlite3.h>' 'needs dep::sqlite'
refuse lib/crypto/key.cc '#include <yaml.h>' 'needs dep::yaml'
refuse lib/crypto/key.cc '#include <re2/re2.h>' 'needs dep::re2'
refuse lib/crypto/key.cc '#include <boost/beast.hpp>' 'needs dep::beast'
refuse lib/crypto/key.cc '#include <nlohmann/json.hpp>' 'needs dep::json'
refuse lib/crypto/key.cc '#include <CLI/CLI.hpp>' 'needs dep::cli11'
refuse lib/crypto/key.cc '#include <httplib.h>' 'needs dep::httplib'
refuse lib/crypto/key.cc '#include <fmt/format.h>' 'neither a standard header'
refuse lib/crypto/key.cc '#include <sys/stat.h>' 'belongs to the operating system'
refuse lib/stray.cc '#include <span>' 'is in no room'
refuse lib/CMakeLists.txt 'sluice_room(dsse NEEDS x509)' 'needs x509, which must stand above it'
refuse lib/CMakeLists.txt 'sluice_room(json NEEDS base)' 'stands there twice'
refuse lib/CMakeLists.txt 'sluice_room(dsse USES dep::gtest)' 'not for rooms'
refuse tests/json/value_test.cc '#include "crypto/key.h"' 'the test of json does not need'
refuse tests/json/value_test.cc '#include <openssl/evp.h>' 'the test of json does not use'
refuse tests/support/fake.h '#include <httplib.h>' 'third-party headers stay in .cc files'
refuse tests/support/servers/server.cc '#include <openssl/ssl.h>' 'test_servers does not use'
refuse fuzz/json_fuzz.cc '#include "crypto/key.h"' 'the fuzz target json does not need'
refuse cmd/sluice/main.cc '#include <openssl/evp.h>' 'the command line does not use'
refuse cmd/sluice/cli.h '#include <CLI/CLI.hpp>' 'third-party headers stay in .cc files'
refuse cmd/sluice/main.cc '#include "unknown.h"' 'names no room'

# The closest neighbours that are allowed.
fresh
echo 'sluice_room(dsse NEEDS json)' >>lib/CMakeLists.txt
mkdir lib/dsse
printf '#include "base/bytes.h"\n#include "json/value.h"\n' >lib/dsse/envelope.cc
accepted "a room below the one that is needed"
echo "$passed cases"
