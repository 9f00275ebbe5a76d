// SPDX-License-Identifier: Apache-2.0
// Stands in for a PKCS#11 module: a shared C++ library with a shared OpenSSL, an exception of its
// own, and a digest computed, loaded into a process that has another OpenSSL and another C++
// library inside.
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdio>
#include <sstream>
#include <stdexcept>

extern "C" __attribute__((visibility("default"))) int module_entry(char* out, std::size_t size) {
  try {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_Digest("abc", 3, digest, &length, EVP_sha256(), nullptr) != 1) return 1;
    std::ostringstream text;
    text << OpenSSL_version(OPENSSL_VERSION) << ", abc is " << std::hex
         << static_cast<int>(digest[0]);
    throw std::runtime_error(text.str());
  } catch (const std::exception& e) {
    return std::snprintf(out, size, "%s", e.what()) < 0;
  }
}
