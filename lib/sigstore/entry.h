// SPDX-License-Identifier: Apache-2.0
// What a transparency log says, and whether it says it of this bundle. One function does both: an
// entry that is proven and speaks of another signature is worth nothing, and so is the reverse
// (CVE-2022-36056, CVE-2026-22703).
//
// Rekor v1: hashedrekord 0.0.1, dsse 0.0.1, intoto 0.0.2. Their bodies are read as they were
// proven, and every member that says what was signed, and by whom, has to be the bundle's. Rekor
// v2: hashedrekord 0.0.2. Its body is built anew from the bundle and has to be the same bytes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/verdict.h"
#include "sigstore/bundle.h"
#include "sigstore/trust_root.h"
#include "sigstore/witness.h"
#include "x509/certificate.h"

namespace sluice::sigstore {

// Who signed: with a certificate, or with a key alone.
struct SignedBy {
  crypto::PublicKey key;
  crypto::Scheme scheme;
  std::optional<x509::Certificate> certificate = {};

  const Bytes& der() const { return certificate ? (*certificate)->der : key.der(); }
};

// What an entry has to be about.
struct Recorded {
  const Bundle& bundle;
  const SignedBy& signer;
  // What was signed, hashed as the signer's scheme does it: of the message, or of the envelope's
  // PAE. None where a bundle states no digest and nothing is known of the message.
  std::optional<crypto::Digest> digest;
};

struct LogProof {
  std::string log;  // for people: its name
  Bytes log_key;    // SPKI: two logs with one key are one witness
  std::uint64_t index = 0;
  std::optional<Time> time = {};  // only under the log's valid promise
};

struct EntryRules {
  const TrustRoot& trust;
  std::span<const Time> stamped;  // times that timestamping services have proven
  const WitnessPolicy* witnesses = nullptr;
};

// Appends to the report, in this order and as far as they apply:
//   log.known       the log is trusted, for the time of the entry or, where it has none of its own,
//                   for those that were stamped; where nothing says when, with no end to it
//   log.body        the entry is of a known kind and about this very signature
//   log.promise     Rekor v1: the log's signature over the body, its index and its time
//   log.inclusion   the body is a leaf of the tree whose root is stated
//   log.checkpoint  the log has signed that root and size
//   log.witnesses   where a policy is given: enough others have seen that tree
// Nothing comes back where one of them failed. Error: the trust material is malformed.
[[nodiscard]] Result<std::optional<LogProof>> judge_entry(const LogEntry& entry,
                                                          const Recorded& recorded,
                                                          const EntryRules& rules, Report& report,
                                                          const std::string& source);

// The canonical body of an entry of Rekor v2: what the log hashes into its tree.
[[nodiscard]] Result<std::string> rekor2_body(const Recorded& recorded);

// How an entry's body and a bundle disagree, as "expected" and "found"; nothing where they agree.
struct Disagreement {
  std::string what;
  std::string expected = {};
  std::string found = {};
};
[[nodiscard]] std::optional<Disagreement> compare_body(const LogEntry& entry,
                                                       const Recorded& recorded);

}  // namespace sluice::sigstore
