// SPDX-License-Identifier: Apache-2.0
// A text that another one is compared with: as it is, as a glob, or as a regular expression.
//
// All three match in full and case counts: "https://ci.test/org/app" is not what
// "https://ci.test/org/app-evil" matches. Nothing is decoded or normalised before: %2F is no slash,
// and a slash at the end is a difference. Matching takes time linear in the text (RE2), whatever
// the pattern.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::sigstore {

inline constexpr std::size_t kPatternMost = 1024;        // bytes of a pattern
inline constexpr std::size_t kMatchedMost = 8192;        // a longer text is never matched
inline constexpr std::size_t kPatternMemory = 1U << 20;  // of a compiled one

// What a regular expression is about: which texts one that accepts everything would accept.
enum class About : std::uint8_t { subject, issuer };

// One that accepts everyone is refused; for those who come from cosign it passes with a warning.
enum class Compat : std::uint8_t { none, cosign };

// Immutable, cheap to copy, shared by threads.
class Pattern {
 public:
  enum class Kind : std::uint8_t { exact, glob, regexp };

  // All of these refuse an empty text, one with control characters, one that is no UTF-8, and one
  // that is longer than kPatternMost.
  [[nodiscard]] static Result<Pattern> exact(std::string text);
  // * any characters but /, ** also /, ? one character but /; \ before one of * ? \ makes it plain.
  // Refused (Errc::usage): one without any character that stands for itself.
  [[nodiscard]] static Result<Pattern> glob(std::string text);
  // RE2's syntax; . matches no newline unless (?s) says so. Refused (Errc::usage) in
  // Compat::none, a warning in Compat::cosign, is one that accepts everybody:
  //   - no letter, digit or other word character in it stands for itself (.*, .+, ^.*$, \S+@\S+,
  //     [a-z./:]*), or
  //   - it accepts each of a set of names that have nothing in common: e-mail addresses, workflows
  //     on GitHub, pipelines on GitLab, other URIs, host names, user names; of issuers, all of a
  //     set of those (|.*, x|.*, https?://.*, https://github\.com/.*).
  // That is a net for mistakes: no test tells for each expression whether strangers fit it.
  [[nodiscard]] static Result<Pattern> regexp(std::string text, About about,
                                              Compat compat = Compat::none);

  bool matches(std::string_view text) const;
  Kind kind() const { return kind_; }
  const std::string& text() const { return text_; }
  const std::string& warning() const { return warning_; }  // empty: none

  // For a refusal: the anchored form of this regular expression that accepts the text, where an
  // unanchored match, as other programs make it, would have accepted it. Around the old expression
  // it has what stands around its match, as plain text.
  std::optional<std::string> anchored_for(std::string_view text) const;

 private:
  struct Compiled;  // hides RE2
  [[nodiscard]] static Result<std::shared_ptr<const Compiled>> compile(
      const std::string& expression);
  Pattern(Kind kind, std::string text, std::shared_ptr<const Compiled> compiled)
      : kind_(kind), text_(std::move(text)), compiled_(std::move(compiled)) {}

  Kind kind_;
  std::string text_;
  std::string warning_;
  std::shared_ptr<const Compiled> compiled_;  // none for exact; shared because it never changes
};

// A glob's text that matches this text alone.
std::string glob_escaped(std::string_view text);

// One word for a POSIX shell. Only for text that printable() leaves as it is.
std::string shell_word(std::string_view text);

}  // namespace sluice::sigstore
