// SPDX-License-Identifier: Apache-2.0
#include "intoto/rule.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::intoto {

namespace {

constexpr std::size_t kRuleWordMost = 4096;
constexpr std::size_t kParameterMost = 256;  // bytes of a value
constexpr std::size_t kSimpleWords = 2;

struct KindWord {
  std::string_view word;
  RuleKind kind;
};
constexpr std::array kKindWords{
    KindWord{"MATCH", RuleKind::match},     KindWord{"CREATE", RuleKind::create},
    KindWord{"DELETE", RuleKind::remove},   KindWord{"MODIFY", RuleKind::modify},
    KindWord{"ALLOW", RuleKind::allow},     KindWord{"DISALLOW", RuleKind::disallow},
    KindWord{"REQUIRE", RuleKind::require},
};

bool is_word(std::string_view text, std::string_view keyword) {
  return text.size() == keyword.size() && lower_ascii(text) == lower_ascii(keyword);
}

bool is_parameter_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

// A brace alone in a class, [{] or [}], stands for itself.
bool stands_for_itself(std::string_view text, std::size_t at) {
  return at > 0 && at + 1 < text.size() && text[at - 1] == '[' && text[at + 1] == ']';
}

std::size_t closing_brace(std::string_view text) {
  std::size_t at = text.find('}');
  while (at != std::string_view::npos && stands_for_itself(text, at)) at = text.find('}', at + 1);
  return at;
}

std::size_t opening_brace(std::string_view text, std::size_t before) {
  if (before == std::string_view::npos) return before;
  std::size_t at = text.rfind('{', before);
  while (at != std::string_view::npos && stands_for_itself(text, at)) {
    at = text.rfind('{', at - 1);  // there is a bracket in front of it
  }
  return at;
}

// Calls use(text, is_name) for what stands outside and inside of braces.
template <class Use>
Result<void> each_piece(std::string_view text, const Use& use) {
  while (!text.empty()) {
    const std::size_t close = closing_brace(text);
    const std::size_t open = opening_brace(text, close);
    if (open == std::string_view::npos) {
      const std::size_t end = close == std::string_view::npos ? text.size() : close + 1;
      SLUICE_CHECK(use(text.substr(0, end), false));
      text.remove_prefix(end);
      continue;
    }
    const std::string_view name = text.substr(open + 1, close - open - 1);
    if (!is_parameter_name(name)) {
      return fail(Error{
          Errc::malformed,
          cat("{", printable(name, 60), "} is no parameter: a name has letters, digits, _ and -"),
          {},
          "a brace that stands for itself is [{] in a pattern"});
    }
    SLUICE_CHECK(use(text.substr(0, open), false));
    SLUICE_CHECK(use(name, true));
    text.remove_prefix(close + 1);
  }
  return {};
}

std::unexpected<Error> no_rule(std::string what) { return fail(Errc::malformed, std::move(what)); }

// A prefix or a pattern as written, after its parameters were put in.
Result<void> check_clean(std::string_view what, std::string_view text) {
  if (is_clean_name(text)) return {};
  return no_rule(cat(what, " ", printable(text, 200),
                     " can never apply: artifacts have clean names, without \"./\", \"//\", "
                     "\"a/..\" or a slash at the end"));
}

class RuleReader {
 public:
  RuleReader(const std::vector<std::string>& words, const Parameters& parameters,
             const RuleReading& reading)
      : words_(words), parameters_(parameters), reading_(reading) {}

  Result<Rule> read() {
    if (words_.empty()) return no_rule("a rule without words");
    for (const std::string& word : words_) {
      if (word.size() > kRuleWordMost) return no_rule("a word of a rule is too long");
    }
    const auto* const known = std::ranges::find_if(
        kKindWords, [&](const KindWord& each) { return is_word(words_[0], each.word); });
    if (known == kKindWords.end()) {
      std::vector<std::string_view> all;
      for (const KindWord& each : kKindWords) all.push_back(each.word);
      std::string upper = words_[0];
      for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
      const auto close = closest(upper, all);
      return no_rule(cat("unknown rule \"", printable(words_[0], 40), "\"",
                         close.empty() ? "" : cat(" (did you mean ", close, "?)")));
    }
    if (words_.size() < kSimpleWords) return no_rule(cat(known->word, " needs a pattern"));
    SLUICE_TRY(auto pattern, substitute(words_[1], parameters_));
    if (pattern.empty()) return no_rule(cat(known->word, " has an empty pattern"));
    if (!reading_.unclean_names) SLUICE_CHECK(check_clean("the pattern", pattern));
    SLUICE_TRY(auto glob, glob_of(known->kind, pattern));
    Rule rule{.kind = known->kind, .pattern = std::move(pattern), .glob = std::move(glob)};
    if (rule.kind == RuleKind::match) {
      SLUICE_CHECK(match(rule));
    } else if (words_.size() != kSimpleWords) {
      return no_rule(
          cat(known->word, " takes one pattern, and there are ", words_.size() - 1, " words"));
    }
    return rule;
  }

 private:
  static Result<Glob> glob_of(RuleKind kind, const std::string& pattern) {
    return Glob::parse(kind == RuleKind::require ? glob_literal(pattern) : pattern);
  }

  bool take(std::string_view keyword) {
    if (at_ >= words_.size() || !is_word(words_[at_], keyword)) return false;
    ++at_;
    return true;
  }

  Result<std::string> prefix() {
    if (at_ >= words_.size()) return no_rule("MATCH: IN needs a folder");
    SLUICE_TRY(std::string text, substitute(words_[at_++], parameters_));
    if (text.size() > 1 && text.ends_with('/')) text.pop_back();
    if (!reading_.unclean_names && !text.empty()) SLUICE_CHECK(check_clean("the folder", text));
    return text;
  }

  Result<void> match(Rule& rule) {
    at_ = kSimpleWords;
    if (take("IN")) {
      SLUICE_TRY(rule.in, prefix());
    }
    if (!take("WITH")) return no_rule("MATCH needs WITH MATERIALS or WITH PRODUCTS");
    if (take("MATERIALS")) {
      rule.with = Side::materials;
    } else if (take("PRODUCTS")) {
      rule.with = Side::products;
    } else {
      return no_rule("MATCH compares WITH MATERIALS or WITH PRODUCTS, and with nothing else");
    }
    if (take("IN")) {
      SLUICE_TRY(rule.with_in, prefix());
    }
    if (!take("FROM") || at_ >= words_.size()) return no_rule("MATCH needs FROM and a step's name");
    SLUICE_TRY(rule.from, substitute(words_[at_++], parameters_));
    if (rule.from.empty()) return no_rule("MATCH ... FROM names no step");
    if (at_ != words_.size()) {
      return no_rule(cat("MATCH has words behind its step: ", printable(words_[at_], 60)));
    }
    return {};
  }

  const std::vector<std::string>& words_;
  const Parameters& parameters_;
  const RuleReading& reading_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view name(RuleKind kind) { return kKindWords[static_cast<std::size_t>(kind)].word; }

std::string_view name(Side side) { return side == Side::materials ? "materials" : "products"; }

std::vector<std::string> Rule::words() const {
  std::vector<std::string> out{std::string(name(kind)), pattern};
  if (kind != RuleKind::match) return out;
  const auto folder = [&out](const std::string& prefix) {
    if (prefix.empty()) return;
    out.emplace_back("IN");
    out.push_back(prefix);
  };
  folder(in);
  out.emplace_back("WITH");
  out.emplace_back(with == Side::materials ? "MATERIALS" : "PRODUCTS");
  folder(with_in);
  out.emplace_back("FROM");
  out.push_back(from);
  return out;
}

std::string Rule::text() const { return join(words(), " "); }

Result<Rule> parse_rule(const std::vector<std::string>& words, const Parameters& parameters,
                        const RuleReading& reading) {
  return RuleReader(words, parameters, reading).read();
}

Result<std::string> substitute(std::string_view text, const Parameters& parameters) {
  std::string out;
  const auto append = [&](std::string_view piece, bool is_name) -> Result<void> {
    if (!is_name) {
      out += piece;
      return {};
    }
    const auto value = parameters.find(piece);
    if (value == parameters.end()) {
      return fail(Error{Errc::usage,
                        cat("the parameter ", piece, " has no value"),
                        {},
                        cat("--parameter ", piece, "=VALUE")});
    }
    SLUICE_CHECK(check_parameter(piece, value->second));
    out += value->second;
    return {};
  };
  SLUICE_CHECK(each_piece(text, append));
  return out;
}

Result<std::string> substitute_known(std::string_view text, const Parameters& parameters) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    const auto value = parameters.find(text.substr(open + 1, close - open - 1));
    if (value == parameters.end()) {
      out += text.substr(0, open + 1);
      text.remove_prefix(open + 1);
      continue;
    }
    SLUICE_CHECK(check_parameter(value->first, value->second));
    out += text.substr(0, open);
    out += value->second;
    text.remove_prefix(close + 1);
  }
  out += text;
  return out;
}

Result<std::vector<std::string>> parameters_in(std::string_view text) {
  std::vector<std::string> out;
  const auto collect = [&](std::string_view piece, bool is_name) -> Result<void> {
    if (is_name) out.emplace_back(piece);
    return {};
  };
  SLUICE_CHECK(each_piece(text, collect));
  return out;
}

Result<void> check_parameter(std::string_view name, std::string_view value) {
  const auto refuse = [&](std::string_view why) -> Result<void> {
    return fail(Errc::usage, cat("the parameter ", printable(name, 60), " ", why));
  };
  if (!is_parameter_name(name)) return refuse("has no good name: letters, digits, _ and -");
  if (value.empty()) return refuse("is empty");
  if (value.size() > kParameterMost) return refuse("is too long");
  if (!is_utf8(value) || printable(value) != value) return refuse("has control characters");
  if (value.find_first_of("*?[]{}") != std::string_view::npos) {
    return refuse("has one of * ? [ ] { } in its value: it would make a rule wider than it reads");
  }
  if (value.find_first_of(" $`&;|<>()'\"\\#!~") != std::string_view::npos) {
    return refuse("has a blank or a character in its value that shells give a meaning to");
  }
  // A part that is ".." would lead a rule out of the folder that it names.
  if (!is_clean_name(value) || value.starts_with("../") || value == "..") {
    return refuse("is a path that leads elsewhere");
  }
  return {};
}

bool is_clean_name(std::string_view name) {
  if (name.empty()) return false;
  if (name == "/") return true;
  bool only_up = name.front() != '/';  // so far
  if (!only_up) name.remove_prefix(1);
  for (const auto part : split(name, '/')) {
    if (part.empty() || part == ".") return false;
    if (part == "..") {
      if (!only_up) return false;
    } else {
      only_up = false;
    }
  }
  return true;
}

}  // namespace sluice::intoto
