// SPDX-License-Identifier: Apache-2.0
// Would the CA take this token? Asked before the CA is, so that the answer names the claim.
//
// Fulcio refuses a token that is expired, for another audience, of an unknown issuer or without a
// verified address with one and the same sentence. Each of these has a check of its own here:
//
//   oidc.issuer      an issuer that it can ask for keys: https, or http to this machine
//   oidc.subject     a subject
//   oidc.audience    the CA's audience is among the token's
//   oidc.expiry      not expired
//   oidc.not-before  valid already
//   oidc.clock       issued before now: otherwise this machine's clock is behind
//   oidc.email       a verified address, where the CA puts one into the certificate
//   oidc.claims      the claims of which the CA makes the certificate's name
//
// Passing says nothing about who the token is from: its signature is the CA's to verify.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/verdict.h"
#include "oidc/issuers.h"
#include "oidc/token.h"

namespace sluice::oidc {

// How far the clocks of this machine and of the CA may be apart before a token is refused here.
// Fulcio itself allows nothing after exp, and five minutes before nbf: this program must not refuse
// what it would take, so exp is over only after a minute more.
inline constexpr std::chrono::seconds kLateSkew{60};
inline constexpr std::chrono::seconds kEarlySkew{300};

// What the CA says of the token's issuer in its configuration (Fulcio: GET /api/v2/configuration);
// what it does not say is taken from the table of known issuers.
struct CaRules {
  std::string audience = "sigstore";
  std::string challenge_claim = {};                     // challengeClaim: "email", "sub"
  std::optional<IssuerKind> kind = {};                  // type
  std::optional<std::vector<std::string>> claims = {};  // that its templates name
};

[[nodiscard]] Report examine(const Token& token, const CaRules& rules, Time now);

// What the proof of possession is over: the claim that the CA names; where it names none, the
// address for issuers of addresses, or of a verified address from an issuer that is not known, and
// the subject for all others.
struct Challenge {
  std::string claim;  // "email", "sub"
  std::string value;
};
// Errc::malformed where the token does not have that claim as text.
[[nodiscard]] Result<Challenge> challenge(const Claims& claims, const CaRules& rules);

}  // namespace sluice::oidc
