// SPDX-License-Identifier: Apache-2.0
// SLSA Verification Summary Attestations (predicate v1, SLSA 1.1): what a verifier found of an
// artifact, as an in-toto statement. Written exactly, read strictly.
//
// A VSA says nothing of when it ends: whoever relies on one bounds its age by time_verified.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "crypto/digest.h"
#include "dsse/statement.h"
#include "json/value.h"

namespace sluice::evidence {

inline constexpr std::string_view kVsaPredicate = "https://slsa.dev/verification_summary/v1";

struct ResourceDescriptor {
  std::string uri;
  std::vector<std::pair<std::string, std::string>> digest;  // algorithm and hex
};

enum class VsaResult : std::uint8_t { passed, failed };

struct Vsa {
  std::string verifier_id;                                            // URI
  std::vector<std::pair<std::string, std::string>> verifier_version;  // component and version
  Time time_verified{};
  std::string resource_uri;
  ResourceDescriptor policy;
  std::vector<ResourceDescriptor> input_attestations;  // all that were used, or none
  VsaResult result = VsaResult::failed;
  std::vector<std::string> verified_levels;  // {"FAILED"} where it failed
  std::optional<std::string> slsa_version;
  // Members with URIs as names (in-toto's rule for extensions); they never change what the others
  // mean.
  std::vector<std::pair<std::string, json::Value>> extensions;
};

struct VsaSubject {
  std::string name;  // may be empty
  crypto::Digest digest;
};

// The statement's bytes, to be signed as they are. Errc::internal where the VSA contradicts itself:
// no subject, no level, PASSED beside "FAILED", an extension without a URI as its name, a level of
// our own that begins with "SLSA_".
[[nodiscard]] Result<std::string> write_vsa(const std::vector<VsaSubject>& subjects,
                                            const Vsa& vsa);

// Refuses another predicate type, missing or mistyped members, a result that is neither PASSED nor
// FAILED (the words are exact), PASSED beside the level "FAILED", and no level at all. Unknown
// members without a colon in their name are passed over, as the specification demands of consumers.
[[nodiscard]] Result<Vsa> read_vsa(const dsse::Statement& statement);

}  // namespace sluice::evidence
