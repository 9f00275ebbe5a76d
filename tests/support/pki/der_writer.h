// SPDX-License-Identifier: Apache-2.0
// DER written piece by piece, so that a test can also write what no library would.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace sluice::test {

Bytes joined(const std::vector<Bytes>& parts);
Bytes der(std::uint8_t tag, const Bytes& content);
inline Bytes der(std::uint8_t tag, const std::vector<Bytes>& parts) {
  return der(tag, joined(parts));
}
Bytes der_text(std::uint8_t tag, std::string_view text);
Bytes der_sequence(const std::vector<Bytes>& parts);
Bytes der_set(const std::vector<Bytes>& parts);
Bytes der_explicit(unsigned number, const Bytes& content);  // [number], constructed
Bytes der_oid(std::string_view dotted);
Bytes der_integer(std::uint64_t value);
Bytes der_boolean(bool value);
Bytes der_octets(ByteView content);
Bytes der_bits(ByteView content);  // whole bytes
Bytes der_null();
Bytes der_utc_time(Time time);
Bytes der_generalized_time(Time time);

}  // namespace sluice::test
