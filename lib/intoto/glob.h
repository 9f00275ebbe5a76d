// SPDX-License-Identifier: Apache-2.0
// The patterns of artifact rules, as the reference implementation matches them.
//
// Not the globs of a shell: * and ? also match the slash, a leading dot and a newline; [...] is a
// class of characters, negated by ! and not by ^; a [ that nothing closes and every backslash stand
// for themselves; a range that runs backwards is empty. All of it counts characters (code points),
// never bytes. Case counts, and a pattern matches in full.
//
// Time: linear in the text for every pattern, at most text times pattern. There is no recursion
// and no trying again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::intoto {

inline constexpr std::size_t kGlobMost = 4096;  // bytes of a pattern

class Glob {
 public:
  // Refuses what is longer than kGlobMost and what is no UTF-8.
  [[nodiscard]] static Result<Glob> parse(std::string_view pattern);

  bool matches(std::string_view text) const;
  // Every text that matches begins with it: where the list is sorted, only this part can match.
  const std::string& literal_prefix() const { return prefix_; }
  bool exact() const { return exact_; }  // matches its prefix and nothing else
  bool everything() const;               // is "*"

 private:
  struct Range {
    char32_t first;
    char32_t last;
  };
  struct Atom {
    enum class Kind : std::uint8_t { text, any, set };
    Kind kind;
    bool negated = false;
    std::string text = {};           // of text: at least one character
    std::vector<Range> ranges = {};  // of set
  };
  // What stands between two stars. It matches a fixed number of characters.
  struct Segment {
    std::vector<Atom> atoms;
    std::size_t characters = 0;
    bool plain() const { return atoms.size() == 1 && atoms[0].kind == Atom::Kind::text; }
  };
  friend class GlobParser;

  // Where the segment ends that begins at `from`; npos: it is not there.
  static std::size_t match_at(const Segment& segment, std::string_view text, std::size_t from);
  static std::size_t find(const Segment& segment, std::string_view text, std::size_t from);
  static bool contains(const Atom& set, char32_t character);

  std::string prefix_;
  bool exact_ = false;
  std::vector<Segment> segments_;  // the first at the start, the last at the end; may be empty
};

// The pattern that matches this text alone: [*] for *, and so on.
std::string glob_literal(std::string_view text);
// Are there characters in it that a pattern gives a meaning to?
bool has_glob_characters(std::string_view text);

}  // namespace sluice::intoto
