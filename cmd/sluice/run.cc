// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "in_toto.h"
#include "personality.h"
#include "report/report.h"
#include "settings.h"

namespace sluice::cli {

namespace {

// How a failure is told.
struct Telling {
  bool json = false;
  int code = 0;  // 0: as the error says
};

int refuse(Console& console, const Error& error, const Telling& telling) {
  console.talk(cat("sluice: ", report::as_text(error)));
  // Standard output may be what failed; the exit code says so all the same.
  if (telling.json) (void)console.print(json::write_pretty(report::as_json(error, "")));
  return telling.code == 0 ? exit_code(error.code) : telling.code;
}

bool wants_help(const std::string& word) {
  return word == "--help" || word == "-h" || word == "help";
}

bool colour_wanted(const Console& console, const config::Settings& settings) {
  const auto when = settings.get(config::kColor).value;
  return when == config::Color::always ||
         (when == config::Color::automatic && console.terminal_out());
}

Result<int> run_command(Console& console, const World& world, std::vector<std::string> words,
                        Telling& telling) {
  if (words.size() >= 2 && wants_help(words.back())) {
    const std::vector<std::string> asked(words.begin(), words.end() - 1);
    if (const Group* group = group_below(asked)) {
      SLUICE_CHECK(console.print(help_group(*group)));
      return kDone;
    }
  }
  SLUICE_TRY(const Found found, find_command(words));
  telling.code = found.command.failed;
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(found.words));
  SLUICE_TRY(Arguments args, parse(found.command, words));
  if (args.has("--help")) {
    // A file named --help among the arguments must not make a success of a verification.
    if (words.size() > 1) {
      console.talk(help_command(found.command));
      return kUsage;
    }
    SLUICE_CHECK(console.print(help_command(found.command)));
    return kDone;
  }
  SLUICE_TRY(config::Settings settings, settings_for(world, args));
  Log log(world.clock, settings.get(config::kLogLevel).value,
          settings.get(config::kLogFormat).value,
          [&console](std::string_view line) { console.talk(line); });
  Invocation in{std::move(args), world, console, std::move(settings), std::move(log)};
  in.json = telling.json =
      found.command.output && in.settings.get(config::kOutput).value == config::Output::json;
  in.colour = colour_wanted(console, in.settings);
  const auto started = world.clock.ticks();
  const auto code = found.command.run(in);
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(world.clock.ticks() - started);
  in.log.write(LogLevel::debug, "command ended",
               {{"command", found.command.name()},
                {"exit", code ? *code : exit_code(code.error().code)},
                {"microseconds", took.count()}});
  return code;
}

}  // namespace

int run_program(Console& console, const World& world, std::string_view called_as,
                const std::vector<std::string>& words) {
  if (const Personality* who = personality_called(called_as)) {
    return run_as(*who, console, world, words);
  }
  if (const auto* program = in_toto_program_called(called_as)) {
    return run_in_toto(*program, console, world, words);
  }
  if (words.empty()) {
    console.talk(help_overview());
    return kUsage;
  }
  Telling telling;
  const auto code = [&]() -> Result<int> {
    if (words.size() > 1 && words[0] == "help") {
      std::vector<std::string> asked(words.begin() + 1, words.end());
      asked.emplace_back("--help");
      return run_command(console, world, asked, telling);
    }
    if (words.size() == 1 && wants_help(words[0])) {
      SLUICE_CHECK(console.print(help_overview()));
      return kDone;
    }
    if (words.size() == 1 && (words[0] == "--version" || words[0] == "-V"))
      return run_command(console, world, {"version"}, telling);
    return run_command(console, world, words, telling);
  }();
  return code ? *code : refuse(console, code.error(), telling);
}

}  // namespace sluice::cli
