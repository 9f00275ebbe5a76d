// SPDX-License-Identifier: Apache-2.0
#include "crypto/openssl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sodium.h>

#include <new>
#include <stdexcept>

namespace sluice::crypto {

namespace {

// OpenSSL keeps other pointers in that heap too, and the leak checker does not look there.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kLeakChecked = true;
#elif defined(__has_feature)
constexpr bool kLeakChecked = __has_feature(address_sanitizer);
#else
constexpr bool kLeakChecked = false;
#endif

// Room for the private numbers of some hundred keys.
constexpr std::size_t kSecretHeap = 512U << 10;

const EVP_MD* fetch_hash(const char* openssl_name) {
  ready_openssl();
  const EVP_MD* hash = EVP_MD_fetch(nullptr, openssl_name, nullptr);
  if (hash == nullptr) throw std::runtime_error("OpenSSL has no SHA-2");
  return hash;
}

}  // namespace

void ready_openssl() {
  static const bool done = [] {
    // Nor the texts of its errors, two thousand of them, which it would put into a table before the
    // first key is read: nobody is told them. Those of TLS are loaded with TLS.
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
                                OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
                            nullptr) != 1) {
      throw std::bad_alloc();
    }
    // Its own choice, a generator by AES, makes the first random number look up every cipher: an
    // eighth of a verification, which wants one number to blind a point. SHA-256 is there already.
    // Both are of SP 800-90A, and seeded by the kernel. Where somebody asked for a number before,
    // the generator is there already, and stays.
    if (RAND_set_DRBG_type(nullptr, "HASH-DRBG", nullptr, nullptr, "SHA256") != 1) {
      ERR_clear_error();
    }
    return true;
  }();
  static_cast<void>(done);
}

void ready_sodium() {
  static const bool done = [] {
    if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
    return true;
  }();
  static_cast<void>(done);
}

void ready_secret_heap() {
  static const bool done = [] {
    ready_openssl();
    // Where the operating system allows no locked memory, the heap still is guarded and wiped.
    return kLeakChecked || CRYPTO_secure_malloc_init(kSecretHeap, 32) != 0;
  }();
  static_cast<void>(done);
}

const evp_md_st* openssl_hash(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::sha256: {
      static const EVP_MD* const hash = fetch_hash("SHA256");
      return hash;
    }
    case HashAlgorithm::sha384: {
      static const EVP_MD* const hash = fetch_hash("SHA384");
      return hash;
    }
    case HashAlgorithm::sha512: {
      static const EVP_MD* const hash = fetch_hash("SHA512");
      return hash;
    }
  }
  throw std::logic_error("not a hash algorithm");
}

void free_pkey(evp_pkey_st* key) { EVP_PKEY_free(key); }

void free_pkey_context(evp_pkey_ctx_st* context) { EVP_PKEY_CTX_free(context); }

PkeyContext pkey_context(evp_pkey_st& key) {
  PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, &key, nullptr));
  if (!context) throw std::bad_alloc();
  return context;
}

void free_prehash(crypto_sign_ed25519ph_state* state) { delete state; }

}  // namespace sluice::crypto
