// SPDX-License-Identifier: Apache-2.0
#include "personality.h"

#include <algorithm>

#include "base/text.h"
#include "exit.h"
#include "report/report.h"
#include "settings.h"

namespace sluice::cli {

namespace {

// --output-file: what would go to standard output is kept, and written once the command has ended.
class KeepingConsole final : public Console {
 public:
  explicit KeepingConsole(Console& console) : console_(console) {}
  Result<void> print(std::string_view data) override {
    kept_ += data;
    return {};
  }
  void talk(std::string_view text) override { console_.talk(text); }
  bool terminal_out() const override { return false; }
  bool terminal_in() const override { return console_.terminal_in(); }
  Result<SecretBytes> ask_secret(std::string_view prompt) override {
    return console_.ask_secret(prompt);
  }
  Result<std::string> ask(std::string_view question) override { return console_.ask(question); }
  const std::string& kept() const { return kept_; }

 private:
  Console& console_;
  std::string kept_;
};

struct CalledCommand {
  Command command;
  std::vector<std::string> rest;  // all words but those of the command
};

bool asks_for_help(std::string_view word) { return word == "-h" || word == "--help"; }

std::string list_of(const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const Command& command : commands) names.push_back(command.name());
  return join(names, ", ");
}

// The words in front of the first flag that is not of every command.
class CommandFinder {
 public:
  CommandFinder(const Personality& who, const std::vector<std::string>& words)
      : who_(who), words_(words), commands_(who.commands()), common_(who.common()) {}

  // Nothing: help is all that can be shown, in help().
  Result<std::optional<CalledCommand>> find() {
    std::string name;
    std::vector<std::string> rest;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::string& word = words_[i];
      if (word.starts_with('-')) {
        rest.push_back(word);
        if (asks_for_help(word)) return overview(name);
        if (takes_next(word) && i + 1 < words_.size()) rest.push_back(words_[++i]);
        continue;
      }
      name += cat(name.empty() ? "" : " ", word);
      const auto at = std::ranges::find(commands_, name, &Command::name);
      if (at != commands_.end()) {
        rest.insert(rest.end(), words_.begin() + static_cast<std::ptrdiff_t>(i) + 1, words_.end());
        return CalledCommand{std::move(*at), std::move(rest)};
      }
      if (!is_group(name)) return refuse(name);
    }
    return overview(name);
  }
  const std::string& help() const { return help_; }

 private:
  bool takes_next(std::string_view word) const {
    if (word.find('=') != std::string_view::npos) return false;
    return std::ranges::any_of(common_, [&](const Option& option) {
      const bool named = option.name == word || (word.size() == 2 && word[1] == option.letter);
      return named && !option.value.empty();
    });
  }
  bool is_group(const std::string& name) const {
    return std::ranges::any_of(
        commands_, [&](const Command& each) { return each.name().starts_with(name + " "); });
  }
  std::optional<CalledCommand> overview(const std::string& group) {
    help_ = help_overview(who_);
    if (group.empty()) return std::nullopt;
    help_ = cat(who_.name, " ", group, " is followed by:\n");
    for (const Command& each : commands_) {
      if (each.name().starts_with(group + " "))
        help_ += cat("  ", each.name(), "  ", each.summary, "\n");
    }
    return std::nullopt;
  }
  std::unexpected<Error> refuse(const std::string& name) const {
    const auto known = who_.not_covered();
    const bool theirs = std::ranges::any_of(known, [&](std::string_view each) {
      return each == name || each.starts_with(name + " ") || name.starts_with(cat(each, " "));
    });
    // Of a group, the word that was meant comes next.
    std::string whole = name;
    const std::string_view last = std::string_view(name).substr(name.rfind(' ') + 1);
    const auto at = std::ranges::find(words_, last);
    if (at != words_.end() && at + 1 != words_.end() &&
        std::ranges::find(known, cat(name, " ", *(at + 1))) != known.end()) {
      whole += cat(" ", *(at + 1));
    }
    const std::string shown = printable(whole, 60);
    return fail(
        Error{Errc::usage,
              theirs ? cat("sluice, called as ", who_.name, ", does not cover `", shown,
                           "`; it covers: ", list_of(commands_))
                     : cat("unknown command \"", shown, "\", which ", who_.follows,
                           " does not have either; sluice, called as ", who_.name,
                           ", covers: ", list_of(commands_)),
              {},
              theirs ? cat("call the real ", who_.name, " for it") : cat(who_.name, " --help")});
  }

  const Personality& who_;
  const std::vector<std::string>& words_;
  std::vector<Command> commands_;
  std::vector<Option> common_;
  std::string help_;
};

// What sluice's own settings are called is not what these flags are called; two are the same.
Result<config::Settings> settings_as(const World& world, const Arguments& args) {
  Arguments ours;
  for (const auto* const name : {"--trusted-root", "--timeout"}) {
    if (const auto value = args.get(name)) ours.put(name, *value);
  }
  return settings_for(world, ours);
}

Result<int> run_found(const Personality& who, Console& console, const World& world,
                      const CalledCommand& called) {
  SLUICE_TRY(Arguments args, parse_as(who, world, called.command, called.rest));
  if (args.has("--help")) {
    // A file named --help among the arguments must not make a success of a verification.
    if (called.rest.size() > 1) {
      console.talk(help_command(who, called.command));
      return kUsage;
    }
    SLUICE_CHECK(console.print(help_command(who, called.command)));
    return kDone;
  }
  SLUICE_TRY(config::Settings settings, settings_as(world, args));
  KeepingConsole keeping(console);
  const auto output_file = args.get("--output-file");
  const LogLevel least =
      args.has("--verbose") ? LogLevel::debug : settings.get(config::kLogLevel).value;
  Log log(world.clock, least, settings.get(config::kLogFormat).value,
          [&console](std::string_view line) { console.talk(line); });
  Invocation in{std::move(args), world, output_file ? keeping : console, std::move(settings),
                std::move(log)};
  SLUICE_TRY(const int code, called.command.run(in));
  if (output_file) SLUICE_CHECK(world.files.replace(*output_file, keeping.kept()));
  return code;
}

Result<int> run_words(const Personality& who, Console& console, const World& world,
                      std::vector<std::string> words) {
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  CommandFinder finder(who, words);
  SLUICE_TRY(const auto called, finder.find());
  if (called) return run_found(who, console, world, *called);
  SLUICE_CHECK(console.print(finder.help()));
  return kDone;
}

}  // namespace

const Personality* personality_called(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const Personality* each : {&cosign_personality()}) {
    if (each->name == name) return each;
  }
  return nullptr;
}

std::string help_overview(const Personality& who) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Command& command : who.commands()) rows.emplace_back(command.name(), command.summary);
  std::vector<std::string> others;
  for (const std::string_view each : who.not_covered()) others.emplace_back(each);
  return cat("This is sluice, called as ", who.name, ": it takes the arguments of ", who.follows,
             " for these commands.\n\nusage: ", who.name, " COMMAND [flags]\n\n", help_table(rows),
             "\n", wrapped(cat("Not covered: ", join(others, ", "), "."), 0), "\n\n", who.name,
             " COMMAND --help explains one.\nexit: 0 done or verified, ", who.failed,
             " everything else\n");
}

std::string help_command(const Personality& who, const Command& command) {
  std::string usage = cat(who.name, " ", command.name(), " [flags]");
  for (const Positional& each : command.positionals) {
    usage += each.required ? cat(" ", each.name) : cat(" [", each.name, "]");
  }
  std::vector<std::pair<std::string, std::string>> rows;
  std::vector<std::string> others;
  std::vector<Option> options = command.options;
  for (Option& option : who.common()) options.push_back(std::move(option));
  for (const Option& option : options) {
    if (!option.not_covered.empty()) {
      others.push_back(option.name.str());
      continue;
    }
    const std::string letter = option.letter == 0 ? "" : cat("-", option.letter, ", ");
    rows.emplace_back(
        cat(letter, option.name, option.value.empty() ? "" : cat(" ", option.value)),
        option.fallback.empty() ? option.help : cat(option.help, "; default: ", option.fallback));
  }
  std::string out = cat("sluice, called as ", who.name, ": ", command.name(), ": ", command.summary,
                        "\n\nusage: ", wrapped(usage, 7), "\n");
  for (const auto paragraph : split(command.description, '\n')) {
    if (!paragraph.empty()) out += cat("\n", wrapped(paragraph, 0), "\n");
  }
  out += cat("\nflags\n", help_table(rows));
  if (!others.empty())
    out += cat("\n", wrapped(cat("Not covered: ", join(others, ", "), "."), 0), "\n");
  out += "\nexamples\n";
  for (const Example& example : command.examples) {
    out += cat("  # ", example.what, "\n  ", example.command, "\n");
  }
  return out;
}

int run_as(const Personality& who, Console& console, const World& world,
           const std::vector<std::string>& words) {
  const auto code = run_words(who, console, world, words);
  if (code) return *code == kDone ? kDone : who.failed;
  const std::string text = report::as_text(code.error());
  console.talk(text.starts_with("sluice") ? text : cat("sluice: ", text));
  return who.failed;
}

}  // namespace sluice::cli
