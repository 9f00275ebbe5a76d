// SPDX-License-Identifier: Apache-2.0
// The command line as data: one table of commands, from which come parsing, help, suggestions,
// completion and man pages.
//
// Written by hand because CLI11 2.1 rewrites arguments: a file named "[x]" reaches the program as
// "x", so another file than the one named would be verified.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice::cli {

// What the tables say. A literal is not copied: a call of the largest group would spend a tenth of
// a millisecond on texts that only help prints. What is made up stays for as long as the program.
class Text : public std::string_view {
 public:
  constexpr Text() = default;
  constexpr Text(const char* literal) : std::string_view(literal) {}
  Text(std::string made);

  std::string str() const { return std::string(*this); }
};

struct Option {
  Text name;        // "--key"
  Text value = {};  // what it takes, "FILE"; empty: nothing
  Text help;
  std::vector<std::string> choices = {};
  bool required = false;
  bool repeated = false;
  char letter = 0;  // -y
  // The rest is of personalities (personality.h, in_toto.h) alone.
  Text fallback = {};     // what counts where it is not given
  Text not_covered = {};  // known there and refused here: why, and what to do instead
};

struct Positional {
  Text name;  // "FILE"
  Text help;
  bool required = true;
  bool repeated = false;
  std::vector<std::string> choices = {};
};

struct Example {
  Text what;
  Text command;
};

// What the user gave, checked against the definition of the command.
class Arguments {
 public:
  bool has(std::string_view option) const { return values_.contains(option); }
  std::optional<std::string> get(std::string_view option) const;  // the last one given
  std::vector<std::string> all(std::string_view option) const;
  const std::vector<std::string>& positionals() const { return positionals_; }
  // For a command that calls another one.
  void put(std::string option, std::string value) {
    values_[std::move(option)].push_back(std::move(value));
  }

 private:
  friend class Parser;
  friend class PersonalityParser;
  friend class ArgparseParser;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> positionals_;
};

struct Invocation;  // invocation.h

struct Command {
  std::vector<std::string> words;  // {"key", "generate"}
  Text summary;                    // one line, no full stop
  Text description = {};           // paragraphs separated by a blank line
  std::vector<Example> examples;   // at least one
  std::vector<Option> options = {};
  std::vector<Positional> positionals = {};
  bool output = true;  // takes --output text|json
  Result<int> (*run)(Invocation&);
  // The one exit code of all failures, of a command whose other codes are another program's; 0:
  // those of exit.h.
  int failed = 0;

  std::string name() const;  // "key generate"
};

// A first word, and how to get its commands: only the group that is called is ever built.
struct Group {
  std::string_view name;
  std::string_view summary;
  std::vector<Command> (*commands)();
};

const std::vector<Group>& groups();  // commands.cc
const std::vector<Option>& common_options();
// Those of the command, then the common ones that it takes and does not define itself.
std::vector<Option> options_of(const Command& command);

// The command that the first words name, and how many words that took. Errc::usage with the likely
// word where there is none.
struct Found {
  Command command;
  std::size_t words;
};
[[nodiscard]] Result<Found> find_command(const std::vector<std::string>& arguments);

// --name value, --name=value, --help, -h; "--" ends options; "-" is a positional.
[[nodiscard]] Result<Arguments> parse(const Command& command,
                                      const std::vector<std::string>& arguments);

// Breaks text at blanks so that no line, indent included, passes 80 columns.
std::string wrapped(std::string_view text, std::size_t indent);
// Two columns.
std::string help_table(const std::vector<std::pair<std::string, std::string>>& rows);
std::string help_overview();
std::string help_group(const Group& group);
std::string help_command(const Command& command);
const Group* find_group(std::string_view name);
// The group where the words lead to commands and are none yet ("key", "tuf client"), else nullptr.
const Group* group_below(const std::vector<std::string>& words);

}  // namespace sluice::cli
