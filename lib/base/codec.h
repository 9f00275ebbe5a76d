// SPDX-License-Identifier: Apache-2.0
// Hex and base64, strict: one text for each byte string, everything else is refused.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sluice {

std::string to_hex(ByteView bytes);                           // lower case
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);  // lower case only, even length

std::string to_base64(ByteView bytes);  // RFC 4648 4, with padding
[[nodiscard]] Result<Bytes> from_base64(
    std::string_view text);  // no blanks, canonical padding and bits

std::string to_base64url(ByteView bytes);  // RFC 4648 5, without padding (as JWS uses it)
[[nodiscard]] Result<Bytes> from_base64url(std::string_view text);

}  // namespace sluice
