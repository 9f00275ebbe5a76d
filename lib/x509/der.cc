// SPDX-License-Identifier: Apache-2.0
#include "x509/der.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/codec.h"
#include "base/text.h"
#include "x509/oid.h"

namespace sluice::x509 {

namespace {

constexpr std::size_t kOidMost = 64;

std::string tag_text(std::uint8_t tag) { return cat("0x", to_hex(Bytes{tag})); }

// The two digits at `at`, or nothing.
std::optional<unsigned> two_digits(std::string_view text, std::size_t at) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (at + 2 > text.size() || !digit(at) || !digit(at + 1)) return std::nullopt;
  return static_cast<unsigned>((text[at] - '0') * 10 + (text[at + 1] - '0'));
}

std::unexpected<Error> bad_time(std::string_view text) {
  return fail(Errc::malformed, cat("\"", printable(text, 40), "\" is no time in DER"));
}

// "MMDDHHMMSS" of that year.
Result<Time> time_of(unsigned year, std::string_view text) {
  std::array<unsigned, 5> part{};
  for (std::size_t i = 0; i < part.size(); ++i) {
    const auto value = two_digits(text, 2 * i);
    if (!value) return bad_time(text);
    part.at(i) = *value;
  }
  const auto [month, day, hour, minute, second] = part;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return bad_time(text);
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

Result<Time> generalized_time(std::string_view text) {
  const auto century = two_digits(text, 0);
  const auto year = two_digits(text, 2);
  if (!century || !year) return bad_time(text);
  return time_of(*century * 100 + *year, text.substr(4));
}

}  // namespace

Result<DerElement> DerReader::any() {
  Reader in(rest_);
  SLUICE_TRY(const ByteView start, in.take(2));
  const std::uint8_t tag = start[0];
  if ((tag & 0x1fU) == 0x1fU) return fail(Errc::malformed, "a tag number above 30");
  std::size_t size = start[1];
  if (size >= 0x80) {
    const std::size_t width = size & 0x7fU;
    if (width == 0 || width > 4) {
      return fail(Errc::malformed, width == 0 ? "an indefinite length" : "an impossible length");
    }
    SLUICE_TRY(const std::uint64_t length, in.big_endian(width));
    if (length < 0x80 || (length >> (8 * (width - 1))) == 0) {
      return fail(Errc::malformed, "a length that is not minimal");
    }
    size = static_cast<std::size_t>(length);
  }
  SLUICE_TRY(const ByteView content, in.take(size));
  const ByteView whole = rest_.first(rest_.size() - in.left());
  rest_ = rest_.subspan(whole.size());
  return DerElement{tag, content, whole};
}

Result<DerElement> DerReader::element(std::uint8_t tag) {
  if (rest_.empty()) {
    return fail(Errc::malformed, cat("the end, where the tag ", tag_text(tag), " is due"));
  }
  if (rest_.front() != tag) {
    return fail(Errc::malformed,
                cat("the tag ", tag_text(rest_.front()), ", where ", tag_text(tag), " is due"));
  }
  return any();
}

Result<ByteView> DerReader::content(std::uint8_t tag) {
  SLUICE_TRY(const DerElement found, element(tag));
  return found.content;
}

Result<DerReader> DerReader::enter(std::uint8_t tag) {
  SLUICE_TRY(const ByteView inside, content(tag));
  return DerReader(inside);
}

Result<void> DerReader::finish() const {
  if (rest_.empty()) return {};
  return fail(Errc::malformed, cat(rest_.size(), " bytes more than belong there"));
}

Result<ByteView> DerReader::oid() {
  SLUICE_TRY(const ByteView id, content(tag::kOid));
  bool starts = true;
  for (const std::uint8_t byte : id) {
    if (starts && byte == 0x80) return fail(Errc::malformed, "an identifier that is not minimal");
    starts = byte < 0x80;
  }
  if (id.empty() || !starts) return fail(Errc::malformed, "an identifier that ends early");
  if (id.size() > kOidMost) return fail(Errc::limit, "an object identifier that is too long");
  return id;
}

Result<ByteView> DerReader::integer(std::uint8_t tag) {
  SLUICE_TRY(const ByteView value, content(tag));
  if (value.empty()) return fail(Errc::malformed, "an integer without bytes");
  const auto repeats_sign = [&] {
    return (value[0] == 0x00 && value[1] < 0x80) || (value[0] == 0xff && value[1] >= 0x80);
  };
  if (value.size() > 1 && repeats_sign()) {
    return fail(Errc::malformed, "an integer that is not minimal");
  }
  return value;
}

Result<std::uint64_t> DerReader::number(std::uint64_t most, std::uint8_t tag) {
  SLUICE_TRY(const ByteView value, integer(tag));
  if (value[0] >= 0x80) return fail(Errc::malformed, "a negative number");
  if (value.size() > 9) return fail(Errc::limit, "a number that is too large");
  std::uint64_t out = 0;
  for (const std::uint8_t byte : value) out = (out << 8) | byte;
  if ((value.size() == 9 && value[0] != 0) || out > most) {
    return fail(Errc::limit, cat("a number above ", most));
  }
  return out;
}

Result<bool> DerReader::boolean() {
  SLUICE_TRY(const ByteView value, content(tag::kBoolean));
  if (value.size() != 1 || (value[0] != 0 && value[0] != 0xff)) {
    return fail(Errc::malformed, "a boolean that is neither");
  }
  return value[0] != 0;
}

Result<ByteView> DerReader::octet_bits() {
  SLUICE_TRY(const ByteView value, content(tag::kBitString));
  if (value.empty() || value[0] != 0) {
    return fail(Errc::malformed, "a bit string that is not whole bytes");
  }
  return value.subspan(1);
}

Result<std::uint16_t> DerReader::named_bits() {
  SLUICE_TRY(const ByteView value, content(tag::kBitString));
  if (value.empty() || value.size() > 3 || value[0] > 7) {
    return fail(Errc::malformed, "named bits that are none");
  }
  if (value.size() == 1) {
    if (value[0] != 0) return fail(Errc::malformed, "unused bits of nothing");
    return std::uint16_t{0};
  }
  // DER: trailing zero bits are not written, and the unused ones are zero.
  const unsigned lowest = 1U << value[0];
  if ((value.back() & lowest) == 0 || (value.back() & (lowest - 1U)) != 0) {
    return fail(Errc::malformed, "named bits with zeros behind them");
  }
  const unsigned second = value.size() == 3 ? value[2] : 0U;
  return static_cast<std::uint16_t>((unsigned{value[1]} << 8) | second);
}

Result<Time> DerReader::time() {
  const bool utc = at(tag::kUtcTime);
  SLUICE_TRY(const ByteView raw, content(utc ? tag::kUtcTime : tag::kGeneralizedTime));
  const std::string_view text = text_of(raw);
  if (text.size() != (utc ? 13U : 15U) || text.back() != 'Z') return bad_time(text);
  if (!utc) return generalized_time(text);
  const auto year = two_digits(text, 0);
  if (!year) return bad_time(text);
  return time_of(*year < 50 ? 2000 + *year : 1900 + *year, text.substr(2));
}

Result<Time> DerReader::precise_time() {
  SLUICE_TRY(const ByteView raw, content(tag::kGeneralizedTime));
  const std::string_view text = text_of(raw);
  if (text.size() < 15 || text.size() > 32 || text.back() != 'Z') return bad_time(text);
  const std::string_view fraction = text.substr(14, text.size() - 15);
  const bool digits =
      std::ranges::all_of(fraction.substr(std::min<std::size_t>(1, fraction.size())),
                          [](char c) { return c >= '0' && c <= '9'; });
  if (!fraction.empty() &&
      (fraction.size() == 1 || fraction[0] != '.' || !digits || fraction.back() == '0')) {
    return bad_time(text);
  }
  return generalized_time(text);
}

Result<DerReader> enter_whole(ByteView in, std::uint8_t tag) {
  DerReader outer(in);
  SLUICE_TRY(const DerReader inner, outer.enter(tag));
  SLUICE_CHECK(outer.finish());
  return inner;
}

Bytes der_header(std::uint8_t tag, std::size_t size) {
  if (size < 0x80) return {tag, static_cast<std::uint8_t>(size)};
  Bytes length;
  for (; size != 0; size >>= 8) length.insert(length.begin(), static_cast<std::uint8_t>(size));
  Bytes out{tag, static_cast<std::uint8_t>(0x80U | length.size())};
  out.insert(out.end(), length.begin(), length.end());
  return out;
}

Bytes der_element(std::uint8_t tag, ByteView content) {
  Bytes out = der_header(tag, content.size());
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

std::string dotted(ByteView oid) {
  std::string out;
  std::uint64_t arc = 0;
  for (const std::uint8_t byte : oid) {
    if (arc >> 57 != 0) return cat(out, ".(too large)");
    arc = (arc << 7) | (byte & 0x7fU);
    if (byte >= 0x80) continue;
    if (out.empty()) {
      const std::uint64_t first = std::min<std::uint64_t>(arc / 40, 2);
      out = cat(first, ".", arc - 40 * first);
    } else {
      out += cat(".", arc);
    }
    arc = 0;
  }
  return out;
}

}  // namespace sluice::x509
