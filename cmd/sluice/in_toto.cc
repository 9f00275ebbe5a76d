// SPDX-License-Identifier: Apache-2.0
#include "in_toto.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "exit.h"
#include "report/report.h"
#include "settings.h"
#include "version.h"

namespace sluice::cli {

namespace {

constexpr int kInTotoFailed = 1;

constexpr std::array kInTotoPrograms{
    InTotoProgram{"in-toto-run", in_toto_run_commands},
    InTotoProgram{"in-toto-record", in_toto_record_commands},
    InTotoProgram{"in-toto-mock", in_toto_mock_commands},
    InTotoProgram{"in-toto-match-products", in_toto_match_commands},
    InTotoProgram{"in-toto-verify", in_toto_verify_commands},
    InTotoProgram{"in-toto-sign", in_toto_sign_commands}};

std::string usage_of(const InTotoProgram& program, const Command& command) {
  std::string usage(program.name);
  if (!command.words.empty()) usage += cat(" ", command.name());
  usage += " [options]";
  for (const Positional& each : command.positionals) usage += cat(" -- ", each.name, "...");
  return usage;
}

std::string help_of(const InTotoProgram& program, const Command& command) {
  std::vector<std::pair<std::string, std::string>> rows;
  std::vector<std::string> others;
  for (const Option& option : command.options) {
    if (!option.not_covered.empty()) {
      others.push_back(option.name.str());
      continue;
    }
    const std::string letter = option.letter == 0 ? "" : cat("-", option.letter, ", ");
    const std::string more = option.repeated ? "..." : "";
    rows.emplace_back(
        cat(letter, option.name, option.value.empty() ? "" : cat(" ", option.value, more)),
        option.help);
  }
  std::string out = cat("sluice, called as ", program.name, ": ", command.summary,
                        "\n\nusage: ", wrapped(usage_of(program, command), 7), "\n");
  for (const auto paragraph : split(command.description, '\n')) {
    if (!paragraph.empty()) out += cat("\n", wrapped(paragraph, 0), "\n");
  }
  out += cat("\noptions (those of ", kInTotoFollows, ")\n", help_table(rows));
  if (!others.empty()) {
    out += cat("\n", wrapped(cat("Not covered: ", join(others, ", "), "."), 0), "\n");
  }
  out += "\nexamples\n";
  for (const Example& example : command.examples) {
    out += cat("  # ", example.what, "\n  ", example.command, "\n");
  }
  return out;
}

struct InTotoCall {
  Command command;
  std::vector<std::string> rest;
};

Result<InTotoCall> find_in_toto(const InTotoProgram& program,
                                const std::vector<std::string>& words) {
  auto commands = program.commands();
  if (commands.size() == 1 && commands[0].words.empty()) {
    return InTotoCall{std::move(commands[0]), words};
  }
  std::vector<std::string> names;
  for (Command& each : commands) {
    if (!words.empty() && words[0] == each.name()) {
      return InTotoCall{std::move(each), {words.begin() + 1, words.end()}};
    }
    names.push_back(each.name());
  }
  return fail(Error{Errc::usage,
                    cat(program.name, " is followed by one of: ", join(names, ", ")),
                    {},
                    cat(program.name, " ", names.front(), " --help")});
}

Result<int> call_in_toto(const InTotoProgram& program, Console& console, const World& world,
                         const std::vector<std::string>& words) {
  SLUICE_TRY(const InTotoCall call, find_in_toto(program, words));
  SLUICE_TRY(Arguments args, parse_argparse(program, call.command, call.rest));
  if (args.has("--help")) {
    SLUICE_CHECK(console.print(help_of(program, call.command)));
    return kDone;
  }
  if (args.has("--version")) {
    SLUICE_CHECK(console.print(
        cat(program.name, " ", kInTotoFollows.substr(8), " (sluice ", kVersion, ")\n")));
    return kDone;
  }
  SLUICE_TRY(config::Settings settings, settings_for(world, Arguments()));
  const LogLevel least = args.has("--verbose") ? LogLevel::info
                         : args.has("--quiet") ? LogLevel::error
                                               : settings.get(config::kLogLevel).value;
  Log log(world.clock, least, settings.get(config::kLogFormat).value,
          [&console](std::string_view line) { console.talk(line); });
  Invocation in{std::move(args), world, console, std::move(settings), std::move(log)};
  return call.command.run(in);
}

}  // namespace

const InTotoProgram* in_toto_program_called(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const auto* const at = std::ranges::find(kInTotoPrograms, name, &InTotoProgram::name);
  return at == kInTotoPrograms.end() ? nullptr : &*at;
}

int run_in_toto(const InTotoProgram& program, Console& console, const World& world,
                const std::vector<std::string>& words) {
  const auto code = call_in_toto(program, console, world, words);
  if (code) return *code;
  console.talk(cat("(", program.name, ") ", report::as_text(code.error())));
  return code.error().code == Errc::usage ? kUsage : kInTotoFailed;
}

std::vector<Option> in_toto_verbosity() {
  return {{.name = "--verbose", .help = "say more, on standard error", .letter = 'v'},
          {.name = "--quiet", .help = "say nothing but errors", .letter = 'q'},
          {.name = "--version", .help = "the version"},
          {.name = "--help", .help = "this text", .letter = 'h'}};
}

std::vector<Option> in_toto_signing_options() {
  return {{.name = "--signing-key", .value = "FILE", .help = "the private key, as PEM"},
          {.name = "--password",
           .value = "[PASSWORD]",
           .help = "the key's password; without a value it is asked for",
           .letter = 'P'},
          {.name = "--gpg",
           .value = "[ID]",
           .help = "sign with this key of gpg; without a value, with its default key",
           .letter = 'g'},
          {.name = "--gpg-home",
           .value = "FOLDER",
           .help = "gpg's folder, where it is not the usual one"}};
}

}  // namespace sluice::cli
