// SPDX-License-Identifier: Apache-2.0
#include "sigstore/identity.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "base/text.h"
#include "support/pki/pki.h"

namespace sluice::sigstore {
namespace {

using x509::Certificate;

const std::string kGitHubRun = "https://token.actions.githubusercontent.com";
const std::string kSha = "c7b3dfb335f051e1c86bda4c716fac97df62ad81";

// What a certificate says; issued when it is asked for.
struct Signer {
  std::vector<Bytes> names;
  std::map<unsigned, std::string> fields;

  Signer with(unsigned field, std::string_view text) const {
    Signer out = *this;
    out.fields[field] = text;
    return out;
  }
  Signer without(std::initializer_list<unsigned> gone) const {
    Signer out = *this;
    for (const unsigned field : gone) out.fields.erase(field);
    return out;
  }
  Signer named(std::vector<Bytes> given) const { return {std::move(given), fields}; }

  Certificate certificate() const {
    static const auto root = test::make_root();
    auto wish = test::leaf_wish();
    wish.extensions = {test::key_usage(0x80)};
    if (!names.empty()) wish.extensions.push_back(test::alternative_names(names));
    for (const auto& [number, text] : fields) {
      wish.extensions.push_back(test::fulcio_extension(number, text));
    }
    return Certificate::from_der(test::issue(root, wish).der).value();
  }
};

Signer person() {
  return {{test::email_name("release@example.org")},
          {{1, "https://accounts.example.org"}, {8, "https://accounts.example.org"}}};
}

Signer on_github() {
  const std::string workflow =
      "https://github.com/org/app/.github/workflows/release.yml@refs/tags/v1.2";
  return {{test::uri_name(workflow)},
          {{1, kGitHubRun},
           {2, "push"},
           {3, kSha},
           {4, "Release"},
           {5, "org/app"},
           {6, "refs/tags/v1.2"},
           {8, kGitHubRun},
           {9, workflow},
           {12, "https://github.com/org/app"},
           {13, kSha},
           {14, "refs/tags/v1.2"},
           {18, workflow},
           {20, "push"}}};
}
Signer on_older_github() { return on_github().without({8, 9, 12, 13, 14, 18, 20}); }

Signer on_gitlab(const std::string& host = "gitlab.com") {
  const std::string config =
      cat("https://", host, "/group/sub/app//.gitlab-ci.yml@refs/heads/main");
  return {{test::uri_name(config)},
          {{1, "https://" + host},
           {8, "https://" + host},
           {9, config},
           {12, cat("https://", host, "/group/sub/app")},
           {13, kSha},
           {14, "refs/heads/main"},
           {18, config},
           {20, "push"}}};
}

IdentityRule rule_of(const IdentityWish& wish) {
  auto rule = make_identity_rule(wish);
  if (!rule) ADD_FAILURE() << rule.error().text();
  return rule.value();
}

Report judged(const IdentityWish& wish, const Signer& signer) {
  Report report("app.tar.gz");
  judge_identity(rule_of(wish), signer.certificate(), report);
  return report;
}

// "" where all passed, else the first row that failed.
std::string refusal(const IdentityWish& wish, const Signer& signer) {
  const Report report = judged(wish, signer);
  EXPECT_FALSE(report.checks().empty());
  const Check* failure = report.first_failure();
  return failure == nullptr ? "" : failure->id;
}
const Check first_failure(const IdentityWish& wish, const Signer& signer) {
  const Report report = judged(wish, signer);
  const Check* failure = report.first_failure();
  if (failure == nullptr) {
    ADD_FAILURE() << "it passed";
    return {};
  }
  return *failure;
}

const IdentityWish kPerson{.identity = "release@example.org",
                           .issuer = "https://accounts.example.org"};
IdentityWish repo(std::string name, std::optional<std::string> workflow = {},
                  std::optional<std::string> ref = {}) {
  return {.repo = std::move(name), .workflow = std::move(workflow), .ref = std::move(ref)};
}

// ---- rules

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

// ---- what the report says

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
