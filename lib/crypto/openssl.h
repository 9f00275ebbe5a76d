// SPDX-License-Identifier: Apache-2.0
// OpenSSL's side of keys and messages, for lib/crypto (and x509) alone. OpenSSL's and libsodium's
// types are named here, their headers are not included.
#pragma once

#include <array>
#include <memory>

#include "base/secret.h"
#include "crypto/key.h"

struct evp_pkey_st;
struct evp_pkey_ctx_st;
struct evp_md_st;
struct crypto_sign_ed25519ph_state;

namespace sluice::crypto {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

void free_pkey(evp_pkey_st* key);
using Pkey = Owned<evp_pkey_st, free_pkey>;

// To be called before OpenSSL or libsodium is used; each does its work once. OpenSSL reads no
// configuration file (a user's openssl.cnf must not change a verdict) and cleans nothing at exit.
// ready_openssl is declared in crypto/digest.h.
void ready_sodium();
// Moves the private numbers of OpenSSL's keys into a locked heap of its own.
void ready_secret_heap();

void free_pkey_context(evp_pkey_ctx_st* context);
using PkeyContext = Owned<evp_pkey_ctx_st, free_pkey_context>;
PkeyContext pkey_context(evp_pkey_st& key);  // throws bad_alloc

const evp_md_st* openssl_hash(HashAlgorithm algorithm);  // fetched once, never freed

// The key of that SPKI, for other modules' EVP calls; the reference stays the PublicKey's.
struct PublicKey::Impl {
  KeyType type;
  unsigned bits;
  Bytes der;
  std::array<std::uint8_t, 32> ed25519;  // zero for other types
  Pkey pkey;
};

void free_prehash(crypto_sign_ed25519ph_state* state);
using Prehash = Owned<crypto_sign_ed25519ph_state, free_prehash>;

struct Message::Impl {
  Scheme scheme;
  Digest digest;
  Bytes whole;      // Ed25519
  Prehash prehash;  // Ed25519ph: as it was after the last byte; copied by those who finish it
};

// Errc::unsupported where the scheme is none of ours or does not go with that type of key.
[[nodiscard]] Result<void> check_scheme(Scheme scheme, KeyType type);

// Sets hash and padding of a signature that was begun, as the scheme says; false: OpenSSL cannot.
[[nodiscard]] bool set_padding(evp_pkey_ctx_st* context, Scheme scheme);

}  // namespace sluice::crypto
