// SPDX-License-Identifier: Apache-2.0
// The policy file, as the commands ask for it.
#pragma once

#include <string>

#include "invocation.h"
#include "policy/policy.h"

namespace sluice::cli {

// A pipe is as good as a file for who reads once; a server that reads again and again would wait
// there for ever.
enum class Pipes : std::uint8_t { read, refused };

// A policy that cannot be read or is wrong is a wrong call: Errc::usage.
[[nodiscard]] Result<policy::Policy> load_policy(const Invocation& in, const std::string& file,
                                                 Pipes pipes = Pipes::read);

// The files that a policy on disk names, from its own folder; links that lead out of it and pipes
// are Errc::denied.
policy::ReadFile files_beside(const Invocation& in, const Path& policy);

[[nodiscard]] Result<std::string> read_named(Files& files, const Path& path, std::size_t max,
                                             Pipes pipes);

}  // namespace sluice::cli
