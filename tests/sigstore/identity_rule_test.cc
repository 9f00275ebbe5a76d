// SPDX-License-Identifier: Apache-2.0
#include "sigstore/identity.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "sigstore/identity_support.h"

namespace sluice::sigstore {
namespace {

TEST(IdentityRule, NamesBothWhoAndTheIssuer) {
  EXPECT_TRUE(make_identity_rule(kPerson));
  EXPECT_FALSE(make_identity_rule({}));
  EXPECT_FALSE(make_identity_rule({.identity = "release@example.org"}));
  EXPECT_FALSE(make_identity_rule({.identity_regexp = ".*@example\\.org"}));
  EXPECT_FALSE(make_identity_rule({.issuer = kGitHubRun}));
  EXPECT_FALSE(make_identity_rule({.issuer_regexp = "https://accounts\\.example\\.org"}));
  EXPECT_FALSE(make_identity_rule({.issuer = kGitHubRun, .ref = "refs/heads/main"}));
  EXPECT_FALSE(make_identity_rule({.issuer = kGitHubRun, .sha = kSha}));
  EXPECT_FALSE(make_identity_rule({.issuer = kGitHubRun, .workflow = "release.yml"}));
  EXPECT_FALSE(make_identity_rule({.issuer = kGitHubRun, .github_name = "Release"}));
  EXPECT_FALSE(make_identity_rule({.github_repository = "org/app"}));
  EXPECT_TRUE(make_identity_rule({.issuer = kGitHubRun, .github_repository = "org/app"}));
  for (const auto& wish : {IdentityWish{}, IdentityWish{.identity = "a@b.test"}}) {
    EXPECT_EQ(make_identity_rule(wish).error().code, Errc::usage);
    EXPECT_FALSE(make_identity_rule(wish).error().hint.empty());
  }
}

TEST(IdentityRule, KnowsTheIssuersOfTwoHosts) {
  EXPECT_TRUE(rule_of(repo("org/app")).describe().ends_with(kGitHubRun));
  EXPECT_TRUE(rule_of(repo("gitlab.com/group/app")).describe().ends_with("https://gitlab.com"));
  EXPECT_FALSE(make_identity_rule(repo("https://git.example.org/group/app")));
  EXPECT_FALSE(make_identity_rule(repo("https://gitlab.com.evil.test/group/app")));
  IdentityWish own = repo("https://git.example.org/group/app");
  own.issuer = "https://git.example.org";
  EXPECT_TRUE(make_identity_rule(own));
  IdentityWish enterprise = repo("org/app");
  enterprise.issuer = kGitHubRun + "/enterprise";
  EXPECT_TRUE(rule_of(enterprise).describe().ends_with("/enterprise"));
}

TEST(IdentityRule, IsGivenInOneWay) {
  const std::string one = "release@example.org";
  IdentityWish both = kPerson;
  both.identity_regexp = one;
  EXPECT_FALSE(make_identity_rule(both));
  both = kPerson;
  both.issuer_regexp = "https://accounts.example.org";
  EXPECT_FALSE(make_identity_rule(both));
  using Member = std::optional<std::string> IdentityWish::*;
  const std::vector<std::pair<Member, Member>> pairs{
      {&IdentityWish::repo, &IdentityWish::github_repository},
      {&IdentityWish::ref, &IdentityWish::github_ref},
      {&IdentityWish::trigger, &IdentityWish::github_trigger},
      {&IdentityWish::sha, &IdentityWish::github_sha},
      {&IdentityWish::workflow, &IdentityWish::github_name}};
  for (const auto& [own, cosigns] : pairs) {
    IdentityWish wish = kPerson;
    if (own == &IdentityWish::workflow) wish.repo = "org/app";
    wish.*own = own == &IdentityWish::repo  ? "org/app"
                : own == &IdentityWish::ref ? "refs/heads/main"
                : own == &IdentityWish::sha ? kSha
                                            : "push";
    EXPECT_TRUE(make_identity_rule(wish));
    wish.*cosigns = wish.*own;
    EXPECT_FALSE(make_identity_rule(wish));
    (wish.*own).reset();
    EXPECT_TRUE(make_identity_rule(wish));
  }
}

TEST(IdentityRule, ReadsRepositories) {
  for (const auto& [given, uri] : std::vector<std::pair<std::string, std::string>>{
           {"org/app", "https://github.com/org/app"},
           {"Org/App_1.x-y", "https://github.com/Org/App_1.x-y"},
           {"github.com/org/app", "https://github.com/org/app"},
           {"https://github.com/org/app", "https://github.com/org/app"},
           {"https://GitHub.com/org/app", "https://github.com/org/app"},
           {"gitlab.com/group/sub/app", "https://gitlab.com/group/sub/app"},
           {"https://gitlab.com/group/app", "https://gitlab.com/group/app"},
           {"org/*", "https://github.com/org/*"},
           {"org/app-?", "https://github.com/org/app-?"},
           {"gitlab.com/group/**", "https://gitlab.com/group/**"}}) {
    EXPECT_TRUE(rule_of(repo(given)).describe().starts_with(cat("repository ", uri, ","))) << given;
  }
  IdentityWish port = repo("git.example.org:8443/group/app");
  port.issuer = "https://git.example.org:8443";
  EXPECT_TRUE(make_identity_rule(port));
}

TEST(IdentityRule, RefusesWhatIsNoRepository) {
  for (const auto* const given : {"",
                                  "app",
                                  "org/",
                                  "/app",
                                  "org/app/",
                                  "org/app.git",
                                  "org/app/x",
                                  "org//app",
                                  "org/..",
                                  "./app",
                                  "org/a b",
                                  "org/app\n",
                                  "org/app#x",
                                  "org/app?x=y",
                                  "org/app%2fx",
                                  "org/app@v1",
                                  "org/a\\*",
                                  "*/app",
                                  "o*/app",
                                  "?rg/app",
                                  "**",
                                  "*",
                                  "*/*",
                                  "**/app",
                                  "https://github.com/org",
                                  "https://github.com/*/app",
                                  "https://gitlab.com/*/app",
                                  "https://*/org/app",
                                  "https://git*.com/org/app",
                                  "github.com/app",
                                  "gitlab.com/app",
                                  "http://github.com/org/app",
                                  "git@github.com:org/app",
                                  "ssh://github.com/org/app",
                                  "https://me@github.com/org/app",
                                  "https:///org/app",
                                  "https://github.com:/org/app",
                                  "https://github.com:99999999/org/app",
                                  "https://.com/org/app",
                                  "https://a..b/org/app",
                                  "localhost/org/app",
                                  "https://git\xd0\xbdub.com/org/app"}) {
    IdentityWish wish = repo(given);
    wish.issuer = kGitHubRun;
    const auto rule = make_identity_rule(wish);
    ASSERT_FALSE(rule) << given;
    EXPECT_EQ(rule.error().code, Errc::usage) << given;
  }
}

TEST(IdentityRule, RefIsNamedInFull) {
  for (const auto* const ref :
       {"refs/heads/main", "refs/tags/v*", "refs/pull/6/merge", "refs/heads/**", "refs/*/v1"}) {
    EXPECT_TRUE(make_identity_rule(repo("org/app", {}, ref))) << ref;
  }
  for (const auto* const ref : {"", "main", "v1.*", "*", "**", "refs/", "refs", "*/heads/main",
                                "Refs/heads/main", "/refs/heads/main", "refs*/heads/main"}) {
    EXPECT_FALSE(make_identity_rule(repo("org/app", {}, ref))) << ref;
  }
  EXPECT_EQ(make_identity_rule(repo("org/app", {}, "v*")).error().hint,
            "say 'refs/heads/v*' or 'refs/tags/v*'");
}

TEST(IdentityRule, WorkflowIsAFileOfTheRepository) {
  for (const auto* const file :
       {"release.yml", ".github/workflows/release.yml", "release-*.yml", "**.yml"}) {
    EXPECT_TRUE(make_identity_rule(repo("org/app", file))) << file;
  }
  for (const auto* const file :
       {"", "*", "/release.yml", "release.yml@refs/heads/main", "ci/release.yml",
        ".github/workflows/a/b.yml", "org/app/.github/workflows/release.yml",
        "https://github.com/org/app/.github/workflows/release.yml", ".github/workflows/",
        ".github/workflows/../release.yml", "./release.yml"}) {
    EXPECT_FALSE(make_identity_rule(repo("org/app", file))) << file;
  }
  for (const auto* const file : {".gitlab-ci.yml", "ci/build.yml"}) {
    EXPECT_TRUE(make_identity_rule(repo("gitlab.com/group/app", file))) << file;
  }
  IdentityWish alone = kPerson;
  alone.workflow = "release.yml";
  EXPECT_FALSE(make_identity_rule(alone));
}

TEST(IdentityRule, CommitIsAWholeDigest) {
  const auto with = [](std::string sha) {
    IdentityWish wish = repo("org/app");
    wish.sha = std::move(sha);
    return make_identity_rule(wish).has_value();
  };
  EXPECT_TRUE(with(kSha));
  EXPECT_TRUE(with("C7B3DFB335F051E1C86BDA4C716FAC97DF62AD81"));
  EXPECT_TRUE(with(std::string(64, 'a')));
  for (const auto& sha : {std::string(), std::string("c7b3dfb"), kSha + "0", std::string(40, 'g'),
                          std::string(40, '*'), "sha1:" + kSha}) {
    EXPECT_FALSE(with(sha)) << sha;
  }
}

TEST(IdentityRule, ForCosignWideExpressionsWarn) {
  IdentityWish wish{.identity_regexp = ".*", .issuer_regexp = ".*"};
  EXPECT_FALSE(make_identity_rule(wish));
  wish.compat = Compat::cosign;
  EXPECT_EQ(rule_of(wish).warnings().size(), 2U);
  EXPECT_EQ(refusal(wish, person()), "");
  wish.identity_regexp = "release@.*";
  EXPECT_EQ(rule_of(wish).warnings().size(), 1U);
  EXPECT_TRUE(rule_of(kPerson).warnings().empty());
}

}  // namespace
}  // namespace sluice::sigstore
