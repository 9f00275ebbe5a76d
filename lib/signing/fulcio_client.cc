// SPDX-License-Identifier: Apache-2.0
#include "signing/fulcio_client.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "oidc/issuers.h"
#include "x509/request.h"

namespace sluice::sigstore {

namespace {

using json::Fields;
using json::Value;

constexpr json::Limits kFulcioAnswerLimits{.bytes = kFulcioAnswerMost, .depth = 8, .values = 200};

Value member_of(std::string key, Value value) {
  Value out;
  out.set(std::move(key), std::move(value));
  return out;
}

// Fulcio's PublicKeyAlgorithm.
Result<std::string_view> algorithm_name(crypto::Scheme scheme) {
  switch (scheme.kind) {
    case crypto::SchemeKind::ecdsa:
      return "ECDSA";
    case crypto::SchemeKind::ed25519:
      return "ED25519";
    case crypto::SchemeKind::rsa_pss:
      return "RSA_PSS";
    default:
      return fail(Errc::unsupported, cat("the CA has no name for ", crypto::name(scheme)));
  }
}

Result<Value> signing_request(const crypto::Signer& key) {
  SLUICE_TRY(const Bytes der, x509::certificate_request(key));
  const std::string pem = crypto::write_pem("CERTIFICATE REQUEST", der);
  return member_of("certificateSigningRequest", to_base64(bytes_of(pem)));
}

Result<Value> challenged_request(const oidc::Token& token, const crypto::Signer& key,
                                 const oidc::CaRules& rules) {
  SLUICE_TRY(const auto algorithm, algorithm_name(key.scheme()));
  SLUICE_TRY(const oidc::Challenge challenge, oidc::challenge(token.claims(), rules));
  SLUICE_TRY(const auto message, crypto::Message::of(key.scheme(), bytes_of(challenge.value)));
  SLUICE_TRY(const Bytes proof, key.sign(message));
  Value half = member_of("algorithm", algorithm);
  half.set("content", key.public_key().pem());
  Value request = member_of("publicKey", std::move(half));
  request.set("proofOfPossession", to_base64(proof));
  return member_of("publicKeyRequest", std::move(request));
}

oidc::IssuerKind issuer_kind(std::string_view type) {
  using oidc::IssuerKind;
  if (type == "email") return IssuerKind::email;
  if (type == "kubernetes") return IssuerKind::kubernetes;
  const bool ci = type == "ci-provider" || type.ends_with("-workflow") ||
                  type.ends_with("-pipeline") || type.ends_with("-job");
  return ci ? IssuerKind::ci : IssuerKind::other;
}

Result<std::string> text_or_nothing(const Fields& fields, std::string_view key) {
  if (!fields.has(key)) return std::string();
  return fields.string(key);
}

// Is this row about the issuer: in full, or by its wildcard?
struct IssuerRow {
  bool in_full = false;
  bool by_wildcard = false;
};
Result<IssuerRow> row_about(const Fields& row, std::string_view issuer) {
  if (row.value().object() == nullptr) {
    return fail(Errc::malformed, cat(row.path(), " is no object"));
  }
  SLUICE_TRY(const std::string exact, text_or_nothing(row, "issuerUrl"));
  SLUICE_TRY(const std::string wildcard, text_or_nothing(row, "wildcardIssuerUrl"));
  return IssuerRow{!exact.empty() && exact == issuer,
                   !wildcard.empty() && oidc::matches_issuer(wildcard, issuer)};
}

Result<oidc::CaRules> rules_of(const Fields& row, const oidc::CaRules& otherwise) {
  oidc::CaRules out = otherwise;
  SLUICE_TRY(const std::string audience, text_or_nothing(row, "audience"));
  SLUICE_TRY(out.challenge_claim, text_or_nothing(row, "challengeClaim"));
  SLUICE_TRY(const std::string type, text_or_nothing(row, "issuerType"));
  if (!audience.empty()) out.audience = audience;
  if (!type.empty()) out.kind = issuer_kind(type);
  // Older CAs do not say of which kind an issuer is; whose challenge is the address, is of
  // addresses.
  if (type.empty() && out.challenge_claim == "email") out.kind = oidc::IssuerKind::email;
  return out;
}

Result<std::vector<x509::Certificate>> chain_in(const Fields& fields) {
  SLUICE_TRY(const Fields chain, fields.object("chain"));
  SLUICE_TRY(const auto list, chain.array("certificates", kFulcioChainMost));
  if (list.empty()) return fail(Errc::malformed, "it answered with an empty chain");
  std::vector<x509::Certificate> out;
  for (const Fields& each : list) {
    SLUICE_TRY(const std::string pem, each.as_string());
    SLUICE_TRY(auto certificate,
               within(x509::Certificate::from_pem(pem), cat("reading ", each.path())));
    out.push_back(std::move(certificate));
  }
  return out;
}

// The answer of a log (RFC 6962 4.1) in JSON, in base64 once more.
Result<x509::Sct> detached_sct(const std::string& base64) {
  SLUICE_TRY(const Bytes text, from_base64(base64));
  SLUICE_TRY(const Value value, json::parse_strict(text_of(text), kFulcioAnswerLimits));
  const Fields fields(value, "signedCertificateTimestamp");
  SLUICE_TRY(const auto version, fields.integer("sct_version"));
  if (version != 0) return fail(Errc::unsupported, "a certificate timestamp that is not of v1");
  SLUICE_TRY(const std::string id_text, fields.string("id"));
  SLUICE_TRY(const Bytes id, from_base64(id_text));
  SLUICE_TRY(const auto milliseconds, fields.integer_or_text("timestamp"));
  SLUICE_TRY(const std::string extension_text, text_or_nothing(fields, "extensions"));
  SLUICE_TRY(const Bytes extensions, from_base64(extension_text));
  SLUICE_TRY(const std::string signature_text, fields.string("signature"));
  SLUICE_TRY(const Bytes signature, from_base64(signature_text));
  if (milliseconds < 0 || extensions.size() > 0xffff) {
    return fail(Errc::malformed, "a certificate timestamp with values out of range");
  }
  // As TLS has it, for the one reader of these.
  Bytes out{0};
  out.insert(out.end(), id.begin(), id.end());
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(milliseconds) >> shift));
  }
  out.push_back(static_cast<std::uint8_t>(extensions.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(extensions.size() & 0xffU));
  out.insert(out.end(), extensions.begin(), extensions.end());
  out.insert(out.end(), signature.begin(), signature.end());
  if (id.size() != 32) return fail(Errc::malformed, "a log's id that is not of 32 bytes");
  return x509::parse_sct(out);
}

Result<IssuedCertificate> issued_in(const Value& value) {
  const Fields root(value, "answer");
  const bool embedded = root.has("signedCertificateEmbeddedSct");
  if (embedded == root.has("signedCertificateDetachedSct")) {
    return fail(Errc::malformed, "its answer holds no certificate");
  }
  SLUICE_TRY(const Fields fields, root.object(embedded ? "signedCertificateEmbeddedSct"
                                                       : "signedCertificateDetachedSct"));
  SLUICE_TRY(auto chain, chain_in(fields));
  IssuedCertificate out{chain.front(), {}, {}};
  chain.erase(chain.begin());
  for (x509::Certificate& one : chain) {
    if (!one->is_self_issued()) out.above.push_back(std::move(one));
  }
  if (!embedded && fields.has("signedCertificateTimestamp")) {
    SLUICE_TRY(const std::string text, fields.string("signedCertificateTimestamp"));
    SLUICE_TRY(out.detached, within(detached_sct(text), "reading signedCertificateTimestamp"));
  }
  return out;
}

class IssuedJudge {
 public:
  IssuedJudge(const IssuedCertificate& issued, const CertificateRules& rules, Report& report)
      : issued_(issued), rules_(rules), leaf_(issued.leaf), report_(report) {}

  Result<std::optional<SigningCertificate>> run() {
    if (!certifies_our_key() || !clocks_agree()) return std::nullopt;
    SLUICE_TRY(const auto issuers, rules_.trust.issuers_for(leaf_, issued_.above));
    const std::array times{moment()};
    auto chain =
        x509::verify_chain(leaf_, issued_.above, issuers, times, x509::kCodeSigning, rules_.memo);
    if (!chain) return refuse_chain(std::move(chain).error());
    report_.pass("sign.certificate.chain", "certificate chain", chain->detail());
    SLUICE_TRY(const bool logged, seen_by_a_log(*chain));
    if (!logged || !names_us()) return std::nullopt;
    SigningCertificate out{leaf_, leaf_->sct_list.has_value(), {}, {}};
    out.identity = leaf_->alternative_names.front().value;
    if (const std::string* issuer = leaf_->fulcio.issuer()) out.issuer = *issuer;
    return out;
  }

 private:
  bool certifies_our_key() {
    if (leaf_->key == rules_.key) {
      report_.pass("sign.certificate.key", "certificate", "it certifies our key");
      return true;
    }
    Check& check = report_.fail("sign.certificate.key", "certificate",
                                "the CA certified another key than ours");
    check.expected = rules_.key.fingerprint().text();
    check.found = leaf_->key.fingerprint().text();
    return false;
  }

  // A CA whose clock is a little ahead of ours issues from a moment on that is still to come.
  Time moment() const { return std::max(rules_.now, leaf_->validity.not_before); }

  bool clocks_agree() {
    const x509::Validity& validity = leaf_->validity;
    const bool early = rules_.now + kClockSkew < validity.not_before;
    const bool late = rules_.now > validity.not_after;
    if (!early && !late) {
      report_.pass("sign.clock", "clock",
                   cat("the certificate is good until ", human_time(validity.not_after)));
      return true;
    }
    Check& check =
        report_.fail("sign.clock", "clock",
                     early ? cat("the certificate that the CA has just issued begins in ",
                                 human_duration(validity.not_before - rules_.now))
                           : cat("the certificate that the CA has just issued expired ",
                                 human_duration(rules_.now - validity.not_after), " ago"));
    check.expected =
        cat("between ", human_time(validity.not_before), " and ", human_time(validity.not_after));
    check.found = cat(human_time(rules_.now), " by this machine's clock");
    check.advice = cat("this machine's clock is ", early ? "behind" : "ahead",
                       ", or the CA's is not right: set the clock");
    return false;
  }

  std::nullopt_t refuse_chain(Check check) {
    if (check.advice.empty()) {
      check.advice =
          cat("is it another instance's CA? Name its trust material: --trusted-root "
              "FILE. This is ",
              rules_.trust.source());
    }
    append_as_signing(report_, check);
    return std::nullopt;
  }

  x509::Judged<std::vector<x509::LoggedProof>> proofs(const x509::VerifiedChain& chain,
                                                      std::span<const x509::CtLog> logs) const {
    if (issued_.detached && !leaf_->sct_list) {
      return x509::verify_detached_scts(chain, std::span(&*issued_.detached, 1), logs, 1);
    }
    return x509::verify_embedded_scts(chain, logs, 1, rules_.memo);
  }

  Result<bool> seen_by_a_log(const x509::VerifiedChain& chain) {
    const bool detached = issued_.detached && !leaf_->sct_list;
    SLUICE_TRY(const auto logs, detached
                                    ? rules_.trust.ct_logs_for(std::span(&*issued_.detached, 1))
                                    : rules_.trust.ct_logs_for(leaf_));
    const auto seen = proofs(chain, logs);
    if (!seen) {
      append_as_signing(report_, seen.error());
      return false;
    }
    report_.pass("sign.certificate.sct", "certificate log",
                 cat("seen by ", seen->front().log, detached ? ", which is not in it" : ""));
    return true;
  }

  bool names_us() {
    const oidc::Claims& claims = rules_.token.claims();
    const auto refuse = [&](std::string detail, std::string_view expected, std::string_view found) {
      Check& check = report_.fail("sign.certificate.identity", "identity", std::move(detail));
      check.expected = printable(expected);
      check.found = printable(found);
      check.source = "the certificate that the CA returned";
      return false;
    };
    const auto& names = leaf_->alternative_names;
    if (names.size() != 1) {
      return refuse("the certificate has not exactly one name", "one name", cat(names.size()));
    }
    const NameJudgement name = judge_name(leaf_, claims, rules_.ca);
    if (!name.fits) {
      return refuse("the CA certified another identity than the token's", name.expected,
                    names.front().value);
    }
    const std::string* issuer = leaf_->fulcio.issuer();
    const auto issuers = issuers_of(claims);
    if (issuer == nullptr || std::ranges::find(issuers, *issuer) == issuers.end()) {
      return refuse("the certificate names another issuer than the token", join(issuers, " or "),
                    issuer == nullptr ? std::string("none") : *issuer);
    }
    report_.pass("sign.certificate.identity", "identity",
                 cat(printable(names.front().value, 300), " (", printable(*issuer, 200), ")"));
    return true;
  }

  const IssuedCertificate& issued_;
  const CertificateRules& rules_;
  const x509::Certificate& leaf_;
  Report& report_;
};

}  // namespace

Result<HttpRequest> configuration_request(std::string_view base_url,
                                          const ServicePatience& patience) {
  HttpRequest request;
  SLUICE_TRY(request.url, service_url(base_url, "api/v2/configuration"));
  request.headers = {{"Accept", "application/json"}};
  request.budget.total = patience.total;
  request.budget.tries = patience.tries;
  request.budget.max_body = kFulcioConfigurationMost;
  return request;
}

Result<oidc::CaRules> ca_rules_in(std::string_view configuration, std::string_view issuer,
                                  const oidc::CaRules& otherwise) {
  SLUICE_TRY(const Value value,
             json::parse_strict(configuration,
                                {.bytes = kFulcioConfigurationMost, .depth = 8, .values = 20'000}));
  const Fields root(value, "configuration");
  SLUICE_TRY(const auto rows, root.array("issuers", kFulcioIssuersMost));
  const Fields* by_wildcard = nullptr;
  for (const Fields& row : rows) {
    SLUICE_TRY(const IssuerRow about, row_about(row, issuer));
    if (about.in_full) return rules_of(row, otherwise);
    if (about.by_wildcard && by_wildcard == nullptr) by_wildcard = &row;
  }
  if (by_wildcard == nullptr) return otherwise;
  return rules_of(*by_wildcard, otherwise);
}

Result<HttpRequest> certificate_request(std::string_view base_url, KeyProof proof,
                                        const oidc::Token& token, const crypto::Signer& key,
                                        const oidc::CaRules& rules,
                                        const ServicePatience& patience) {
  SLUICE_TRY(std::string url, service_url(base_url, "api/v2/signingCert"));
  SLUICE_TRY(const Value body, proof == KeyProof::signing_request
                                   ? signing_request(key)
                                   : challenged_request(token, key, rules));
  HttpRequest request = json_post(std::move(url), json::write(body), patience);
  request.authorization = token.secret();
  request.budget.redirects = 0;  // the token goes to the CA that was named, and nowhere else
  request.budget.max_body = kFulcioAnswerMost;
  return request;
}

Answered<IssuedCertificate> read_certificate_answer(std::string_view url,
                                                    Result<HttpResponse> answer) {
  auto response = sort_answer(kCaRole, url, std::move(answer), is_created);
  if (!response) return std::unexpected(std::move(response).error());
  auto value = json_answer(kCaRole, *response, kFulcioAnswerLimits);
  if (!value) return std::unexpected(std::move(value).error());
  auto issued = issued_in(*value);
  if (!issued) return std::unexpected(broken_answer(kCaRole, *response, issued.error()));
  return *std::move(issued);
}

Result<std::optional<SigningCertificate>> judge_issued(const IssuedCertificate& issued,
                                                       const CertificateRules& rules,
                                                       Report& report) {
  return IssuedJudge(issued, rules, report).run();
}

}  // namespace sluice::sigstore
