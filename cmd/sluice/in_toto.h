// SPDX-License-Identifier: Apache-2.0
// Called as in-toto-run, in-toto-record and so on, sluice takes the arguments of python in-toto's
// programs of these names and ends with their exit codes: 0 done, 1 failed or refused, 2 the call
// is wrong, and of in-toto-run what the command ended with.
//
// Arguments are read as argparse reads them: an option may be shortened as long as it is the only
// one that begins so, -nNAME and --name=VALUE carry their value, one that takes many takes all
// words up to the next option, of one that is given twice the last counts. What is known there and
// not covered here is refused by its name, never passed over.
#pragma once

#include <string_view>
#include <vector>

#include "cli.h"
#include "invocation.h"

namespace sluice::cli {

inline constexpr std::string_view kInTotoFollows = "in-toto 3.1.0";

struct InTotoProgram {
  std::string_view name;               // "in-toto-run"
  std::vector<Command> (*commands)();  // one without words, or one for each subcommand
};

// By the last part of the path that this program was called as; nullptr: as none of them.
const InTotoProgram* in_toto_program_called(std::string_view path);

[[nodiscard]] int run_in_toto(const InTotoProgram& program, Console& console, const World& world,
                              const std::vector<std::string>& words);

// Of an option: `value` in brackets may be missing ("[PASSWORD]", then it is "" in the arguments);
// `repeated` takes one word or more. `letter` is its short name.
[[nodiscard]] Result<Arguments> parse_argparse(const InTotoProgram& program, const Command& command,
                                               const std::vector<std::string>& words);

std::vector<Option> in_toto_verbosity();  // --verbose, --quiet, --version
// --signing-key, --password, --gpg, --gpg-home
std::vector<Option> in_toto_signing_options();

// The commands of each program.
std::vector<Command> in_toto_run_commands();
std::vector<Command> in_toto_record_commands();
std::vector<Command> in_toto_mock_commands();
std::vector<Command> in_toto_match_commands();
std::vector<Command> in_toto_verify_commands();
std::vector<Command> in_toto_sign_commands();

}  // namespace sluice::cli
