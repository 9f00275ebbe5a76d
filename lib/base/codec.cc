// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"

namespace sluice {

namespace {

// libsodium takes equally long for every character, whatever it is: secrets need that, and a
// bundle, most of which is base64, spent as long on it as on all else but its signatures. So whole
// groups of four characters go by a table; the last group, with its padding, and whatever is wrong
// are libsodium's.
struct Alphabet {
  int variant;
  std::string_view kind;
  std::array<char, 64> characters;
  std::array<std::int8_t, 256> values;  // -1: none of them
};

constexpr Alphabet alphabet_of(int variant, std::string_view kind, std::string_view last_two) {
  Alphabet out{variant, kind, {}, {}};
  std::ranges::fill(out.values, std::int8_t{-1});
  const std::string_view rest = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (std::size_t i = 0; i < out.characters.size(); ++i) {
    const char one = i < rest.size() ? rest[i] : last_two[i - rest.size()];
    out.characters[i] = one;
    out.values[static_cast<unsigned char>(one)] = static_cast<std::int8_t>(i);
  }
  return out;
}
constexpr Alphabet kBase64 = alphabet_of(sodium_base64_VARIANT_ORIGINAL, "canonical base64", "+/");
constexpr Alphabet kBase64Url =
    alphabet_of(sodium_base64_VARIANT_URLSAFE_NO_PADDING, "canonical base64url", "-_");

std::string encode(ByteView bytes, const Alphabet& alphabet) {
  if (bytes.empty()) return {};
  // sodium counts the closing zero byte.
  std::string out(sodium_base64_ENCODED_LEN(bytes.size(), alphabet.variant), '\0');
  char* at = out.data();
  while (bytes.size() > 3) {
    const std::uint32_t group = (std::uint32_t{bytes[0]} << 16U) | (std::uint32_t{bytes[1]} << 8U) |
                                std::uint32_t{bytes[2]};
    for (const unsigned shift : {18U, 12U, 6U, 0U}) {
      *at++ = alphabet.characters[(group >> shift) & 63U];
    }
    bytes = bytes.subspan(3);
  }
  sodium_bin2base64(at, out.size() - static_cast<std::size_t>(at - out.data()), bytes.data(),
                    bytes.size(), alphabet.variant);
  out.pop_back();
  return out;
}

// Of the whole groups before the last those that are good; how many characters that were.
std::size_t decode_groups(std::string_view text, const Alphabet& alphabet, std::uint8_t* out) {
  std::size_t at = 0;
  for (; at + 4 < text.size(); at += 4) {
    std::int32_t group = 0;
    for (const char one : text.substr(at, 4)) {
      const auto value = alphabet.values[static_cast<unsigned char>(one)];
      if (value < 0) return at;
      group = group * 64 + static_cast<unsigned char>(value);
    }
    *out++ = static_cast<std::uint8_t>(group >> 16);
    *out++ = static_cast<std::uint8_t>(group >> 8);
    *out++ = static_cast<std::uint8_t>(group);
  }
  return at;
}

Result<Bytes> decode(std::string_view text, const Alphabet& alphabet) {
  if (text.empty()) return Bytes{};
  const std::string_view kind = alphabet.kind;
  Bytes out(text.size() / 4 * 3 + 3);
  const std::size_t done = decode_groups(text, alphabet, out.data());
  const std::string_view rest = text.substr(done);
  // libsodium 1.0.18 takes some bytes above ASCII for characters of its alphabet (our fuzzer found
  // "yQ\xBD\xC2"): they are refused before it sees them.
  const auto above = std::ranges::find_if(
      rest, [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; });
  if (above != rest.end()) {
    return fail(Errc::malformed, cat("not ", kind, ": wrong at character ",
                                     above - text.begin() + 1, " of ", text.size()));
  }
  const std::size_t before = done / 4 * 3;
  std::size_t length = 0;
  const char* end = nullptr;
  const int rc = sodium_base642bin(out.data() + before, out.size() - before, rest.data(),
                                   rest.size(), nullptr, &length, &end, alphabet.variant);
  const auto used = static_cast<std::size_t>(end - text.data());
  if (rc != 0 || used != text.size()) {
    return fail(Errc::malformed,
                cat("not ", kind, ": wrong at character ", used + 1, " of ", text.size()));
  }
  out.resize(before + length);
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

std::string to_base64(ByteView bytes) { return encode(bytes, kBase64); }
Result<Bytes> from_base64(std::string_view text) { return decode(text, kBase64); }
std::string to_base64url(ByteView bytes) { return encode(bytes, kBase64Url); }
Result<Bytes> from_base64url(std::string_view text) { return decode(text, kBase64Url); }

}  // namespace sluice
