// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"

#include <sodium.h>

#include <algorithm>

#include "base/text.h"

namespace sluice {

namespace {

std::string encode(ByteView bytes, int variant) {
  if (bytes.empty()) return {};
  // sodium counts the closing zero byte.
  std::string out(sodium_base64_ENCODED_LEN(bytes.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), variant);
  out.pop_back();
  return out;
}

Result<Bytes> decode(std::string_view text, int variant, std::string_view kind) {
  if (text.empty()) return Bytes{};
  // libsodium 1.0.18 takes some bytes above ASCII for characters of its alphabet (our fuzzer found
  // "yQ\xBD\xC2"): they are refused before it sees them.
  const auto above = std::ranges::find_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; });
  if (above != text.end()) {
    return fail(Errc::malformed, cat("not ", kind, ": wrong at character ",
                                     above - text.begin() + 1, " of ", text.size()));
  }
  Bytes out(text.size() / 4 * 3 + 3);
  std::size_t length = 0;
  const char* end = nullptr;
  const int rc = sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr,
                                   &length, &end, variant);
  const auto used = static_cast<std::size_t>(end - text.data());
  if (rc != 0 || used != text.size()) {
    return fail(Errc::malformed,
                cat("not ", kind, ": wrong at character ", used + 1, " of ", text.size()));
  }
  out.resize(length);
  return out;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  if (bytes.empty()) return {};
  std::string out(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes.data(), bytes.size());
  out.pop_back();
  return out;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(Errc::malformed, "hex of odd length");
  const auto wrong = text.find_first_not_of("0123456789abcdef");
  if (wrong != std::string_view::npos) {
    return fail(Errc::malformed, cat("not lower-case hex: wrong at character ", wrong + 1));
  }
  if (text.empty()) return Bytes{};
  Bytes out(text.size() / 2);
  std::size_t length = 0;
  if (sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &length, nullptr) !=
          0 ||
      length != out.size()) {
    return fail(Errc::internal, "hex was checked and still not decoded");
  }
  return out;
}

std::string to_base64(ByteView bytes) { return encode(bytes, sodium_base64_VARIANT_ORIGINAL); }
Result<Bytes> from_base64(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_ORIGINAL, "canonical base64");
}
std::string to_base64url(ByteView bytes) {
  return encode(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
Result<Bytes> from_base64url(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING, "canonical base64url");
}

}  // namespace sluice
