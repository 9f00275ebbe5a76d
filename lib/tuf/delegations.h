// SPDX-License-Identifier: Apache-2.0
// The "delegations" of targets metadata, read for targets.cc.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tuf/targets.h"

namespace sluice::tuf {

struct Delegations {
  Keys keys;
  std::vector<Delegation> roles;
  std::optional<Bins> bins;
};

// Refuses roles beside bins, a role twice, top-level names, thresholds below 1, and delegations
// that have both paths and hash prefixes, or neither.
[[nodiscard]] Result<Delegations> read_delegations(json::Tokenizer& in, std::string_view document,
                                                   const ForeignKeys& foreign);

}  // namespace sluice::tuf
