// SPDX-License-Identifier: Apache-2.0
#include "sigstore/identity.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "sigstore/identity_support.h"

namespace sluice::sigstore {
namespace {

// ---- subject and issuer

TEST(Identity, SubjectAndIssuerAreComparedInFull) {
  EXPECT_EQ(refusal(kPerson, person()), "");
  for (const auto* const other :
       {"Release@example.org", "release@example.org.evil.test", "elease@example.org",
        "release@example.or", "release@example.org/", ".*@example.org", "release@example%2eorg"}) {
    IdentityWish wish = kPerson;
    wish.identity = other;
    EXPECT_EQ(refusal(wish, person()), "identity.subject") << other;
  }
  for (const auto* const other :
       {"https://accounts.example.org/", "https://Accounts.example.org",
        "https://accounts.example.org.evil.test", "http://accounts.example.org",
        "https://accounts.example.or", "accounts.example.org"}) {
    IdentityWish wish = kPerson;
    wish.issuer = other;
    EXPECT_EQ(refusal(wish, person()), "identity.issuer") << other;
  }
}

TEST(Identity, ExpressionsFitInFull) {
  const auto subject = [](std::string regexp) {
    return IdentityWish{.identity_regexp = std::move(regexp), .issuer = kGitHubRun};
  };
  const Signer evil = on_github().named({test::uri_name("https://github.com/org/app-evil")});
  EXPECT_EQ(refusal(subject("https://github\\.com/org/app"), evil), "identity.subject");
  EXPECT_EQ(refusal(subject("^https://github\\.com/org/app"), evil), "identity.subject");
  EXPECT_EQ(refusal(subject("https://github\\.com/org/app/.*"), evil), "identity.subject");
  EXPECT_EQ(refusal(subject("https://github\\.com/org/app/.*"), on_github()), "");
  EXPECT_EQ(refusal(subject("https://github\\.com/org/app-evil"), evil), "");
  IdentityWish issuer = kPerson;
  issuer.issuer.reset();
  issuer.issuer_regexp = "https://accounts\\.example\\.org";
  EXPECT_EQ(refusal(issuer, person()), "");
  issuer.issuer_regexp = "accounts\\.example";
  EXPECT_EQ(refusal(issuer, person()), "identity.issuer");
}

TEST(Identity, EveryKindOfNameThatIsASigner) {
  const auto of = [](std::string name) {
    return IdentityWish{.identity = std::move(name), .issuer = "https://accounts.example.org"};
  };
  EXPECT_EQ(
      refusal(of("https://ci.test/job"), person().named({test::uri_name("https://ci.test/job")})),
      "");
  EXPECT_EQ(refusal(of("ci.test"), person().named({test::dns_name("ci.test")})), "");
  const Signer user = person().named({test::username_name("alice!example.org")});
  EXPECT_EQ(refusal(of("alice!example.org"), user), "");
  EXPECT_EQ(refusal(of("alice"), user), "identity.subject");
  EXPECT_TRUE(judged(of("alice!example.org"), user).checks().back().source.contains("user"));
}

TEST(Identity, OtherKindsOfNamesNameNobody) {
  const IdentityWish loopback{.identity = "127.0.0.1", .issuer = "https://accounts.example.org"};
  EXPECT_EQ(refusal(loopback, person().named({test::ip_name({127, 0, 0, 1})})), "identity.subject");
  EXPECT_EQ(refusal(repo("org/app"), on_github().named({test::ip_name({127, 0, 0, 1})})),
            "identity.subject");
}

TEST(Identity, OneSubjectExactly) {
  const Bytes one = test::email_name("release@example.org");
  EXPECT_EQ(refusal(kPerson, person().named({one})), "");
  EXPECT_EQ(refusal(kPerson, person().named({})), "identity.subject");
  EXPECT_EQ(refusal(kPerson, person().named({one, one})), "identity.subject");
  EXPECT_EQ(refusal(kPerson, person().named({one, test::email_name("x@else.test")})),
            "identity.subject");
  EXPECT_EQ(refusal(kPerson, person().named({test::dns_name("else.test"), one})),
            "identity.subject");
  EXPECT_EQ(refusal(repo("org/app"), on_github().named({one, one})), "identity.subject");
  EXPECT_EQ(refusal(repo("org/app"), on_github().named({})), "identity.subject");
}

TEST(Identity, IssuerIsReadFromEitherField) {
  EXPECT_EQ(refusal(kPerson, person().without({8})), "");
  EXPECT_EQ(refusal(kPerson, person().without({1})), "");
  const Check none = first_failure(kPerson, person().without({1, 8}));
  EXPECT_EQ(none.id, "identity.issuer");
  EXPECT_EQ(none.found, "nothing");
  EXPECT_TRUE(judged(kPerson, person().without({8})).checks()[0].source.ends_with("57264.1.1)"));
  EXPECT_TRUE(judged(kPerson, person()).checks()[0].source.ends_with("57264.1.8)"));
}

// ---- claims

TEST(Identity, ClaimsOfGitHub) {
  IdentityWish all = repo("org/app", "release.yml", "refs/tags/v*");
  all.trigger = "push";
  all.sha = kSha;
  const Report report = judged(all, on_github());
  EXPECT_TRUE(report.passed());
  std::vector<std::string> ids;
  for (const auto& check : report.checks()) ids.push_back(check.id);
  EXPECT_EQ(join(ids, " "),
            "identity.issuer identity.repository identity.workflow identity.ref identity.trigger "
            "identity.sha");
  EXPECT_EQ(refusal(all, on_github().with(20, "pull_request").with(2, "pull_request")),
            "identity.trigger");
  const std::string other(40, 'a');
  EXPECT_EQ(refusal(all, on_github().with(13, other).with(3, other)), "identity.sha");
  EXPECT_EQ(refusal(all, on_github().with(8, "https://gitlab.com").with(1, "https://gitlab.com")),
            "identity.issuer");
}

TEST(Identity, RepositoriesThatLookAlike) {
  EXPECT_EQ(refusal(repo("org/app"), on_github()), "");
  EXPECT_EQ(refusal(repo("org/*"), on_github()), "");
  for (const auto* const other : {"org/ap", "org/app2", "org/App", "Org/app", "or/app", "org/app-*",
                                  "org/?app", "gitlab.com/org/app"}) {
    IdentityWish wish = repo(other);
    wish.issuer = kGitHubRun;
    EXPECT_EQ(refusal(wish, on_github()), "identity.repository") << other;
  }
  for (const auto* const found :
       {"https://github.com/org/app-evil", "https://github.com/org/app/",
        "https://github.com/evil/app", "https://github.com.evil.test/org/app",
        "http://github.com/org/app", "github.com/org/app", "https://github.com/org%2Fapp",
        "https://github.com", "https://github.com/", "", "org/app"}) {
    EXPECT_EQ(refusal(repo("org/app"), on_github().with(12, found).without({5})),
              "identity.repository")
        << found;
  }
}

// org/app's release.yml, called by a stranger: the subject is org/app's, the run is not.
TEST(Identity, StrangerWhoCallsATrustedWorkflowIsNotItsRepository) {
  const Signer stranger =
      on_github()
          .with(5, "evil/x")
          .with(12, "https://github.com/evil/x")
          .with(18, "https://github.com/evil/x/.github/workflows/release.yml@refs/tags/v1.2");
  EXPECT_EQ(refusal(repo("org/app"), stranger), "identity.repository");
  EXPECT_EQ(refusal(repo("org/app", "release.yml", "refs/tags/v*"), stranger),
            "identity.repository");
  EXPECT_EQ(refusal(repo("org/*", "*.yml"), stranger), "identity.repository");
  // The subject alone does not tell, but what passed says so.
  const IdentityWish subject{
      .identity = "https://github.com/org/app/.github/workflows/release.yml@refs/tags/v1.2",
      .issuer = kGitHubRun};
  const Report passed = judged(subject, stranger);
  EXPECT_TRUE(passed.passed());
  ASSERT_EQ(passed.facts().size(), 1U);
  EXPECT_EQ(passed.facts()[0].first, "called by");
  EXPECT_TRUE(passed.facts()[0].second.starts_with("https://github.com/evil/x"));
  EXPECT_TRUE(judged(subject, on_github()).facts().empty());
  IdentityWish both = subject;
  both.repo = "org/app";
  EXPECT_EQ(refusal(both, stranger), "identity.repository");
  EXPECT_EQ(refusal(both, on_github()), "");
}

// org/app's pr.yml, which calls a stranger's release.yml.
TEST(Identity, CalledWorkflowIsNotTheOneThatWasStarted) {
  const std::string called = "https://github.com/evil/x/.github/workflows/release.yml@refs/tags/v1";
  const Signer signer =
      on_github()
          .named({test::uri_name(called)})
          .with(9, called)
          .with(18, "https://github.com/org/app/.github/workflows/pr.yml@refs/tags/v1.2");
  EXPECT_EQ(refusal(repo("org/app", "release.yml"), signer), "identity.workflow");
  EXPECT_EQ(refusal(repo("org/app", "pr.yml"), signer), "");
}

TEST(Identity, WorkflowLiesInTheRepositoryOfTheRun) {
  const auto started = [](std::string_view config) {
    return refusal(repo("org/app", "release.yml"), on_github().with(18, config));
  };
  EXPECT_EQ(started("https://github.com/org/app/.github/workflows/release.yml@refs/heads/x"), "");
  for (const auto* const config :
       {"https://github.com/evil/x/.github/workflows/release.yml@refs/heads/x",
        "https://github.com/org/app-evil/.github/workflows/release.yml@refs/heads/x",
        "https://github.com/org/appx.github/workflows/release.yml@refs/heads/x",
        "https://github.com/org/app/.github/workflows/Release.yml@refs/heads/x",
        "https://github.com/org/app/.github/workflows/xrelease.yml@refs/heads/x",
        "https://github.com/org/app/.github/workflows/release.yml.yml@refs/heads/x",
        "https://github.com/org/app/.github/workflows/x/release.yml@refs/heads/x",
        "https://github.com/org/app/.github/workflows/release.yml",
        "https://github.com/org/app/.github/workflows/x.yml@refs/heads/release.yml",
        "https://github.com/org/app/.github/workflows/x.yml@refs/heads/y@release.yml",
        "https://github.com/org/app/@refs/heads/x", "https://github.com/org/app",
        "https://github.com/org/app@refs/heads/x", "release.yml", ""}) {
    EXPECT_EQ(started(config), "identity.workflow") << config;
  }
  EXPECT_EQ(refusal(repo("org/app", "**.yml"), on_github()), "");
  EXPECT_EQ(refusal(repo("org/app", "**.yml"),
                    on_github().with(
                        18, "https://github.com/org/app/.github/workflows/x/y.yml@refs/heads/x")),
            "identity.workflow");
  EXPECT_EQ(refusal(repo("org/app", ".github/workflows/release.yml"), on_github()), "");
  EXPECT_EQ(refusal(repo("org/app", "rel*.yml"), on_github()), "");
  EXPECT_EQ(refusal(repo("org/app", "rel*.yaml"), on_github()), "identity.workflow");
}

TEST(Identity, BranchWithAnAtSignIsNoOtherWorkflow) {
  const std::string tricky =
      "https://github.com/org/app/.github/workflows/pr.yml@refs/heads/x/release.yml@refs/tags/v1.2";
  const Signer signer = on_github().with(18, tricky);
  EXPECT_EQ(refusal(repo("org/app", "release.yml"), signer), "identity.workflow");
  EXPECT_EQ(refusal(repo("org/app", "**release.yml"), signer), "identity.workflow");
  EXPECT_EQ(refusal(repo("org/app", "pr.yml"), signer), "");
  EXPECT_EQ(refusal(repo("org/app", "pr.yml", "refs/tags/v1.2"), signer), "identity.ref");
}

TEST(Identity, RefIsThatOfTheSourcesAndOfTheWorkflow) {
  const auto from = [](std::string_view ref, const std::string& source, const std::string& config) {
    return refusal(
        repo("org/app", {}, std::string(ref)),
        on_github()
            .with(6, source)
            .with(14, source)
            .with(18, "https://github.com/org/app/.github/workflows/release.yml@" + config));
  };
  EXPECT_EQ(from("refs/tags/v*", "refs/tags/v1", "refs/tags/v1"), "");
  EXPECT_EQ(from("refs/tags/v*", "refs/tags/v1/x", "refs/tags/v1/x"), "identity.ref");
  EXPECT_EQ(from("refs/tags/v*", "refs/heads/v1", "refs/heads/v1"), "identity.ref");
  EXPECT_EQ(from("refs/heads/main", "refs/heads/main2", "refs/heads/main2"), "identity.ref");
  EXPECT_EQ(from("refs/heads/main", "refs/heads/main", "refs/heads/evil"), "identity.ref");
  EXPECT_EQ(from("refs/heads/main", "refs/heads/evil", "refs/heads/main"), "identity.ref");
  EXPECT_EQ(from("refs/heads/**", "refs/heads/a/b", "refs/heads/c"), "");
  EXPECT_EQ(from("refs/heads/main", "", "refs/heads/main"), "identity.ref");
  // A workflow that an organisation demands of its repositories has a ref of its own.
  EXPECT_EQ(
      refusal(repo("org/app", {}, "refs/tags/v1.2"),
              on_github().with(
                  18, "https://github.com/org/rules/.github/workflows/r.yml@refs/heads/main")),
      "");
}

TEST(Identity, ClaimsOfGitLab) {
  const std::string name = "gitlab.com/group/sub/app";
  IdentityWish all = repo("https://" + name, ".gitlab-ci.yml", "refs/heads/main");
  all.trigger = "push";
  all.sha = kSha;
  EXPECT_EQ(refusal(all, on_gitlab()), "");
  EXPECT_EQ(refusal(repo("gitlab.com/group/**"), on_gitlab()), "");
  EXPECT_EQ(refusal(repo("gitlab.com/group/*"), on_gitlab()), "identity.repository");
  EXPECT_EQ(refusal(repo("gitlab.com/group/sub"), on_gitlab()), "identity.repository");
  EXPECT_EQ(refusal(repo(name, "gitlab-ci.yml"), on_gitlab()), "identity.workflow");
  EXPECT_EQ(refusal(repo(name, "*.yml"), on_gitlab()), "");
  const Signer nested =
      on_gitlab().with(18, "https://gitlab.com/group/sub/app//ci/build.yml@refs/heads/main");
  EXPECT_EQ(refusal(repo(name, "ci/build.yml"), nested), "");
  EXPECT_EQ(refusal(repo(name, "build.yml"), nested), "identity.workflow");
  EXPECT_EQ(refusal(repo("org/app"), on_gitlab()), "identity.issuer");
}

// The pipeline of a merge request has the name of its branch as its ref, whosever branch it is.
TEST(Identity, MergeRequestIsNotTheBranchOfItsName) {
  const Signer request = on_gitlab().with(
      18, "https://gitlab.com/group/sub/app//.gitlab-ci.yml@refs/merge-requests/1/head");
  const Check check =
      first_failure(repo("gitlab.com/group/sub/app", ".gitlab-ci.yml", "refs/heads/main"), request);
  EXPECT_EQ(check.id, "identity.ref");
  EXPECT_TRUE(check.source.ends_with("57264.1.18)"));
}

TEST(Identity, HostsOfOnesOwn) {
  IdentityWish wish = repo("https://git.example.org/group/sub/app", ".gitlab-ci.yml");
  wish.issuer = "https://git.example.org";
  EXPECT_EQ(refusal(wish, on_gitlab("git.example.org")), "");
  EXPECT_EQ(refusal(wish, on_gitlab()), "identity.issuer");
  const std::string config =
      "https://git.example.org/o/a/.github/workflows/release.yml@refs/heads/x";
  const Signer enterprise = on_gitlab("git.example.org")
                                .with(12, "https://git.example.org/o/a")
                                .with(18, config)
                                .with(14, "refs/heads/x");
  wish.repo = "https://git.example.org/o/a";
  wish.workflow = "release.yml";
  EXPECT_EQ(refusal(wish, enterprise), "");
  wish.workflow = ".github/workflows/release.yml";
  EXPECT_EQ(refusal(wish, enterprise), "");
  wish.workflow = "workflows/release.yml";
  EXPECT_EQ(refusal(wish, enterprise), "identity.workflow");
}

TEST(Identity, OlderCertificatesOfGitHub) {
  IdentityWish wish = repo("org/app", {}, "refs/tags/v*");
  wish.trigger = "push";
  wish.sha = kSha;
  EXPECT_EQ(refusal(wish, on_older_github()), "");
  EXPECT_EQ(refusal(repo("org/ap"), on_older_github()), "identity.repository");
  EXPECT_EQ(refusal(repo("org/app", {}, "refs/heads/*"), on_older_github()), "identity.ref");
  EXPECT_EQ(refusal(wish, on_older_github().with(2, "release")), "identity.trigger");
  EXPECT_EQ(refusal(wish, on_older_github().with(3, std::string(40, '0'))), "identity.sha");
  EXPECT_EQ(refusal(wish, on_older_github().without({5})), "identity.repository");
  // Its subject is the called workflow's, and which one was started is not said.
  EXPECT_EQ(refusal(repo("org/app", "release.yml"), on_older_github()), "identity.workflow");
  // Another issuer's org/app is not on github.com.
  wish.issuer = "https://else.test";
  EXPECT_EQ(refusal(wish, on_older_github().with(1, "https://else.test")), "identity.repository");
}

TEST(Identity, FieldsThatContradictEachOtherAreRefused) {
  IdentityWish all = repo("org/app", "release.yml", "refs/tags/v*");
  all.trigger = "push";
  all.sha = kSha;
  for (const auto& [field, value, id] : std::vector<std::tuple<unsigned, std::string, std::string>>{
           {5, "evil/x", "identity.repository"},
           {5, "org/App", "identity.repository"},
           {5, "", "identity.repository"},
           {6, "refs/tags/v1.3", "identity.ref"},
           {2, "schedule", "identity.trigger"},
           {3, std::string(40, 'a'), "identity.sha"},
           {12, "https://github.com/evil/x", "identity.repository"},
           {14, "refs/tags/v1.3", "identity.ref"},
           {20, "schedule", "identity.trigger"},
           {13, std::string(40, 'a'), "identity.sha"}}) {
    const Check check = first_failure(all, on_github().with(field, value));
    EXPECT_EQ(check.id, id) << field;
    EXPECT_TRUE(check.detail.contains("contradicts itself")) << field;
    EXPECT_EQ(refusal(all, on_github()), "");
  }
}

TEST(Identity, CosignsFiveOptions) {
  const IdentityWish wish{
      .identity = "https://github.com/org/app/.github/workflows/release.yml@refs/tags/v1.2",
      .issuer = kGitHubRun,
      .github_trigger = "push",
      .github_sha = kSha,
      .github_name = "Release",
      .github_repository = "org/app",
      .github_ref = "refs/tags/v1.2",
      .compat = Compat::cosign};
  EXPECT_EQ(refusal(wish, on_github()), "");
  EXPECT_EQ(refusal(wish, on_older_github()), "");
  IdentityWish other = wish;
  other.github_name = "release.yml";
  EXPECT_EQ(refusal(other, on_github()), "identity.workflow");
  other = wish;
  other.github_repository = "org/*";
  EXPECT_EQ(refusal(other, on_github()), "identity.repository");
  other = wish;
  other.github_ref = "refs/tags/v*";
  EXPECT_EQ(refusal(other, on_github()), "identity.ref");
  other = wish;
  other.github_trigger = "Push";
  EXPECT_EQ(refusal(other, on_github()), "identity.trigger");
  other = wish;
  other.github_sha = kSha.substr(0, 7);
  EXPECT_EQ(refusal(other, on_github()), "identity.sha");
}

}  // namespace
}  // namespace sluice::sigstore
