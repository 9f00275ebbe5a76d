// SPDX-License-Identifier: Apache-2.0
// base64, base64url and hex: what decodes has exactly one spelling.
#include <cstdlib>

#include "base/codec.h"

namespace {
using sluice::Bytes;
using sluice::ByteView;
using sluice::Result;

void one_spelling(std::string_view text, Result<Bytes> (*decode)(std::string_view),
                  std::string (*encode)(ByteView)) {
  const auto bytes = decode(text);
  if (bytes && encode(*bytes) != text) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const ByteView bytes(data, size);
  const std::string_view text = text_of(bytes);
  one_spelling(text, from_base64, to_base64);
  one_spelling(text, from_base64url, to_base64url);
  one_spelling(text, from_hex, to_hex);
  if (from_base64(to_base64(bytes)) != copy_of(bytes) ||
      from_base64url(to_base64url(bytes)) != copy_of(bytes) ||
      from_hex(to_hex(bytes)) != copy_of(bytes)) {
    std::abort();
  }
  return 0;
}
