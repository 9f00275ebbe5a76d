// SPDX-License-Identifier: Apache-2.0
// Public keys from their numbers, as tokens hand them out.
#pragma once

#include "crypto/key.h"

namespace sluice::crypto {

// Big-endian, under the same rules as PublicKey::from_der.
[[nodiscard]] Result<PublicKey> public_key_of_rsa(ByteView modulus, ByteView exponent);
// An uncompressed point of one of the three curves (SEC 1 2.3.3), or the 32 bytes of Ed25519.
[[nodiscard]] Result<PublicKey> public_key_of_point(KeyType type, ByteView point);

}  // namespace sluice::crypto
