// SPDX-License-Identifier: Apache-2.0
// Private keys as older tools encrypted them, read so that they can be used and written anew.
//
//   securesystemslib (until 0.31)  salt@@@@rounds@@@@hmac@@@@iv@@@@ciphertext: PBKDF2-HMAC-SHA256,
//                                  AES-256-CTR, HMAC-SHA256 over the ciphertext; within is JSON
//   OpenSSL's traditional PEM      "Proc-Type: 4,ENCRYPTED": a key from MD5, AES-CBC or triple DES
//
// The second is weak against guessing; nothing here writes either.
#pragma once

#include <string_view>

#include "crypto/kdf.h"
#include "crypto/private_key.h"

namespace sluice::crypto {

// Says nothing about whether it is sound.
bool is_securesystemslib_text(std::string_view text);
bool is_traditional_encrypted_pem(std::string_view text);

// The JSON within. Errc::denied: a wrong password, or a damaged file.
[[nodiscard]] Result<SecretBytes> decrypt_securesystemslib(std::string_view text,
                                                           const SecretBytes& password,
                                                           const KdfBudget& budget = {});
// The same block without its encryption, as PrivateKey::from_pem reads it.
[[nodiscard]] Result<SecretBytes> decrypt_traditional_pem(std::string_view text,
                                                          const SecretBytes& password);

// "PRIVATE KEY" (PKCS#8) of the 32 bytes of RFC 8032.
[[nodiscard]] Result<SecretBytes> ed25519_pem_from_seed(ByteView seed);

}  // namespace sluice::crypto
