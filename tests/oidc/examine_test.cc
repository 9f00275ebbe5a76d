// SPDX-License-Identifier: Apache-2.0
#include "oidc/examine.h"

#include <gtest/gtest.h>

#include "oidc/support.h"

namespace sluice::oidc {
namespace {

using std::chrono::seconds;
using tests::kNow;
using tests::kNowSeconds;
using tests::mail_claims;
using tests::token_of;
using tests::with;
using tests::without;

// The ids of what is refused, joined by blanks; empty: the token passes.
std::string refused_token(const Token& token, const CaRules& rules = {}, Time now = kNow) {
  const Report report = examine(token, rules, now);
  std::string ids;
  for (const Check& check : report.checks()) {
    if (check.outcome == Outcome::pass) continue;
    EXPECT_FALSE(check.expected.empty()) << check.id;
    EXPECT_FALSE(check.found.empty()) << check.id;
    ids += cat(ids.empty() ? "" : " ", check.id);
  }
  EXPECT_EQ(report.passed(), ids.empty());
  return ids;
}

std::string refused_claims(const json::Value& claims, const CaRules& rules = {}, Time now = kNow) {
  return refused_token(token_of(claims), rules, now);
}

json::Value job_claims(std::string_view title, const std::string& issuer) {
  json::Value claims;
  claims.set("iss", issuer);
  claims.set("sub", "a job");
  claims.set("aud", "sigstore");
  claims.set("exp", kNowSeconds + 300);
  for (const auto name : issuer_titled(title)->claims) claims.set(std::string(name), "x");
  return claims;
}

TEST(Examine, AGoodTokenPassesEveryCheck) {
  const Report report = examine(token_of(mail_claims()), {}, kNow);
  EXPECT_TRUE(report.passed());
  EXPECT_EQ(report.checks().size(), 7U);
}

TEST(Examine, TheIssuerCanBeAskedSafely) {
  EXPECT_EQ(refused_claims(with(mail_claims(), "iss", "http://127.0.0.1:8080/email")), "");
  EXPECT_EQ(refused_claims(with(mail_claims(), "iss", "http://localhost/email")), "");
  EXPECT_EQ(refused_claims(with(mail_claims(), "iss", "http://[::1]:1/email")), "");
  for (const auto* bad :
       {"http://issuer.example.org", "http://127.0.0.1.evil.org", "http://localhost.evil.org",
        "issuer.example.org", "ftp://example.org", "https://user@example.org", ""}) {
    EXPECT_EQ(refused_claims(with(mail_claims(), "iss", bad)), "oidc.issuer") << bad;
  }
  EXPECT_EQ(refused_claims(without(mail_claims(), "iss")), "oidc.issuer");
}

TEST(Examine, TheSubjectIsThere) {
  EXPECT_EQ(refused_claims(without(mail_claims(), "sub")), "oidc.subject");
  EXPECT_EQ(refused_claims(with(mail_claims(), "sub", "")), "oidc.subject");
}

TEST(Examine, TheAudienceIsTheCas) {
  const json::Array both{json::Value("other"), json::Value("sigstore")};
  EXPECT_EQ(refused_claims(with(mail_claims(), "aud", both)), "");
  EXPECT_EQ(refused_claims(with(mail_claims(), "aud", "mine"), {.audience = "mine"}), "");
  EXPECT_EQ(refused_claims(with(mail_claims(), "aud", "Sigstore")), "oidc.audience");
  EXPECT_EQ(refused_claims(with(mail_claims(), "aud", json::Array{})), "oidc.audience");
  EXPECT_EQ(refused_claims(without(mail_claims(), "aud")), "oidc.audience");
  const Report report =
      examine(token_of(with(mail_claims(), "aud", "api://AzureADTokenExchange")), {}, kNow);
  ASSERT_NE(report.first_failure(), nullptr);
  EXPECT_EQ(report.first_failure()->expected, "sigstore");
  EXPECT_EQ(report.first_failure()->found, "api://AzureADTokenExchange");
  EXPECT_EQ(report.first_failure()->source, "a test");
  EXPECT_EQ(report.first_failure()->advice, "ask for a token for the audience sigstore");
  const Report azure = examine(token_of(with(mail_claims(), "aud", "x"), "Azure DevOps"), {}, kNow);
  EXPECT_TRUE(azure.first_failure()->advice.starts_with("Azure DevOps chooses"));
}

TEST(Examine, AnExpiredTokenIsRefusedAMinuteLate) {
  const auto at = [](int after) { return kNow + seconds(600 + after); };
  EXPECT_EQ(refused_claims(mail_claims(), {}, at(0)), "");
  EXPECT_EQ(refused_claims(mail_claims(), {}, at(59)), "");
  EXPECT_EQ(refused_claims(mail_claims(), {}, at(60)), "oidc.expiry");
  const Report late = examine(token_of(mail_claims()), {}, at(3600));
  EXPECT_NE(late.first_failure()->advice.find("clock is ahead"), std::string::npos);
  EXPECT_EQ(refused_claims(without(mail_claims(), "exp")), "oidc.expiry");
  EXPECT_EQ(refused_claims(with(mail_claims(), "exp", kNowSeconds)), "oidc.expiry")
      << "not later than its iat";
  EXPECT_EQ(refused_claims(with(mail_claims(), "exp", kNowSeconds + 1)), "");
}

TEST(Examine, ATokenOfTheFutureIsRefusedByItsClaim) {
  EXPECT_EQ(refused_claims(with(mail_claims(), "nbf", kNowSeconds + 300)), "");
  EXPECT_EQ(refused_claims(with(mail_claims(), "nbf", kNowSeconds + 301)), "oidc.not-before");
  EXPECT_EQ(refused_claims(without(mail_claims(), "nbf")), "");
  EXPECT_EQ(refused_claims(with(mail_claims(), "iat", kNowSeconds + 300)), "");
  EXPECT_EQ(refused_claims(with(mail_claims(), "iat", kNowSeconds + 301)), "oidc.clock");
  EXPECT_EQ(refused_claims(without(mail_claims(), "iat")), "");
  EXPECT_EQ(refused_claims(mail_claims(), {}, kNow - std::chrono::hours(1)),
            "oidc.not-before oidc.clock");
}

TEST(Examine, AnAddressIsVerifiedWhereTheCertificateHoldsIt) {
  const CaRules mail{.kind = IssuerKind::email};
  EXPECT_EQ(refused_claims(mail_claims(), mail), "");
  EXPECT_EQ(refused_claims(with(mail_claims(), "email_verified", "true"), mail), "");
  EXPECT_EQ(refused_claims(with(mail_claims(), "email_verified", false), mail), "oidc.email");
  EXPECT_EQ(refused_claims(with(mail_claims(), "email_verified", "false"), mail), "oidc.email");
  EXPECT_EQ(refused_claims(with(mail_claims(), "email_verified", 1), mail), "oidc.email");
  EXPECT_EQ(refused_claims(without(mail_claims(), "email_verified"), mail), "oidc.email");
  EXPECT_EQ(refused_claims(without(mail_claims(), "email"), mail), "oidc.email");
  for (const auto* bad :
       {"dev", "@example.org", "dev@example", "dev@.org", "dev@example.", "de v@example.org"}) {
    EXPECT_EQ(refused_claims(with(mail_claims(), "email", bad), mail), "oidc.email") << bad;
  }
  EXPECT_EQ(refused_claims(with(mail_claims(), "email_verified", false)), "")
      << "an issuer that is not known may certify subjects";
  const auto google = with(mail_claims(), "iss", "https://accounts.google.com");
  EXPECT_EQ(refused_claims(google), "");
  EXPECT_EQ(refused_claims(with(google, "email_verified", false)), "oidc.email");
}

TEST(Examine, EachClaimOfAJobIsNeeded) {
  const std::vector<std::pair<std::string, std::string>> jobs = {
      {"GitHub Actions", "https://token.actions.githubusercontent.com"},
      {"GitLab CI", "https://gitlab.com"},
      {"Buildkite", "https://agent.buildkite.com"},
      {"CircleCI", "https://oidc.circleci.com/org/0f0e"},
      {"Codefresh", "https://oidc.codefresh.io"},
      {"Amazon EKS", "https://oidc.eks.eu-west-1.amazonaws.com/id/AB"}};
  for (const auto& [title, issuer] : jobs) {
    const auto claims = job_claims(title, issuer);
    EXPECT_EQ(refused_claims(claims), "") << title;
    for (const auto name : issuer_titled(title)->claims) {
      const Report report = examine(token_of(without(claims, name)), {}, kNow);
      ASSERT_NE(report.first_failure(), nullptr) << title << " " << name;
      EXPECT_EQ(report.first_failure()->id, "oidc.claims");
      EXPECT_TRUE(report.first_failure()->detail.ends_with(cat(": ", name)));
      EXPECT_EQ(refused_claims(with(claims, std::string(name), nullptr)), "oidc.claims");
      EXPECT_EQ(refused_claims(with(claims, std::string(name), 7)), "") << "numbers become text";
    }
  }
}

TEST(Examine, AnIssuerOfOnesOwnIsJudgedByWhereTheTokenCameFrom) {
  const auto claims = job_claims("GitLab CI", "https://git.example.org");
  EXPECT_EQ(refused_token(token_of(without(claims, "ref"), "GitLab CI")), "oidc.claims");
  EXPECT_EQ(refused_token(token_of(claims, "GitLab CI")), "");
  EXPECT_EQ(refused_token(token_of(without(claims, "ref"), "a file")), "");
}

TEST(Examine, WhatTheCaSaysOfAnIssuerCountsMore) {
  const auto claims = job_claims("GitHub Actions", "https://token.actions.githubusercontent.com");
  const auto fewer = without(claims, "run_id");
  EXPECT_EQ(refused_claims(fewer), "oidc.claims");
  EXPECT_EQ(refused_claims(fewer, {.claims = std::vector<std::string>{"sha"}}), "");
  EXPECT_EQ(refused_claims(fewer, {.claims = std::vector<std::string>{"sha", "run_id"}}),
            "oidc.claims");
  EXPECT_EQ(refused_claims(fewer, {.kind = IssuerKind::other}), "");
  EXPECT_EQ(refused_claims(fewer, {.kind = IssuerKind::email}), "oidc.email");
}

TEST(Examine, ForeignTextIsMadeSafe) {
  const auto claims = with(with(mail_claims(), "aud", "a\x1b[31m"), "sub", "s\x1b[31m");
  const Report report = examine(token_of(claims), {}, kNow);
  for (const Check& check : report.checks()) {
    EXPECT_EQ(cat(check.detail, check.found, check.expected).find('\x1b'), std::string::npos);
  }
  for (const auto& [label, value] : report.facts())
    EXPECT_EQ(value.find('\x1b'), std::string::npos);
}

TEST(Challenge, IsTheAddressOrTheSubject) {
  const auto over = [](const json::Value& claims, const CaRules& rules = {}) {
    const auto token = token_of(claims);
    const auto found = challenge(token.claims(), rules);
    return found ? cat(found->claim, "=", found->value) : std::string(name(found.error().code));
  };
  EXPECT_EQ(over(mail_claims()), "email=dev@example.org");
  EXPECT_EQ(over(with(mail_claims(), "email_verified", false)), "sub=id-7");
  EXPECT_EQ(over(without(mail_claims(), "email_verified")), "sub=id-7");
  EXPECT_EQ(over(job_claims("GitLab CI", "https://gitlab.com")), "sub=a job");
  const auto google = with(mail_claims(), "iss", "https://accounts.google.com");
  EXPECT_EQ(over(google), "email=dev@example.org");
  EXPECT_EQ(over(mail_claims(), {.challenge_claim = "sub"}), "sub=id-7") << "the CA's word";
  EXPECT_EQ(over(mail_claims(), {.kind = IssuerKind::ci}), "sub=id-7");
  EXPECT_EQ(over(without(google, "email")), "malformed");
  EXPECT_EQ(over(with(mail_claims(), "sub", ""), {.challenge_claim = "sub"}), "malformed");
  EXPECT_EQ(over(mail_claims(), {.challenge_claim = "exp"}), "malformed") << "no text";
}

}  // namespace
}  // namespace sluice::oidc
