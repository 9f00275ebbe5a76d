// SPDX-License-Identifier: Apache-2.0
#include "intoto/glob.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::intoto {

namespace {

constexpr std::string_view kGlobCharacters = "*?[";

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

std::size_t next_character(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && continues(text[at])) ++at;
  return at;
}

// The character at `at`, of text that is UTF-8; a stray byte stands for itself.
char32_t character_at(std::string_view text, std::size_t at) {
  constexpr unsigned kSix = 6;
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80U) return lead;
  const std::size_t end = next_character(text, at);
  const std::size_t length = end - at;
  char32_t out = length == 2 ? lead & 0x1FU : length == 3 ? lead & 0x0FU : lead & 0x07U;
  for (std::size_t i = at + 1; i < end; ++i) {
    out = (out << kSix) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  return out;
}

std::u32string characters_of(std::string_view text) {
  std::u32string out;
  for (std::size_t at = 0; at < text.size(); at = next_character(text, at)) {
    out.push_back(character_at(text, at));
  }
  return out;
}

// The inside of a class, cut at the hyphens that stand for a range. A range that runs backwards
// disappears, with both its ends.
std::vector<std::u32string> pieces_of_class(const std::u32string& inside) {
  std::vector<std::u32string> pieces;
  std::size_t begin = 0;
  std::size_t from = !inside.empty() && inside[0] == U'!' ? 2 : 1;
  for (;;) {
    const std::size_t hyphen = from < inside.size() ? inside.find(U'-', from) : inside.npos;
    if (hyphen == inside.npos) break;
    pieces.push_back(inside.substr(begin, hyphen - begin));
    begin = hyphen + 1;
    from = hyphen + 3;
  }
  if (begin < inside.size() || pieces.empty()) {
    pieces.push_back(inside.substr(begin));
  } else {
    pieces.back().push_back(U'-');
  }
  for (std::size_t i = pieces.size() - 1; i > 0; --i) {
    if (pieces[i - 1].back() <= pieces[i].front()) continue;
    pieces[i - 1] = pieces[i - 1].substr(0, pieces[i - 1].size() - 1) + pieces[i].substr(1);
    pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return pieces;
}

}  // namespace

class GlobParser {
 public:
  explicit GlobParser(std::string_view pattern) : pattern_(pattern) {}

  Glob run() {
    std::size_t at = 0;
    bool star = false;
    while (at < pattern_.size()) {
      const char c = pattern_[at];
      if (c == '*') {
        if (!star) cut();
        star = true;
        ++at;
        continue;
      }
      star = false;
      at = atom(at);
    }
    cut();
    finish();
    return std::move(out_);
  }

 private:
  using Atom = Glob::Atom;

  void cut() {
    out_.segments_.push_back(std::move(now_));
    now_ = {};
  }

  std::size_t atom(std::size_t at) {
    if (pattern_[at] == '?') {
      add({.kind = Atom::Kind::any});
      return at + 1;
    }
    if (pattern_[at] == '[') {
      if (const std::size_t end = end_of_class(at); end != std::string_view::npos) {
        set(pattern_.substr(at + 1, end - at - 1));
        return end + 1;
      }
    }
    const std::size_t end = next_character(pattern_, at);
    text(pattern_.substr(at, end - at));
    return end;
  }

  // Where the bracket is that closes the one at `at`; one that comes first does not.
  std::size_t end_of_class(std::size_t at) const {
    std::size_t from = at + 1;
    if (from < pattern_.size() && pattern_[from] == '!') ++from;
    if (from < pattern_.size() && pattern_[from] == ']') ++from;
    return pattern_.find(']', from);
  }

  void text(std::string_view piece) {
    if (now_.atoms.empty() || now_.atoms.back().kind != Atom::Kind::text) {
      now_.atoms.push_back({.kind = Atom::Kind::text});
    }
    now_.atoms.back().text += piece;
    ++now_.characters;
  }

  void add(Atom one) {
    now_.atoms.push_back(std::move(one));
    ++now_.characters;
  }

  void set(std::string_view inside) {
    auto pieces = pieces_of_class(characters_of(inside));
    Atom one{.kind = Atom::Kind::set};
    if (!pieces.front().empty() && pieces.front().front() == U'!') {
      one.negated = true;
      pieces.front().erase(0, 1);
      // The range that would begin with the mark: its hyphen is left, and stands for itself.
      if (pieces.front().empty() && pieces.size() > 1) {
        pieces.erase(pieces.begin());
        pieces.front().insert(0, 1, U'-');
      }
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const std::u32string& piece = pieces[i];
      const bool ends_range = i > 0;
      // Every piece but the first begins with the end of the range that the one before it began.
      if (ends_range) one.ranges.back().last = piece.front();
      for (std::size_t k = ends_range ? 1 : 0; k < piece.size(); ++k) {
        one.ranges.push_back({piece[k], piece[k]});
      }
    }
    add(std::move(one));
  }

  void finish() {
    const auto& first = out_.segments_.front();
    if (!first.atoms.empty() && first.atoms[0].kind == Atom::Kind::text) {
      out_.prefix_ = first.atoms[0].text;
    }
    out_.exact_ = out_.segments_.size() == 1 && (first.atoms.empty() || first.plain());
  }

  std::string_view pattern_;
  Glob out_;
  Glob::Segment now_;
};

Result<Glob> Glob::parse(std::string_view pattern) {
  if (pattern.size() > kGlobMost) {
    return fail(Errc::limit,
                cat("a pattern of ", pattern.size(), " bytes, the limit is ", kGlobMost));
  }
  if (!is_utf8(pattern)) return fail(Errc::malformed, "a pattern is no UTF-8");
  return GlobParser(pattern).run();
}

bool Glob::everything() const {
  return segments_.size() == 2 && segments_[0].atoms.empty() && segments_[1].atoms.empty();
}

bool Glob::contains(const Atom& set, char32_t character) {
  const bool inside = std::ranges::any_of(set.ranges, [&](const Range& range) {
    return range.first <= character && character <= range.last;
  });
  return inside != set.negated;
}

std::size_t Glob::match_at(const Segment& segment, std::string_view text, std::size_t from) {
  for (const Atom& atom : segment.atoms) {
    if (atom.kind == Atom::Kind::text) {
      if (!text.substr(from).starts_with(atom.text)) return std::string_view::npos;
      from += atom.text.size();
      continue;
    }
    if (from >= text.size()) return std::string_view::npos;
    if (atom.kind == Atom::Kind::set && !contains(atom, character_at(text, from))) {
      return std::string_view::npos;
    }
    from = next_character(text, from);
  }
  return from;
}

std::size_t Glob::find(const Segment& segment, std::string_view text, std::size_t from) {
  if (segment.plain()) {
    const std::string& word = segment.atoms[0].text;
    const std::size_t at = text.find(word, from);
    return at == std::string_view::npos ? at : at + word.size();
  }
  for (;;) {
    if (const std::size_t end = match_at(segment, text, from); end != std::string_view::npos) {
      return end;
    }
    if (from >= text.size()) return std::string_view::npos;
    from = next_character(text, from);
  }
}

bool Glob::matches(std::string_view text) const {
  if (exact_) return text == prefix_;
  std::size_t at = match_at(segments_.front(), text, 0);
  if (at == std::string_view::npos) return false;
  if (segments_.size() == 1) return at == text.size();
  // Each star takes as little as it can: the pieces have a fixed length, so nothing is lost.
  for (std::size_t i = 1; i + 1 < segments_.size(); ++i) {
    at = find(segments_[i], text, at);
    if (at == std::string_view::npos) return false;
  }
  const Segment& last = segments_.back();
  std::size_t begin = text.size();
  for (std::size_t left = last.characters; left > 0; --left) {
    if (begin <= at) return false;
    --begin;
    while (begin > at && continues(text[begin])) --begin;
  }
  return match_at(last, text, begin) == text.size();
}

std::string glob_literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (kGlobCharacters.find(c) == std::string_view::npos) {
      out += c;
    } else {
      out += cat("[", c, "]");
    }
  }
  return out;
}

bool has_glob_characters(std::string_view text) {
  return text.find_first_of(kGlobCharacters) != std::string_view::npos;
}

}  // namespace sluice::intoto
