// SPDX-License-Identifier: Apache-2.0
// Parts of the parser that stand in several files of this room.
#pragma once

#include <chrono>
#include <string_view>

#include "policy/policy.h"
#include "yaml/fields.h"

namespace sluice::policy {

// Leaves its target as it is where the key is not there.
[[nodiscard]] Result<void> take_duration(const yaml::Fields& from, std::string_view key,
                                         std::chrono::seconds& into);

// A relative name without "..": the same file in the policy's folder and in its git revision.
// Leaves its target as it is where the key is not there.
[[nodiscard]] Result<void> take_file(const yaml::Fields& from, std::string_view key,
                                     std::string& into);

// The member "sources" of the policy or of an environment, over those that are known already: what
// is named there takes the place of the whole source, never of a part of it.
[[nodiscard]] Result<void> take_sources(const yaml::Fields& from, Sources& into);

}  // namespace sluice::policy
