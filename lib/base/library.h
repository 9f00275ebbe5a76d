// SPDX-License-Identifier: Apache-2.0
// Shared libraries that are named at run time, and become a part of this process.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice {

// The address of a function in a library, which is loaded for it and stays loaded: some cannot be
// taken out again. Errc::not_found: it cannot be loaded; Errc::unsupported: it has no such
// function.
[[nodiscard]] Result<void*> function_of_library(const std::string& path, const char* name);

}  // namespace sluice
