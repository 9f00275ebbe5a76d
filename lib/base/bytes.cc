// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <algorithm>

#include "base/text.h"

namespace sluice {

bool equal(ByteView a, ByteView b) { return std::ranges::equal(a, b); }

Result<ByteView> Reader::take(std::size_t count) {
  if (count > rest_.size()) {
    return fail(Errc::malformed,
                cat("input ends early: ", count, " bytes wanted, ", rest_.size(), " left"));
  }
  const ByteView head = rest_.first(count);
  rest_ = rest_.subspan(count);
  return head;
}

Result<std::uint64_t> Reader::big_endian(std::size_t width) {
  if (width == 0 || width > 8) return fail(Errc::internal, "an integer has 1 to 8 bytes");
  SLUICE_TRY(const ByteView raw, take(width));
  std::uint64_t value = 0;
  for (const std::uint8_t byte : raw) value = (value << 8) | byte;
  return value;
}

Result<void> Reader::finish() const {
  if (!rest_.empty()) return fail(Errc::malformed, cat(rest_.size(), " trailing bytes"));
  return {};
}

}  // namespace sluice
