// SPDX-License-Identifier: Apache-2.0
// sluice verify by identity: who, what, when and in which logs, as a user asks for it.
#include <filesystem>

#include "cmd/verify_world.h"

namespace sluice::test {
namespace {

class VerifyIdentity : public VerifyCommand {
 protected:
  static SignWish on_github() { return by(rekor_v2(), github_workflow()); }
  static std::string digest_of_file(const std::string& file) {
    return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("of " + file)).text();
  }
};

TEST_F(VerifyIdentity, IsExact) {
  make("app", rekor_v2());
  const Ran ran = verify(person() + Words{"app"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_TRUE(ran.out.starts_with("verified  app\n")) << ran.out;
  EXPECT_TRUE(has(ran.out, "signed by    release@example.org (https://accounts.example.org)\n"));
  EXPECT_TRUE(has(ran.out, "at           2026-06-01 12:00")) << ran.out;
  EXPECT_EQ(failed(person("release@example.or") + Words{"app"}), "identity.subject");
  EXPECT_EQ(failed(person("Release@example.org") + Words{"app"}), "identity.subject");
  EXPECT_EQ(failed({"--certificate-identity", std::string(kIdentity), "--certificate-oidc-issuer",
                    "https://accounts.example.com", "app"}),
            "identity.issuer");
}

TEST_F(VerifyIdentity, NamesWhoAndByWhom) {
  make("app", rekor_v2());
  EXPECT_EQ(code({"app"}), 2);
  EXPECT_EQ(code({"--certificate-identity", std::string(kIdentity), "app"}), 2);
  EXPECT_EQ(code({"--certificate-oidc-issuer", std::string(kIssuer), "app"}), 2);
  EXPECT_EQ(code({"--certificate-identity", "", "--certificate-oidc-issuer", "x", "app"}), 2);
  EXPECT_EQ(code({"--workflow", "release.yml", "app"}), 2);
}

TEST_F(VerifyIdentity, ExpressionsMatchInFull) {
  make("app", rekor_v2());
  const auto with = [](const std::string& expression) {
    return Words{"--certificate-identity-regexp", expression, "--certificate-oidc-issuer",
                 std::string(kIssuer), "app"};
  };
  EXPECT_EQ(code(with("release@example[.]org")), 0);
  EXPECT_EQ(code(with("(release|other)@example[.]org")), 0);
  EXPECT_EQ(failed(with("release@example")), "identity.subject");
  EXPECT_EQ(code(with(".*")), 2);
  EXPECT_EQ(code(with("(")), 2);
  const Words by_issuer = {"--certificate-identity", std::string(kIdentity),
                           "--certificate-oidc-issuer-regexp"};
  EXPECT_EQ(code(by_issuer + Words{"https://accounts[.]example[.]org", "app"}), 0);
  EXPECT_EQ(failed(by_issuer + Words{"https://accounts[.]example", "app"}), "identity.issuer");
}

TEST_F(VerifyIdentity, OfAWorkflowIsItsRepositoryFileAndRef) {
  make("app", on_github());
  EXPECT_EQ(code({"--repo", "example/app", "app"}), 0);
  EXPECT_EQ(code({"--repo", "example/*", "app"}), 0);
  EXPECT_EQ(code({"--repo", "example/app", "--workflow", "release.yml", "--ref", "refs/tags/v*",
                  "--trigger", "push", "--sha", "9a1f7ffb1a1fd1e5f9d39a5e4d1a6a8f0d6c2e31", "app"}),
            0);
  EXPECT_EQ(failed({"--repo", "example/other", "app"}), "identity.repository");
  EXPECT_EQ(failed({"--repo", "example/ap", "app"}), "identity.repository");
  EXPECT_EQ(failed({"--repo", "example/app", "--workflow", "nightly.yml", "app"}),
            "identity.workflow");
  EXPECT_EQ(failed({"--repo", "example/app", "--ref", "refs/heads/*", "app"}), "identity.ref");
  EXPECT_EQ(failed({"--repo", "example/app", "--trigger", "schedule", "app"}), "identity.trigger");
  EXPECT_EQ(failed({"--repo", "example/app", "--sha", std::string(40, '0'), "app"}),
            "identity.sha");
}

TEST_F(VerifyIdentity, OfAPipelineOnGitLab) {
  make("app", by(rekor_v1(), gitlab_pipeline()));
  const Words repo = {"--repo", "https://gitlab.com/example/group/app"};
  EXPECT_EQ(code(repo + Words{"--workflow", ".gitlab-ci.yml", "app"}), 0);
  EXPECT_EQ(failed(repo + Words{"--ref", "refs/heads/next", "app"}), "identity.ref");
}

TEST_F(VerifyIdentity, ADigestStandsForTheFile) {
  make("app", rekor_v2());
  const Words words = person() + Words{"--bundle", "app.sigstore.json"};
  EXPECT_EQ(code(words + Words{digest_of_file("app")}), 0);
  EXPECT_EQ(failed(words + Words{digest_of_file("other")}), "artifact.digest");
  EXPECT_EQ(code(person() + Words{digest_of_file("app")}), 2);
}

TEST_F(VerifyIdentity, AnAttestationIsAboutTheFileAndOfItsType) {
  make("app", in_envelope(rekor_v2()));
  EXPECT_EQ(code(person() + Words{"app"}), 0);
  EXPECT_EQ(code(person() + Words{"--type", std::string(kProvenance), "app"}), 0);
  EXPECT_EQ(failed(person() + Words{"--type", "https://spdx.dev/Document", "app"}),
            "statement.predicate-type");
  folder_.write("other", "other");
  EXPECT_EQ(failed(person() + Words{"--bundle", "app.sigstore.json", "other"}),
            "statement.subject");
  make("plain", rekor_v2());
  EXPECT_EQ(failed(person() + Words{"--type", std::string(kProvenance), "plain"}),
            "statement.format");
}

TEST_F(VerifyIdentity, TheBundleMayComeFromStandardInput) {
  const Made made = make("app", rekor_v2());
  const Words words = person() + Words{"--bundle", "-", "app"};
  EXPECT_EQ(verify(words, made.bundle).exit_code, 0);
  const json::Value refused = parsed_json(verify(Words{"--output", "json"} + words, "{}").out);
  EXPECT_EQ(failed_check(refused), "bundle.format");
  EXPECT_EQ(code(person() + Words{"--bundle", "app.sigstore.json", "-"}), 2);
}

TEST_F(VerifyIdentity, SomebodyElsesTrustIsNone) {
  make("app", rekor_v2());
  folder_.write("root.json", VirtualSigstore().trusted_root());
  const json::Value refused = report(person() + Words{"app"});
  EXPECT_EQ(member_of(refused, "reason"), "untrusted");
  folder_.write("root.json", "{}");
  EXPECT_EQ(code(person() + Words{"app"}), 3);
}

TEST_F(VerifyIdentity, ThresholdsCountDifferentOnes) {
  SignWish two = rekor_v2();
  two.logs = {{.log = kLogV1}, {.log = kLogV2}};
  two.stamps = {{.service = 0}, {.service = 1}};
  two.scts = {{.log = 0}, {.log = 1}};
  make("two", two);
  const Words both = {"--logs", "2", "--times", "3", "--certificate-logs", "2"};
  EXPECT_EQ(code(person() + both + Words{"two"}), 0);
  make("one", rekor_v2());
  EXPECT_EQ(code(person() + Words{"one"}), 0);
  EXPECT_EQ(failed(person() + Words{"--logs", "2", "one"}), "log.threshold");
  EXPECT_EQ(failed(person() + Words{"--times", "2", "one"}), "time.verified");
  EXPECT_EQ(failed(person() + Words{"--certificate-logs", "2", "one"}), "certificate.sct");
  SignWish twice = rekor_v2();
  twice.logs.push_back({.index = 6});
  twice.stamps.push_back({});
  make("twice", twice);
  EXPECT_EQ(failed(person() + Words{"--logs", "2", "twice"}), "log.threshold");
  EXPECT_EQ(failed(person() + Words{"--times", "2", "twice"}), "time.verified");
  for (const auto* wrong : {"x", "-1", "33", "1x", ""}) {
    EXPECT_EQ(code(person() + Words{"--logs", wrong, "one"}), 2) << wrong;
  }
}

TEST_F(VerifyIdentity, WitnessesHaveToHaveSeenTheTree) {
  SignWish wish = rekor_v2();
  wish.logs.front().witnesses = {0, 1};
  make("seen", wish);
  make("unseen", rekor_v2());
  folder_.write("two", world().witness_policy(kLogV2, {0, 1, 2}, 2));
  folder_.write("three", world().witness_policy(kLogV2, {0, 1, 2}, 3));
  const auto under = [](const char* policy) { return Words{"--witness-policy", policy}; };
  EXPECT_EQ(code(person() + under("two") + Words{"seen"}), 0);
  EXPECT_EQ(failed(person() + under("three") + Words{"seen"}), "log.witnesses");
  EXPECT_EQ(code(person() + Words{"unseen"}), 0);
  EXPECT_EQ(failed(person() + under("two") + Words{"unseen"}), "log.witnesses");
  EXPECT_EQ(code(person() + under("absent") + Words{"seen"}), 3);
  folder_.write("wrong", "nonsense\n");
  EXPECT_EQ(code(person() + under("wrong") + Words{"seen"}), 3);
}

TEST_F(VerifyIdentity, AKeyMayStandAloneWhereThatIsSaid) {
  const Made made = make("app", by_key(rekor_v2()));
  folder_.write("k.pub", made.key.public_key().pem());
  const Words key = {"--key", "k.pub"};
  EXPECT_EQ(code(key + Words{"app"}), 0);
  EXPECT_EQ(code(key + Words{"--logs", "1", "--times", "1", "app"}), 0);
  folder_.write("root.json", VirtualSigstore().trusted_root());
  const json::Value refused = report(key + Words{"app"});
  EXPECT_EQ(member_of(refused, "reason"), "untrusted");
  EXPECT_TRUE(has(verify(key + Words{"app"}).out, "--key-alone"));
  const Ran alone = verify(key + Words{"--key-alone", "app"});
  EXPECT_EQ(alone.exit_code, 0);
  EXPECT_TRUE(has(alone.out, "the key alone decides")) << alone.out;
  EXPECT_EQ(code(person() + Words{"--key-alone", "app"}), 2);
}

TEST_F(VerifyIdentity, AKeyIsNoIdentityAndAnIdentityNoKey) {
  const Made signed_by_key = make("keyed", by_key(rekor_v2()));
  folder_.write("k.pub", signed_by_key.key.public_key().pem());
  make("certified", rekor_v2());
  EXPECT_EQ(failed(person() + Words{"keyed"}), "bundle.key");
  EXPECT_EQ(failed({"--key", "k.pub", "certified"}), "bundle.key");
  EXPECT_EQ(code(person() + Words{"--key", "k.pub", "keyed"}), 0);
  EXPECT_EQ(code(person() + Words{"--key", "k.pub", "certified"}), 0);
}

TEST_F(VerifyIdentity, WhatCouldNotBeReadIsUndecided) {
  make("app", rekor_v2());
  EXPECT_EQ(code(person() + Words{"absent"}), 3);
  EXPECT_EQ(code(person() + Words{"."}), 3);
  EXPECT_EQ(code(person() + Words{"--bundle", "absent", "app"}), 3);
  const json::Value error = report(person() + Words{"absent"});
  EXPECT_EQ(member_of(error, "kind"), "sluice.error/v1");
  EXPECT_EQ(member_of(error, "code"), "not_found");
  std::filesystem::remove(folder_ / "root.json");
  EXPECT_EQ(code(person() + Words{"app"}), 3);
}

}  // namespace
}  // namespace sluice::test
