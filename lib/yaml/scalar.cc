// SPDX-License-Identifier: Apache-2.0
#include "yaml/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace sluice::yaml {

namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

std::string_view without_sign(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text;
}

constexpr std::string_view kDigits = "0123456789";

bool is_integer(std::string_view text) {
  if (text.starts_with("0o")) return all_of(text.substr(2), "01234567");
  if (text.starts_with("0x")) return all_of(text.substr(2), "0123456789abcdefABCDEF");
  return all_of(without_sign(text), kDigits);
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_decimal(std::string_view text) {
  text = without_sign(text);
  const auto e = text.find_first_of("eE");
  if (e != std::string_view::npos && !all_of(without_sign(text.substr(e + 1)), kDigits)) {
    return false;
  }
  text = text.substr(0, e);
  const auto point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view part = point == std::string_view::npos ? "" : text.substr(point + 1);
  if (whole.empty()) return all_of(part, kDigits);
  return all_of(whole, kDigits) && (part.empty() || all_of(part, kDigits));
}

bool is_not_finite(std::string_view text) {
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return true;
  return is_one_of(without_sign(text), {".inf", ".Inf", ".INF"});
}

}  // namespace

std::string located(std::string_view file, std::size_t line, std::size_t column,
                    std::string_view what) {
  return cat(printable(file), ":", line, ":", column, ": ", what);
}

std::string described(const Node& node) {
  if (node.kind == Node::Kind::sequence) return "a sequence";
  if (node.kind == Node::Kind::mapping) return "a mapping";
  if (resolve(node) == Scalar::null) return "nothing";
  return cat("\"", printable(node.text, 64), "\"");
}

bool is_ambiguous(std::string_view integer) {
  const std::string_view digits = without_sign(integer);
  return digits.size() > 1 && digits[0] == '0' && kDigits.contains(digits[1]);
}

Scalar resolve(const Node& scalar) {
  const std::string_view text = scalar.text;
  if (scalar.quoted) return Scalar::string;
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return Scalar::null;
  if (is_one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) return Scalar::boolean;
  if (is_integer(text)) return Scalar::integer;
  if (is_decimal(text) || is_not_finite(text)) return Scalar::floating;
  return Scalar::string;
}

std::optional<bool> boolean_of(const Node& scalar) {
  if (scalar.kind != Node::Kind::scalar || resolve(scalar) != Scalar::boolean) return std::nullopt;
  return scalar.text.front() == 't' || scalar.text.front() == 'T';
}

std::optional<std::int64_t> integer_of(const Node& scalar) {
  if (scalar.kind != Node::Kind::scalar || resolve(scalar) != Scalar::integer) return std::nullopt;
  std::string_view text = scalar.text;
  if (is_ambiguous(text)) return std::nullopt;
  int base = 10;
  if (text.starts_with("0x")) base = 16;
  if (text.starts_with("0o")) base = 8;
  if (base != 10) text.remove_prefix(2);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t out = 0;
  const char* end = text.data() + text.size();
  const auto [at, status] = std::from_chars(text.data(), end, out, base);
  if (status != std::errc{} || at != end) return std::nullopt;
  return out;
}

std::optional<double> number_of(const Node& scalar) {
  if (const auto whole = integer_of(scalar)) return static_cast<double>(*whole);
  if (scalar.kind != Node::Kind::scalar || resolve(scalar) != Scalar::floating) return std::nullopt;
  std::string_view text = scalar.text;
  if (text.starts_with('+')) text.remove_prefix(1);
  double out = 0;
  const char* end = text.data() + text.size();
  const auto [at, status] = std::from_chars(text.data(), end, out);
  if (status != std::errc{} || at != end || !std::isfinite(out)) return std::nullopt;
  return out;
}

}  // namespace sluice::yaml
