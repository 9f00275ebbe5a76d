// SPDX-License-Identifier: Apache-2.0
// What the commands about hooks and CI have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "invocation.h"

namespace sluice::cli {

// What `git ARGUMENTS` in a folder prints, without the last line end; none where it ends with a
// code of its own (no repository, no such setting). A git that is not there is an error.
[[nodiscard]] Result<std::optional<std::string>> ask_git(const Invocation& in, const Path& folder,
                                                         std::vector<std::string> arguments);

// What --signing adds: files below the work tree, and what to do next.
struct PipelineFile {
  std::string path;
  std::string text;
};
[[nodiscard]] Result<std::vector<PipelineFile>> signing_files(
    std::string_view pipeline, const std::optional<std::string>& actions);
std::string_view signing_next(std::string_view pipeline);

// sluice ci init github and gitlab.
[[nodiscard]] Result<int> init_pipeline(Invocation& in, std::string_view word);

Command gate_in_ci_command();  // sluice ci gate
Command hook_command();        // sluice ci hook
Command init_command();        // sluice ci init

}  // namespace sluice::cli
