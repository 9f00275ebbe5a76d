// SPDX-License-Identifier: Apache-2.0
// A strict reader of DER (X.690), for structures that come from outside.
//
// It is our own because OpenSSL's decoders take BER and leave bytes behind in many places, and
// because the bytes that were read are the bytes that get verified: everything here is a view of
// the input. Only what the caller asks for is descended into, so nothing recurses with the input.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace sluice::x509 {

namespace tag {
inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kNull = 0x05;
inline constexpr std::uint8_t kOid = 0x06;
inline constexpr std::uint8_t kUtf8 = 0x0c;
inline constexpr std::uint8_t kPrintable = 0x13;
inline constexpr std::uint8_t kTeletex = 0x14;
inline constexpr std::uint8_t kIa5 = 0x16;
inline constexpr std::uint8_t kUtcTime = 0x17;
inline constexpr std::uint8_t kGeneralizedTime = 0x18;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;
constexpr std::uint8_t context(unsigned number) {  // [number], holding a plain value
  return static_cast<std::uint8_t>(0x80U | number);
}
constexpr std::uint8_t constructed(unsigned number) {  // [number], holding further elements
  return static_cast<std::uint8_t>(0xa0U | number);
}
}  // namespace tag

struct DerElement {
  std::uint8_t tag;
  ByteView content;
  ByteView whole;  // with tag and length
};

// Reads elements from front to back. Lengths are definite and minimal, tags have one byte.
class DerReader {
 public:
  explicit DerReader(ByteView in) : rest_(in) {}

  bool done() const { return rest_.empty(); }
  bool at(std::uint8_t tag) const { return !rest_.empty() && rest_.front() == tag; }
  [[nodiscard]] Result<DerElement> any();
  [[nodiscard]] Result<DerElement> element(std::uint8_t tag);
  [[nodiscard]] Result<ByteView> content(std::uint8_t tag);
  [[nodiscard]] Result<DerReader> enter(std::uint8_t tag);  // a reader of what is inside
  [[nodiscard]] Result<void> finish() const;

  [[nodiscard]] Result<ByteView> oid();
  [[nodiscard]] Result<ByteView> integer(std::uint8_t tag = tag::kInteger);  // minimal, any sign
  [[nodiscard]] Result<std::uint64_t> number(std::uint64_t most,
                                             std::uint8_t tag = tag::kInteger);  // 0 to most
  [[nodiscard]] Result<bool> boolean();
  [[nodiscard]] Result<ByteView> octet_bits();  // a bit string that is whole bytes
  // Named bits: the first is the highest of the number that comes back; at most 16 of them.
  [[nodiscard]] Result<std::uint16_t> named_bits();
  // UTCTime or GeneralizedTime, in whole seconds and Z (RFC 5280 4.1.2.5).
  [[nodiscard]] Result<Time> time();
  // GeneralizedTime with a fraction of a second, which is cut off (RFC 3161 2.4.2).
  [[nodiscard]] Result<Time> precise_time();

 private:
  ByteView rest_;
};

// One element that fills the input.
[[nodiscard]] Result<DerReader> enter_whole(ByteView in, std::uint8_t tag);

// Tag and length of an element with so many bytes inside.
Bytes der_header(std::uint8_t tag, std::size_t size);
Bytes der_element(std::uint8_t tag, ByteView content);

}  // namespace sluice::x509
