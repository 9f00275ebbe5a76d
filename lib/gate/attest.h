// SPDX-License-Identifier: Apache-2.0
// A decision as supply-chain metadata: a SLSA Verification Summary on the artifacts' digests.
//
// Approvals, with and without conditions, are PASSED; a block and a delay are FAILED, so that a
// consumer that knows nothing but VSAs fails safe. What was undecided is never made into one.
// What else there is to say stands in the extension member kDecisionUri. That is a plain name that
// belongs to nobody's host: nothing is to be fetched there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/vsa.h"
#include "gate/record.h"

namespace sluice::gate {

inline constexpr std::string_view kDecisionUri = "urn:sluice:decision:v1";
inline constexpr std::string_view kApprovedLevel = "SLUICE_GATE_APPROVED";

// The statement to be signed. Errc::denied for what must not be signed: an undecided decision, one
// by the built-in policy, one without subjects, one whose policy names no verifier.
// The resource is what the cluster pulls ("oci://registry.example/web"); empty: the first digest.
[[nodiscard]] Result<std::string> statement_of(const Record& record, std::string_view resource);

// What a signed decision says: the VSA, and our extension checked against it.
struct SignedDecision {
  evidence::Vsa vsa;
  std::string id;
  Verdict verdict = Verdict::undecided;
  std::string environment;
  std::string evaluator;
  crypto::Digest inputs_digest;
  std::optional<Time> retry_after;
  std::optional<Time> valid_until;
  std::vector<std::string> reasons;  // codes
  std::vector<Condition> conditions;
};

// Strict; PASSED beside a verdict that does not pass (or the reverse) is Errc::malformed, and so is
// an approval without an end. A VSA of another verifier, without our extension, is
// Errc::unsupported.
[[nodiscard]] Result<SignedDecision> read_decision(const dsse::Statement& statement);

}  // namespace sluice::gate
