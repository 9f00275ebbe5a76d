// SPDX-License-Identifier: Apache-2.0
// The policy file, as the commands ask for it.
#pragma once

#include <string>

#include "invocation.h"
#include "policy/policy.h"

namespace sluice::cli {

// A policy that cannot be read or is wrong is a wrong call: Errc::usage.
[[nodiscard]] Result<policy::Policy> load_policy(const Invocation& in, const std::string& file);

// The files that a policy on disk names, from its own folder.
policy::ReadFile files_beside(const Invocation& in, const Path& policy);

}  // namespace sluice::cli
