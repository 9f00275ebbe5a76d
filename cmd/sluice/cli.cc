// SPDX-License-Identifier: Apache-2.0
#include "cli.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "base/text.h"

namespace sluice::cli {

namespace {

std::unexpected<Error> misuse(std::string what, std::string hint) {
  return fail(Error{Errc::usage, std::move(what), {}, std::move(hint)});
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const auto best = closest(word, candidates);
  return best.empty() ? std::string() : cat(" (did you mean \"", best, "\"?)");
}

const Option* find_option(const Command& command, std::string_view name) {
  const char letter = name.size() == 2 ? name[1] : '\0';
  for (const auto* list : {&command.options, &common_options()}) {
    for (const auto& option : *list) {
      const bool offered = option.name != "--output" || command.output;
      const bool meant = option.name == name || (letter != '\0' && option.letter == letter);
      if (meant && offered) return &option;
    }
  }
  return nullptr;
}

std::string help_hint(const Command& command) { return cat("sluice ", command.name(), " --help"); }

// Whether both begin with the same `count` words.
bool agree(const std::vector<std::string>& a, const std::vector<std::string>& b,
           std::size_t count) {
  return a.size() >= count && b.size() >= count &&
         std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(count), b.begin());
}

Result<void> check_choice(std::string_view what, const std::string& value,
                          const std::vector<std::string>& choices, const Command& command) {
  if (choices.empty() || std::ranges::find(choices, value) != choices.end()) return {};
  const std::vector<std::string_view> candidates(choices.begin(), choices.end());
  return misuse(cat(what, " is one of ", join(choices, ", "), "; \"", printable(value, 60),
                    "\" is none of them", did_you_mean(value, candidates)),
                help_hint(command));
}

// Each text once: tables are made again and again, and say the same.
std::string_view kept(std::string made) {
  static std::mutex mutex;
  static std::set<std::string> all;
  const std::scoped_lock lock(mutex);
  return *all.insert(std::move(made)).first;
}

}  // namespace

Text::Text(std::string made) : std::string_view(kept(std::move(made))) {}

class Parser {
 public:
  Parser(const Command& command, const std::vector<std::string>& arguments)
      : command_(command), arguments_(arguments) {}

  Result<Arguments> run() {
    bool options_end = false;
    while (next_ < arguments_.size()) {
      const std::string& word = arguments_[next_++];
      if (!options_end && word == "--") {
        options_end = true;
      } else if (!options_end && word.size() > 1 && word[0] == '-') {
        SLUICE_CHECK(option(word));
      } else {
        out_.positionals_.push_back(word);
      }
    }
    if (!out_.has("--help")) SLUICE_CHECK(check_complete());
    return std::move(out_);
  }

 private:
  Result<void> option(const std::string& word) {
    const auto equals = word.find('=');
    const std::string given = word == "-h" ? "--help" : word.substr(0, equals);
    const Option* known = find_option(command_, given);
    if (known == nullptr) return unknown(given);
    const std::string name = known->name.str();
    auto& values = out_.values_[name];
    if (!values.empty() && !known->repeated) {
      return misuse(cat(name, " was given twice"), help_hint(command_));
    }
    if (known->value.empty()) {
      if (equals != std::string::npos)
        return misuse(cat(name, " takes no value"), help_hint(command_));
      values.emplace_back();
      return {};
    }
    if (equals == std::string::npos && next_ >= arguments_.size()) {
      return misuse(cat(name, " needs a value: ", known->value), help_hint(command_));
    }
    std::string value = equals == std::string::npos ? arguments_[next_++] : word.substr(equals + 1);
    SLUICE_CHECK(check_choice(name, value, known->choices, command_));
    values.push_back(std::move(value));
    return {};
  }

  Result<void> unknown(const std::string& name) const {
    std::vector<std::string_view> names;
    for (const auto* list : {&command_.options, &common_options()}) {
      for (const auto& option : *list) names.push_back(option.name);
    }
    return misuse(cat("unknown option ", printable(name, 60), did_you_mean(name, names)),
                  help_hint(command_));
  }

  Result<void> check_complete() const {
    for (const auto& option : command_.options) {
      if (option.required && !out_.has(option.name)) {
        return misuse(cat(option.name, " ", option.value, " is needed: ", option.help),
                      help_hint(command_));
      }
    }
    const auto& given = out_.positionals_;
    const auto& wanted = command_.positionals;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i].required && given.size() <= i) {
        return misuse(cat(wanted[i].name, " is needed: ", wanted[i].help), help_hint(command_));
      }
      if (given.size() > i)
        SLUICE_CHECK(check_choice(wanted[i].name, given[i], wanted[i].choices, command_));
    }
    const bool open_end = !wanted.empty() && wanted.back().repeated;
    if (given.size() > wanted.size() && !open_end) {
      return misuse(cat("one argument too many: \"", printable(given[wanted.size()], 60), "\""),
                    help_hint(command_));
    }
    return {};
  }

  const Command& command_;
  const std::vector<std::string>& arguments_;
  std::size_t next_ = 0;
  Arguments out_;
};

std::optional<std::string> Arguments::get(std::string_view option) const {
  const auto at = values_.find(option);
  if (at == values_.end()) return std::nullopt;
  return at->second.back();
}

std::vector<std::string> Arguments::all(std::string_view option) const {
  const auto at = values_.find(option);
  return at == values_.end() ? std::vector<std::string>{} : at->second;
}

std::vector<Option> options_of(const Command& command) {
  std::vector<Option> all = command.options;
  for (const auto& option : common_options()) {
    const bool own =
        std::ranges::find(command.options, option.name, &Option::name) != command.options.end();
    if (!own && (option.name != "--output" || command.output)) all.push_back(option);
  }
  return all;
}

std::string Command::name() const { return join(words, " "); }

const Group* find_group(std::string_view name) {
  const auto at = std::ranges::find(groups(), name, &Group::name);
  return at == groups().end() ? nullptr : &*at;
}

const Group* group_below(const std::vector<std::string>& words) {
  const Group* group = find_group(words.front());
  if (group == nullptr) return nullptr;
  const bool leads_on = std::ranges::any_of(group->commands(), [&](const Command& command) {
    return command.words.size() > words.size() && agree(command.words, words, words.size());
  });
  return leads_on ? group : nullptr;
}

Result<Found> find_command(const std::vector<std::string>& arguments) {
  const std::string& first = arguments.front();
  const Group* group = find_group(first);
  if (group == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& each : groups()) names.push_back(each.name);
    return misuse(cat("unknown command \"", printable(first, 60), "\"", did_you_mean(first, names)),
                  "sluice --help");
  }
  auto commands = group->commands();
  if (commands.size() == 1 && commands.front().words.size() == 1)
    return Found{std::move(commands.front()), 1};
  // Commands have two words or three ("tuf client init"): go down as far as they agree.
  std::size_t agreed = 1;
  for (;; ++agreed) {
    std::vector<std::string> next;
    for (auto& command : commands) {
      if (!agree(command.words, arguments, agreed)) continue;
      if (command.words.size() == agreed) return Found{std::move(command), agreed};
      if (std::ranges::find(next, command.words[agreed]) == next.end())
        next.push_back(command.words[agreed]);
    }
    const std::string so_far =
        join({arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(agreed)}, " ");
    const std::string help = cat("sluice ", first, " --help");
    if (arguments.size() == agreed)
      return misuse(cat("sluice ", so_far, " needs a ", agreed == 1 ? "second" : "third",
                        " word: ", join(next, ", ")),
                    help);
    if (std::ranges::find(next, arguments[agreed]) != next.end()) continue;
    const std::vector<std::string_view> candidates(next.begin(), next.end());
    return misuse(cat("unknown command \"", so_far, " ", printable(arguments[agreed], 60), "\"",
                      did_you_mean(arguments[agreed], candidates)),
                  help);
  }
}

Result<Arguments> parse(const Command& command, const std::vector<std::string>& arguments) {
  return Parser(command, arguments).run();
}

const std::vector<Option>& common_options() {
  static const std::vector<Option> options = {
      {"--output",
       "FORMAT",
       "how results are written to standard output: text or json",
       {"text", "json"}},
      {"--color", "WHEN", "colour in text: auto, always or never", {"auto", "always", "never"}},
      {"--log-level",
       "LEVEL",
       "least important log lines shown: debug, info, warning or error",
       {"debug", "info", "warning", "error"}},
      {"--log-format", "FORMAT", "log lines on standard error: text or json", {"text", "json"}},
      {"--help", "", "this text"}};
  return options;
}

}  // namespace sluice::cli
