// SPDX-License-Identifier: Apache-2.0
// The program as a function: finds the command, runs it, turns its outcome into an exit code. main
// gives it the one real world; tests give it their own, with a clock that they set.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "invocation.h"

namespace sluice::cli {

// `called_as` is the first word of the command line: another program's name is a personality.
[[nodiscard]] int run_program(Console& console, const World& world, std::string_view called_as,
                              const std::vector<std::string>& words);

}  // namespace sluice::cli
