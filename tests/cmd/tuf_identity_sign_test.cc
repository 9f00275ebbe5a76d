// SPDX-License-Identifier: Apache-2.0
// Identities that sign roles (TAP 18), from `tuf key add` to a client, in a virtual Sigstore.
#include <gtest/gtest.h>

#include <algorithm>

#include "cmd/served_sigstore.h"
#include "json/value.h"
#include "support/program.h"

namespace sluice {
namespace {

using test::has;
using test::kIdentity;
using test::kIssuer;
using test::SignWish;
using test::Told;
using Words = std::vector<std::string>;

// As securesystemslib 1.6.0 computes it for kIdentity and kIssuer.
constexpr std::string_view kKeyid =
    "fc496b29a5322af1160b1c40f47986ef2076a7d7ff71feaf7ce2effa3b822800";

class TufIdentitySign : public testing::Test {
 protected:
  TufIdentitySign() {
    folder.write("trusted_root.json", here.services.trusted_root());
    folder.write("services.json", here.signing_config(2));
    sign_in(kIdentity);
    here.environment.values["SLUICE_PASSWORD"] = "example";
    here.environment.values["HOME"] = folder.path().native();
    for (const std::string who : {"ann", "online"}) {
      EXPECT_EQ(
          here.call("sluice", {"key", "generate", "--type", "ed25519", "--out-prefix", path(who)})
              .code,
          0);
    }
    here.environment.values["ONLINE"] = test::read_file(folder / "online.key");
    folder.write("app.txt", "release 1.0\n");
  }

  std::string path(std::string_view name) const { return (folder / std::string(name)).native(); }
  void sign_in(std::string_view who) {
    folder.write("token", here.services.issuer.token(who, here.clock.now()));
  }
  Told tuf(Words words, int expected = 0) {
    words.insert(words.begin(), "tuf");
    words.insert(words.end(), {"--trusted-root", path("trusted_root.json")});
    Told out = here.call("sluice", words);
    EXPECT_EQ(out.code, expected) << join(words, " ") << "\n" << out.all();
    return out;
  }
  Told in_repo(Words words, int expected = 0) {
    words.insert(words.end(), {"--repo", path("repo")});
    return tuf(std::move(words), expected);
  }
  // Targets are signed by whom `key` names.
  void init(const std::string& key) {
    Told told = here.call("sluice", {"tuf", "init", "--root-key", path("ann.pub"), "--targets-key",
                                     key, "--online-signer", "env:ONLINE", path("repo")});
    ASSERT_EQ(told.code, 0) << told.all();
    in_repo({"sign", "--key", path("ann.key"), "--yes"});
  }
  void init() { init(cat("release=sigstore:", kIdentity, "?issuer=", kIssuer)); }
  Told sign(int expected = 0, Words more = {}) {
    Words words{"sign",
                "--key",
                "sigstore:",
                "--yes",
                "--identity-token-file",
                path("token"),
                "--signing-config",
                path("services.json")};
    words.insert(words.end(), more.begin(), more.end());
    return in_repo(std::move(words), expected);
  }
  json::Value signature_of(const std::string& role) const {
    for (const auto& entry :
         std::filesystem::directory_iterator(folder / "repo/staging/signatures" / role)) {
      return *json::parse_strict(test::read_file(entry.path()));
    }
    return {};
  }
  // A signature that somebody else made, by hand.
  void put_signature(const std::string& bundle) {
    const Path at = folder / "repo/staging/signatures/targets";
    Path file;
    for (const auto& entry : std::filesystem::directory_iterator(at)) file = entry.path();
    auto staged = *json::parse_strict(test::read_file(file));
    json::Value signature;
    signature.set("keyid", *staged.find("signature")->find("keyid"));
    signature.set("sig", "");
    signature.set("bundle", *json::parse_strict(bundle));
    staged.set("signature", std::move(signature));
    std::filesystem::remove(file);
    folder.write(file.lexically_relative(folder.path()).native(), json::write(staged));
  }
  std::string message() const {  // what targets' signers sign
    const auto draft = *json::parse_strict(test::read_file(folder / "repo/staging/targets.json"));
    return *json::canonical_olpc(*draft.find("signed"));
  }
  std::size_t entries() { return here.services.rekor_v2.size(); }

  test::TempFolder folder;
  test::ServedSigstore here;
};

TEST_F(TufIdentitySign, FromAnIdentityInTheRootToWhatAClientAccepts) {
  init();
  in_repo({"add", "--under", "app", path("app.txt")});
  const Told waits = in_repo({"status", "--check"}, 75);
  EXPECT_TRUE(
      has(waits.out, cat("still needed  release (identity ", kIdentity, ", issuer ", kIssuer, ")")))
      << waits.out;
  const Told told = sign();
  EXPECT_TRUE(has(told.err, cat("with identity ", kIdentity, ", issuer ", kIssuer))) << told.err;
  EXPECT_TRUE(has(told.out, "Complete.")) << told.out;
  EXPECT_EQ(entries(), 1U);
  in_repo({"publish"});
  tuf({"verify", path("repo")});
  in_repo({"status", "--check"});
}

TEST_F(TufIdentitySign, KeysAndSignaturesAreThoseOfSecuresystemslib) {
  init();
  sign();
  const auto root = *json::parse_strict(test::read_file(folder / "repo/staging/root.json"));
  const json::Value& signed_part = *root.find("signed");
  const std::string keyid =
      *signed_part.find("roles")->find("targets")->find("keyids")->array()->front().string();
  EXPECT_EQ(keyid, kKeyid);
  EXPECT_EQ(json::write(*signed_part.find("keys")->find(keyid)),
            cat(R"({"keytype":"sigstore-oidc","keyval":{"identity":")", kIdentity,
                R"(","issuer":")", kIssuer, R"("},"scheme":"Fulcio"})"));
  const auto staged = signature_of("targets");
  const json::Value& signature = *staged.find("signature");
  EXPECT_EQ(*signature.find("keyid")->string(), keyid);
  EXPECT_EQ(*signature.find("sig")->string(),
            *signature.find("bundle")->find("messageSignature")->find("signature")->string());
}

TEST_F(TufIdentitySign, TwoRolesNeedOneTokenAndOneCertificate) {
  init();
  in_repo({"delegate", "libs", "--path", "libs/*", "--key", "release"});
  in_repo({"add", "--as", "libs/app.txt", path("app.txt")});
  const Told told = sign();
  EXPECT_TRUE(has(told.out, "signed    2 signatures")) << told.out;
  EXPECT_EQ(here.services.fulcio.issued(), 1U);
  EXPECT_EQ(entries(), 2U);
  in_repo({"publish"});
  tuf({"verify", path("repo")});
}

TEST_F(TufIdentitySign, KeyAddTakesWhoAndByWhom) {
  init(path("ann.pub"));
  in_repo({"key", "add", "targets", "--identity", std::string(kIdentity), "--issuer",
           std::string(kIssuer)});
  const Told diff = in_repo({"diff"});
  EXPECT_TRUE(has(diff.out, cat("adds key ", kIdentity, " (identity ", kIdentity, ", issuer ",
                                kIssuer, ") to targets")))
      << diff.out;
  EXPECT_TRUE(std::filesystem::exists(folder / cat("repo/keys/", kIdentity, ".json")));
  in_repo({"sign", "--key", path("ann.key"), "--yes", "--role", "root"});
  sign();
  in_repo({"publish"});
  tuf({"verify", path("repo")});
}

TEST_F(TufIdentitySign, WhatNamesNobodyIsNoKey) {
  init(path("ann.pub"));
  for (const Words& words : std::vector<Words>{
           {"--identity", "ann@example.org"},
           {"--issuer", "https://accounts.example.org"},
           {},
           {"sigstore:ann@example.org"},
           {"sigstore:?issuer=https://accounts.example.org"},
           {"sigstore:ann@example.org?issuer="},
           {"--identity", "https://github.com/a/b/.github/workflows/c.yml@refs/heads/main",
            "--issuer", "https://token.actions.githubusercontent.com"},  // its name cannot be one
           {"ann.pub", "--identity", "ann@example.org", "--issuer",
            "https://accounts.example.org"}}) {
    Words all{"key", "add", "targets"};
    all.insert(all.end(), words.begin(), words.end());
    in_repo(all, 2);
  }
  in_repo({"key", "add", "targets", "--identity",
           "https://github.com/a/b/.github/workflows/c.yml@refs/heads/main", "--issuer",
           "https://token.actions.githubusercontent.com", "--name", "ci"});
}

TEST_F(TufIdentitySign, SomebodyElsesTokenIsRefusedBeforeAnythingIsPublic) {
  init();
  sign_in("eve@example.org");
  const Told told = sign(3, {"--role", "targets"});
  EXPECT_TRUE(
      has(told.err, cat("is one of eve@example.org by ", kIssuer, ", not of identity ", kIdentity)))
      << told.err;
  EXPECT_EQ(here.services.fulcio.requests(), 0U);
  EXPECT_EQ(entries(), 0U);
  // So it is where no role is named.
  const Told unnamed = sign(3);
  EXPECT_TRUE(has(unnamed.err, "is one of eve@example.org by ")) << unnamed.err;
  EXPECT_TRUE(has(unnamed.err, "; nothing was signed")) << unnamed.err;
  sign_in(kIdentity);
  sign(0, {"--role", "targets"});
}

TEST_F(TufIdentitySign, TheSameNameByAnotherIssuerIsAnother) {
  init(cat("release=sigstore:", kIdentity, "?issuer=https://other.example.org"));
  const Told told = sign(3, {"--role", "targets"});
  EXPECT_TRUE(has(told.err, "by https://other.example.org")) << told.err;
  EXPECT_EQ(entries(), 0U);
}

TEST_F(TufIdentitySign, WhoIsNamedHasToBeWhoIsListed) {
  init();
  const Told told = in_repo({"sign", "--yes", "--role", "targets", "--identity-token-file",
                             path("token"), "--signing-config", path("services.json"), "--key",
                             cat("sigstore:eve@example.org?issuer=", kIssuer)},
                            3);
  EXPECT_TRUE(has(told.err, "identity eve@example.org is not identity")) << told.err;
  in_repo({"sign", "--yes", "--role", "targets", "--identity-token-file", path("token"),
           "--signing-config", path("services.json"), "--key",
           cat("sigstore:", kIdentity, "?issuer=", kIssuer)});
}

TEST_F(TufIdentitySign, WithoutAnybodyThereNobodySigns) {
  init();
  const Told told = in_repo(
      {"sign", "--yes", "--key", "sigstore:", "--signing-config", path("services.json")}, 3);
  EXPECT_TRUE(has(told.err, "nothing here says who signs")) << told.err;
}

TEST_F(TufIdentitySign, ASignatureOverAnotherVersionDoesNotCount) {
  init();
  const std::string old = message();
  sign();
  const auto staged = signature_of("targets");
  in_repo({"add", "--under", "app", path("app.txt")});
  ASSERT_NE(message(), old);
  in_repo({"status", "--check"}, 75);
  sign();
  put_signature(json::write(*staged.find("signature")->find("bundle")));
  const Told told = in_repo({"status", "--check"}, 75);
  EXPECT_TRUE(has(told.out, "does not hold: it is over something else, or not by this identity"))
      << told.out;
  in_repo({"publish"}, 1);
}

// What the world signs without the services being asked.
TEST_F(TufIdentitySign, OfSignaturesMadeElsewhereThoseByTheIdentityCount) {
  init();
  sign();
  const auto put = [&](const SignWish& wish) {
    put_signature(here.services.world.sign(message(), wish).bundle);
  };
  put({});
  in_repo({"status", "--check"});
  SignWish wish;
  wish.names = {test::email_name("eve@example.org")};
  put(wish);
  Told told = in_repo({"status", "--check"}, 75);
  EXPECT_TRUE(has(told.err, "eve@example.org")) << told.all();
  wish = {};
  wish.claims = {test::fulcio_extension(1, "https://other.example.org"),
                 test::fulcio_extension(8, "https://other.example.org")};
  put(wish);
  told = in_repo({"status", "--check"}, 75);
  EXPECT_TRUE(has(told.err, "https://other.example.org")) << told.all();
  // The certificate had expired when the signature was stamped.
  wish = {};
  wish.stamps = {{0, {.time = test::at("2026-06-01T13:00:00Z")}}};
  put(wish);
  const Told late = in_repo({"status", "--check"}, 75);
  EXPECT_TRUE(has(late.err, "does not count")) << late.err;
  // Without a log, and without a stamp.
  wish = {};
  wish.logs = {};
  put(wish);
  in_repo({"status", "--check"}, 75);
  in_repo({"publish"}, 1);
  put({});
  in_repo({"publish"});
}

TEST_F(TufIdentitySign, AnotherSigstoreIsNotTrusted) {
  init();
  sign();
  test::VirtualSigstore other;
  folder.write("other.json", other.trusted_root());
  Told told = here.call("sluice", {"tuf", "status", "--check", "--repo", path("repo"),
                                   "--trusted-root", path("other.json")});
  EXPECT_EQ(told.code, 75) << told.all();
  in_repo({"status", "--check"});
}

TEST_F(TufIdentitySign, ACertificateThatNobodySawIsRefusedByItsCheck) {
  init();
  here.services.fulcio.scts = {};  // no log has seen its certificates
  const Told told = sign(3, {"--role", "targets"});
  EXPECT_TRUE(has(told.err, "sign.certificate.sct")) << told.err;
  EXPECT_EQ(entries(), 0U);
}

// Nobody keeps a secret: the job that refreshes is who signs.
TEST_F(TufIdentitySign, OnlineRolesMayBeSignedByAnIdentityToo) {
  const std::string who = cat("sigstore:", kIdentity, "?issuer=", kIssuer);
  Told told = here.call("sluice", {"tuf", "init", "--root-key", path("ann.pub"), "--targets-key",
                                   path("ann.pub"), "--online-signer", who, path("repo")});
  ASSERT_EQ(told.code, 0) << told.all();
  EXPECT_EQ(here.services.fulcio.requests(), 0U);
  in_repo({"sign", "--key", path("ann.key"), "--yes"});
  const Words as{"--identity-token-file", path("token"), "--signing-config", path("services.json")};
  const auto with = [&](Words words) {
    words.insert(words.end(), as.begin(), as.end());
    return words;
  };
  in_repo(with({"publish"}));
  EXPECT_EQ(here.services.fulcio.issued(), 1U);
  EXPECT_EQ(entries(), 2U);
  tuf({"verify", path("repo")});
  here.clock.advance(std::chrono::hours(13));
  sign_in(kIdentity);
  in_repo(with({"refresh-online"}));
  EXPECT_TRUE(std::filesystem::exists(folder / "repo/metadata/2.timestamp.json"));
  tuf({"verify", path("repo")});
}

TEST_F(TufIdentitySign, AnIdentityGivesWayToAKey) {
  init();
  sign();
  in_repo({"publish"});
  in_repo({"key", "rotate", "targets", "release", path("ann.pub")});
  in_repo({"sign", "--key", path("ann.key"), "--yes"});
  in_repo({"publish"});
  tuf({"verify", path("repo")});
}

}  // namespace
}  // namespace sluice
