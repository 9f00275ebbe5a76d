// SPDX-License-Identifier: Apache-2.0
#include "crypto/hmac.h"

#include <sodium.h>

#include "crypto/openssl.h"

namespace sluice::crypto {

SecretBytes hmac_sha256(ByteView key, ByteView message) {
  ready_sodium();
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, message.data(), message.size());
  SecretBytes out(crypto_auth_hmacsha256_BYTES);
  crypto_auth_hmacsha256_final(&state, out.reveal().data());
  sodium_memzero(&state, sizeof state);
  return out;
}

}  // namespace sluice::crypto
