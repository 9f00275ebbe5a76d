// SPDX-License-Identifier: Apache-2.0
// Keys of a TUF repository that are identities (TAP 18), signed by a virtual Sigstore.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "json/value.h"
#include "support/program.h"
#include "support/servers/http_server.h"
#include "support/tuf/fake_repo.h"
#include "support/virtual_sigstore/virtual_sigstore.h"

namespace sluice {
namespace {

using test::has;
using test::Ran;
using test::RawRequest;
using test::ServedAnswer;
using test::SignWish;
using test::TufKey;
using test::VirtualSigstore;
using Words = std::vector<std::string>;

class TufIdentity : public testing::Test {
 protected:
  static const VirtualSigstore& world() {
    static const VirtualSigstore one;
    return one;
  }
  using Sign = std::function<std::string(const std::string& message)>;  // a bundle
  static std::string signed_well(const std::string& message) {
    return world().sign(message).bundle;
  }

  TufIdentity() {
    folder.write("trusted_root.json", world().trusted_root());
    // Far away: these tests run by the machine's clock.
    for (const std::string role : {"root", "timestamp", "snapshot", "targets", "libs"}) {
      repo.set_expires(role, std::chrono::sys_days(std::chrono::year(2090) / 1 / 1));
    }
  }

  // As securesystemslib writes keys and signatures.
  static TufKey identity_key(const Sign& sign, const std::string& identity,
                             const std::string& issuer, const std::string& keyid = "someone") {
    TufKey out = test::with_keyid(test::make_tuf_key(), keyid);
    json::Value keyval;
    keyval.set("identity", identity);
    keyval.set("issuer", issuer);
    out.value = {};
    out.value.set("keytype", "sigstore-oidc");
    out.value.set("scheme", "Fulcio");
    out.value.set("keyval", std::move(keyval));
    out.sign_as = [sign, keyid](const std::string& message) {
      auto bundle = json::parse_strict(sign(message)).value();
      const json::Value* content = bundle.find("messageSignature");
      json::Value signature;
      signature.set("keyid", keyid);
      signature.set("sig", content == nullptr ? json::Value("") : *content->find("signature"));
      signature.set("bundle", std::move(bundle));
      return signature;
    };
    return out;
  }
  static TufKey somebody(const Sign& sign = signed_well) {
    return identity_key(sign, std::string(test::kIdentity), std::string(test::kIssuer));
  }
  void delegate_to(const std::vector<TufKey>& keys) {
    repo.signers("libs") = keys;
    repo.delegate("targets", "libs", {"libs/*"});
    repo.add_target("libs", "libs/a", "library");
    repo.publish({"root", "libs", "targets", "snapshot", "timestamp"});
  }
  Ran fetch(const Words& more = {"--trusted-root", "trusted_root.json"}) const {
    const auto program = test::sluice().in(folder.path()).with("HOME", folder.path().native());
    const Path root = folder.write("root.json", repo.files.at("metadata/1.root.json"));
    EXPECT_EQ(program({"tuf", "client", "init", "--cache", "c", root.native()}).exit_code, 0);
    Words words{"tuf",
                "client",
                "download",
                "--cache",
                "c",
                "--metadata-url",
                server.url("/metadata"),
                "--target-url",
                server.url("/targets"),
                "--to",
                "out",
                "libs/a"};
    words.insert(words.end(), more.begin(), more.end());
    return program(words);
  }
  void refused(const std::string& why,
               const Words& more = {"--trusted-root", "trusted_root.json"}) const {
    const Ran ran = fetch(more);
    EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
    EXPECT_TRUE(has(ran.out, "arbitrary software attack: libs.json")) << ran.out;
    EXPECT_TRUE(has(ran.err, why)) << ran.err;
    EXPECT_FALSE(std::filesystem::exists(folder / "out/libs/a"));
  }

  test::TempFolder folder;
  test::FakeRepo repo;
  test::HttpServer server{[this](const RawRequest& request) -> ServedAnswer {
    const auto at = repo.files.find(request.target.substr(1));
    if (at == repo.files.end()) return {.status = 404, .body = "no"};
    return {.status = 200, .body = at->second};
  }};
};

TEST_F(TufIdentity, ARoleIsSignedByWhoSomebodyIs) {
  delegate_to({somebody()});
  const Ran ran = fetch();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(test::read_file(folder / "out/libs/a"), "library");
}

TEST_F(TufIdentity, TheBundleMayStandInThePlaceOfTheSignature) {
  TufKey key = somebody();
  key.sign_as = [](const std::string& message) {
    json::Value out;
    out.set("keyid", "someone");
    out.set("sig", json::parse_strict(signed_well(message)).value());
    return out;
  };
  delegate_to({key});
  EXPECT_EQ(fetch().exit_code, 0);
}

TEST_F(TufIdentity, AnotherIdentityIsRefused) {
  delegate_to({identity_key(signed_well, "other@example.org", std::string(test::kIssuer))});
  refused("other@example.org");
}

TEST_F(TufIdentity, AnIdentityOfAnotherIssuerIsRefused) {
  delegate_to(
      {identity_key(signed_well, std::string(test::kIdentity), "https://other.example.org")});
  refused("https://other.example.org");
}

TEST_F(TufIdentity, ABundleOverOtherBytesIsRefused) {
  delegate_to({somebody([](const std::string& message) { return signed_well(message + " "); })});
  refused("does not count");
}

TEST_F(TufIdentity, AnAttestationAboutTheMetadataIsNoSignatureOfIt) {
  delegate_to({somebody([](const std::string& message) {
    return world().sign(message, test::in_envelope({})).bundle;
  })});
  refused("it is an attestation");
}

TEST_F(TufIdentity, WithoutTrustMaterialNobodySigned) {
  delegate_to({somebody()});
  refused("no trust material", {"--trusted-root", "absent.json"});
}

TEST_F(TufIdentity, AnAuthorityThatIsNotTrustedIsRefused) {
  delegate_to({somebody()});
  refused("does not count", {});  // Sigstore's public instance did not certify it
}

TEST_F(TufIdentity, WhatIsNoBundleIsRefused) {
  delegate_to({somebody([](const std::string&) { return std::string("{}"); })});
  refused("does not count");
}

TEST_F(TufIdentity, OneIdentityUnderTwoNamesCountsOnce) {
  TufKey again =
      identity_key(signed_well, std::string(test::kIdentity), std::string(test::kIssuer), "again");
  json::Value keyval;  // the same, in another order
  keyval.set("issuer", std::string(test::kIssuer));
  keyval.set("identity", std::string(test::kIdentity));
  again.value.set("keyval", std::move(keyval));
  repo.signers("libs") = {somebody(), again};
  repo.delegate("targets", "libs", {"libs/*"});
  const auto member = [](json::Value& value, std::string_view key) -> json::Value& {
    return std::ranges::find(*value.object(), key, &json::Member::first)->second;
  };
  json::Value& roles = member(member(repo.part("targets"), "delegations"), "roles");
  EXPECT_EQ(roles.array()->size(), 1U);
  repo.add_target("libs", "libs/a", "library");
  repo.publish({"root", "libs", "targets", "snapshot", "timestamp"});
  EXPECT_EQ(fetch().exit_code, 0);
  roles.array()->front().set("threshold", 2);
  repo.publish({"root", "libs", "targets", "snapshot", "timestamp"});
  std::filesystem::remove_all(folder / "out");
  std::filesystem::remove_all(folder / "c");
  refused("");
}

}  // namespace
}  // namespace sluice
