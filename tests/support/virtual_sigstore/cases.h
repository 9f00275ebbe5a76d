// SPDX-License-Identifier: Apache-2.0
// Every good and every bad bundle that the public corpus lacks, and what a verifier has to say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/digest.h"
#include "crypto/key.h"

namespace sluice::test {

// What the caller of a verification asks for.
struct CasePolicy {
  std::string identity = {};  // exact
  std::string issuer = {};
  std::string identity_regexp = {};  // matched in full
  std::string issuer_regexp = {};
  std::string repository = {};  // "owner/name"; globs
  std::string workflow = {};
  std::string ref = {};
  std::string trigger = {};
  std::string sha = {};
  std::string key = {};                           // PEM; instead of an identity
  std::optional<crypto::Scheme> key_scheme = {};  // where it is not the key's default
  std::optional<unsigned> logs = {};  // at least so many; else the verifier's default, one
  std::optional<unsigned> stamps = {};
  std::optional<unsigned> scts = {};
  std::string witness_policy = {};
  std::string predicate_type = {};
};

struct BundleCase {
  std::string id;   // "log.promise/wrong-time": what should fail, and how; "good/..." where nothing
  std::string why;  // one clause
  std::string trusted_root;
  std::string bundle;
  std::string artifact;
  std::optional<crypto::Digest> digest = {};  // instead of the artifact
  CasePolicy policy = {};
  std::string expect = "pass";  // else the id of the first check that fails
  // What sigstore-go 1.3.0 answers where it is not the same; empty: the same, or it cannot be
  // asked.
  std::string peer = {};
};

const std::vector<BundleCase>& bundle_cases();

// Valid bundles of each shape, for tests that change every character of them.
const std::vector<BundleCase>& mutation_seeds();

// Trusted roots. `ignored`: one entry is of a kind that may not be known, and never counts; the
// rest does. `malformed`: it is not to be used.
struct TrustedRootCase {
  enum class Due : std::uint8_t { good, ignored, malformed };

  std::string id;
  std::string why;
  std::string text;
  Due due = Due::malformed;
};
const std::vector<TrustedRootCase>& trusted_root_cases();

}  // namespace sluice::test
