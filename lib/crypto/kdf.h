// SPDX-License-Identifier: Apache-2.0
// Keys from passwords, at a cost that the file asks for and that we bound: a hostile key file must
// not be able to take minutes or gigabytes.
#pragma once

#include <cstdint>

#include "base/secret.h"
#include "crypto/digest.h"

namespace sluice::crypto {

struct ScryptCost {
  std::uint64_t n = 0;
  std::uint64_t r = 0;
  std::uint64_t p = 0;
};

// The hashes that PBKDF2 is used with; sha1 is what PKCS#5 means where a file names none.
enum class PbkdfHash : std::uint8_t { sha1, sha256, sha384, sha512 };

// What a key file may ask for: Errc::limit above it.
struct KdfBudget {
  std::uint64_t scrypt_memory = 256U << 20;        // bytes
  std::uint64_t scrypt_work = 16ULL * 65'536 * 8;  // N * r * p; 16 times that of cosign's files
  std::uint64_t pbkdf2_rounds = 10'000'000;
};

[[nodiscard]] Result<SecretBytes> scrypt(const SecretBytes& password, ByteView salt,
                                         ScryptCost cost, std::size_t size,
                                         const KdfBudget& budget);
[[nodiscard]] Result<SecretBytes> pbkdf2(const SecretBytes& password, ByteView salt,
                                         std::uint64_t rounds, PbkdfHash hash, std::size_t size,
                                         const KdfBudget& budget);

}  // namespace sluice::crypto
