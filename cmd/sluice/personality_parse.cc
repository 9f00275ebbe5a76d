// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "personality.h"

namespace sluice::cli {

namespace {

constexpr std::string_view kDuration = "DURATION";
constexpr double kSecondsMost = 3600;  // as the setting net.timeout_seconds has it

struct DurationUnit {
  std::string_view name;
  double seconds;
};
constexpr std::array kDurationUnits{DurationUnit{"ns", 1e-9}, DurationUnit{"us", 1e-6},
                                    DurationUnit{"µs", 1e-6}, DurationUnit{"ms", 1e-3},
                                    DurationUnit{"s", 1},     DurationUnit{"m", 60},
                                    DurationUnit{"h", 3600}};

// "3m0s", "1.5h": whole seconds, at least one.
std::optional<std::string> seconds_of(std::string_view text) {
  double total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    double number = 0;
    const auto [end, status] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (status != std::errc{} || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::size_t letters = std::min(text.find_first_of("0123456789."), text.size());
    const auto* const unit =
        std::ranges::find(kDurationUnits, text.substr(0, letters), &DurationUnit::name);
    if (unit == kDurationUnits.end()) return std::nullopt;
    total += number * unit->seconds;
    text.remove_prefix(letters);
  }
  if (!(total > 0)) return std::nullopt;
  return cat(static_cast<int>(std::ceil(std::min(total, kSecondsMost))));
}

std::optional<bool> bool_of(std::string_view text) {
  constexpr std::array kTrue{"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array kFalse{"0", "f", "F", "FALSE", "false", "False"};
  if (std::ranges::find(kTrue, text) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, text) != kFalse.end()) return false;
  return std::nullopt;
}

std::string variable_of(std::string_view prefix, const Option& option) {
  std::string out(prefix);
  for (const char c : std::string_view(option.name).substr(2)) {
    out += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return out;
}

}  // namespace

class PersonalityParser {
 public:
  PersonalityParser(const Personality& who, const World& world, const Command& command,
                    const std::vector<std::string>& words)
      : who_(who), world_(world), command_(command), words_(words), options_(command.options) {
    for (Option& option : who.common()) options_.push_back(std::move(option));
  }

  Result<Arguments> run() {
    bool flags_end = false;
    while (next_ < words_.size()) {
      const std::string& word = words_[next_++];
      if (!flags_end && word == "--") {
        flags_end = true;
      } else if (!flags_end && word.size() > 1 && word[0] == '-') {
        SLUICE_CHECK(flag(word));
      } else {
        out_.positionals_.push_back(word);
      }
    }
    if (out_.has("--help")) return std::move(out_);
    for (const Option& option : options_) SLUICE_CHECK(fill(option));
    SLUICE_CHECK(check_positionals());
    return std::move(out_);
  }

 private:
  std::unexpected<Error> misuse(std::string what) const {
    return fail(Error{Errc::usage,
                      std::move(what),
                      {},
                      cat(who_.name, " ", command_.name(), " --help lists what is covered")});
  }

  const Option* find_flag(std::string_view word) const {
    const bool one_letter = word.size() == 2 || (word.size() == 3 && word.starts_with("--"));
    if (one_letter) {
      const auto at = std::ranges::find(options_, word.back(), &Option::letter);
      return at == options_.end() ? nullptr : &*at;
    }
    const std::string name = cat(word.starts_with("--") ? "" : "-", word);
    const auto at = std::ranges::find(options_, who_.canonical(name), &Option::name);
    return at == options_.end() ? nullptr : &*at;
  }

  Result<void> flag(const std::string& word) {
    const std::size_t equals = word.find('=');
    const Option* known = find_flag(std::string_view(word).substr(0, equals));
    if (known == nullptr) {
      return misuse(cat("unknown flag: ", printable(word.substr(0, equals), 60), ", which ",
                        who_.follows, " does not have either"));
    }
    std::string value = "true";
    if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (!known->value.empty()) {
      if (next_ >= words_.size()) {
        return misuse(cat("flag needs an argument: ", known->name, " ", known->value));
      }
      value = words_[next_++];
    }
    return take(*known, std::move(value), known->name.str());
  }

  Result<void> take(const Option& option, std::string value, const std::string& given_as) {
    std::optional<bool> on;
    if (option.value.empty()) {
      on = bool_of(value);
      if (!on)
        return misuse(cat(given_as, " is true or false, not \"", printable(value, 40), "\""));
    }
    if (!option.not_covered.empty()) {
      if (on == false) return {};  // as if it had not been given
      return misuse(cat("sluice, called as ", who_.name, ", does not cover ", given_as, " of ",
                        command_.name(), ": ", option.not_covered));
    }
    auto& values = out_.values_[option.name.str()];
    if (on) {
      values = {*on ? "true" : "false"};
      return {};
    }
    if (value.empty()) return misuse(cat(given_as, " is empty"));
    if (option.value == kDuration) {
      const auto seconds = seconds_of(value);
      if (!seconds) {
        return misuse(
            cat(given_as, " wants a duration as 3m0s, not \"", printable(value, 40), "\""));
      }
      value = *seconds;
    }
    const auto& choices = option.choices;
    if (!choices.empty() && std::ranges::find(choices, value) == choices.end()) {
      return misuse(cat(given_as, " is one of ", join(choices, ", "), ", not \"",
                        printable(value, 60), "\""));
    }
    if (!option.repeated) values.clear();
    values.push_back(std::move(value));
    return {};
  }

  // What was not given: from the environment, else what counts by default. What is off is as if it
  // had never been there.
  Result<void> fill(const Option& option) {
    const std::string_view prefix = who_.variables(command_);
    if (!out_.has(option.name) && option.name != "--help" && !prefix.empty()) {
      const std::string variable = variable_of(prefix, option);
      if (auto value = world_.environment.get(variable)) {
        SLUICE_CHECK(take(option, *std::move(value), cat(option.name, " (from ", variable, ")")));
      }
    }
    if (!out_.has(option.name) && !option.fallback.empty()) {
      SLUICE_CHECK(take(option, option.fallback.str(), option.name.str()));
    }
    if (option.value.empty() && out_.get(option.name) == "false")
      out_.values_.erase(option.name.str());
    return {};
  }

  Result<void> check_positionals() const {
    const auto& wanted = command_.positionals;
    const auto& given = out_.positionals_;
    const auto needed = static_cast<std::size_t>(
        std::ranges::count_if(wanted, [](const Positional& each) { return each.required; }));
    if (given.size() < needed) {
      return misuse(cat(wanted[given.size()].name, " is needed: ", wanted[given.size()].help));
    }
    const bool many = !wanted.empty() && wanted.back().repeated;
    if (given.size() > wanted.size() && !many) {
      return misuse(cat("one argument too many: \"", printable(given[wanted.size()], 60), "\""));
    }
    return {};
  }

  const Personality& who_;
  const World& world_;
  const Command& command_;
  const std::vector<std::string>& words_;
  std::vector<Option> options_;
  std::size_t next_ = 0;
  Arguments out_;
};

Result<Arguments> parse_as(const Personality& who, const World& world, const Command& command,
                           const std::vector<std::string>& words) {
  return PersonalityParser(who, world, command, words).run();
}

}  // namespace sluice::cli
