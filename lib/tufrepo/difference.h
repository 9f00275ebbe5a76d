// SPDX-License-Identifier: Apache-2.0
// What one version of a metadata file changes against another, for those who are asked to sign it.
#pragma once

#include <string>
#include <vector>

#include "tufrepo/draft.h"
#include "tufrepo/key_entry.h"

namespace sluice::tuf {

// Kinds are stable: key-added, key-removed, threshold, expires, target-added, target-changed,
// target-removed, role-added, role-removed, role-changed, key-changed, meta, member.
struct Change {
  std::string kind;
  std::string subject;  // a role, a target's path, a member
  std::string before;
  std::string after;
  std::string text() const;  // one line: "adds key ops-d (ed25519 9f2c…) to root"
};

struct DifferenceLimits {
  std::size_t entries = 1'000'000;
};
// All that it has, where there is no version before. `names` may be nullptr.
[[nodiscard]] Result<std::vector<Change>> difference(const Draft* before, const Draft& after,
                                                     const KeyNames* names,
                                                     const DifferenceLimits& limits = {});

}  // namespace sluice::tuf
