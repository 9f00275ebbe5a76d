// SPDX-License-Identifier: Apache-2.0
// Whom admission believes, and what counts no more.
//
// Revocations are a file of their own, so that one can be written in a hurry:
//
//   apiVersion: sluice/v1
//   kind: Revocations
//   keys: ["sha256:…"]        # fingerprints, as `sluice key info` prints them
//   images: ["sha256:…"]      # digests
//   decisions: ["20261120T…"] # ids
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace sluice::admission {

struct Revocations {
  std::set<std::string, std::less<>> keys = {};
  std::set<std::string, std::less<>> images = {};
  std::set<std::string, std::less<>> decisions = {};
};

inline constexpr std::size_t kMaxRevocations = 1U << 20;  // bytes of the file

// Strict: what is misspelt must not pass for revoked.
[[nodiscard]] Result<Revocations> parse_revocations(std::string_view text, std::string_view source);

struct Signatory {
  crypto::PublicKey key;
  std::string fingerprint;  // "sha256:…"
};

struct Trust {
  policy::Policy policy;
  std::map<std::string, std::vector<Signatory>, std::less<>> signatories;  // by environment
  Revocations revoked;
};

[[nodiscard]] Result<Trust> make_trust(policy::Policy policy, Revocations revoked,
                                       const policy::ReadFile& read);

}  // namespace sluice::admission
