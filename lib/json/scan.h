// SPDX-License-Identifier: Apache-2.0
// The inner loops of the tokenizer: to the next byte of a string that means something, over one
// UTF-8 sequence, over one escape. Each has bounds of its own and reads no byte at or past end.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>

#include <bit>
#endif

namespace sluice::json::scan {

// A byte that ends a run of plain ASCII inside a string: quote, backslash, control, non-ASCII.
inline bool is_special(char c) {
  return static_cast<signed char>(c) < 0x20 || c == '"' || c == '\\';
}

// The first special byte at or after p, or end. Eight bytes at a time; any machine.
inline const char* find_special_portable(const char* p, const char* end) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHighs = 0x8080808080808080U;
  const auto has_zero = [](std::uint64_t v) { return (v - kOnes) & ~v & kHighs; };
  while (end - p >= 8) {
    std::uint64_t v = 0;
    std::memcpy(&v, p, sizeof v);
    const std::uint64_t below_blank = (v - kOnes * 0x20) & ~v & kHighs;
    const std::uint64_t quote = has_zero(v ^ (kOnes * '"'));
    const std::uint64_t backslash = has_zero(v ^ (kOnes * '\\'));
    if ((below_blank | quote | backslash | (v & kHighs)) != 0) break;
    p += 8;
  }
  while (p != end && !is_special(*p)) ++p;
  return p;
}

inline const char* find_special(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i blank = _mm_set1_epi8(0x20);
  while (end - p >= 16) {
    __m128i v;
    std::memcpy(&v, p, sizeof v);
    // Signed comparison: bytes from 0x80 on are negative, so this finds non-ASCII as well.
    const __m128i low = _mm_cmplt_epi8(v, blank);
    const __m128i mark = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash));
    const int mask = _mm_movemask_epi8(_mm_or_si128(low, mark));
    if (mask != 0) return p + std::countr_zero(static_cast<unsigned>(mask));
    p += 16;
  }
  while (p != end && !is_special(*p)) ++p;
  return p;
#else
  return find_special_portable(p, end);
#endif
}

// Behind the UTF-8 sequence at p (RFC 3629: shortest form, no surrogates), or nullptr.
inline const char* after_sequence(const char* p, const char* end) {
  const auto byte = [p](int i) { return static_cast<unsigned char>(p[i]); };
  const auto follows = [&](int i) { return (byte(i) & 0xC0U) == 0x80; };
  const auto left = end - p;
  const unsigned char lead = byte(0);
  if (lead < 0x80) return p + 1;
  if (lead < 0xC2 || lead > 0xF4) return nullptr;
  if (lead < 0xE0) return left >= 2 && follows(1) ? p + 2 : nullptr;
  if (lead < 0xF0) {
    if (left < 3 || !follows(1) || !follows(2)) return nullptr;
    if (lead == 0xE0 && byte(1) < 0xA0) return nullptr;   // could be shorter
    if (lead == 0xED && byte(1) >= 0xA0) return nullptr;  // a surrogate
    return p + 3;
  }
  if (left < 4 || !follows(1) || !follows(2) || !follows(3)) return nullptr;
  if (lead == 0xF0 && byte(1) < 0x90) return nullptr;   // could be shorter
  if (lead == 0xF4 && byte(1) >= 0x90) return nullptr;  // past U+10FFFF
  return p + 4;
}

struct Escape {
  char32_t value;
  const char* after;
};

// The value of four hex digits at p; nothing where there are none.
inline std::optional<char32_t> hex4(const char* p, const char* end) {
  if (end - p < 4) return std::nullopt;
  char32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<unsigned>(c - 'A') + 10;
    } else {
      return std::nullopt;
    }
    value = value * 16 + digit;
  }
  return value;
}

// \uXXXX at p (which points at the backslash), with its second half where it is a surrogate.
inline std::optional<Escape> unicode_escape(const char* p, const char* end) {
  const auto first = hex4(p + 2, end);
  if (!first) return std::nullopt;
  if (*first < 0xD800 || *first > 0xDFFF) return Escape{*first, p + 6};
  if (*first > 0xDBFF || end - p < 12 || p[6] != '\\' || p[7] != 'u') return std::nullopt;
  const auto second = hex4(p + 8, end);
  if (!second || *second < 0xDC00 || *second > 0xDFFF) return std::nullopt;
  return Escape{0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00), p + 12};
}

// What the escape at p (which points at the backslash) stands for; nothing where it is none.
inline std::optional<Escape> read_escape(const char* p, const char* end) {
  if (end - p < 2) return std::nullopt;
  switch (p[1]) {
    case '"':
      return Escape{'"', p + 2};
    case '\\':
      return Escape{'\\', p + 2};
    case '/':
      return Escape{'/', p + 2};
    case 'b':
      return Escape{'\b', p + 2};
    case 'f':
      return Escape{'\f', p + 2};
    case 'n':
      return Escape{'\n', p + 2};
    case 'r':
      return Escape{'\r', p + 2};
    case 't':
      return Escape{'\t', p + 2};
    case 'u':
      return unicode_escape(p, end);
    default:
      return std::nullopt;
  }
}

// What stands between the quotes, decoded; checked before, so that every escape is one.
void append_decoded(std::string& out, std::string_view inside);

}  // namespace sluice::json::scan
