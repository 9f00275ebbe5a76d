// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign signs: in a virtual Sigstore over real sockets; initialize from a TUF
// repository; signing configs. tests/sigstore_signing_test.py does the same with the real ones.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/codec.h"
#include "cmd/served_sigstore.h"
#include "sigstore/signing_config.h"
#include "support/program.h"
#include "support/tuf/fake_repo.h"

namespace sluice {
namespace {

using test::has;
using test::Program;
using test::Ran;
using test::RawRequest;
using test::ServedAnswer;
using test::Told;

using Words = std::vector<std::string>;

class CosignSigning : public testing::Test {
 protected:
  CosignSigning() {
    here_.environment.values["HOME"] = folder_.path().native();
    here_.environment.values["COSIGN_PASSWORD"] = "pw";
    folder_.write("blob", "an artifact");
    folder_.write("said.json", R"({"reviewed": true})");
    folder_.write("root.json", here_.services.trusted_root());
    folder_.write("config.json", here_.signing_config(2));
  }

  std::string path(std::string_view name) const { return (folder_ / name).native(); }
  std::string text(std::string_view name) const { return test::read_file(folder_ / name); }
  Told cosign(const Words& words) { return here_.call("/usr/bin/cosign", words); }
  Words services() const {
    return {"--signing-config", path("config.json"), "--trusted-root", path("root.json")};
  }
  static Words join_words(Words left, const Words& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
  }
  Told sign_blob(const Words& more) {
    return cosign(join_words(
        join_words({"sign-blob", "--yes", "--bundle", path("b.json"), path("blob")}, services()),
        more));
  }
  Told by_token() { return sign_blob({"--identity-token", here_.token()}); }
  Words who() const {
    return {"--certificate-identity", std::string(test::kIdentity), "--certificate-oidc-issuer",
            std::string(test::kIssuer)};
  }
  Told verify(std::string_view command, const Words& more) {
    return cosign(join_words({std::string(command), "--bundle", path("b.json"), path("blob")},
                             join_words(who(), more)));
  }
  Told verify_blob() { return verify("verify-blob", {"--trusted-root", path("root.json")}); }
  static void expect_done(const Told& told) {
    EXPECT_EQ(told.code, 0) << told.all();
    EXPECT_EQ(told.out, "");
  }
  static void expect_refused(const Told& told, std::string_view why) {
    EXPECT_EQ(told.code, 1) << told.all();
    EXPECT_EQ(told.out, "");
    EXPECT_TRUE(has(told.err, why)) << told.err;
  }
  Told attest(const Words& more) {
    return cosign(join_words(
        join_words({"attest-blob", "--bundle", path("b.json"), "--identity-token", here_.token()},
                   services()),
        more));
  }
  // What the bundle's envelope says.
  json::Value statement() const {
    const auto bundle = json::parse_strict(text("b.json")).value();
    const auto payload = from_base64(*bundle.find("dsseEnvelope")->find("payload")->string());
    return json::parse_strict(text_of(*payload)).value();
  }
  void make_key() {
    EXPECT_EQ(cosign({"generate-key-pair", "--output-key-prefix", path("k")}).code, 0);
  }

  test::TempFolder folder_;
  test::ServedSigstore here_;
};

TEST_F(CosignSigning, SignsByATokenThatIsAnArgument) {
  const Told told = by_token();
  expect_done(told);
  EXPECT_TRUE(told.err.starts_with(cat("Using payload from: ", path("blob"),
                                       "\nGenerating ephemeral keys...\nSigning artifact...\n")))
      << told.err;
  EXPECT_TRUE(told.err.ends_with(cat("Wrote bundle to file ", path("b.json"), "\n"))) << told.err;
  EXPECT_EQ(here_.services.fulcio.issued(), 1U);
  EXPECT_EQ(here_.services.rekor_v2.size(), 1U);
  expect_done(verify_blob());
  folder_.write("blob", "another artifact");
  expect_refused(verify_blob(), "artifact digest");
}

TEST_F(CosignSigning, SignsByATokenInAFileAndByThatOfTheSurroundings) {
  folder_.write("token", here_.token());
  expect_done(sign_blob({"--identity-token", path("token")}));
  expect_done(verify_blob());
  here_.environment.values["COSIGN_IDENTITY_TOKEN"] = path("token");
  expect_done(sign_blob({}));
  here_.environment.values.erase("COSIGN_IDENTITY_TOKEN");
  here_.environment.values["SIGSTORE_ID_TOKEN"] = here_.token();
  expect_done(sign_blob({}));
  here_.environment.values.erase("SIGSTORE_ID_TOKEN");
  expect_refused(sign_blob({}), "nothing here says who signs");
  expect_refused(sign_blob({"--identity-token", path("nowhere")}), "nowhere");
}

TEST_F(CosignSigning, ATokenNeverShows) {
  const std::string token = here_.token();
  const std::string bad = token.substr(0, token.size() - 8) + "!!!!!!!!";
  for (const std::string& given : {token, bad}) {
    const Told told = sign_blob({"-d", "--identity-token", given});
    EXPECT_EQ(told.code, given == token ? 0 : 1);
    for (const auto part : split(given, '.')) {
      EXPECT_FALSE(has(told.all(), part)) << told.all();
    }
  }
}

TEST_F(CosignSigning, SignsWithTheAlgorithmThatIsNamed) {
  for (const auto* const name :
       {"ecdsa-sha2-256-nistp256", "ecdsa-sha2-384-nistp384", "ecdsa-sha2-512-nistp521"}) {
    expect_done(sign_blob({"--identity-token", here_.token(), "--signing-algorithm", name}));
    expect_done(verify_blob());
  }
  expect_refused(sign_blob({"--signing-algorithm", "rsa-sign-pkcs1-2048-sha256"}),
                 "--signing-algorithm is one of ecdsa-sha2-256-nistp256, ");
}

TEST_F(CosignSigning, WithAKeyAndNoServicesNobodyIsAsked) {
  make_key();
  const Told made = cosign({"signing-config", "create", "--out", path("config.json")});
  expect_done(made);
  expect_done(sign_blob({"--key", path("k.key")}));
  here_.environment.values["HERS"] = text("k.key");
  expect_done(sign_blob({"--key", "env://HERS"}));
  expect_done(cosign({"verify-blob", "--bundle", path("b.json"), "--key", path("k.pub"),
                      "--insecure-ignore-tlog", path("blob")}));
  EXPECT_EQ(here_.services.fulcio.requests() + here_.services.rekor_v2.requests() +
                here_.services.stamps.requests(),
            0U);
  expect_refused(sign_blob({"--key", "awskms:///alias/a"}), "does not cover keys from awskms://");
}

TEST_F(CosignSigning, WithAKeyTheServicesOfTheConfigAreAsked) {
  make_key();
  expect_done(sign_blob({"--key", path("k.key")}));
  EXPECT_EQ(here_.services.fulcio.issued(), 0U);
  EXPECT_EQ(here_.services.rekor_v2.size(), 1U);
  expect_done(
      cosign({"verify-blob", "--bundle", path("b.json"), "--key", path("k.pub"), "--trusted-root",
              path("root.json"), "--use-signed-timestamps", path("blob")}));
}

TEST_F(CosignSigning, RefusesWhatItDoesNotDo) {
  const std::string token = here_.token();
  expect_refused(cosign({"sign-blob", path("blob")}), "--bundle FILE is needed");
  expect_refused(cosign({"sign-blob", "--bundle", path("b.json")}), "BLOB is needed");
  folder_.write("more", "more");
  expect_refused(sign_blob({path("more"), "--identity-token", token}),
                 "--bundle names one file, and 2 blobs are to be signed");
  for (const auto* const flag : {"--tlog-upload", "--use-signing-config", "--new-bundle-format"}) {
    expect_refused(sign_blob({cat(flag, "=false"), "--identity-token", token}),
                   cat("does not cover ", flag, "=false"));
  }
  expect_refused(sign_blob({"--output-signature", "x"}), "beside --bundle cosign ignores this");
  expect_refused(sign_blob({"--fulcio-auth-flow", "client_credentials"}), "is one of normal");
  expect_refused(sign_blob({"--bundle", path("blob"), "--identity-token", token}),
                 "would overwrite a file that is read");
  here_.environment.values["SIGSTORE_REKOR_PUBLIC_KEY"] = "x";
  expect_refused(cosign({"sign-blob", "--bundle", path("b.json"), path("blob")}),
                 "does not cover the variable SIGSTORE_REKOR_PUBLIC_KEY");
  EXPECT_EQ(here_.services.fulcio.requests(), 0U);
  EXPECT_EQ(text("blob"), "an artifact");
}

TEST_F(CosignSigning, TimeoutIsForTheWholeOfSigning) {
  here_.rekor_v2.meet({}, test::busy_fault(503));
  const auto began = here_.clock.passed();
  const Told told = sign_blob({"--identity-token", here_.token(), "--timeout", "1s"});
  expect_refused(told, "nothing was written");
  EXPECT_LE(here_.clock.passed() - began, std::chrono::seconds(6));
}

// ---- attestations

TEST_F(CosignSigning, AttestsAsCosignDoes) {
  const Words about = {"--predicate", path("said.json"), path("blob")};
  const Told told = attest(about);
  expect_done(told);
  EXPECT_TRUE(has(told.err, cat("Using payload from: ", path("said.json"), "\n"))) << told.err;
  const json::Value said = statement();
  EXPECT_EQ(*said.find("_type")->string(), "https://in-toto.io/Statement/v0.1");
  EXPECT_EQ(*said.find("predicateType")->string(), "https://cosign.sigstore.dev/attestation/v1");
  EXPECT_EQ(*said.find("predicate")->find("Data")->string(), R"({"reviewed": true})");
  EXPECT_TRUE(said.find("predicate")->find("Timestamp")->string()->starts_with("2026-06-01T12:"));
  EXPECT_EQ(*said.find("subject")->array()->front().find("name")->string(), "blob");
  const Words trust = {"--trusted-root", path("root.json")};
  expect_done(verify("verify-blob-attestation", trust));
  expect_refused(verify("verify-blob-attestation", join_words(trust, {"--type", "vuln"})), "type");

  expect_done(attest(join_words({"--type", "cyclonedx"}, about)));
  EXPECT_NE(statement().find("predicate")->find("reviewed"), nullptr);
  expect_done(verify("verify-blob-attestation", join_words(trust, {"--type", "cyclonedx"})));
  folder_.write("said.json", "SPDXVersion: SPDX-2.3");
  expect_done(attest(join_words({"--type", "spdx"}, about)));
  EXPECT_EQ(*statement().find("predicate")->string(), "SPDXVersion: SPDX-2.3");
  expect_refused(attest(join_words({"--type", "cyclonedx"}, about)), "reading the predicate");
}

TEST_F(CosignSigning, AttestsWhatIsNotHere) {
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("an artifact"));
  expect_done(
      attest({"--predicate", path("said.json"), "--hash", digest.hex(), "elsewhere/app.tar"}));
  const json::Value said = statement();
  EXPECT_EQ(*said.find("subject")->array()->front().find("name")->string(), "app.tar");
  expect_done(verify("verify-blob-attestation", {"--trusted-root", path("root.json")}));
  expect_refused(attest({"--predicate", path("said.json"), "--hash", "abc", "app"}),
                 "reading --hash");
}

TEST_F(CosignSigning, SignsAStatementByteForByte) {
  const std::string whole =
      test::statement({test::subject_of("app", bytes_of("an artifact"))}) + "\n";
  folder_.write("statement.json", whole);
  expect_done(attest({"--statement", path("statement.json")}));
  const auto bundle = json::parse_strict(text("b.json")).value();
  EXPECT_EQ(*bundle.find("dsseEnvelope")->find("payload")->string(), to_base64(bytes_of(whole)));
  expect_refused(attest({"--statement", path("said.json")}), "reading the statement");
  expect_refused(attest({path("blob")}), "one of --predicate and --statement is needed");
  expect_refused(attest({"--predicate", path("said.json"), "--statement", path("statement.json")}),
                 "two ways to say the same");
  expect_refused(attest({"--predicate", path("said.json")}), "It takes one file");
}

// ---- signing configs

TEST_F(CosignSigning, MakesASigningConfigThatSigns) {
  const std::string more = ",start-time=2026-01-01T00:00:00Z,operator=example.org";
  const Words call = {
      "signing-config", "create",
      "--fulcio",       cat("url=", here_.fulcio.url(), ",api-version=1", more),
      "--rekor",        cat("url=", here_.rekor_v1.url(), ",api-version=1", more),
      "--rekor-config", "EXACT:1",
      "--tsa",          cat("url=", here_.stamps.url("/api/v1/timestamp"), ",api-version=1", more),
      "--tsa-config",   "ANY"};
  expect_done(cosign(join_words(call, {"--out", path("config.json")})));
  expect_done(by_token());
  expect_done(verify_blob());
  EXPECT_EQ(here_.services.rekor_v1.size(), 1U);
  // Another log in its place; no timestamps.
  const Told based = cosign({"signing-config", "create", "--base-config", path("config.json"),
                             "--rekor", cat("url=", here_.rekor_v2.url(), ",api-version=2", more),
                             "--rekor-config", "ALL", "--no-default-tsa"});
  EXPECT_EQ(based.code, 0) << based.all();
  const auto config = sigstore::SigningConfig::parse(based.out);
  ASSERT_TRUE(config);
  ASSERT_EQ(config->logs.size(), 1U);
  EXPECT_EQ(config->logs[0].version, 2U);
  EXPECT_EQ(config->log_selection.selector, sigstore::Selector::all);
  EXPECT_EQ(config->cas.size(), 1U);
  EXPECT_TRUE(config->stampers.empty());
}

TEST_F(CosignSigning, RefusesServicesThatAreHalfSaid) {
  const std::string whole = "url=https://a.example,api-version=1,start-time=2026-01-01T00:00:00Z";
  const auto create = [&](Words words) {
    return cosign(join_words({"signing-config", "create"}, words));
  };
  EXPECT_EQ(create({"--fulcio", whole + ",operator=o"}).code, 0);
  expect_refused(create({"--fulcio", whole}), "operator= is needed");
  expect_refused(create({"--fulcio", whole + ",operator=o,colour=red"}), "\"colour=red\" is not");
  expect_refused(create({"--rekor", whole + ",operator=o"}), "--rekor-config says how many");
  expect_refused(create({"--rekor", whole + ",operator=o", "--rekor-config", "EXACT:0"}),
                 "EXACT:NUMBER");
  expect_refused(create({"--tsa", whole + ",operator=o", "--tsa-config", "SOME"}), "EXACT:NUMBER");
  expect_refused(create({"--fulcio",
                         "url=ftp://a,api-version=1,start-time=2026-01-01T00:00:00Z,"
                         "operator=o"}),
                 "no URL");
  expect_refused(create({"--fulcio",
                         "url=https://a,api-version=one,start-time="
                         "2026-01-01T00:00:00Z,operator=o"}),
                 "api-version is no number");
  expect_refused(create({"--with-default-rekor-v2"}), "does not cover --with-default-rekor-v2");
  const Told defaults = create({"--with-default-services", "--no-default-oidc"});
  EXPECT_EQ(defaults.code, 0);
  const auto config = sigstore::SigningConfig::parse(defaults.out);
  EXPECT_FALSE(config->cas.empty());
  EXPECT_TRUE(config->issuers.empty());
}

// The public services, which are built in, are not those of a Sigstore of one's own.
TEST_F(CosignSigning, NoTokenGoesToAServiceThatTheTrustMaterialDoesNotKnow) {
  const Words words{"sign-blob",    "--yes",          "--bundle",
                    path("b.json"), path("blob"),     "--identity-token",
                    here_.token(),  "--trusted-root", path("root.json")};
  const Told told = cosign(words);
  EXPECT_NE(told.code, 0) << told.all();
  EXPECT_TRUE(has(told.err, "fulcio.sigstore.dev would be used to sign, and is not trusted by"))
      << told.err;
  EXPECT_TRUE(has(told.err, "--signing-config FILE")) << told.err;
  folder_.write("token", here_.token());
  const Told own = here_.call("sluice", {"sign", "--identity-token-file", path("token"),
                                         "--trusted-root", path("root.json"), path("blob")});
  EXPECT_EQ(own.code, 2) << own.all();
  EXPECT_TRUE(has(own.err, "fulcio.sigstore.dev would be used to sign, and is not trusted by"))
      << own.err;
  expect_done(sign_blob({"--identity-token", here_.token()}));
}

// ---- initialize

class CosignInitialize : public CosignSigning {
 protected:
  CosignInitialize() {
    const Time later = std::chrono::sys_days(std::chrono::year(2090) / 1 / 1);
    for (const auto* const role : {"root", "timestamp", "snapshot", "targets"}) {
      repo_.set_expires(role, later);
    }
    repo_.add_target("targets", "trusted_root.json", here_.services.trusted_root());
    repo_.add_target("targets", "signing_config.v0.2.json", here_.signing_config(2));
    repo_.publish({"root", "targets", "snapshot", "timestamp"});
    root_ = folder_.write("tuf-root.json", repo_.files.at("metadata/1.root.json"));
  }

  std::string mirror() const { return server_.url("/repo"); }
  Told initialize(const Words& more = {}) {
    return cosign(join_words({"initialize", "--mirror", mirror(), "--root", root_.native()}, more));
  }
  std::string checksum() const {
    return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(test::read_file(root_))).hex();
  }
  Told sign() {
    return cosign(
        {"sign-blob", "--bundle", path("b.json"), "--identity-token", here_.token(), path("blob")});
  }
  // As a mirror has them: the metadata at its top, the targets in a folder.
  std::optional<std::string> file_of(std::string_view target) const {
    const bool inside = target.starts_with("targets/");
    const auto at = repo_.files.find(cat(inside ? "" : "metadata/", target));
    return at == repo_.files.end() ? std::nullopt : std::optional(at->second);
  }

  test::FakeRepo repo_;
  Path root_;
  test::HttpServer server_{[this](const RawRequest& request) -> ServedAnswer {
    const auto file =
        file_of(std::string_view(request.target).substr(std::string("/repo/").size()));
    return file ? ServedAnswer{.status = 200, .body = *file} : ServedAnswer{.status = 404};
  }};
};

TEST_F(CosignInitialize, WhatItGotIsTrustedAndUsedAfterwards) {
  const Told told = initialize();
  EXPECT_EQ(told.code, 0) << told.all();
  EXPECT_EQ(told.out, "");
  EXPECT_TRUE(has(told.err, "kept in")) << told.err;
  expect_done(sign());
  expect_done(verify("verify-blob", {}));
  EXPECT_EQ(here_.services.fulcio.issued(), 1U);
  // sluice itself is not changed by it.
  const Told sluice =
      here_.call("sluice", join_words({"verify", "--bundle", path("b.json"), path("blob")}, who()));
  EXPECT_EQ(sluice.code, 1) << sluice.all();
  // Another folder is another world.
  here_.environment.values["TUF_ROOT"] = path("elsewhere");
  EXPECT_EQ(verify("verify-blob", {}).code, 1);
  EXPECT_EQ(initialize().code, 0);
  expect_done(verify("verify-blob", {}));
}

TEST_F(CosignInitialize, ARelativeFolderIsRefusedAndNoOtherOneTakesItsPlace) {
  EXPECT_EQ(initialize().code, 0);
  here_.environment.values["TUF_ROOT"] = "elsewhere";
  for (const Told& told : {initialize(), sign(), verify("verify-blob", {})}) {
    EXPECT_EQ(told.code, 1) << told.all();
    EXPECT_TRUE(has(told.err, "TUF_ROOT is no absolute path: elsewhere")) << told.err;
  }
  here_.environment.values["TUF_ROOT"] = "";
  expect_done(sign());
}

TEST_F(CosignInitialize, TakesAMirrorThatIsAFolder) {
  for (const auto& [name, content] : repo_.files) {
    const bool inside = name.starts_with("targets/");
    const std::string below = inside ? name : name.substr(std::string("metadata/").size());
    std::filesystem::create_directories((folder_ / cat("carried/", below)).parent_path());
    folder_.write(cat("carried/", below), content);
  }
  const Told told =
      cosign({"initialize", "--mirror", cat("file://", path("carried")), "--root", root_.native()});
  EXPECT_EQ(told.code, 0) << told.all();
  expect_done(sign());
  const std::string mirror = cat("file://", path("carried"));
  const Told init =
      here_.call("sluice", {"trust", "init", "--mirror", mirror, "--root", root_.native()});
  EXPECT_EQ(init.code, 0) << init.all();
  const Told out_of_it = cosign(
      {"initialize", "--mirror", cat("file://", path("carried"), "/.."), "--root", root_.native()});
  EXPECT_EQ(out_of_it.code, 1) << out_of_it.all();
  EXPECT_TRUE(has(out_of_it.err, "would leave its folder")) << out_of_it.err;
}

TEST_F(CosignInitialize, WhatHasExpiredIsNotTrusted) {
  ASSERT_EQ(initialize().code, 0);
  expect_done(sign());
  Path kept = folder_ / "x";
  for (const auto& each : std::filesystem::recursive_directory_iterator(folder_.path())) {
    if (each.path().filename() == "trust.json") kept = each.path();
  }
  std::string text = test::read_file(kept);
  test::replace(text, "\"expires\": \"2090", "\"expires\": \"2020");
  folder_.write(std::filesystem::relative(kept, folder_.path()).native(), text);
  const Told told = sign();
  EXPECT_NE(told.code, 0);
  EXPECT_TRUE(has(told.err, "expired")) << told.err;
  EXPECT_TRUE(has(told.err, "cosign initialize")) << told.err;
}

TEST_F(CosignInitialize, ARootIsTheOneThatWasMeant) {
  EXPECT_EQ(initialize({"--root-checksum", checksum()}).code, 0);
  const Words from_web = {"--root", mirror() + "/1.root.json"};
  expect_refused(initialize(from_web), "has to be known: --root-checksum");
  EXPECT_EQ(initialize(join_words(from_web, {"--root-checksum", checksum()})).code, 0);
  std::string other = checksum();
  other[0] = other[0] == 'a' ? 'b' : 'a';
  expect_refused(initialize({"--root-checksum", other}), "not the one of --root-checksum");
  expect_refused(initialize({"--root-checksum", "12"}), "reading --root-checksum");
  // The one that is built in leads to no repository but its own.
  expect_refused(cosign({"initialize", "--mirror", mirror()}), "refused");
  expect_refused(cosign({"initialize", "--mirror", "my-bucket"}), "does not cover the mirror");
}

TEST_F(CosignInitialize, ARefusedRepositoryChangesNothing) {
  ASSERT_EQ(initialize().code, 0);
  repo_.set_version("timestamp", 1);
  repo_.publish({"timestamp"});
  expect_refused(initialize(), "rollback attack");
  expect_done(sign());

  test::FakeRepo without;
  without.set_expires("root", std::chrono::sys_days(std::chrono::year(2090) / 1 / 1));
  repo_ = without;
  for (const auto* const role : {"root", "timestamp", "snapshot", "targets"}) {
    repo_.set_expires(role, std::chrono::sys_days(std::chrono::year(2090) / 1 / 1));
  }
  repo_.publish({"root", "targets", "snapshot", "timestamp"});
  root_ = folder_.write("tuf-root.json", repo_.files.at("metadata/1.root.json"));
  expect_refused(initialize(), "no role that is trusted for this path lists it");
  expect_done(sign());
  // Whom it trusts, and no services: nothing of the repository before it is left.
  repo_.add_target("targets", "trusted_root.json", here_.services.trusted_root());
  repo_.publish({"targets", "snapshot", "timestamp"});
  EXPECT_EQ(initialize().code, 0);
  expect_refused(sign(), "names no services to sign with");
  repo_.add_target("targets", "trusted_root.json", "{}");
  repo_.publish({"targets", "snapshot", "timestamp"});
  EXPECT_EQ(initialize().code, 1);
}

TEST_F(CosignInitialize, CosignTakesTheSameCall) {
  if (!test::find_program("cosign")) GTEST_SKIP() << "cosign is not installed";
  const Ran ran = Program(*test::find_program("cosign"))
                      .in(folder_.path())
                      .with("HOME", path("theirs"))(
                          {"initialize", "--mirror", mirror(), "--root", root_.native()});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(ran.out, initialize().out) << ran.err;
}

// ---- a script of somebody who has cosign

TEST_F(CosignSigning, AScriptRunsUnchanged) {
  const std::string script = R"(set -eu
cosign generate-key-pair
cosign signing-config create --out config.json
echo "a release" > app
cosign sign-blob --yes --key cosign.key --signing-config config.json --trusted-root root.json \
  --bundle app.sigstore.json app
cosign verify-blob --key cosign.pub --insecure-ignore-tlog --bundle app.sigstore.json app
cosign attest-blob --yes --key cosign.key --signing-config config.json --trusted-root root.json \
  --type cyclonedx --predicate said.json --bundle app.att.json app
cosign verify-blob-attestation --key cosign.pub --insecure-ignore-tlog --type cyclonedx \
  --bundle app.att.json app
echo changed >> app
if cosign verify-blob --key cosign.pub --insecure-ignore-tlog --bundle app.sigstore.json app; then
  echo "what was changed was not noticed"
fi
if cosign sign-blob --yes --key cosign.key --signing-config config.json app; then
  echo "a bundle that goes nowhere was made"
fi
echo done
)";
  folder_.write("release.sh", script);
  std::filesystem::create_directories(folder_ / "bin");
  std::filesystem::create_symlink(test::sluice_path(), folder_ / "bin/cosign");
  const auto run = [&](const std::string& cosign) {
    for (const auto* const left : {"cosign.key", "cosign.pub", "config.json"}) {
      std::filesystem::remove(folder_ / left);
    }
    const std::string call =
        cat("PATH=", Path(cosign).parent_path().native(), ":$PATH; . ./release.sh");
    return Program("/bin/sh")
        .in(folder_.path())
        .with("HOME", path("home"))
        .with("COSIGN_PASSWORD", "pw")({"-c", call});
  };
  const Ran ours = run(path("bin/cosign"));
  EXPECT_EQ(ours.exit_code, 0) << ours.err;
  EXPECT_EQ(ours.out, "done\n") << ours.err;
  if (!test::find_program("cosign")) GTEST_SKIP() << "cosign is not installed";
  const Ran theirs = run(*test::find_program("cosign"));
  EXPECT_EQ(theirs.exit_code, 0) << theirs.err;
  EXPECT_EQ(theirs.out, ours.out) << theirs.err;
}

}  // namespace
}  // namespace sluice
