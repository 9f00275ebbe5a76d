#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How each library is built; tools/deps runs `deps-recipes.sh JOB WORK SOURCES`. The fingerprint of a
# built folder covers this file, so a change here builds anew.
set -eu

job=$1
work=$2
sources=$3
out=$work/out
cores=$(nproc)

# Small pieces, so that the linker drops what is unused; hardened, because these libraries read what
# strangers send; no path of this machine, so that two machines make the same archives.
flags="-O2 -fPIC -ffunction-sections -fdata-sections -fstack-protector-strong -ffile-prefix-map=$work=."
cppflags="-D_FORTIFY_SOURCE=2"
export SOURCE_DATE_EPOCH=1700000000

say() { printf 'deps: %s\n' "$*" >&2; }

# step NAME VERSION SOURCE COMMAND...: runs it into a log, notes what was built and how long it took.
step() {
  name=$1 version=$2 source=$3
  shift 3
  began=$(date +%s)
  echo "$name" >"$work/now.$job"
  say "$name $version ..."
  trap 'say "$name failed:"; tail -n 25 "$work/log/$name" | sed "s/^/deps:   /" >&2' EXIT
  "$@" >"$work/log/$name" 2>&1
  trap - EXIT
  rm -f "$work/now.$job"
  took=$(($(date +%s) - began))
  say "$name $version: $took s"
  echo "$name $version $source ${took}s" >>"$work/versions.$job"
}

licence() { cp "$2" "$out/licences/$1"; }

cmake_library() {  # source-folder [cmake option]...
  from=$1
  shift
  cmake -S "$from" -B "$from/build-sluice" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_COMPILER=gcc -DCMAKE_C_FLAGS="$flags $cppflags" -DCMAKE_C_FLAGS_RELEASE="-O2 -DNDEBUG" \
    -DCMAKE_INSTALL_PREFIX="$out" -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF "$@"
  cmake --build "$from/build-sluice" -j "$cores"
  cmake --install "$from/build-sluice"
  # These name the folder that the library was built in; cmake/Dependencies.cmake takes their place.
  rm -rf "${out:?}/bin" "$out/share" "$out/lib/pkgconfig" "$out/lib/cmake"
}

# HTTP/1.1 and HTTP/2 over OpenSSL, and nothing else: every other protocol, login method and helper
# would be code that strangers reach. Certificates: OpenSSL's folder, or SSL_CERT_FILE and SSL_CERT_DIR.
curl_library() {
  from=$1
  shift
  mkdir -p "$from/docs/examples"
  for gone in docs docs/examples; do
    [ -f "$from/$gone/CMakeLists.txt" ] || : >"$from/$gone/CMakeLists.txt"
  done
  cmake_library "$from" -DHTTP_ONLY=ON -DCURL_USE_OPENSSL=ON -DUSE_NGHTTP2=ON -DCURL_ZLIB=ON \
    -DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none -DCURL_CA_FALLBACK=ON \
    -DBUILD_CURL_EXE=OFF -DBUILD_STATIC_LIBS=ON -DBUILD_EXAMPLES=OFF \
    -DBUILD_LIBCURL_DOCS=OFF -DBUILD_MISC_DOCS=OFF -DENABLE_CURL_MANUAL=OFF -DENABLE_MANUAL=OFF \
    -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DUSE_LIBIDN2=OFF -DCURL_USE_LIBPSL=OFF \
    -DCURL_USE_LIBSSH2=OFF -DCURL_USE_GSSAPI=OFF -DCURL_USE_OPENLDAP=OFF \
    -DCURL_DISABLE_LDAP=ON -DCURL_DISABLE_LDAPS=ON -DCURL_DISABLE_NTLM=ON \
    -DCURL_DISABLE_KERBEROS_AUTH=ON -DCURL_DISABLE_NEGOTIATE_AUTH=ON -DCURL_DISABLE_AWS=ON \
    -DCURL_DISABLE_DOH=ON -DCURL_DISABLE_ALTSVC=ON -DCURL_DISABLE_HSTS=ON -DCURL_DISABLE_NETRC=ON \
    -DCURL_DISABLE_COOKIES=ON -DCURL_DISABLE_WEBSOCKETS=ON \
    -DCURL_DISABLE_OPENSSL_AUTO_LOAD_CONFIG=ON "$@"
  licence curl "$from/COPYING"
}

# What signatures, certificates and TLS 1.2 and newer want; of what it can, it looks everything up
# that it has before the first key is used, and fills in an address for each when a program starts.
openssl_library() {  # source-folder [feature that it knows and others do not...]
  cd "$1"
  shift
  case $(uname -m) in
    x86_64) target=linux-x86_64 ;;
    aarch64) target=linux-aarch64 ;;
    *) echo "no OpenSSL target is known for $(uname -m)"; return 1 ;;
  esac
  off=
  for feature in shared tests module dso engine legacy comp dtls ssl3 tls1 tls1_1 weak-ssl-ciphers \
    cmp srp psk srtp gost idea camellia seed aria rc2 rc4 rc5 md4 mdc2 rmd160 whirlpool bf cast sm2 sm3 \
    sm4 siphash ocb blake2 rfc3779 nextprotoneg uplink autoload-config ui-console dsa ec2m "$@"; do
    off="$off no-$feature"
  done
  # Not the default, and from OpenSSL 3.2 on a P-384 check takes 0.45 instead of 0.8 ms with it.
  # shellcheck disable=SC2086  # lists of words
  ./Configure $target $off enable-ec_nistp_64_gcc_128 \
    --prefix=/usr --libdir=lib --openssldir=/etc/ssl \
    -O2 -fPIC -ffunction-sections -fdata-sections -fstack-protector-strong $cppflags
  make -j "$cores" build_libs
  make install_dev DESTDIR="$work/openssl"
  cp -R "$work/openssl/usr/include/openssl" "$out/include/"
  cp "$work/openssl/usr/lib/libcrypto.a" "$work/openssl/usr/lib/libssl.a" "$out/lib/"
  licence openssl LICENSE.txt
}

# Local repositories only: no TLS and no SSH, hence no second TLS stack in the binary. SHA-1 with the
# collision detection, because the commits that we score are written by others.
git2_library() {
  from=$1
  shift
  cmake_library "$from" -DUSE_SSH=OFF -DUSE_HTTPS=OFF -DUSE_GSSAPI=OFF -DUSE_NTLMCLIENT=OFF \
    -DUSE_SHA1=CollisionDetection -DUSE_BUNDLED_ZLIB=OFF -DUSE_ICONV=OFF \
    -DBUILD_TESTS=OFF -DBUILD_CLI=OFF -DBUILD_EXAMPLES=OFF "$@"
  licence libgit2 "$from/COPYING"
}

# ---- from Debian's source packages ----------------------------------------------------------------

unpack_debian() {  # name
  version=$(awk -v name="$1" '$1 == name { print $2 }' "$sources/versions")
  sum=$(awk -v name="$1" '$1 == name { print $3 }' "$sources/versions")
  dsc=$sources/${1}_${version#*:}.dsc
  echo "$sum  $dsc" | sha256sum --check --quiet || {
    echo "the cached source of $1 is not what apt brought; tools/deps refresh static fetches it anew"
    return 1
  }
  mkdir -p "$work/src"
  # It checks every file of the package against the description, whose sum was just checked.
  dpkg-source -x "$dsc" "$work/src/$1"
}

openssl_debian() {
  unpack_debian openssl
  openssl_library "$work/src/openssl"
}

curl_debian() {
  unpack_debian curl
  curl_library "$work/src/curl" -DOPENSSL_ROOT_DIR="$out" -DOPENSSL_USE_STATIC_LIBS=ON -DCURL_USE_PKGCONFIG=OFF
  # Debian's libcurl and this one must never be taken for each other.
  grep -q 'USE_NGHTTP2 1' "$work/src/curl/build-sluice/lib/curl_config.h"
}

git2_debian() {
  unpack_debian libgit2
  git2_library "$work/src/libgit2" -DREGEX_BACKEND=regcomp -DUSE_HTTP_PARSER=system -DUSE_SHA256=Builtin
}

debian_version() { awk -v name="$1" '$1 == name { print $2 }' "$sources/versions"; }

# ---- from the locked sources ------------------------------------------------------------------------

crate_version() { awk -v name="$1" '$1 == name { print $2; exit }' "$(dirname "$0")/vendored/lock"; }

openssl_locked() { openssl_library "$work/src/openssl-src/openssl" quic docs apps; }

curl_locked() {
  curl_library "$work/src/curl-sys/curl" -DCMAKE_PREFIX_PATH="$out" -DOPENSSL_ROOT_DIR="$out" \
    -DOPENSSL_USE_STATIC_LIBS=ON -DZLIB_ROOT="$out" -DZLIB_INCLUDE_DIR="$out/include" -DZLIB_LIBRARY="$out/lib/libz.a" \
    -DNGHTTP2_INCLUDE_DIR="$out/include" -DNGHTTP2_LIBRARY="$out/lib/libnghttp2.a" -DCURL_USE_PKGCONFIG=OFF
}

zlib_library() {
  cd "$work/src/libz-sys/src/zlib"
  # shellcheck disable=SC2086
  printf '%s\0' ./*.c | xargs -0 -n 1 -P "$cores" gcc $flags $cppflags -DHAVE_UNISTD_H -DHAVE_STDARG_H -c
  ar rcsD "$out/lib/libz.a" ./*.o
  cp zlib.h zconf.h "$out/include/"
  licence zlib LICENSE
}

nghttp2_library() {
  cmake_library "$work/src/libnghttp2-sys/nghttp2" -DENABLE_LIB_ONLY=ON -DBUILD_STATIC_LIBS=ON -DENABLE_DOC=OFF
  licence nghttp2 "$work/src/libnghttp2-sys/nghttp2/COPYING"
}

sqlite_library() {
  cd "$work/src/libsqlite3-sys/sqlite3"
  # shellcheck disable=SC2086
  gcc $flags $cppflags -DNDEBUG -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DQS=0 -DSQLITE_OMIT_DEPRECATED \
    -DSQLITE_OMIT_SHARED_CACHE -c sqlite3.c
  ar rcsD "$out/lib/libsqlite3.a" sqlite3.o
  cp sqlite3.h "$out/include/"
  echo "SQLite is in the public domain: its authors dedicated it, and ask for no notice." >"$out/licences/sqlite"
}

sodium_library() {
  mkdir -p "$work/src/sodium"
  tar -xzf "$work/src/libsodium-sys-stable/LATEST.tar.gz" -C "$work/src/sodium" --strip-components=1
  cd "$work/src/sodium"
  ./configure --disable-shared --enable-static --with-pic --disable-dependency-tracking \
    --prefix="$out" CC=gcc CFLAGS="$flags" CPPFLAGS="$cppflags"
  make -j "$cores"
  make install
  rm -rf "$out/lib/pkgconfig" "$out"/lib/*.la
  licence libsodium LICENSE
}

git2_locked() {
  git2_library "$work/src/libgit2-sys/libgit2" -DCMAKE_PREFIX_PATH="$out" -DREGEX_BACKEND=builtin \
    -DUSE_HTTP_PARSER=builtin -DUSE_SHA256=builtin -DZLIB_INCLUDE_DIR="$out/include" -DZLIB_LIBRARY="$out/lib/libz.a"
}

locked_step() { step "$1" "$2" "$3-$(crate_version "$3")" "$4"; }

sqlite_version() { sed -n 's/^#define SQLITE_VERSION  *"\(.*\)"/\1/p' "$work/src/libsqlite3-sys/sqlite3/sqlite3.h"; }
after_plus() { crate_version "$1" | sed -e 's/.*+//' -e 's/^[a-z]*-//'; }

case $job in
  openssl_debian) step openssl "$(debian_version openssl)" debian openssl_debian ;;
  curl_debian) step curl "$(debian_version curl)" debian curl_debian ;;
  git2_debian) step libgit2 "$(debian_version libgit2)" debian git2_debian ;;
  zlib)
    locked_step zlib "$(sed -n 's/^#define ZLIB_VERSION "\(.*\)"/\1/p' "$work/src/libz-sys/src/zlib/zlib.h")" libz-sys zlib_library ;;
  nghttp2) locked_step nghttp2 "$(after_plus libnghttp2-sys)" libnghttp2-sys nghttp2_library ;;
  openssl_and_curl)
    locked_step openssl "$(after_plus openssl-src)" openssl-src openssl_locked
    locked_step curl "$(after_plus curl-sys)" curl-sys curl_locked ;;
  sodium_sqlite_git2)
    locked_step sqlite "$(sqlite_version)" libsqlite3-sys sqlite_library
    locked_step libgit2 "$(after_plus libgit2-sys)" libgit2-sys git2_locked
    locked_step libsodium "$(tar -xzOf "$work/src/libsodium-sys-stable/LATEST.tar.gz" --wildcards '*/configure.ac' | sed -n 's/^AC_INIT(\[libsodium\],\[\([^]]*\)\].*/\1/p')" \
      libsodium-sys-stable sodium_library ;;
  *) echo "deps: no job is called $job" >&2; exit 2 ;;
esac
