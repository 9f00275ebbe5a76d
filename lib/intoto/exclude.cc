// SPDX-License-Identifier: Apache-2.0
#include "intoto/exclude.h"

#include <algorithm>
#include <optional>
#include <ranges>

#include "base/text.h"

namespace sluice::intoto {

namespace {

constexpr std::size_t kPatternSize = 4096;
constexpr std::string_view kAnyFolders = "**";

// A class such as [a-z] or [!0-9] at the front of the pattern: whether c is in it, and what follows
// it. Nothing where the bracket is never closed: then it stands for itself.
struct ClassMatch {
  bool in = false;
  std::string_view rest;
};
std::optional<ClassMatch> match_class(std::string_view pattern, char c) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool in = false;
  for (bool first = true; i < pattern.size(); first = false) {
    if (pattern[i] == ']' && !first) return ClassMatch{in != negated, pattern.substr(i + 1)};
    char low = pattern[i];
    if (low == '\\' && i + 1 < pattern.size()) low = pattern[++i];
    ++i;
    char high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      high = pattern[i + 1];
      i += 2;
    }
    const auto byte = [](char x) { return static_cast<unsigned char>(x); };
    in = in || (byte(c) >= byte(low) && byte(c) <= byte(high));
  }
  return std::nullopt;
}

// One step: whether the front of the pattern, which is no star, takes the character c.
std::optional<std::string_view> take_one(std::string_view pattern, char c) {
  if (pattern.empty()) return std::nullopt;
  if (pattern[0] == '?') return pattern.substr(1);
  if (pattern[0] == '[') {
    if (const auto in = match_class(pattern, c)) {
      return in->in ? std::optional(in->rest) : std::nullopt;
    }
  }
  if (pattern[0] == '\\' && pattern.size() > 1) {
    return pattern[1] == c ? std::optional(pattern.substr(2)) : std::nullopt;
  }
  return pattern[0] == c ? std::optional(pattern.substr(1)) : std::nullopt;
}

// A name against a part of a pattern: only the last star is ever gone back to.
bool name_matches(std::string_view pattern, std::string_view name) {
  std::optional<std::string_view> after_star;
  std::string_view behind;  // what of the name comes after that star so far
  for (;;) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      after_star = pattern;
      behind = name;
      continue;
    }
    if (name.empty() && pattern.empty()) return true;
    const auto rest = name.empty() ? std::nullopt : take_one(pattern, name[0]);
    if (rest) {
      pattern = *rest;
      name.remove_prefix(1);
      continue;
    }
    if (!after_star || behind.empty()) return false;
    behind.remove_prefix(1);
    name = behind;
    pattern = *after_star;
  }
}

// The same again, with folders' names for characters and "**" for the star.
bool parts_match(const std::vector<std::string>& parts, std::string_view path) {
  const auto names = split(path, '/');
  std::size_t part = 0;
  std::size_t name = 0;
  std::optional<std::size_t> after_star;
  std::size_t behind = 0;
  for (;;) {
    if (part < parts.size() && parts[part] == kAnyFolders) {
      // At the end it stands for something at least.
      if (part + 1 == parts.size()) return name < names.size();
      after_star = ++part;
      behind = name;
      continue;
    }
    if (part == parts.size() && name == names.size()) return true;
    if (part < parts.size() && name < names.size() && name_matches(parts[part], names[name])) {
      ++part;
      ++name;
      continue;
    }
    if (!after_star || behind >= names.size()) return false;
    name = ++behind;
    part = *after_star;
  }
}

bool is_plain(std::string_view text) {
  return text.find_first_of("*?[\\") == std::string_view::npos;
}

}  // namespace

Result<Excludes> Excludes::of(const std::vector<std::string>& patterns) {
  Excludes out;
  for (const std::string& text : patterns) {
    const auto refuse = [&](std::string_view why) {
      return fail(Errc::usage, cat("the pattern \"", printable(text, 100), "\" ", why));
    };
    std::string_view rest = text;
    Pattern pattern;
    if (rest.starts_with('!')) {
      pattern.negated = true;
      rest.remove_prefix(1);
    }
    if (rest.size() > 1 && rest.ends_with('/')) {
      pattern.folders_only = true;
      rest.remove_suffix(1);
    }
    if (rest.empty() || rest == "/") return refuse("names nothing");
    if (rest.size() > kPatternSize) return refuse("is too long");
    std::size_t slashes = 0;
    while (slashes < rest.size() && rest[rest.size() - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 1) return refuse("ends in a lone backslash");
    pattern.anywhere = rest.find('/') == std::string_view::npos;
    if (rest.starts_with('/')) rest.remove_prefix(1);
    for (const auto part : split(rest, '/')) {
      // Two such one after the other are one.
      const bool again = !pattern.parts.empty() && pattern.parts.back() == kAnyFolders;
      if (!part.empty() && !(again && part == kAnyFolders)) pattern.parts.emplace_back(part);
    }
    if (pattern.parts.empty()) return refuse("names nothing");
    if (pattern.anywhere && pattern.parts[0] == kAnyFolders) pattern.parts[0] = "*";
    const std::string_view first = pattern.parts[0];
    if (pattern.anywhere && first.starts_with('*') && is_plain(first.substr(1))) {
      pattern.suffix = std::string(first.substr(1));
    }
    pattern.plain = is_plain(first);
    out.patterns_.push_back(std::move(pattern));
  }
  return out;
}

bool Excludes::matches(const Pattern& pattern, std::string_view path) const {
  if (!pattern.anywhere) return parts_match(pattern.parts, path);
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (!pattern.suffix.empty()) return name.ends_with(pattern.suffix);
  return pattern.plain ? name == pattern.parts[0] : name_matches(pattern.parts[0], name);
}

bool Excludes::match(std::string_view path, bool folder) const {
  for (const Pattern& each : std::views::reverse(patterns_)) {
    if (each.folders_only && !folder) continue;
    if (matches(each, path)) return !each.negated;
  }
  return false;
}

bool Excludes::match_with_folders(std::string_view path, bool folder) const {
  for (std::size_t at = path.find('/'); at != std::string_view::npos; at = path.find('/', at + 1)) {
    if (at > 0 && match(path.substr(0, at), true)) return true;
  }
  return match(path, folder);
}

}  // namespace sluice::intoto
