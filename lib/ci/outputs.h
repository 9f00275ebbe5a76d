// SPDX-License-Identifier: Apache-2.0
// Results for the steps that follow, in the forms that runners read. Values are foreign text:
// nothing in one of them makes another.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/random.h"

namespace sluice::ci {

using Outputs = std::vector<std::pair<std::string, std::string>>;  // names are ours

// For GITHUB_OUTPUT: each value between lines that nobody can guess.
std::string github_outputs(const Outputs& outputs, Random& random);

// For GitLab's artifacts:reports:dotenv, as SLUICE_VERDICT=block: upper case, "-" becomes "_".
// GitLab takes no value of several lines: control characters become blanks.
std::string dotenv(const Outputs& outputs);

// What the runner reads afterwards may hold lines of earlier commands: they stay. Errc::limit where
// the file would pass max bytes.
[[nodiscard]] Result<void> append(Files& files, const Path& file, std::string_view text,
                                  std::size_t max);

}  // namespace sluice::ci
