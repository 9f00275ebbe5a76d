// SPDX-License-Identifier: Apache-2.0
#include "sigstore/pattern.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"

namespace sluice::sigstore {

namespace {

using re2::RE2;
using re2::StringPiece;

// What printable() would have to escape is in no name, so it is never matched either: no pattern
// has to be read twice for what it does with a newline or a NUL.
bool can_be_a_name(std::string_view text) { return printable(text, text.size() + 1) == text; }

bool is_word_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || byte == '_' || byte >= 0x80;
}

Result<void> check_pattern_text(std::string_view text) {
  if (text.empty()) return fail(Errc::usage, "an empty text fits nobody");
  if (text.size() > kPatternMost) {
    return fail(Errc::usage, cat("a text of ", text.size(), " bytes; ", kPatternMost, " at most"));
  }
  if (can_be_a_name(text)) return {};
  return fail(Errc::usage, cat("\"", printable(text, 200),
                               "\" has control characters, or is no UTF-8: no name has that"));
}

std::string re_quoted(std::string_view text) {
  return RE2::QuoteMeta(StringPiece(text.data(), text.size()));
}

Result<std::string> regexp_of_glob(std::string_view glob) {
  std::string out;
  std::string plain;
  bool names = false;
  const auto flush = [&] {
    names = names || std::ranges::any_of(plain, is_word_char);
    out += re_quoted(plain);
    plain.clear();
  };
  for (std::size_t at = 0; at < glob.size(); ++at) {
    const char c = glob[at];
    if (c == '\\') {
      ++at;
      if (at == glob.size() || !std::string_view("*?\\").contains(glob[at])) {
        return fail(Errc::usage, cat("\"", glob, "\": a \\ stands only before one of * ? \\"));
      }
      plain += glob[at];
    } else if (c == '?') {
      flush();
      out += "[^/]";
    } else if (c == '*') {
      flush();
      const std::size_t end = std::min(glob.find_first_not_of('*', at), glob.size());
      out += end - at > 1 ? "(?s:.*)" : "[^/]*";
      at = end - 1;
    } else {
      plain += c;
    }
  }
  flush();
  if (names) return out;
  return fail(Error{Errc::usage,
                    cat("\"", glob, "\" names nothing: it has no letter or digit"),
                    {},
                    "leave it out where everything is allowed"});
}

// Goes through a regular expression that compiles, and finds out whether a letter or digit in it
// stands for itself.
class PlainWord {
 public:
  explicit PlainWord(std::string_view text) : rest_(text) {}
  bool found() {
    while (!rest_.empty()) {
      if (step()) return true;
    }
    return false;
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  void skip_past(std::string_view ends) {
    rest_.remove_prefix(std::min(rest_.find_first_of(ends), rest_.size()));
    if (!rest_.empty()) rest_.remove_prefix(1);
  }

  bool step() {
    const char c = take();
    if (c == '\\') return escape();
    if (c == '[') return skip_class();
    if (c == '(' && rest_.starts_with('?')) {
      skip_past(":)>");  // flags, or a group's name
      return false;
    }
    if (c == '{' && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      skip_past("}");
      return false;
    }
    return is_word_char(c);
  }

  bool escape() {
    if (rest_.empty()) return false;
    const char c = take();
    if (c == 'Q') {
      const auto text = rest_.substr(0, rest_.find("\\E"));
      rest_.remove_prefix(text.size());
      return std::ranges::any_of(text, is_word_char);
    }
    if (c == 'p' || c == 'P') {
      if (rest_.starts_with('{')) {
        skip_past("}");
      } else if (!rest_.empty()) {
        take();
      }
      return false;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return c == 'x' || (!letter && is_word_char(c));  // a character by its number
  }

  bool skip_class() {
    if (rest_.starts_with('^')) take();
    bool first = true;
    while (!rest_.empty()) {
      const char c = take();
      if (c == ']' && !first) break;
      first = false;
      if (c == '\\' && !rest_.empty()) take();
      if (c == '[' && rest_.starts_with(':')) skip_past("]");
    }
    return false;
  }

  std::string_view rest_;
};

// Names that have nothing in common but their kind. An expression that accepts all of one kind
// accepts strangers. Plain small letters, so that a class of "the usual characters" fits them.
struct Strangers {
  std::string_view what;
  std::array<std::string_view, 4> names;
};
constexpr std::array kStrangers{
    Strangers{"e-mail address",
              {"mallory@else.test", "j.q.doe+ci@mail.invalid", "x@y.example", "42@0.org"}},
    Strangers{"workflow on GitHub",
              {"https://github.com/mallory/tool/.github/workflows/zap.yml@refs/heads/main",
               "https://github.com/qv/k-9/.github/workflows/4.yaml@refs/tags/2.0",
               "https://github.com/hj-77/w_w.js/.github/workflows/build.yml@refs/pull/6/merge",
               "https://github.com/x0/fuzz/.github/workflows/ci.yaml@refs/heads/a/b"}},
    Strangers{"pipeline on GitLab",
              {"https://gitlab.com/mallory/tool//.gitlab-ci.yml@refs/heads/main",
               "https://gitlab.com/qv/sub/k-9//ci/4.yml@refs/tags/2.0",
               "https://gitlab.com/hj-77/w_w.js//build.yaml@refs/heads/x",
               "https://gitlab.com/x0/a/b/fuzz//.gitlab-ci.yml@refs/merge-requests/6/head"}},
    Strangers{"URI",
              {"https://else.test/mallory", "https://ci.invalid:8443/qv/k-9@2",
               "https://42.example/a/b/c/d", "https://hj-77.org/~x?y=z"}},
    Strangers{"host name", {"mallory.else.test", "k-9.invalid", "4.2.example", "hj.org"}},
    Strangers{"user name",
              {"mallory!else.test", "q!k-9.invalid", "j.q.doe!4.2.example", "7!hj.org"}},
};
constexpr std::array kStrangeIssuers{
    Strangers{"issuer",
              {"https://else.test/mallory", "https://oidc.invalid:8443/qv", "https://42.example",
               "https://login.hj-77.org/"}},
    Strangers{"known issuer",
              {"https://accounts.google.com", "https://token.actions.githubusercontent.com",
               "https://gitlab.com", "https://oauth2.sigstore.dev/auth"}},
};

std::string accepts_strangers(const Pattern& pattern, About about) {
  if (!PlainWord(pattern.text()).found()) return "no letter or digit in it stands for itself";
  const std::span<const Strangers> kinds =
      about == About::subject ? std::span<const Strangers>(kStrangers) : kStrangeIssuers;
  for (const auto& kind : kinds) {
    if (std::ranges::all_of(kind.names, [&](auto name) { return pattern.matches(name); })) {
      return cat("it accepts every ", kind.what);
    }
  }
  return {};
}

bool ends_with_anchor(std::string_view text) {
  if (!text.ends_with('$')) return false;
  text.remove_suffix(1);
  const auto last = text.find_last_not_of('\\');
  const std::size_t slashes = text.size() - (last == std::string_view::npos ? 0 : last + 1);
  return slashes % 2 == 0;
}

// An expression between two plain texts.
std::string anchored_between(std::string_view before, std::string_view expression,
                             std::string_view after) {
  const bool alone = !expression.contains('|') && !expression.contains("(?");
  if (alone) {
    if (expression.starts_with('^')) expression.remove_prefix(1);
    if (ends_with_anchor(expression)) expression.remove_suffix(1);
  }
  return cat("^", re_quoted(before), alone ? "" : "(?:", expression, alone ? "" : ")",
             re_quoted(after), "$");
}

}  // namespace

struct Pattern::Compiled {
  explicit Compiled(const std::string& expression) : re(expression, options()) {}
  static RE2::Options options() {
    RE2::Options out;
    out.set_max_mem(kPatternMemory);
    out.set_log_errors(false);
    return out;
  }
  RE2 re;
};

Result<std::shared_ptr<const Pattern::Compiled>> Pattern::compile(const std::string& expression) {
  auto compiled = std::make_shared<const Compiled>(expression);
  if (compiled->re.ok()) return compiled;
  return fail(Errc::usage, cat("\"", printable(expression, 200),
                               "\" is no RE2 expression: ", printable(compiled->re.error(), 200)));
}

Result<Pattern> Pattern::exact(std::string text) {
  SLUICE_CHECK(check_pattern_text(text));
  return Pattern(Kind::exact, std::move(text), nullptr);
}

Result<Pattern> Pattern::glob(std::string text) {
  SLUICE_CHECK(check_pattern_text(text));
  SLUICE_TRY(const auto expression, regexp_of_glob(text));
  SLUICE_TRY(auto compiled, compile(expression));
  return Pattern(Kind::glob, std::move(text), std::move(compiled));
}

Result<Pattern> Pattern::regexp(std::string text, About about, Compat compat) {
  SLUICE_CHECK(check_pattern_text(text));
  SLUICE_TRY(auto compiled, compile(text));
  Pattern out(Kind::regexp, std::move(text), std::move(compiled));
  const std::string why = accepts_strangers(out, about);
  if (why.empty()) return out;
  const std::string_view whom = about == About::subject ? "anybody" : "any issuer";
  out.warning_ = cat("the expression ", shell_word(out.text_), " fits ", whom, ": ", why);
  if (compat == Compat::cosign) return out;
  return fail(Error{Errc::usage,
                    out.warning_,
                    {},
                    about == About::subject
                        ? "name who may have signed: the domain, or the owner and repository"
                        : "name the issuer, say https://token.actions.githubusercontent.com"});
}

bool Pattern::matches(std::string_view text) const {
  if (kind_ == Kind::exact) return text == text_;
  if (text.size() > kMatchedMost || !can_be_a_name(text)) return false;
  return RE2::FullMatch(StringPiece(text.data(), text.size()), compiled_->re);
}

std::optional<std::string> Pattern::anchored_for(std::string_view text) const {
  if (kind_ != Kind::regexp || text.size() > kMatchedMost || !can_be_a_name(text))
    return std::nullopt;
  const StringPiece whole(text.data(), text.size());
  StringPiece found;
  if (RE2::FullMatch(whole, compiled_->re) ||
      !compiled_->re.Match(whole, 0, whole.size(), RE2::UNANCHORED, &found, 1)) {
    return std::nullopt;
  }
  const auto from = static_cast<std::size_t>(found.data() - whole.data());
  std::string kept =
      anchored_between(text.substr(0, from), text_, text.substr(from + found.size()));
  // Flags and quotes of the old expression can reach beyond it. Then the text itself has to do.
  if (const auto compiled = compile(kept);
      compiled && kept.size() <= kPatternMost && RE2::FullMatch(whole, (*compiled)->re)) {
    return kept;
  }
  std::string whole_text = cat("^", re_quoted(text), "$");
  if (whole_text.size() > kPatternMost) return std::nullopt;
  return whole_text;
}

std::string glob_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain = "_@%+=:,./-";
  const bool plain = !text.empty() && std::ranges::all_of(text, [&](char c) {
    return kPlain.contains(c) || (is_word_char(c) && static_cast<unsigned char>(c) < 0x80);
  });
  if (plain) return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += R"('\'')";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace sluice::sigstore
