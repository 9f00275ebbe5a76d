// SPDX-License-Identifier: Apache-2.0
#include "sigstore/identity.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "sigstore/identity_support.h"

namespace sluice::sigstore {
namespace {

TEST(Identity, RefusalSaysWhatWasExpectedFoundAndWhere) {
  const Check check = first_failure(repo("org/app", "nightly.yml", "refs/tags/*"), on_github());
  EXPECT_EQ(check.id, "identity.workflow");
  EXPECT_EQ(check.expected, "nightly.yml");
  EXPECT_EQ(check.found, "https://github.com/org/app/.github/workflows/release.yml@refs/tags/v1.2");
  EXPECT_EQ(check.source, "certificate: build config URI (1.3.6.1.4.1.57264.1.18)");
  EXPECT_EQ(check.advice, "Is it meant to be built by that workflow? To accept that one:");
  EXPECT_EQ(check.command,
            "sluice verify --repo org/app --workflow release.yml --ref refs/tags/v1.2 app.tar.gz");
}

TEST(Identity, AdviceKeepsToTheTermsOfTheQuestion) {
  const auto advice = [](const IdentityWish& wish, const Signer& signer) {
    return first_failure(wish, signer).command;
  };
  EXPECT_EQ(advice(repo("org/other"), on_github()), "sluice verify --repo org/app app.tar.gz");
  IdentityWish person_elsewhere = kPerson;
  person_elsewhere.issuer = "https://else.test";
  EXPECT_EQ(advice(person_elsewhere, person()),
            "sluice verify --certificate-identity release@example.org --certificate-oidc-issuer "
            "https://accounts.example.org app.tar.gz");
  EXPECT_EQ(advice(repo("org/app"), on_gitlab()),
            "sluice verify --repo https://gitlab.com/group/sub/app app.tar.gz");
  IdentityWish own = repo("https://git.example.org/group/other", "x.yml");
  own.issuer = "https://git.example.org";
  own.trigger = "push";
  EXPECT_EQ(advice(own, on_gitlab("git.example.org")),
            "sluice verify --repo https://git.example.org/group/sub/app --workflow .gitlab-ci.yml "
            "--trigger push --certificate-oidc-issuer https://git.example.org app.tar.gz");
  // An older certificate does not state which workflow was started; the called one has to do.
  EXPECT_EQ(advice(repo("org/app", "release.yml"), on_older_github()),
            "sluice verify --certificate-identity "
            "https://github.com/org/app/.github/workflows/release.yml@refs/tags/v1.2 --repo "
            "org/app app.tar.gz");
  // A merge request has two refs, and no --ref fits both.
  EXPECT_EQ(advice(repo("gitlab.com/group/sub/app", {}, "refs/heads/main"),
                   on_gitlab().with(
                       18, "https://gitlab.com/group/sub/app//ci.yml@refs/merge-requests/1/head")),
            "sluice verify --certificate-identity "
            "https://gitlab.com/group/sub/app//.gitlab-ci.yml@refs/heads/main "
            "--certificate-oidc-issuer https://gitlab.com app.tar.gz");
  // Nothing can accept these.
  EXPECT_EQ(advice(kPerson, person().named({})), "");
  EXPECT_EQ(advice(kPerson, person().without({1, 8})), "");
}

TEST(Identity, AdviceIsSafeInAShell) {
  const Signer hostile = person().named({test::username_name("a'; touch /tmp/x; '$(id)")});
  EXPECT_TRUE(
      first_failure(kPerson, hostile)
          .command.contains(R"(--certificate-identity 'a'\''; touch /tmp/x; '\''$(id)' --)"));
  const Signer option = person().named({test::username_name("--key")});
  EXPECT_TRUE(first_failure(kPerson, option).command.contains(" --certificate-identity=--key "));
  const Signer starred =
      on_github()
          .with(6, "refs/heads/*")
          .with(14, "refs/heads/*")
          .with(18, "https://github.com/org/app/.github/workflows/release.yml@refs/heads/*");
  EXPECT_TRUE(first_failure(repo("org/app", {}, "refs/heads/main"), starred)
                  .command.contains(R"(--ref 'refs/heads/\*' )"));
  Report report("-rf; x");
  judge_identity(rule_of(repo("org/other")), on_github().certificate(), report);
  EXPECT_TRUE(report.first_failure()->command.ends_with(" -- '-rf; x'"));
  Report hidden("a\nb");
  judge_identity(rule_of(repo("org/other")), on_github().certificate(), hidden);
  EXPECT_TRUE(hidden.first_failure()->command.ends_with(" FILE"));
}

TEST(Identity, AdviceIsNeverCutOff) {
  const std::string ref = "refs/heads/" + std::string(900, 'x');
  const Signer far = on_github().with(6, ref).with(14, ref).with(
      18, "https://github.com/org/app/.github/workflows/release.yml@" + ref);
  const Check check = first_failure(repo("org/app", {}, "refs/heads/main"), far);
  EXPECT_TRUE(check.command.contains(ref));
  Report report(std::string(700, 'y'));
  judge_identity(rule_of(repo("org/app", {}, "refs/heads/main")), far.certificate(), report);
  EXPECT_LT(report.first_failure()->command.size(), 1500U);
  EXPECT_FALSE(report.first_failure()->command.contains(ref));
}

TEST(Identity, AdviceCarriesTheRestOfTheCall) {
  Report report("app.tar.gz");
  judge_identity(rule_of(repo("org/other")), on_github().certificate(), report,
                 {.begin = "sluice check", .rest = "--bundle b.json -- -x"});
  EXPECT_EQ(report.first_failure()->command, "sluice check --repo org/app --bundle b.json -- -x");
}

TEST(Identity, WhatAnUnanchoredMatchWouldHavePassedIsSaid) {
  IdentityWish wish{.identity_regexp = "https://github.com/org/app", .issuer = kGitHubRun};
  for (const auto compat : {Compat::none, Compat::cosign}) {
    wish.compat = compat;
    const Check check = first_failure(wish, on_github());
    EXPECT_TRUE(check.detail.contains("fits a part of it alone")) << check.detail;
    EXPECT_TRUE(check.advice.contains("would have passed")) << check.advice;
    const auto at = check.advice.find("--certificate-identity-regexp '");
    ASSERT_NE(at, std::string::npos);
    std::string anchored = check.advice.substr(at + 31);
    ASSERT_TRUE(anchored.ends_with("'"));
    anchored.pop_back();
    IdentityWish again = wish;
    again.identity_regexp = anchored;
    EXPECT_EQ(refusal(again, on_github()), "");
    EXPECT_EQ(
        refusal(again, on_github().named({test::uri_name("https://github.com/org/app-evil")})),
        "identity.subject");
  }
  wish.identity_regexp = "https://github.com/org/other";
  EXPECT_FALSE(first_failure(wish, on_github()).advice.contains("would have passed"));
  wish = kPerson;
  wish.issuer.reset();
  wish.issuer_regexp = "accounts.example";
  EXPECT_TRUE(first_failure(wish, person()).advice.contains("--certificate-oidc-issuer-regexp '^"));
}

TEST(Identity, NearMissesAreNamed) {
  const auto detail = [](const char* identity) {
    IdentityWish wish = kPerson;
    wish.identity = identity;
    return first_failure(wish, person()).detail;
  };
  EXPECT_TRUE(detail("Release@example.org").ends_with("capital letters alone"));
  EXPECT_TRUE(detail("release@example.org/").ends_with("slash at the end alone"));
  EXPECT_TRUE(detail(".*@example.org").ends_with("not as a pattern"));
  EXPECT_TRUE(detail("release@example").ends_with("the whole has to be the same"));
  EXPECT_TRUE(detail("else@else.test").ends_with("the one that you asked for"));
  EXPECT_TRUE(first_failure(repo("Org/App"), on_github()).detail.ends_with("letters alone"));
}

TEST(Identity, ExpressionThatStrangersFitIsSaidWhenItPasses) {
  IdentityWish wish{.identity_regexp = "release@.*", .issuer = "https://accounts.example.org"};
  Report report = judged(wish, person());
  EXPECT_TRUE(report.passed());
  ASSERT_EQ(report.facts().size(), 1U);
  EXPECT_EQ(report.facts()[0].first, "beware");
  wish.identity_regexp = "release@example\\..*";
  EXPECT_TRUE(judged(wish, person()).facts().empty());
  IdentityWish workflow{.identity_regexp = "https://github.com/.*/release.yml@.*",
                        .issuer = kGitHubRun};
  EXPECT_EQ(judged(workflow, on_github()).facts().size(), 1U);
  workflow.repo = "org/app";
  EXPECT_TRUE(judged(workflow, on_github()).facts().empty());
}

TEST(Identity, AnyOneOfSeveralRulesSuffices) {
  const auto judged_by = [](const std::vector<IdentityRule>& rules, const Signer& signer) {
    Report report("app.tar.gz");
    judge_identity(rules, signer.certificate(), report);
    return report;
  };
  const IdentityRule person_rule = rule_of(kPerson);
  const IdentityRule workflow_rule = rule_of(repo("org/app", "release.yml", "refs/tags/v*"));
  for (const auto& signer : {person(), on_github()}) {
    const Report report = judged_by({person_rule, workflow_rule}, signer);
    EXPECT_TRUE(report.passed());
  }
  // The closest: one part of four is wrong, not two of two.
  const Signer branch = on_github().with(6, "refs/heads/x").with(14, "refs/heads/x");
  for (const auto& rules :
       {std::vector{person_rule, workflow_rule}, {workflow_rule, person_rule}}) {
    const Report report = judged_by(rules, branch);
    ASSERT_NE(report.first_failure(), nullptr);
    EXPECT_EQ(report.first_failure()->id, "identity.ref");
    EXPECT_TRUE(report.first_failure()->detail.ends_with("(the closest of 2 rules)"));
    EXPECT_EQ(report.checks().size(), 4U);
  }
  // Of equally close ones the first.
  const Report first = judged_by({rule_of(repo("org/one")), rule_of(repo("org/two"))}, branch);
  EXPECT_TRUE(first.first_failure()->expected.ends_with("org/one"));
  // Parts of different rules do not add up.
  IdentityWish other_issuer = kPerson;
  other_issuer.issuer = "https://else.test";
  IdentityWish other_name = kPerson;
  other_name.identity = "else@example.org";
  EXPECT_FALSE(judged_by({rule_of(other_issuer), rule_of(other_name)}, person()).passed());
}

TEST(Identity, NoRuleAcceptsNobody) {
  Report report("app.tar.gz");
  judge_identity(std::span<const IdentityRule>(), person().certificate(), report);
  EXPECT_FALSE(report.passed());
  const std::vector<IdentityRule> most(kRulesMost, rule_of(kPerson));
  Report enough("app.tar.gz");
  judge_identity(most, person().certificate(), enough);
  EXPECT_TRUE(enough.passed());
  const std::vector<IdentityRule> more(kRulesMost + 1, rule_of(kPerson));
  Report many("app.tar.gz");
  judge_identity(more, person().certificate(), many);
  EXPECT_FALSE(many.passed());
}

TEST(Identity, RowsJoinThoseThatAreThere) {
  Report report("app.tar.gz");
  report.fail("certificate.chain", "certificate chain", "no").advice = "trust nobody";
  judge_identity(rule_of(repo("org/other")), on_github().certificate(), report);
  EXPECT_EQ(report.checks().size(), 3U);
  EXPECT_EQ(report.checks()[0].advice, "trust nobody");
  EXPECT_FALSE(report.checks()[2].advice.empty());
}

TEST(Identity, SignerIsDescribed) {
  EXPECT_EQ(describe_signer(person().certificate()),
            "release@example.org (https://accounts.example.org)");
  EXPECT_EQ(describe_signer(person().without({1, 8}).certificate()), "release@example.org");
  EXPECT_EQ(describe_signer(person()
                                .named({test::dns_name("a.test"), test::ip_name({127, 0, 0, 1}),
                                        test::username_name("c"), test::dns_name("d.test")})
                                .without({1, 8})
                                .certificate()),
            "a.test, 127.0.0.1, c, …");
  EXPECT_FALSE(describe_signer(person().named({}).certificate()).empty());
}

TEST(Identity, WishIsEmptyUntilSomethingIsAskedFor) {
  EXPECT_TRUE(IdentityWish{}.empty());
  EXPECT_TRUE(IdentityWish{.compat = Compat::cosign}.empty());
  EXPECT_FALSE(repo("org/app").empty());
  EXPECT_FALSE(IdentityWish{.github_ref = "x"}.empty());
}

}  // namespace
}  // namespace sluice::sigstore
