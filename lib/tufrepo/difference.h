// SPDX-License-Identifier: Apache-2.0
// What one version of a metadata file changes against another, for those who are asked to sign it.
#pragma once

#include <string>
#include <vector>

#include "tufrepo/draft.h"
#include "tufrepo/key_entry.h"

namespace sluice::tuf {

// All of it: whoever has the version before and the changes knows the version after, but for
// members that come in another order. What is not of the kind that it has to be is a member like
// any other, and shown as JSON. Foreign text that is more than one word is shown in quotes.
//
// Kinds are stable: key-added, key-removed, key-listed, key-unlisted, key-changed, threshold,
// expires, target-added, target-changed, target-removed, role-added, role-removed, role-changed,
// meta, member.
// A key is shown with its whole keyid, by its name only where keys/ has that key under the name,
// and with the keyid that it would have by itself where that is another one: what metadata calls a
// key is whatever its writer liked. One that comes or goes without a role, or is more than its
// keyid or its owner says, is shown whole (key-listed, key-unlisted).
enum class Shown : std::uint8_t { briefly, whole };  // hashes, keyids and long values cut, or not
struct Change {
  std::string kind;
  std::string subject;  // a role, a keyid, a target's path, a member
  std::string before;
  std::string after;
  // One line: "adds key ops-d (ed25519 9f2c0d11) to root".
  std::string text(Shown shown = Shown::briefly) const;
};

struct DifferenceLimits {
  std::size_t entries = 1'000'000;
};
// All that it has, where there is no version before. `names` may be nullptr.
[[nodiscard]] Result<std::vector<Change>> difference(const Draft* before, const Draft& after,
                                                     const KeyNames* names,
                                                     const DifferenceLimits& limits = {});

}  // namespace sluice::tuf
