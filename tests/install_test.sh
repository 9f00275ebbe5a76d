#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `cmake --install` gives a binary and a library that another program links, through pkg-config and
# through CMake, from a folder that was not known when it was built.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${BUILD:?the build folder; ctest sets it}"
[ -f "$BUILD/sluice.pc" ] || { echo "SKIP: a build with sanitizers is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

cmake --install "$BUILD" --prefix "$work/first" >"$work/log" || { cat "$work/log"; fail "cmake --install"; }
mv "$work/first" "$work/moved"  # what is installed must not know where it was put
prefix=$work/moved

sluice=$prefix/bin/sluice
"$sluice" version >/dev/null || fail "the installed binary does not run"
for file in share/man/man1/sluice.1.gz share/bash-completion/completions/sluice \
  share/zsh/site-functions/_sluice share/fish/vendor_completions.d/sluice.fish share/doc/sluice/copyright; do
  [ -s "$prefix/$file" ] || fail "$file is not installed"
done
bash -n "$prefix/share/bash-completion/completions/sluice" || fail "the completion for bash does not parse"
if grep -rIl --exclude-dir=licences -e "$PWD" -e "$work" "$prefix"; then fail "these files name a folder of the builder"; fi

# examples/verify: a file and its bundle, verified by a few lines.
mkdir "$work/user"
cp examples/verify/* "$work/user/"
cd "$work/user"
printf 'pw' >pw
printf 'what we ship' >app
"$sluice" key generate --out-prefix k --password-file pw >/dev/null
"$sluice" sign --key k.key --password-file pw app >/dev/null

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
[ "$(pkg-config --modversion sluice)" = "$(sed -n 's/^project(sluice VERSION \([0-9.]*\).*/\1/p' "$OLDPWD/CMakeLists.txt")" ] ||
  fail "sluice.pc names another version"
# shellcheck disable=SC2046  # flags are words
g++ -std=c++23 -Wall -Wextra -Werror main.cc $(pkg-config --cflags --libs sluice) -o with_pkg_config || fail "pkg-config"
{ cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Debug && cmake --build build; } >log 2>&1 ||
  { cat log; fail "find_package(sluice)"; }

for program in ./with_pkg_config ./build/with_cmake; do
  $program k.pub app app.sigstore.json >said || fail "$program refuses a good bundle: $(cat said)"
  cp app changed
  printf '!' >>changed
  status=0
  $program k.pub changed app.sigstore.json >said || status=$?
  [ $status = 1 ] || fail "$program ends with $status on a changed file: $(cat said)"
  grep -q artifact.digest said || fail "$program does not name the failed check: $(cat said)"
done

# Each header stands for itself, with nothing but what is installed.
cd "$prefix/include/sluice"
for header in */*.h; do
  g++ -std=c++23 -fsyntax-only -I . -include "$header" -x c++ /dev/null || fail "$header does not compile alone"
done
echo "the binary, the library and its headers work from where they are installed"
