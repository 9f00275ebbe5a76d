// SPDX-License-Identifier: Apache-2.0
// sluice completion: scripts for bash, zsh and fish, and man pages, all from the table of commands.
#include <algorithm>

#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "invocation.h"
#include "version.h"

namespace sluice::cli {

namespace {

std::vector<Command> all_commands() {
  std::vector<Command> all;
  for (const auto& group : groups()) {
    for (auto& command : group.commands()) all.push_back(std::move(command));
  }
  return all;
}

bool takes_file(std::string_view value) {
  return value == "FILE" || value == "DIR" || value == "NAME";
}

std::string group_names() {
  std::string out;
  for (const auto& group : groups()) out += cat(out.empty() ? "" : " ", group.name);
  return out;
}

// What may follow these words of a group, each once; nothing where they are a whole command.
std::vector<std::string> next_words(const Group& group, const std::vector<std::string>& before) {
  std::vector<std::string> words;
  for (const auto& command : group.commands()) {
    if (command.words.size() <= before.size() ||
        !std::equal(before.begin(), before.end(), command.words.begin())) {
      continue;
    }
    const std::string& next = command.words[before.size()];
    if (std::ranges::find(words, next) == words.end()) words.push_back(next);
  }
  return words;
}
std::vector<std::string> second_words(const Group& group) {
  return next_words(group, {std::string(group.name)});
}

// Two words that a third one follows, with what may follow.
struct Deeper {
  std::string word;
  std::vector<std::string> next;
};
std::vector<Deeper> deeper_words(const Group& group) {
  std::vector<Deeper> out;
  for (const auto& word : second_words(group)) {
    auto next = next_words(group, {std::string(group.name), word});
    if (!next.empty()) out.push_back({word, std::move(next)});
  }
  return out;
}

// For single quotes in a shell.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string bash_command(const Command& command) {
  std::string names;
  std::string values;
  for (const auto& option : options_of(command)) {
    names += cat(names.empty() ? "" : " ", option.name);
    if (option.value.empty()) continue;
    values += cat("        ", option.name, ") ");
    if (!option.choices.empty()) {
      values += cat("COMPREPLY=($(compgen -W \"", join(option.choices, " "), "\" -- \"$cur\"))");
    } else if (takes_file(option.value)) {
      values += "COMPREPLY=($(compgen -f -- \"$cur\"))";
    } else {
      values += "COMPREPLY=()";
    }
    values += "; return ;;\n";
  }
  std::string positional = "COMPREPLY=($(compgen -f -- \"$cur\"))";
  if (command.positionals.empty()) positional = "COMPREPLY=()";
  if (!command.positionals.empty() && !command.positionals[0].choices.empty()) {
    positional = cat("COMPREPLY=($(compgen -W \"", join(command.positionals[0].choices, " "),
                     "\" -- \"$cur\"))");
  }
  return cat("    ", shell_quoted(command.name()), ")\n      case \"$prev\" in\n", values,
             "      esac\n      case \"$cur\" in\n        -*) COMPREPLY=($(compgen -W \"", names,
             "\" -- \"$cur\")) ;;\n        *) ", positional, " ;;\n      esac ;;\n");
}

std::string bash_script() {
  std::string groups_case;
  for (const auto& group : groups()) {
    const auto words = second_words(group);
    if (words.empty()) continue;
    groups_case += cat("    ", group.name,
                       ")\n      if [ \"$COMP_CWORD\" -eq 2 ]; then COMPREPLY=($(compgen -W \"",
                       join(words, " "),
                       "\" -- \"$cur\")); return; fi\n      command=\"$command ${COMP_WORDS[2]}\"");
    for (const auto& [word, next] : deeper_words(group)) {
      groups_case +=
          cat("\n      if [ \"${COMP_WORDS[2]}\" = ", word,
              " ]; then\n        if [ \"$COMP_CWORD\" -eq 3 ]; then COMPREPLY=($(compgen -W "
              "\"",
              join(next, " "),
              "\" -- \"$cur\")); return; fi\n        command=\"$command "
              "${COMP_WORDS[3]}\"\n      fi");
    }
    groups_case += " ;;\n";
  }
  std::string commands;
  for (const auto& command : all_commands()) commands += bash_command(command);
  return cat(
      "# bash completion for sluice; made by: sluice completion bash\n_sluice() {\n"
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" "
      "command=\"${COMP_WORDS[1]}\"\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W \"",
      group_names(), "\" -- \"$cur\")); return; fi\n  case \"$command\" in\n", groups_case,
      "  esac\n  case \"$command\" in\n", commands,
      "  esac\n}\ncomplete -o filenames -F _sluice sluice\n");
}

// For a description inside an _arguments specification.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_command(const Command& command) {
  std::string out = cat("    ", shell_quoted(command.name()), ")\n      _arguments");
  for (const auto& option : options_of(command)) {
    std::string action;
    if (!option.value.empty()) {
      action = cat(":", option.value, ":",
                   !option.choices.empty()    ? cat("(", join(option.choices, " "), ")")
                   : takes_file(option.value) ? "_files"
                                              : " ");
    }
    out += cat(" \\\n        ", shell_quoted(cat(option.repeated ? "*" : "", option.name, "[",
                                                 zsh_text(option.help), "]", action)));
  }
  for (const auto& each : command.positionals) {
    const std::string action =
        each.choices.empty() ? "_files" : cat("(", join(each.choices, " "), ")");
    out += cat(" \\\n        ",
               shell_quoted(cat(each.repeated ? "*" : "", ":", each.name, ":", action)));
  }
  return out + " ;;\n";
}

std::string zsh_script() {
  std::string firsts;
  std::string seconds;
  for (const auto& group : groups()) {
    firsts += cat("      ", shell_quoted(cat(group.name, ":", group.summary)), "\n");
    const auto words = second_words(group);
    if (words.empty()) continue;
    seconds +=
        cat("    ", group.name, ")\n      if (( CURRENT == 3 )); then compadd ", join(words, " "),
            "; return; fi\n      command=\"$command ${words[3]}\"; shift words; (( CURRENT-- ))");
    for (const auto& [word, next] : deeper_words(group)) {
      seconds += cat("\n      if [[ \"${words[2]}\" == ", word,
                     " ]]; then\n        if (( CURRENT == 3 )); then compadd ", join(next, " "),
                     "; return; fi\n        command=\"$command ${words[3]}\"; shift words; (( "
                     "CURRENT-- ))\n      fi");
    }
    seconds += " ;;\n";
  }
  std::string commands;
  for (const auto& command : all_commands()) commands += zsh_command(command);
  return cat(
      "#compdef sluice\n# made by: sluice completion zsh\n_sluice() {\n"
      "  local command=\"${words[2]}\"\n  if (( CURRENT == 2 )); then\n    local -a firsts=(\n",
      firsts, "    )\n    _describe command firsts; return\n  fi\n  case \"$command\" in\n",
      seconds, "  esac\n  shift words; (( CURRENT-- ))\n  case \"$command\" in\n", commands,
      "  esac\n}\n_sluice \"$@\"\n");
}

std::string fish_condition(const Command& command) {
  std::string out = cat("__fish_seen_subcommand_from ", command.words[0]);
  for (std::size_t i = 1; i < command.words.size(); ++i)
    out += cat("; and __fish_seen_subcommand_from ", command.words[i]);
  return shell_quoted(out);
}

std::string fish_script() {
  std::string out = "# fish completion for sluice; made by: sluice completion fish\n";
  for (const auto& group : groups()) {
    out += cat("complete -c sluice -f -n __fish_use_subcommand -a ", group.name, " -d ",
               shell_quoted(group.summary), "\n");
    const auto words = second_words(group);
    if (words.empty()) continue;
    out += cat("complete -c sluice -f -n ",
               shell_quoted(cat("__fish_seen_subcommand_from ", group.name,
                                "; and not __fish_seen_subcommand_from ", join(words, " "))),
               " -a ", shell_quoted(join(words, " ")), "\n");
    for (const auto& [word, next] : deeper_words(group)) {
      out += cat("complete -c sluice -f -n ",
                 shell_quoted(cat("__fish_seen_subcommand_from ", group.name,
                                  "; and __fish_seen_subcommand_from ", word,
                                  "; and not __fish_seen_subcommand_from ", join(next, " "))),
                 " -a ", shell_quoted(join(next, " ")), "\n");
    }
  }
  for (const auto& command : all_commands()) {
    for (const auto& option : options_of(command)) {
      std::string shape;
      if (!option.choices.empty())
        shape = cat(" -x -a ", shell_quoted(join(option.choices, " ")));
      else if (takes_file(option.value))
        shape = " -r -F";
      else if (!option.value.empty())
        shape = " -x";
      out += cat("complete -c sluice -n ", fish_condition(command), " -l ", option.name.substr(2),
                 shape, " -d ", shell_quoted(option.help), "\n");
    }
    for (const auto& each : command.positionals) {
      if (each.choices.empty()) continue;
      out += cat("complete -c sluice -f -n ", fish_condition(command), " -a ",
                 shell_quoted(join(each.choices, " ")), "\n");
    }
  }
  return out;
}

// For roff: backslashes, and a dot or a quote at the start of a line, mean something there.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
      out += c;
    }
  }
  return out;
}

std::string man_head(std::string_view title, std::string_view summary) {
  return cat(".TH ", shell_quoted(title), " 1 \"\" \"sluice ", kVersion,
             "\" \"sluice\"\n.SH NAME\n", roff(title), " \\- ", roff(summary), "\n");
}

std::string man_page(const Command& command) {
  std::string title = cat("sluice-", join(command.words, "-"));
  std::string out =
      cat(man_head(title, command.summary), ".SH SYNOPSIS\n.B sluice ", roff(command.name()), "\n");
  for (const auto& option : command.options) {
    if (option.required) out += cat(".B ", roff(option.name), "\n.I ", roff(option.value), "\n");
  }
  out += "[\\fIoptions\\fR]\n";
  for (const auto& each : command.positionals) {
    out += cat(".I ", each.required ? roff(each.name) : cat("[", roff(each.name), "]"),
               each.repeated ? " ..." : "", "\n");
  }
  if (!command.description.empty()) {
    out += ".SH DESCRIPTION\n";
    for (const auto paragraph : split(command.description, '\n'))
      out += cat(roff(paragraph), "\n.PP\n");
  }
  out += ".SH OPTIONS\n";
  for (const auto& option : options_of(command)) {
    out += cat(".TP\n.B ", roff(option.name),
               option.value.empty() ? "" : cat(" \\fI", roff(option.value), "\\fR"), "\n",
               roff(option.help), option.repeated ? " (may be repeated)" : "", "\n");
  }
  for (const auto& each : command.positionals)
    out += cat(".TP\n.I ", roff(each.name), "\n", roff(each.help), "\n");
  out += ".SH EXAMPLES\n";
  for (const auto& example : command.examples)
    out += cat(roff(example.what), ":\n.PP\n.EX\n  ", roff(example.command), "\n.EE\n.PP\n");
  return out +
         ".SH EXIT STATUS\n0 done or verified; 1 refused; 2 wrong call; 3 could not decide; 4 a "
         "fault of sluice.\n"
         ".SH SEE ALSO\n.BR sluice (1)\n";
}

std::string man_overview() {
  std::string out = cat(man_head("sluice", "guards software on its way to production"),
                        ".SH SYNOPSIS\n.B sluice\n.I COMMAND\n[\\fIoptions\\fR]\n.SH COMMANDS\n");
  for (const auto& command : all_commands()) {
    out += cat(".TP\n.B sluice ", roff(command.name()), "\n", roff(command.summary),
               "; see\n.BR sluice\\-", roff(join(command.words, "-")), " (1)\n");
  }
  return out +
         ".SH EXIT STATUS\n0 done or verified; 1 refused; 2 wrong call; 3 could not decide; 4 a "
         "fault of sluice.\n"
         ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nno colour, whatever else is set.\n.TP\n.B "
         "SLUICE_PASSWORD\n"
         "the password of a private key.\n";
}

Result<int> write_man_pages(Invocation& in) {
  const auto dir = in.args.get("--dir");
  if (!dir)
    return fail(
        Error{Errc::usage, "man pages are several files", {}, "say where they go with --dir DIR"});
  SLUICE_CHECK(in.world.files.make_folders(*dir));
  SLUICE_CHECK(in.world.files.replace(Path(*dir) / "sluice.1", man_overview()));
  for (const auto& command : all_commands()) {
    const std::string file = cat("sluice-", join(command.words, "-"), ".1");
    SLUICE_CHECK(in.world.files.replace(Path(*dir) / file, man_page(command)));
  }
  return kDone;
}

Result<int> run_completion(Invocation& in) {
  const std::string& kind = in.args.positionals()[0];
  if (kind == "man") return write_man_pages(in);
  if (in.args.has("--dir")) return fail(Errc::usage, "--dir goes with man");
  SLUICE_CHECK(in.console.print(kind == "bash"  ? bash_script()
                                : kind == "zsh" ? zsh_script()
                                                : fish_script()));
  return kDone;
}

}  // namespace

std::vector<Command> completion_commands() {
  return {{.words = {"completion"},
           .summary = "completion for shells, and man pages",
           .examples = {{"for this bash session", "source <(sluice completion bash)"},
                        {"the man pages", "sluice completion man --dir man"}},
           .options = {{"--dir", "DIR", "where man pages are written"}},
           .positionals =
               {{"KIND", "bash, zsh, fish or man", true, false, {"bash", "zsh", "fish", "man"}}},
           .output = false,
           .run = run_completion}};
}

}  // namespace sluice::cli
