// SPDX-License-Identifier: Apache-2.0
// Layouts that an identity owns: signed keyless, verified by who signed and when; and steps that
// an identity records or delegates.
#include <gtest/gtest.h>

#include "cmd/served_sigstore.h"
#include "json/value.h"
#include "support/program.h"

namespace sluice::test {
namespace {

using Words = std::vector<std::string>;

class LayoutOwner : public testing::TestWithParam<int> {
 protected:
  LayoutOwner() {
    folder_.write("root.json", here_.services.trusted_root());
    folder_.write("token", here_.token());
    folder_.write("app", "what is built");
    folder_.write("ci.yml", "jobs:\n  build:\n    steps: []\n");
    std::filesystem::create_directory(folder_ / "links");
    config();
    for (const std::string who : {"ci", "owner"}) {
      const auto key = crypto::PrivateKey::generate(crypto::KeyType::ed25519).value();
      folder_.write(who + ".key", key.to_pkcs8_pem().value().reveal_text());
      std::filesystem::permissions(folder_ / (who + ".key"), std::filesystem::perms::owner_read);
      folder_.write(who + ".pub", key.public_key().pem());
    }
    EXPECT_EQ(call({"layout", "new", "--from", path("ci.yml"), "--functionary", path("ci.pub"),
                    "--to", path("l")})
                  .code,
              0);
    EXPECT_EQ(record({"--key", path("ci.key")}).code, 0);
  }
  std::string path(const std::string& name) const { return (folder_ / name).native(); }
  Told call(const Words& words) { return here_.call("sluice", words); }
  void config(bool stamped = true) {
    folder_.write("config.json", here_.signing_config(GetParam(), stamped));
  }
  Words keyless() const {
    return {"--identity-token-file", path("token"),    "--signing-config",
            path("config.json"),     "--trusted-root", path("root.json")};
  }
  static Words plus(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Told record(const Words& by, const std::string& step = "build",
              const std::string& folder = "links") {
    std::filesystem::create_directories(folder_ / folder);
    return call(plus({"run", "--step", step, "--base-path", folder_.path().native(), "--products",
                      "app", "--metadata-folder", path(folder), "--no-command"},
                     by));
  }
  Told sign(const std::string& layout = "l") {
    return call(plus({"layout", "sign", path(layout)}, keyless()));
  }
  Told verify(const Words& owner, const std::string& word = "verify") {
    return call(plus(
        {"layout", word, path("l"), "--links", path("links"), "--trusted-root", path("root.json")},
        owner));
  }
  static Words person(const std::string& name = std::string(kIdentity)) {
    return {"--certificate-identity", name, "--certificate-oidc-issuer", std::string(kIssuer)};
  }
  // The expiry of the draft lies ahead of the time at which this is.
  void edit(std::string_view from, std::string_view to) {
    std::string text = read_file(folder_ / "l");
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    folder_.write("l", text.replace(at, from.size(), to));
  }

  ServedSigstore here_;
  TempFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(BothLogs, LayoutOwner, testing::Values(1, 2),
                         [](const auto& one) { return cat("RekorV", one.param); });

TEST_P(LayoutOwner, SignsKeylessAndIsVerifiedByIdentityAndTime) {
  const Told done = sign();
  ASSERT_EQ(done.code, 0) << done.all();
  EXPECT_TRUE(has(done.out, kIdentity)) << done.out;
  const Told good = verify(person());
  EXPECT_EQ(good.code, 0) << good.all();
  const Told rows = verify(plus(person(), {"--checks"}));
  EXPECT_TRUE(has(rows.out, cat("by ", kIdentity))) << rows.out;
  EXPECT_TRUE(has(rows.out, "2026-06-01 12:00:")) << rows.out;  // the time that was proven
  EXPECT_EQ(verify(person(), "explain").code, 0);
}

TEST_P(LayoutOwner, LongAfterTheCertificateTheLayoutStillHolds) {
  ASSERT_EQ(sign().code, 0);
  here_.clock.advance(std::chrono::hours(24 * 30));
  const Told good = verify(person());
  EXPECT_EQ(good.code, 0) << good.all();
  here_.clock.advance(std::chrono::hours(24 * 61));
  const Told late = verify(person());
  EXPECT_EQ(late.code, 1);
  EXPECT_TRUE(has(late.out, "the layout has expired")) << late.out;
}

TEST_P(LayoutOwner, AnotherIdentityOrIssuerIsNoOwner) {
  ASSERT_EQ(sign().code, 0);
  const Told other = verify(person("eve@example.org"));
  EXPECT_EQ(other.code, 1);
  EXPECT_TRUE(has(other.out, "eve@example.org") && has(other.out, kIdentity)) << other.out;
  EXPECT_EQ(verify({"--certificate-identity", std::string(kIdentity), "--certificate-oidc-issuer",
                    "https://other.example.org"})
                .code,
            1);
  EXPECT_EQ(verify({"--certificate-identity-regexp", ".*@example\\.org",
                    "--certificate-oidc-issuer", std::string(kIssuer)})
                .code,
            0);
}

TEST_P(LayoutOwner, AKeyIsNoIdentityAndTheOtherWayRound) {
  ASSERT_EQ(call({"layout", "sign", path("l"), "--key", path("owner.key")}).code, 0);
  EXPECT_EQ(verify({"--key", path("owner.pub")}).code, 0);
  const Told by_keys = verify(person());
  EXPECT_EQ(by_keys.code, 1);
  EXPECT_TRUE(has(by_keys.out, "signed by keys, and not by an identity")) << by_keys.out;
  ASSERT_EQ(sign().code, 0);  // takes the layout out of the metadata
  EXPECT_EQ(verify(person()).code, 0);
  const Told by_identity = verify({"--key", path("owner.pub")});
  EXPECT_EQ(by_identity.code, 1);
  EXPECT_TRUE(has(by_identity.out, "--certificate-identity")) << by_identity.out;
  EXPECT_EQ(verify(plus(person(), {"--key", path("owner.pub")})).code, 1);
  // And back again.
  EXPECT_EQ(call({"layout", "sign", path("l"), "--key", path("owner.key"), "--append"}).code, 2);
  ASSERT_EQ(call({"layout", "sign", path("l"), "--key", path("owner.key")}).code, 0);
  EXPECT_EQ(verify({"--key", path("owner.pub")}).code, 0);
  EXPECT_EQ(verify(person()).code, 1);
}

TEST_P(LayoutOwner, AChangedLayoutIsRefused) {
  ASSERT_EQ(sign().code, 0);
  auto bundle = json::parse_strict(read_file(folder_ / "l")).value();
  json::Value envelope = *bundle.find("dsseEnvelope");
  std::string payload = *envelope.find("payload")->string();
  payload[payload.size() / 2] = payload[payload.size() / 2] == 'A' ? 'B' : 'A';
  envelope.set("payload", payload);
  bundle.set("dsseEnvelope", std::move(envelope));
  folder_.write("l", json::write(bundle));
  EXPECT_EQ(verify(person()).code, 1);
}

TEST_P(LayoutOwner, WhatIsNoLayoutIsNotSigned) {
  const std::size_t before = here_.services.rekor_v1.size() + here_.services.rekor_v2.size();
  edit("\"threshold\": 1", "\"threshold\": 0");
  const Told refused = sign();
  EXPECT_EQ(refused.code, 1) << refused.all();
  EXPECT_TRUE(has(refused.err, "nothing was signed"));
  EXPECT_EQ(here_.services.rekor_v1.size() + here_.services.rekor_v2.size(), before);
  EXPECT_EQ(here_.services.fulcio.issued(), 0U);
}

TEST_P(LayoutOwner, ALinkOrAnArtifactsBundleIsNoLayout) {
  ASSERT_EQ(record(keyless()).code, 0);
  for (const auto& each : std::filesystem::directory_iterator(folder_ / "links")) {
    if (!has(read_file(each.path()), "dsseEnvelope")) continue;
    std::filesystem::copy_file(each.path(), folder_ / "l",
                               std::filesystem::copy_options::overwrite_existing);
  }
  EXPECT_EQ(verify(person()).code, 1);
  ASSERT_EQ(call(plus({"sign", path("app"), "--bundle", path("b")}, keyless())).code, 0);
  std::filesystem::copy_file(folder_ / "b", folder_ / "l",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(verify(person()).code, 1);
}

TEST_P(LayoutOwner, OptionsForKeysAreRefusedByName) {
  EXPECT_EQ(call(plus({"layout", "sign", path("l"), "--append"}, keyless())).code, 2);
  EXPECT_EQ(call(plus({"layout", "sign", path("l"), "--format", "dsse"}, keyless())).code, 2);
  EXPECT_EQ(verify({}).code, 2);
  EXPECT_EQ(verify({"--certificate-identity", ""}).code, 2);
}

TEST_P(LayoutOwner, AnIdentityThatNobodyCanBeAskedForByIsRefused) {
  std::filesystem::remove(folder_ / "l");
  ASSERT_EQ(
      call(plus({"layout", "new", "--from", path("ci.yml"), "--to", path("l")}, person())).code, 0);
  const std::string good = read_file(folder_ / "l");
  edit(cat("\"issuer\": \"", kIssuer, "\""), "\"trigger\": \"push\"");
  EXPECT_EQ(call({"layout", "check", path("l")}).code, 1);
  const Told refused = sign();
  EXPECT_EQ(refused.code, 1) << refused.all();
  EXPECT_TRUE(has(refused.err, "cannot be asked for")) << refused.err;
  folder_.write("l", good);
  EXPECT_EQ(call({"layout", "check", path("l")}).code, 0);
  EXPECT_EQ(sign().code, 0);
}

TEST_P(LayoutOwner, AFilesBundleAmongTheLinksIsSetAside) {
  std::filesystem::remove(folder_ / "l");
  ASSERT_EQ(
      call(plus({"layout", "new", "--from", path("ci.yml"), "--to", path("l")}, person())).code, 0);
  ASSERT_EQ(sign().code, 0);
  const std::string link = path("links/build.0a1b2c3d.link");
  ASSERT_EQ(call(plus({"sign", path("app"), "--bundle", link}, keyless())).code, 0);
  const Told refused = verify(person());
  EXPECT_EQ(refused.code, 1) << refused.all();
  EXPECT_TRUE(has(refused.out, "the bundle signs a file")) << refused.out;
  ASSERT_EQ(record(keyless()).code, 0);
  EXPECT_EQ(verify(person()).code, 0);
}

TEST_P(LayoutOwner, StepsOfAnIdentityInEachFormItSigns) {
  std::filesystem::remove(folder_ / "l");
  ASSERT_EQ(
      call(plus({"layout", "new", "--from", path("ci.yml"), "--to", path("l")}, person())).code, 0);
  ASSERT_EQ(sign().code, 0);
  for (const std::string format : {"statement", "dsse"}) {
    std::filesystem::remove_all(folder_ / "links");
    const Told done = record(plus(keyless(), {"--format", format}));
    ASSERT_EQ(done.code, 0) << format << done.all();
    const Told good = verify(person());
    EXPECT_EQ(good.code, 0) << format << good.all();
  }
}

TEST_P(LayoutOwner, AStepDelegatedByAnIdentity) {
  std::filesystem::remove(folder_ / "l");
  std::filesystem::remove_all(folder_ / "links");
  ASSERT_EQ(
      call(plus({"layout", "new", "--from", path("ci.yml"), "--to", path("l")}, person())).code, 0);
  ASSERT_EQ(sign().code, 0);
  // In place of the link a layout, signed by the identity; its own link is by a key.
  folder_.write("sub.yml", "jobs:\n  compile:\n    steps: []\n");
  std::filesystem::create_directory(folder_ / "links");
  const std::string sub = "links/build.0a1b2c3d.link";
  ASSERT_EQ(call({"layout", "new", "--from", path("sub.yml"), "--functionary", path("ci.pub"),
                  "--to", path(sub)})
                .code,
            0);
  ASSERT_EQ(sign(sub).code, 0);
  ASSERT_EQ(record({"--key", path("ci.key")}, "compile", "links/build.0a1b2c3d").code, 0);
  const Told good = verify(plus(person(), {"--checks"}));
  EXPECT_EQ(good.code, 0) << good.all();
  EXPECT_TRUE(has(good.out, "its layout of 1 steps holds")) << good.out;
  // The same by a key, which the step does not name.
  ASSERT_EQ(call({"layout", "sign", path(sub), "--key", path("owner.key")}).code, 0);
  EXPECT_EQ(verify(person()).code, 1);
}

TEST_P(LayoutOwner, TheNextCommandNamesTheSameOwner) {
  edit("\"CREATE\",\n          \"*\"", "\"CREATE\",\n          \"other\"");
  ASSERT_EQ(sign().code, 0);
  const Told refused = verify(person());
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(has(refused.out, cat("--certificate-identity ", kIdentity))) << refused.out;
}

TEST_P(LayoutOwner, CheckReadsALayoutInABundle) {
  ASSERT_EQ(sign().code, 0);
  EXPECT_EQ(call({"layout", "check", path("l")}).code, 0);
}

class LayoutOwnerTimes : public LayoutOwner {};
INSTANTIATE_TEST_SUITE_P(Stamped, LayoutOwnerTimes, testing::Values(1));

TEST_P(LayoutOwnerTimes, TheLogsOwnTimeSuffices) {
  config(false);
  const Told done = sign();
  ASSERT_EQ(done.code, 0) << done.all();
  EXPECT_EQ(verify(person()).code, 0);
}

}  // namespace
}  // namespace sluice::test
