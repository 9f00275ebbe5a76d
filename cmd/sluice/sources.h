// SPDX-License-Identifier: Apache-2.0
// How this machine reaches the sources of evidence: credentials, certificates and the cache, from
// options and the environment. The same words in `gate check`, `aiops check` and `carbon now`.
#pragma once

#include <optional>
#include <vector>

#include "invocation.h"
#include "net/client.h"
#include "sources/sources.h"

namespace sluice::cli {

// All of it, for sources::gather(). May be shared by any number of threads.
[[nodiscard]] Result<sources::Access> source_access(Invocation& in);
std::vector<Option> source_options();  // what source_access() looks at, but for network_options()

// The parts, for commands that ask one source.
[[nodiscard]] Result<sources::Credential> metrics_credential(Invocation& in);
[[nodiscard]] Result<net::ClientOptions> metrics_client(const Invocation& in);
std::vector<Option> metrics_options();
[[nodiscard]] Result<sources::CarbonToken> carbon_token(Invocation& in);
std::optional<Path> carbon_cache(const Invocation& in);
std::vector<Option> carbon_access_options();

}  // namespace sluice::cli
