// SPDX-License-Identifier: Apache-2.0
// Bytes, views of bytes, and a cursor that either advances or fails.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes copy_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
bool equal(ByteView a, ByteView b);  // for public values; secrets compare in crypto/secret.h

// Reads untrusted bytes from front to back. A read that would pass the end fails and moves nothing.
class Reader {
 public:
  explicit Reader(ByteView in) : rest_(in) {}

  [[nodiscard]] Result<ByteView> take(std::size_t count);
  [[nodiscard]] Result<std::uint64_t> big_endian(std::size_t width);  // width 1 to 8
  [[nodiscard]] Result<void> finish() const;                          // fails on trailing bytes
  std::size_t left() const { return rest_.size(); }

 private:
  ByteView rest_;
};

}  // namespace sluice
