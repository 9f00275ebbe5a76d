// SPDX-License-Identifier: Apache-2.0
// sluice config show: every setting, its value, and which source won.
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "invocation.h"

namespace sluice::cli {

namespace {

Result<int> run_show(Invocation& in) {
  const bool origin = in.args.has("--origin");
  std::string text;
  json::Array list;
  for (const auto& shown : in.settings.all()) {
    const std::string name(shown.row->name);
    json::Value entry;
    entry.set("name", name);
    entry.set("value", shown.value);
    entry.set("origin", shown.origin.text);
    list.push_back(std::move(entry));
    text += cat(name, std::string(22 - std::min<std::size_t>(name.size(), 21), ' '),
                shown.value.empty() ? "-" : shown.value);
    if (origin) text += cat("  (", shown.origin.text, ")");
    text += '\n';
  }
  json::Value out;
  out.set("kind", "sluice.config/v1");
  out.set("settings", std::move(list));
  SLUICE_CHECK(in.json ? in.print_json(out) : in.console.print(text));
  return kDone;
}

}  // namespace

std::vector<Command> config_commands() {
  return {{.words = {"config", "show"},
           .summary = "print every setting, and where it comes from",
           .description = "A flag wins over the environment, that over the project's .sluice.yaml, "
                          "that over the user's "
                          "~/.config/sluice/config.yaml, that over the default. The project's file "
                          "cannot set what "
                          "weakens security.",
           .examples = {{"which source won?", "sluice config show --origin"}},
           .options = {{"--origin", "", "say where each value comes from"}},
           .run = run_show}};
}

}  // namespace sluice::cli
