// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "config/table.h"

namespace sluice::config {

namespace {

std::optional<std::int64_t> integer_in(std::string_view text) {
  std::int64_t out = 0;
  const char* end = text.data() + text.size();
  const auto [at, status] = std::from_chars(text.data(), end, out);
  if (status != std::errc{} || at != end) return std::nullopt;
  return out;
}

// Where the user and password of a URL end (at the "@"); npos where it has none.
std::size_t end_of_user(std::string_view url) {
  const auto scheme = url.find("://");
  const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto path = url.find('/', host);
  return url.substr(0, path).rfind('@');
}

std::string without_password(std::string_view url) {
  const auto at = end_of_user(url);
  if (at == std::string_view::npos) return printable(url);
  const auto scheme = url.find("://");
  const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
  return printable(cat(url.substr(0, host), "[redacted]", url.substr(at)));
}

// A position in Row::words, which follows the order of the enumeration.
std::size_t word_index(std::string_view name, std::string_view value) {
  const auto words = find_row(name)->words;
  return static_cast<std::size_t>(std::ranges::find(words, value) - words.begin());
}

std::optional<std::string> word_objection(const Row& row, std::string_view text) {
  if (std::ranges::find(row.words, text) != row.words.end()) return std::nullopt;
  const auto meant = closest(text, {row.words.begin(), row.words.end()});
  std::string out = cat("unknown value \"", printable(text, 64), "\"");
  if (!meant.empty()) return out + cat(" (did you mean \"", meant, "\"?)");
  return out + cat(" (one of: ", join({row.words.begin(), row.words.end()}, ", "), ")");
}

}  // namespace

std::optional<std::string> objection(const Row& row, std::string_view text) {
  switch (row.type) {
    case Type::word:
      return word_objection(row, text);
    case Type::integer: {
      const auto number = integer_in(text);
      if (number && *number >= row.least && *number <= row.most) return std::nullopt;
      return cat("expected an integer from ", row.least, " to ", row.most, ", found \"",
                 printable(text, 64), "\"");
    }
    case Type::url: {
      const bool http = text.starts_with("http://") || text.starts_with("https://");
      if (http && text.find_first_of(std::string_view(" \t\r\n\0", 5)) == std::string_view::npos) {
        return std::nullopt;
      }
      return "expected a URL that begins with http:// or https://";  // may hold a password
    }
    case Type::path:
      if (!text.empty() && !text.contains('\0')) return std::nullopt;
      return "expected the path of a file";
  }
  return std::nullopt;
}

Settings::Settings() {
  for (const Row& row : table()) chosen_.push_back({std::string(row.fallback), {}});
}

const Settings::Chosen& Settings::chosen(std::string_view name) const {
  return chosen_[static_cast<std::size_t>(find_row(name) - table().data())];
}

template <>
Setting<Output> Settings::get(Key<Output> key) const {
  const Chosen& from = chosen(key.name);
  return {static_cast<Output>(word_index(key.name, from.value)), from.origin};
}

template <>
Setting<Color> Settings::get(Key<Color> key) const {
  const Chosen& from = chosen(key.name);
  return {static_cast<Color>(word_index(key.name, from.value)), from.origin};
}

template <>
Setting<LogLevel> Settings::get(Key<LogLevel> key) const {
  const Chosen& from = chosen(key.name);
  return {static_cast<LogLevel>(word_index(key.name, from.value)), from.origin};
}

template <>
Setting<LogFormat> Settings::get(Key<LogFormat> key) const {
  const Chosen& from = chosen(key.name);
  return {static_cast<LogFormat>(word_index(key.name, from.value)), from.origin};
}

template <>
Setting<unsigned> Settings::get(Key<unsigned> key) const {
  const Chosen& from = chosen(key.name);
  return {static_cast<unsigned>(integer_in(from.value).value_or(0)), from.origin};
}

template <>
Setting<std::chrono::seconds> Settings::get(Key<std::chrono::seconds> key) const {
  const Chosen& from = chosen(key.name);
  return {std::chrono::seconds(integer_in(from.value).value_or(0)), from.origin};
}

template <>
Setting<std::optional<std::string>> Settings::get(Key<std::optional<std::string>> key) const {
  const Chosen& from = chosen(key.name);
  if (from.value.empty()) return {std::nullopt, from.origin};
  return {from.value, from.origin};
}

template <>
Setting<std::optional<Path>> Settings::get(Key<std::optional<Path>> key) const {
  const Chosen& from = chosen(key.name);
  if (from.value.empty()) return {std::nullopt, from.origin};
  return {Path(from.value), from.origin};
}

std::vector<Shown> Settings::all() const {
  std::vector<Shown> out;
  for (const Row& row : table()) {
    const Chosen& from = chosen(row.name);
    out.push_back({&row,
                   row.type == Type::url ? without_password(from.value) : printable(from.value),
                   from.origin});
  }
  return out;
}

}  // namespace sluice::config
