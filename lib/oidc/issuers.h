// SPDX-License-Identifier: Apache-2.0
// The issuers that Sigstore's public Fulcio trusts, and what it needs of their tokens.
//
// Facts from Fulcio's published configuration. A claim that a template of its names and that a
// token lacks makes it refuse the token as a whole, with a sentence that does not name the claim.
#pragma once

#include <span>
#include <string_view>

namespace sluice::oidc {

enum class IssuerKind : std::uint8_t {
  email,       // the certificate names an address: email, email_verified
  ci,          // its name is put together from claims
  kubernetes,  // a service account
  other        // its name is the subject
};
std::string_view name(IssuerKind kind);  // as Fulcio calls it: "email", "ci-provider", ...

struct KnownIssuer {
  std::string_view title;    // "GitHub Actions"
  std::string_view pattern;  // the issuer; each * is one or more of -_a-zA-Z0-9, as in Fulcio
  IssuerKind kind = IssuerKind::other;
  std::span<const std::string_view> claims = {};  // all of them are needed
};

// By the token's issuer, whole. nullptr: none that this program knows.
const KnownIssuer* known_issuer(std::string_view issuer);
// By its title, for issuers of one's own ("GitLab CI" on premises). nullptr: no such row.
const KnownIssuer* issuer_titled(std::string_view title);
std::span<const KnownIssuer> known_issuers();

// Fulcio's wildcards, anchored at both ends (an unanchored one was GHSA-59jp-pj84-45mr).
bool matches_issuer(std::string_view pattern, std::string_view issuer);

}  // namespace sluice::oidc
