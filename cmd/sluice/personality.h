// SPDX-License-Identifier: Apache-2.0
// Called by another program's name, through a link, sluice takes that program's arguments, prints
// what scripts read from it, and ends with its exit codes.
//
// A personality is a table, as sluice itself is one: the commands that are covered, and by name
// those commands and flags of that program that are not. What is known and not covered is refused
// by its name, never passed over: a flag that is ignored could be the one that made it safe.
#pragma once

#include <string_view>
#include <vector>

#include "invocation.h"

namespace sluice::cli {

struct Personality {
  std::string_view name;     // that the program is called by, and no other
  std::string_view follows;  // whose arguments these are: "cosign 3.1.3"
  std::vector<Command> (*commands)();
  std::vector<Option> (*common)();                 // of every command; also in front of its words
  std::vector<std::string_view> (*not_covered)();  // commands
  // With this prefix variables of the environment stand for flags of the command; empty: none does.
  std::string_view (*variables)(const Command& command);
  std::string (*canonical)(std::string_view flag);  // the name that counts, of an older one
  int failed;                                       // every exit code that is not 0
};

// By the last part of the path that the program was called as; nullptr: as itself.
const Personality* personality_called(std::string_view path);

// Arguments as Go's pflag and cobra take them: --name value, --name=value, -n value; for what is on
// or off --name and --name=true|false; of a flag that is repeated the last counts, unless it
// collects; a single dash before a long name counts as two. An empty value is refused: an unset
// variable leaves one, and what it was to restrict would not be restricted.
[[nodiscard]] Result<Arguments> parse_as(const Personality& who, const World& world,
                                         const Command& command,
                                         const std::vector<std::string>& words);

std::string help_overview(const Personality& who);
std::string help_command(const Personality& who, const Command& command);

[[nodiscard]] int run_as(const Personality& who, Console& console, const World& world,
                         const std::vector<std::string>& words);

// In cosign.cc.
const Personality& cosign_personality();

}  // namespace sluice::cli
