// SPDX-License-Identifier: Apache-2.0
// The two encrypted forms of a private key, each around a PKCS#8 structure in DER.
#pragma once

#include <string>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/kdf.h"

namespace sluice::crypto {

// What a wrong password looks like, in every format.
Error wrong_password();

// EncryptedPrivateKeyInfo (RFC 5958) by PBES2: PBKDF2 or scrypt with AES-CBC. Writes AES-256-CBC
// and PBKDF2-HMAC-SHA256. Older schemes (PBES1, DES, RC2) are Errc::unsupported.
[[nodiscard]] Result<SecretBytes> decrypt_pkcs8(ByteView der, const SecretBytes& password,
                                                const KdfBudget& budget = {});
[[nodiscard]] Result<Bytes> encrypt_pkcs8(const SecretBytes& pkcs8, const SecretBytes& password);

// cosign's: JSON that names scrypt and NaCl's secretbox.
[[nodiscard]] Result<SecretBytes> decrypt_cosign(std::string_view json, const SecretBytes& password,
                                                 const KdfBudget& budget = {});
[[nodiscard]] Result<std::string> encrypt_cosign(const SecretBytes& pkcs8,
                                                 const SecretBytes& password, Random& random);

}  // namespace sluice::crypto
