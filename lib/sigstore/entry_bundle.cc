// SPDX-License-Identifier: Apache-2.0
#include "sigstore/entry_bundle.h"

#include "base/text.h"

namespace sluice::sigstore {

namespace {

constexpr std::size_t kLengthWidth = 2;

Result<ByteView> take_entry(Reader& in) {
  SLUICE_TRY(const auto length, in.big_endian(kLengthWidth));
  return in.take(static_cast<std::size_t>(length));
}

}  // namespace

Result<std::vector<ByteView>> parse_entry_bundle(unsigned width, ByteView content) {
  Reader in(content);
  std::vector<ByteView> out;
  out.reserve(width);
  for (unsigned at = 0; at < width; ++at) {
    SLUICE_TRY(const ByteView entry,
               within(take_entry(in), cat("reading entry ", at, " of a bundle of ", width)));
    out.push_back(entry);
  }
  SLUICE_CHECK(within(in.finish(), cat("reading a bundle of ", width, " entries")));
  return out;
}

}  // namespace sluice::sigstore
