// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.h"
#include "in_toto.h"

namespace sluice::cli {

class ArgparseParser {
 public:
  ArgparseParser(const InTotoProgram& program, const Command& command,
                 const std::vector<std::string>& words)
      : program_(program), command_(command), words_(words) {}

  Result<Arguments> run() {
    while (next_ < words_.size()) {
      const std::string& word = words_[next_++];
      if (word == "--") {
        for (; next_ < words_.size(); ++next_) out_.positionals_.push_back(words_[next_]);
      } else if (is_option(word)) {
        SLUICE_CHECK(option(word));
      } else {
        out_.positionals_.push_back(word);
      }
    }
    if (!out_.has("--help") && !out_.has("--version")) SLUICE_CHECK(check_complete());
    return std::move(out_);
  }

 private:
  std::unexpected<Error> misuse(std::string what) const {
    const std::string words = command_.words.empty() ? "" : cat(" ", command_.name());
    return fail(Error{Errc::usage, std::move(what), {}, cat(program_.name, words, " --help")});
  }

  static bool is_option(const std::string& word) {
    if (word.size() < 2 || word[0] != '-') return false;
    if (word.find(' ') != std::string::npos) return false;
    // A negative number is a value.
    return word.find_first_not_of("0123456789.", 1) != std::string::npos;
  }

  Result<const Option*> long_option(std::string_view name) const {
    const Option* found = nullptr;
    for (const Option& each : command_.options) {
      if (each.name == name) return &each;
      if (!each.name.starts_with(name)) continue;
      if (found != nullptr) {
        return misuse(cat(printable(name, 60), " may be ", found->name, " or ", each.name));
      }
      found = &each;
    }
    if (found == nullptr) return misuse(cat("unrecognized arguments: ", printable(name, 60)));
    return found;
  }

  Result<void> option(const std::string& word) {
    if (word.starts_with("--")) {
      const auto equals = word.find('=');
      SLUICE_TRY(const Option* known, long_option(std::string_view(word).substr(0, equals)));
      if (equals == std::string::npos) return take(*known, std::nullopt);
      return take(*known, word.substr(equals + 1));
    }
    // Letters, one after the other; the value of the first that takes one is what is left.
    for (std::size_t i = 1; i < word.size(); ++i) {
      const auto at = std::ranges::find(command_.options, word[i], &Option::letter);
      if (at == command_.options.end()) {
        return misuse(cat("unrecognized arguments: ", printable(word, 60)));
      }
      if (at->value.empty()) {
        SLUICE_CHECK(take(*at, std::nullopt));
        continue;
      }
      const std::string rest = word.substr(i + (i + 1 < word.size() && word[i + 1] == '=' ? 2 : 1));
      return take(*at, rest.empty() ? std::nullopt : std::optional(rest));
    }
    return {};
  }

  bool value_follows() const {
    return next_ < words_.size() && words_[next_] != "--" && !is_option(words_[next_]);
  }

  Result<void> take(const Option& option, std::optional<std::string> given) {
    if (!option.not_covered.empty()) {
      return misuse(cat("sluice, called as ", program_.name, ", does not cover ", option.name, ": ",
                        option.not_covered));
    }
    auto& values = out_.values_[option.name.str()];
    values.clear();
    if (option.value.empty()) {
      if (given) return misuse(cat(option.name, " takes no value"));
      values.emplace_back();
      return {};
    }
    const bool attached = given.has_value();
    if (given) values.push_back(*std::move(given));
    const bool optional = option.value.starts_with('[');
    if (values.empty() && !value_follows()) {
      if (!optional) return misuse(cat("argument ", option.name, ": expected one argument"));
      values.emplace_back();
    }
    if (values.empty()) values.push_back(words_[next_++]);
    while (option.repeated && !attached && value_follows()) values.push_back(words_[next_++]);
    return {};
  }

  Result<void> check_complete() const {
    for (const Option& option : command_.options) {
      if (option.required && !out_.has(option.name)) {
        return misuse(cat("the following arguments are required: ", option.name));
      }
    }
    const auto& wanted = command_.positionals;
    if (!wanted.empty() && wanted[0].required && out_.positionals_.empty()) {
      return misuse(cat("the following arguments are required: ", wanted[0].name));
    }
    const bool open_end = !wanted.empty() && wanted.back().repeated;
    if (out_.positionals_.size() > wanted.size() && !open_end) {
      return misuse(
          cat("unrecognized arguments: ", printable(out_.positionals_[wanted.size()], 60)));
    }
    if (out_.has("--verbose") && out_.has("--quiet")) {
      return misuse("argument --quiet: not allowed with argument --verbose");
    }
    return {};
  }

  const InTotoProgram& program_;
  const Command& command_;
  const std::vector<std::string>& words_;
  std::size_t next_ = 0;
  Arguments out_;
};

Result<Arguments> parse_argparse(const InTotoProgram& program, const Command& command,
                                 const std::vector<std::string>& words) {
  return ArgparseParser(program, command, words).run();
}

}  // namespace sluice::cli
