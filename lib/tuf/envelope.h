// SPDX-License-Identifier: Apache-2.0
// The outside of every metadata file (TUF 4.2.1): the signatures, and the part that they cover.
#pragma once

#include <functional>
#include <optional>
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
  bool operator==(const Signature&) const = default;
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

// The same for readers that look into the signed part while they are there: `signed_part` reads the
// value that comes, and answers where it was.
using ReadSigned = std::function<Result<json::Slice>(json::Tokenizer&)>;
[[nodiscard]] Result<Envelope> open_envelope(std::string_view document, std::size_t max,
                                             const ReadSigned& signed_part);

// What open_envelope() would find, where the document begins with its signatures and nothing
// follows its signed part, as all known repositories write it: for work that need not wait until
// the whole is read. A guess, which counts only once the envelope has turned out to be the same.
std::optional<Envelope> guess_envelope(std::string_view document, std::size_t max);

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
