// SPDX-License-Identifier: Apache-2.0
// Help texts, from the table of commands.
#include <algorithm>

#include "base/text.h"
#include "cli.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kWidth = 80;

}  // namespace

std::string wrapped(std::string_view text, std::size_t indent) {
  std::string out;
  std::size_t column = kWidth;  // forces a new line before the first word
  for (const auto word : split(text, ' ')) {
    if (column + 1 + word.size() > kWidth) {
      if (!out.empty()) out += cat("\n", std::string(indent, ' '));
      column = indent;
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

std::string help_table(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::size_t width = 0;
  for (const auto& [left, right] : rows) width = std::max(width, left.size());
  width = std::min<std::size_t>(width, 28);
  std::string out;
  for (const auto& [left, right] : rows) {
    out += cat("  ", left);
    if (left.size() > width) {
      out += cat("\n", std::string(width + 4, ' '));
    } else {
      out += std::string(width + 2 - left.size(), ' ');
    }
    out += cat(wrapped(right, width + 4), "\n");
  }
  return out;
}

namespace {

std::string usage_line(const Command& command) {
  std::string out = cat("sluice ", command.name());
  for (const auto& option : command.options) {
    if (option.required) out += cat(" ", option.name, " ", option.value);
  }
  out += " [options]";
  for (const auto& positional : command.positionals) {
    const std::string shape = cat(positional.name, positional.repeated ? "…" : "");
    out += positional.required ? cat(" ", shape) : cat(" [", shape, "]");
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> option_rows(const std::vector<Option>& options) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& option : options) {
    const std::string letter = option.letter == 0 ? "" : cat("-", option.letter, ", ");
    rows.emplace_back(cat(letter, option.name, option.value.empty() ? "" : " ", option.value),
                      cat(option.help, option.repeated ? " (may be repeated)" : ""));
  }
  return rows;
}

}  // namespace

std::string help_overview() {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& group : groups()) rows.emplace_back(group.name, group.summary);
  return cat(
      "sluice guards software on its way to production.\n\nusage: sluice COMMAND [options]\n\n",
      help_table(rows),
      "\nsluice COMMAND --help explains one, with examples.\n"
      "exit: 0 done or verified, 1 refused, 2 wrong call, 3 could not decide, 4 our fault,\n"
      "      75 not now\n");
}

std::string help_group(const Group& group) {
  const auto commands = group.commands();
  if (commands.size() == 1 && commands.front().words.size() == 1)
    return help_command(commands.front());
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& command : commands) rows.emplace_back(command.name(), command.summary);
  return cat("sluice ", group.name, ": ", group.summary, "\n\n", help_table(rows), "\nsluice ",
             group.name, " WORD --help explains one, with examples.\n");
}

std::string help_command(const Command& command) {
  std::string out = cat("sluice ", command.name(), ": ", command.summary,
                        "\n\nusage: ", wrapped(usage_line(command), 7), "\n");
  if (!command.description.empty()) {
    for (const auto paragraph : split(command.description, '\n')) {
      out += cat("\n", wrapped(paragraph, 0), "\n");
    }
  }
  if (!command.positionals.empty()) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const auto& each : command.positionals) rows.emplace_back(each.name, each.help);
    out += cat("\narguments\n", help_table(rows));
  }
  out += cat("\noptions\n", help_table(option_rows(options_of(command))), "\nexamples\n");
  for (const auto& example : command.examples)
    out += cat("  # ", example.what, "\n  ", example.command, "\n");
  return out;
}

}  // namespace sluice::cli
