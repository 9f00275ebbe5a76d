// SPDX-License-Identifier: Apache-2.0
#include "signing/fulcio_client.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/services.h"

namespace sluice::sigstore {
namespace {

using oidc::CaRules;
using oidc::IssuerKind;
using test::at;

const Time kNow = at("2026-06-01T12:00:00Z");
constexpr std::string_view kCa = "https://fulcio.example.org";

oidc::Token token(const test::Change& change = {}) {
  static const test::VirtualIssuer issuer;
  return oidc::Token::parse(issuer.token(test::kIdentity, kNow, change), "a test").value();
}

const crypto::PrivateKey& key() {
  static const auto made = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256).value();
  return made;
}

HttpResponse answer(int status, std::string body, Headers headers = {}) {
  HttpResponse out;
  out.status = status;
  out.headers = std::move(headers);
  out.body = std::move(body);
  out.url = kCa;
  return out;
}

Trouble trouble(Result<HttpResponse> response) {
  auto read = read_certificate_answer(kCa, std::move(response));
  EXPECT_FALSE(read);
  return read.error();
}

// ---- requests

TEST(FulcioRequest, GoesToTheCaWithItsTokenAndNowhereElse) {
  const oidc::Token bearer = token();
  const auto request = certificate_request("https://fulcio.example.org/", KeyProof::signing_request,
                                           bearer, key(), {}, {});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->url, "https://fulcio.example.org/api/v2/signingCert");
  EXPECT_EQ(request->authorization, bearer.secret());
  EXPECT_EQ(request->budget.redirects, 0);
  EXPECT_EQ(request->body.find(bearer.secret()->reveal_text()), std::string::npos);
  EXPECT_EQ(request->repeatable, true);
  for (const std::string_view bad : {"ftp://fulcio.example.org", "fulcio", "https://a/?b=c"}) {
    EXPECT_FALSE(certificate_request(bad, KeyProof::signing_request, bearer, key(), {}, {})) << bad;
  }
}

TEST(FulcioRequest, ProvesTheKeyOverTheClaimThatTheCaNames) {
  const auto proof_over = [&](const CaRules& rules) -> std::string {
    const auto request = certificate_request(kCa, KeyProof::challenge, token(), key(), rules, {});
    if (!request) return "";
    const auto body = json::parse_strict(request->body).value();
    const json::Value* inner = body.find("publicKeyRequest");
    EXPECT_EQ(*inner->find("publicKey")->find("content")->string(), key().public_key().pem());
    const Bytes proof = from_base64(*inner->find("proofOfPossession")->string()).value();
    for (const std::string& text : {std::string(test::kIdentity), std::string(test::kIssuer)}) {
      const auto message = crypto::Message::of(key().scheme(), bytes_of(text)).value();
      if (crypto::verify(key().public_key(), message, proof) == crypto::Match::yes) return text;
    }
    return "something else";
  };
  EXPECT_EQ(proof_over({}), test::kIdentity);
  EXPECT_EQ(proof_over({.challenge_claim = "email"}), test::kIdentity);
  EXPECT_EQ(proof_over({.challenge_claim = "iss"}), test::kIssuer);
  EXPECT_EQ(proof_over({.challenge_claim = "nothing"}), "");
}

// ---- the CA's configuration

TEST(FulcioConfiguration, SaysWhatIsNeededOfAnIssuer) {
  constexpr std::string_view kText = R"({"issuers":[
    {"wildcardIssuerUrl":"https://*.example.org","audience":"wild","challengeClaim":"sub"},
    {"issuerUrl":"https://one.example.org","audience":"one","challengeClaim":"email",
     "issuerType":"email","spiffeTrustDomain":""},
    {"issuerUrl":"https://two.example.org","issuerType":"gitlab-pipeline"}]})";
  const CaRules before{.audience = "sigstore"};
  const auto one = ca_rules_in(kText, "https://one.example.org", before).value();
  EXPECT_EQ(one.audience, "one");
  EXPECT_EQ(one.challenge_claim, "email");
  EXPECT_EQ(one.kind, IssuerKind::email);
  const auto two = ca_rules_in(kText, "https://two.example.org", before).value();
  EXPECT_EQ(two.audience, "sigstore");
  EXPECT_EQ(two.kind, IssuerKind::ci);
  EXPECT_EQ(ca_rules_in(kText, "https://other.example.org", before)->audience, "wild");
  // GHSA-59jp-pj84-45mr: a pattern fits the whole or nothing.
  EXPECT_EQ(ca_rules_in(kText, "https://other.example.org.evil.net", before)->audience, "sigstore");
}

TEST(FulcioConfiguration, HasLimits) {
  std::string many = R"({"issuers":[)";
  for (std::size_t i = 0; i <= kFulcioIssuersMost; ++i) many += cat(i == 0 ? "" : ",", "{}");
  EXPECT_FALSE(ca_rules_in(many + "]}", "x", {}));
  many.erase(many.size() - 3);
  EXPECT_TRUE(ca_rules_in(many + "]}", "x", {}));
  for (const std::string_view bad :
       {"", "[]", "{}", R"({"issuers":[1]})", R"({"issuers":[{"issuerUrl":1}]})"}) {
    EXPECT_FALSE(ca_rules_in(bad, "x", {})) << bad;
  }
}

// ---- answers

TEST(FulcioAnswer, ARefusalIsToldInTheCasOwnWords) {
  const Trouble refused = trouble(answer(400, R"({"code":3,"message":"There was an error"})"));
  EXPECT_EQ(refused.kind, Trouble::Kind::refused);
  EXPECT_EQ(refused.check.id, "sign.certificate.refused");
  EXPECT_EQ(refused.check.detail, "it answered 400: There was an error");
  EXPECT_EQ(trouble(answer(403, "denied by policy\nmore")).check.detail,
            "it answered 403: denied by policy");
  EXPECT_EQ(trouble(answer(403, "<html>x</html>")).check.detail, "it answered 403");
  // A service may repeat what it was sent.
  const std::string token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln-bmF0_dXJl";
  EXPECT_EQ(
      trouble(answer(400, cat(R"({"message":"bad token )", token, R"(, sorry"})"))).check.detail,
      "it answered 400: bad token [token], sorry");
  EXPECT_EQ(trouble(answer(400, cat("Authorization: Bearer ", token))).check.detail,
            "it answered 400: Authorization: Bearer [token]");
  EXPECT_EQ(trouble(answer(400, R"({"message":"\u001b[31mred"})")).check.detail.find('\x1b'),
            std::string::npos);
}

TEST(FulcioAnswer, AnOutageIsNoRefusal) {
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 599}) {
    const Trouble out = trouble(answer(status, "", {{"retry-after", "7"}}));
    EXPECT_EQ(out.kind, Trouble::Kind::outage) << status;
    EXPECT_EQ(out.retry_after, "7");
  }
  EXPECT_EQ(trouble(fail(Errc::network, "reset")).kind, Trouble::Kind::outage);
  EXPECT_EQ(trouble(fail(Errc::timeout, "slow")).error().code, Errc::timeout);
  EXPECT_TRUE(trouble(fail(Errc::timeout, "slow")).again);
  // An answer that is too large is none; and what our side does not send, it never will.
  EXPECT_EQ(trouble(fail(Errc::limit, "large")).kind, Trouble::Kind::broken);
  EXPECT_FALSE(trouble(fail(Errc::denied, "offline")).again);
}

TEST(FulcioAnswer, WhatIsNoAnswerSaysWhatItIs) {
  EXPECT_NE(trouble(answer(200, "<!DOCTYPE html><html>")).check.detail.find("HTML"),
            std::string::npos);
  EXPECT_EQ(trouble(answer(200, "")).check.detail, "its answer is empty");
  for (const std::string_view body :
       {"[]", "null", "{", R"({"signedCertificateEmbeddedSct":{}})",
        R"({"signedCertificateEmbeddedSct":{"chain":{"certificates":[]}}})",
        R"({"signedCertificateEmbeddedSct":{"chain":{"certificates":["x"]}}})",
        R"({"signedCertificateEmbeddedSct":{},"signedCertificateDetachedSct":{}})"}) {
    EXPECT_EQ(trouble(answer(200, std::string(body))).check.id, "sign.certificate.answer") << body;
  }
}

// ---- certificates with a proof beside them

class Detached : public testing::Test {
 protected:
  Detached() {
    test::CertificateWish wish = test::leaf_wish();
    wish.from = kNow;
    wish.to = kNow + std::chrono::minutes(10);
    wish.for_key = key().public_key();
    wish.extensions = {test::key_usage(0x80),
                       test::extended_key_usage({std::string(test::kCodeSigningPurpose)}),
                       test::alternative_names({test::email_name(test::kIdentity)}),
                       test::fulcio_extension(8, test::kIssuer)};
    leaf_ = test::issue(world_.intermediate, wish).der;
  }
  // What a log signs of a final certificate (RFC 6962 3.2), and the answer that it gives.
  json::Value sct(std::uint64_t milliseconds = 1'780'315'201'000) const {
    const test::MadeLog& log = world_.ct_logs[0];
    Bytes text{0, 0};
    const auto number = [&](std::uint64_t value, int bytes) {
      for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        text.push_back(static_cast<std::uint8_t>(value >> shift));
      }
    };
    number(milliseconds, 8);
    number(0, 2);
    number(leaf_.size(), 3);
    text.insert(text.end(), leaf_.begin(), leaf_.end());
    number(0, 2);
    const Bytes bare = log.key.sign(crypto::Message::of(log.key.scheme(), text).value()).value();
    Bytes whole{4, 3, static_cast<std::uint8_t>(bare.size() >> 8),
                static_cast<std::uint8_t>(bare.size() & 0xffU)};
    whole.insert(whole.end(), bare.begin(), bare.end());
    return test::object({{"sct_version", 0},
                         {"id", to_base64(log.key.public_key().fingerprint().bytes())},
                         {"timestamp", static_cast<std::int64_t>(milliseconds)},
                         {"extensions", ""},
                         {"signature", to_base64(whole)}});
  }
  std::string judged(std::optional<json::Value> sct) const {
    json::Value inner = test::object(
        {{"chain", test::object({{"certificates",
                                  json::Array{test::pem_of_certificate(leaf_),
                                              test::pem_of_certificate(world_.intermediate.der),
                                              test::pem_of_certificate(world_.root.der)}}})}});
    if (sct) inner.set("signedCertificateTimestamp", test::base64(json::write(*sct)));
    const auto issued = read_certificate_answer(
        kCa, answer(200, json::write(test::object({{"signedCertificateDetachedSct", inner}}))));
    if (!issued) return issued.error().check.id;
    Report rows("");
    const oidc::Token bearer = token();
    const auto trust = TrustRoot::parse(world_.trusted_root(), "a test").value();
    const auto made = judge_issued(
        *issued,
        {.key = key().public_key(), .token = bearer, .ca = {}, .trust = trust, .now = kNow}, rows);
    if (rows.first_failure() != nullptr) return rows.first_failure()->id;
    EXPECT_FALSE((*made)->embedded_sct);
    return "";
  }

  test::VirtualSigstore world_;
  Bytes leaf_;
};

TEST_F(Detached, AProofBesideTheCertificateCounts) {
  EXPECT_EQ(judged(sct()), "");
  EXPECT_EQ(judged(std::nullopt), "sign.certificate.sct");
  json::Value other = sct();
  other.set("timestamp", std::int64_t{1'780'315'201'001});
  EXPECT_EQ(judged(other), "sign.certificate.sct");
  other.set("sct_version", 1);
  EXPECT_EQ(judged(other), "sign.certificate.answer");
  other = sct();
  other.set("id", "AAAA");
  EXPECT_EQ(judged(other), "sign.certificate.answer");
}

// ---- names

struct NameRow {
  const char* why;
  std::vector<std::pair<std::string, std::string>> claims;
  Bytes name;
  bool fits;
  std::optional<IssuerKind> kind = {};
};

TEST(FulcioName, IsWhatTheCaMakesOfTheToken) {
  const auto uri = [](std::string_view text) { return test::uri_name(text); };
  const std::string github = "https://token.actions.githubusercontent.com";
  const std::string flow = "org/app/.github/workflows/r.yml@refs/heads/main";
  const std::vector<NameRow> rows{
      {"the address", {}, test::email_name(test::kIdentity), true},
      {"another address", {}, test::email_name("mallory@example.org"), false},
      {"an address as a URI", {}, uri(cat("mailto:", test::kIdentity)), false},
      {"a workflow",
       {{"iss", github}, {"job_workflow_ref", flow}},
       uri(cat("https://github.com/", flow)),
       true},
      {"a workflow elsewhere",
       {{"iss", github}, {"job_workflow_ref", flow}},
       uri(cat("https://gitlab.com/", flow)),
       false},
      {"a longer name of a workflow",
       {{"iss", github}, {"job_workflow_ref", flow}},
       uri(cat("https://github.com/evil/", flow)),
       false},
      {"a private host's workflow",
       {{"iss", "https://ghe.example.org"}, {"job_workflow_ref", flow}},
       uri(cat("https://ghe.example.org/", flow)),
       true,
       IssuerKind::ci},
      {"a private host's other workflow",
       {{"iss", "https://ghe.example.org"}, {"job_workflow_ref", flow}},
       uri(cat("https://ghe.example.org/x/", flow)),
       false,
       IssuerKind::ci},
      {"a pipeline",
       {{"iss", "https://gitlab.com"}, {"ci_config_ref_uri", "gitlab.com/g/p//f@r"}},
       uri("https://gitlab.com/g/p//f@r"),
       true},
      {"another pipeline",
       {{"iss", "https://gitlab.com"}, {"ci_config_ref_uri", "gitlab.com/g/p//f@r"}},
       uri("https://gitlab.com/g/p//f@r2"),
       false},
      {"Buildkite",
       {{"iss", "https://agent.buildkite.com"}, {"organization_slug", "o"}, {"pipeline_slug", "p"}},
       uri("https://buildkite.com/o/p"),
       true},
      {"a subject",
       {{"iss", "https://x.example.org"}, {"sub", "spiffe://td/a"}},
       uri("spiffe://td/a"),
       true,
       IssuerKind::other},
      {"a longer subject",
       {{"iss", "https://x.example.org"}, {"sub", "spiffe://td/a"}},
       uri("spiffe://td/ab"),
       false,
       IssuerKind::other},
      {"a user name",
       {{"iss", "https://x.example.org"}, {"sub", "joe"}},
       test::username_name("joe!example.org"),
       true,
       IssuerKind::other},
      {"a longer user name",
       {{"iss", "https://x.example.org"}, {"sub", "joe"}},
       test::username_name("joel!example.org"),
       false,
       IssuerKind::other}};
  const auto root = test::make_root();
  for (const NameRow& row : rows) {
    test::CertificateWish wish = test::leaf_wish();
    wish.extensions = {test::alternative_names({row.name})};
    const auto read = x509::Certificate::from_der(test::issue(root, wish).der);
    ASSERT_TRUE(read) << row.why << ": " << read.error().text();
    const auto& leaf = *read;
    const oidc::Token bearer = token([&](json::Value& claims) {
      for (const auto& [name, value] : row.claims) claims.set(name, value);
    });
    EXPECT_EQ(judge_name(leaf, bearer.claims(), {.kind = row.kind}).fits, row.fits) << row.why;
  }
}

TEST(FulcioName, OfAServiceAccount) {
  const auto root = test::make_root();
  test::CertificateWish wish = test::leaf_wish();
  wish.extensions = {test::alternative_names(
      {test::uri_name("https://kubernetes.io/namespaces/ci/serviceaccounts/builder")})};
  const auto leaf = x509::Certificate::from_der(test::issue(root, wish).der).value();
  const auto fits = [&](std::string_view account) {
    const oidc::Token bearer = token([&](json::Value& claims) {
      claims.set("kubernetes.io",
                 test::object(
                     {{"namespace", "ci"}, {"serviceaccount", test::object({{"name", account}})}}));
    });
    return judge_name(leaf, bearer.claims(), {.kind = IssuerKind::kubernetes}).fits;
  };
  EXPECT_TRUE(fits("builder"));
  EXPECT_FALSE(fits("deployer"));
}

}  // namespace
}  // namespace sluice::sigstore
