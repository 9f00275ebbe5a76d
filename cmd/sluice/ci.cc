// SPDX-License-Identifier: Apache-2.0
// sluice ci: in a developer's hook and in pipelines.
#include "ci.h"

#include "commands.h"

namespace sluice::cli {

Result<std::optional<std::string>> ask_git(const Invocation& in, const Path& folder,
                                           std::vector<std::string> arguments) {
  ProcessRequest request{.command = {"git"}, .folder = folder};
  for (auto& each : arguments) request.command.push_back(std::move(each));
  SLUICE_TRY(auto ran, in.world.processes.run(request));
  if (ran.exit_code != 0) return std::nullopt;
  if (ran.out.ends_with('\n')) ran.out.pop_back();
  return std::optional(std::move(ran.out));
}

std::vector<Command> ci_commands() {
  return {gate_in_ci_command(), hook_command(), init_command()};
}

}  // namespace sluice::cli
