// SPDX-License-Identifier: Apache-2.0
// Small text helpers: joining, splitting, and making foreign text safe to show.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sluice {

namespace detail {
void append_integer(std::string& out, long long value);
void append_integer(std::string& out, unsigned long long value);

inline void append_piece(std::string& out, std::string_view piece) { out += piece; }
inline void append_piece(std::string& out, char piece) { out += piece; }
template <class T>
  requires(std::integral<T> && !std::same_as<T, char> && !std::same_as<T, bool>)
void append_piece(std::string& out, T value) {
  if constexpr (std::is_signed_v<T>) {
    append_integer(out, static_cast<long long>(value));
  } else {
    append_integer(out, static_cast<unsigned long long>(value));
  }
}
}  // namespace detail

// cat("read ", 12, " bytes"): strings, characters and integers, one after the other.
template <class... Pieces>
std::string cat(const Pieces&... pieces) {
  std::string out;
  (detail::append_piece(out, pieces), ...);
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);  // ASCII blanks at both ends
std::string lower_ascii(std::string_view text);

bool is_utf8(std::string_view text);  // RFC 3629: no surrogates, no overlong forms

// Foreign text for a terminal, a log line or Markdown: control characters, bidirectional marks, all
// blanks but U+0020, what is drawn as nothing, and bytes that are no UTF-8 come out as \xNN or
// \u{NNNN}; at most max bytes, then an ellipsis.
std::string printable(std::string_view text, std::size_t max = 512);

// The candidate that a typing mistake probably meant, or an empty view.
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);

// 1536 -> "1.5 KiB"
std::string human_bytes(std::uint64_t bytes);

}  // namespace sluice
