// SPDX-License-Identifier: Apache-2.0
#include "json/text_out.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "json/scan.h"

namespace sluice::json {

void append_utf8(std::string& out, char32_t value) {
  const auto byte = [&out](char32_t bits) { out += static_cast<char>(bits); };
  if (value < 0x80) {
    byte(value);
  } else if (value < 0x800) {
    byte(0xC0 | (value >> 6));
    byte(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    byte(0xE0 | (value >> 12));
    byte(0x80 | ((value >> 6) & 0x3F));
    byte(0x80 | (value & 0x3F));
  } else {
    byte(0xF0 | (value >> 18));
    byte(0x80 | ((value >> 12) & 0x3F));
    byte(0x80 | ((value >> 6) & 0x3F));
    byte(0x80 | (value & 0x3F));
  }
}

namespace {

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto code = static_cast<unsigned char>(c);  // below 0x20
  out += "\\u00";
  out += kDigits[code >> 4];
  out += kDigits[code & 0xFU];
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  const char* p = text.data();
  const char* end = p + text.size();
  for (;;) {
    const char* special = scan::find_special(p, end);
    out.append(p, special);
    p = special;
    if (p == end) break;
    if (static_cast<unsigned char>(*p) < 0x80) {
      append_escaped(out, *p++);
      continue;
    }
    const char* after = scan::after_sequence(p, end);
    if (after == nullptr) {
      append_utf8(out, 0xFFFD);
      ++p;
    } else {
      out.append(p, after);
      p = after;
    }
  }
  out += '"';
}

std::string ecmascript_number(double value) {
  if (value == 0) return "0";  // -0 as well
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::fabs(value),
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view shortest(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const auto e = shortest.find('e');
  std::string digits(shortest.substr(0, e));
  if (digits.size() > 1) digits.erase(1, 1);  // the point
  const char* exponent = shortest.data() + e + 1;
  if (*exponent == '+') ++exponent;
  int power = 0;
  std::from_chars(exponent, end, power);
  const int count = static_cast<int>(digits.size());
  const int point = power + 1;  // the value is 0.DIGITS times ten to this

  std::string out = value < 0 ? "-" : "";
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out += digits.insert(static_cast<std::size_t>(point), ".");
  } else if (-6 < point && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    if (count > 1) digits.insert(1, ".");
    out += digits;
    out += cat("e", power < 0 ? "-" : "+", power < 0 ? -power : power);
  }
  return out;
}

std::optional<double> nearest_double(std::string_view number) {
  double out = 0;
  const char* end = number.data() + number.size();
  const auto [at, status] = std::from_chars(number.data(), end, out);
  if (status != std::errc{} || at != end) return std::nullopt;
  return out;
}

}  // namespace sluice::json
