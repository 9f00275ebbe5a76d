// SPDX-License-Identifier: Apache-2.0
// HMAC-SHA256 (RFC 2104): what requests to object stores and older key files are held together by.
#pragma once

#include "base/secret.h"

namespace sluice::crypto {

// 32 bytes. Secret, because keys are made of it, too.
SecretBytes hmac_sha256(ByteView key, ByteView message);

}  // namespace sluice::crypto
