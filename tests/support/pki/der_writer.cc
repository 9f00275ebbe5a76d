// SPDX-License-Identifier: Apache-2.0
#include "support/pki/der_writer.h"

#include "base/text.h"

namespace sluice::test {

namespace {

// "20261120140211Z"
std::string digits_of(Time time) {
  std::string out = rfc3339(time);
  std::erase_if(out, [](char c) { return c == '-' || c == ':' || c == 'T'; });
  return out;
}

Bytes base128(std::uint64_t arc) {
  Bytes out{static_cast<std::uint8_t>(arc & 127U)};
  while ((arc >>= 7) != 0) out.insert(out.begin(), static_cast<std::uint8_t>((arc & 127U) | 128U));
  return out;
}

}  // namespace

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes der(std::uint8_t tag, const Bytes& content) {
  Bytes out{tag};
  if (content.size() < 0x80) {
    out.push_back(static_cast<std::uint8_t>(content.size()));
  } else {
    Bytes length;
    for (std::size_t size = content.size(); size != 0; size >>= 8) {
      length.insert(length.begin(), static_cast<std::uint8_t>(size));
    }
    out.push_back(static_cast<std::uint8_t>(0x80U | length.size()));
    out.insert(out.end(), length.begin(), length.end());
  }
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

Bytes der_text(std::uint8_t tag, std::string_view text) {
  return der(tag, copy_of(bytes_of(text)));
}
Bytes der_sequence(const std::vector<Bytes>& parts) { return der(0x30, parts); }
Bytes der_set(const std::vector<Bytes>& parts) { return der(0x31, parts); }
Bytes der_explicit(unsigned number, const Bytes& content) {
  return der(static_cast<std::uint8_t>(0xa0U | number), content);
}

Bytes der_oid(std::string_view dotted) {
  Bytes content;
  std::uint64_t first = 0;
  std::size_t index = 0;
  for (const std::string_view arc : split(dotted, '.')) {
    const std::uint64_t value = std::stoull(std::string(arc));
    if (index == 0) first = value;
    if (index == 1) content = base128(first * 40 + value);
    if (index > 1) {
      const Bytes more = base128(value);
      content.insert(content.end(), more.begin(), more.end());
    }
    ++index;
  }
  return der(0x06, content);
}

Bytes der_integer(std::uint64_t value) {
  Bytes content{static_cast<std::uint8_t>(value)};
  while ((value >>= 8) != 0) content.insert(content.begin(), static_cast<std::uint8_t>(value));
  if (content.front() >= 0x80) content.insert(content.begin(), 0);
  return der(0x02, content);
}

Bytes der_boolean(bool value) {
  return der(0x01, Bytes{static_cast<std::uint8_t>(value ? 255 : 0)});
}
Bytes der_octets(ByteView content) { return der(0x04, copy_of(content)); }
Bytes der_bits(ByteView content) {
  Bytes inside{0};
  inside.insert(inside.end(), content.begin(), content.end());
  return der(0x03, inside);
}
Bytes der_null() { return {0x05, 0x00}; }
Bytes der_utc_time(Time time) { return der_text(0x17, digits_of(time).substr(2)); }
Bytes der_generalized_time(Time time) { return der_text(0x18, digits_of(time)); }

}  // namespace sluice::test
