// SPDX-License-Identifier: Apache-2.0
// Certificates from Fulcio (POST /api/v2/signingCert), asked for and not believed.
//
// Either way of proving that the key is ours: a certificate signing request, signed by the key,
// which needs nothing else; or the bare key and its signature over the challenge, a claim of the
// token that the CA's configuration names (GET /api/v2/configuration).
//
// Fulcio has one sentence for every fault of a token. What oidc/examine.h finds is said instead.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/private_key.h"
#include "oidc/examine.h"
#include "signing/service.h"
#include "sigstore/trust_root.h"
#include "x509/chain.h"
#include "x509/sct.h"

namespace sluice::sigstore {

inline constexpr std::size_t kFulcioAnswerMost = 256U << 10;         // bytes
inline constexpr std::size_t kFulcioConfigurationMost = 256U << 10;  // bytes
inline constexpr std::size_t kFulcioIssuersMost = 512;
inline constexpr std::size_t kFulcioChainMost = 8;  // certificates

enum class KeyProof : std::uint8_t { signing_request, challenge };

[[nodiscard]] Result<HttpRequest> configuration_request(std::string_view base_url,
                                                        const ServicePatience& patience);
// What the CA says of this issuer; the rules that were given where it says nothing of it.
// Wildcards are anchored (oidc/issuers.h); an issuer named in full goes before them.
[[nodiscard]] Result<oidc::CaRules> ca_rules_in(std::string_view configuration,
                                                std::string_view issuer,
                                                const oidc::CaRules& otherwise);

// `rules` are needed for the challenge alone. The token goes into the Authorization header.
[[nodiscard]] Result<HttpRequest> certificate_request(std::string_view base_url, KeyProof proof,
                                                      const oidc::Token& token,
                                                      const crypto::Signer& key,
                                                      const oidc::CaRules& rules,
                                                      const ServicePatience& patience);

// What came back, read with limits and not looked into.
struct IssuedCertificate {
  x509::Certificate leaf;
  std::vector<x509::Certificate> above;    // without a root
  std::optional<x509::Sct> detached = {};  // where the CA cannot put it into the certificate
};
[[nodiscard]] Answered<IssuedCertificate> read_certificate_answer(std::string_view url,
                                                                  Result<HttpResponse> answer);

// A certificate that may be signed under.
struct SigningCertificate {
  x509::Certificate leaf;
  bool embedded_sct = true;
  std::string identity;  // as the certificate says it, proven to be the token's
  std::string issuer;
};

struct CertificateRules {
  const crypto::PublicKey& key;
  const oidc::Token& token;
  const oidc::CaRules& ca;
  const TrustRoot& trust;
  Time now;
  crypto::SignatureMemo* memo = nullptr;  // of signatures that held before
};

// Appends, in this order; a row that failed ends it:
//   sign.certificate.key       it certifies our key
//   sign.clock                 it is valid now, or begins within kClockSkew: otherwise this
//                              machine's clock, or the CA's, is wrong
//   sign.certificate.chain     to a CA that is trusted now (sign.certificate.* where it is not)
//   sign.certificate.sct       a trusted log has seen it: embedded, or beside it
//   sign.certificate.identity  its name and its issuer are those of the token
// Error: the trust material is malformed.
[[nodiscard]] Result<std::optional<SigningCertificate>> judge_issued(
    const IssuedCertificate& issued, const CertificateRules& rules, Report& report);

// Which names a certificate may have that was made from this token, for people: "release@…".
// A token of an address: that address. Of a CI system whose names are known here: the name that the
// CA puts together from its claims. Of others: its subject, or a name in which the subject, or the
// claim that names its pipeline, stands whole.
struct NameJudgement {
  bool fits = false;
  std::string expected;
};
NameJudgement judge_name(const x509::Certificate& leaf, const oidc::Claims& claims,
                         const oidc::CaRules& rules);
NameJudgement judge_name(const x509::AlternativeName& name, const oidc::Claims& claims,
                         const oidc::CaRules& rules);
// Which issuers it may name. One that passes others' identities on says whose (Dex:
// federated_claims); the CA then certifies that one.
std::vector<std::string> issuers_of(const oidc::Claims& claims);

}  // namespace sluice::sigstore
