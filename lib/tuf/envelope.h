// SPDX-License-Identifier: Apache-2.0
// The outside of every metadata file (TUF 4.2.1): the signatures, and the part that they cover.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/verdict.h"
#include "tuf/key.h"

namespace sluice::tuf {

struct Signature {
  std::string keyid;
  std::string sig;     // hex, as it was received; may be empty: not signed yet
  std::string bundle;  // JSON text (TAP 18)
};

// Views of a document that must outlive it.
struct Envelope {
  std::vector<Signature> signatures;
  std::string_view signed_part;  // the bytes that were received
  std::string canonical;         // its canonical form; empty where it is one already

  // What the signatures are over.
  std::string_view message() const { return canonical.empty() ? signed_part : canonical; }
};

// Refuses equal keyids among the signatures (TUF 4.2.1), and more than kMaxSignatures.
[[nodiscard]] Result<Envelope> open_envelope(std::string_view document, std::size_t max);

// "keyids" and "threshold" of a role.
struct RoleKeys {
  std::vector<std::string> keyids;
  std::int64_t threshold = 0;
};
// Takes in one member of a role; false where it is another one. Refuses equal keyids.
[[nodiscard]] Result<bool> read_role_member(json::Tokenizer& in, std::string_view key,
                                            RoleKeys& role);
// Refuses a threshold below 1 (4.3: an integer above 0).
[[nodiscard]] Result<void> check_role(const RoleKeys& role, std::string_view name);

// How many different keys of the role signed. Different is what differs in its material: one key
// under two keyids counts once.
struct Signed {
  std::size_t valid = 0;
  std::vector<std::string> by;      // "ed25519 3b688a2c…", of the valid ones
  std::vector<std::string> not_by;  // why the others of the role do not count
};
[[nodiscard]] Result<Signed> count_signatures(const Envelope& envelope, const Keys& keys,
                                              const RoleKeys& role);

}  // namespace sluice::tuf
