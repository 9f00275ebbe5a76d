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

// Up to 256 MiB of memory, and 16 times the work of cosign's cost. Errc::limit above that.
[[nodiscard]] Result<SecretBytes> scrypt(const SecretBytes& password, ByteView salt,
                                         ScryptCost cost, std::size_t size);
// Up to 10 million rounds. Errc::limit above that.
[[nodiscard]] Result<SecretBytes> pbkdf2(const SecretBytes& password, ByteView salt,
                                         std::uint64_t rounds, PbkdfHash hash, std::size_t size);

}  // namespace sluice::crypto
