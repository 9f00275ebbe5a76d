// SPDX-License-Identifier: Apache-2.0
#include "intoto/key.h"

#include <gtest/gtest.h>

#include <array>

#include "base/text.h"

namespace sluice::intoto {
namespace {

// Public keys, and how securesystemslib 1.6.0 and in-toto-golang 0.11.0 call them.
struct PeerIds {
  std::string_view pem;
  std::string_view python;
  std::string_view go;
};
constexpr std::array kPeerIds{
    PeerIds{R"(-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAvM2DZ81V4b2RYwBDog1zWQkEk3NaNsZH1NcGcWCbL54=
-----END PUBLIC KEY-----
)",
            "6483e51a428429afd849ba0f037ad391f9d5835eb4efdf1d379ff90ad361d343",
            "af13d0cb2436d842ace67467f00e7b2e5f6f799a501e26cfca7979f3a80c609e"},
    PeerIds{R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEIbroyPkfa7yVYOkX3qXPOGrV7UiM
AMcF7r4CFIJhxvntdxLez+qjJOClgotNOk1/4dHx9ndaRAYk+K4VNBdfFg==
-----END PUBLIC KEY-----
)",
            "821c585a5f20168b3dbc39575a3bde89c748d84432e89fd56d7ddb6c2ddccc8e",
            "876c2d0f892de2d283fd349980e31b91e8bbf0ed0b9f4a872e0ee4af6abc193b"},
    PeerIds{R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzr/bq422ICM3UcexqYpv
HCbX9LRGzYaGYREtAeXtJj0jz5EgDdcMeibVPqtP3RIEWUaIlBDlllorvHMTLem+
06mrcYK2i2pSDTWoiqZH24UdE5Lz74gXkzr8NIvjH1UUPa0Y9huh57rBX24vEm+c
qshb9oPqowNNCjquSLoom4ZJADCzNc4z4rjIkwvS2+T/cvw3zVie2IU+iRfncKSd
wTTrWqPhMdsK5ZuZ9EzoYmK2nmP6+i29QoFNSuVE6Eqnu5Tmxz8DQxlsrsM3Ihx+
6vgqIyCYD92/FEPeicDJxt7jgfhy8lq1kVIVCIMSMzwTdEr5OuKKgLliIObI3bmr
xQIDAQAB
-----END PUBLIC KEY-----
)",
            "73bc21b58bf1b870681712f317b2a7d3e372738b6a3beaa4298f4ea05293ae09",
            "3e11af1e9bfa2db25d868c1bc5baba1d2b6208cef86d27e60f25b9e658d3b46b"},
    PeerIds{R"(-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEKEqKf3Iu2ctaaX9Wi0qKrAuRE9xv9Akl
t2WyUrcW4ZF/NJkaKunEUyiuxC7PblBUxvXp32rnXEyOYUKM2a7edQLGGiCYcRcq
og3HnKnqRCTFVjTH81ocZUdUZfzWymDt
-----END PUBLIC KEY-----
)",
            "b73c4f915ca887d76f129761a25db937d442d57b99971d710e5c1834e6245ac9",
            "8242f77aa59e9f93bbb2f062f76b64c772f848d500fcdff7455b97337a4fc0fb"},
};

Key key_of(std::size_t i) { return Key(crypto::PublicKey::from_pem(kPeerIds.at(i).pem).value()); }

Result<Key> parsed_key(const json::Value& value) { return Key::parse(json::Fields(value, "key")); }

TEST(KeyIds, AreThoseOfBothPeers) {
  for (std::size_t i = 0; i < kPeerIds.size(); ++i) {
    EXPECT_EQ(key_of(i).python_id(), kPeerIds.at(i).python) << i;
    EXPECT_EQ(key_of(i).go_id(), kPeerIds.at(i).go) << i;
  }
}

TEST(KeyObject, RoundTripsUnderAnyId) {
  for (std::size_t i = 0; i < kPeerIds.size(); ++i) {
    const Key key = key_of(i);
    const auto again = parsed_key(key.to_json("abcdef01"));
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_TRUE(again->same_material(key));
    EXPECT_EQ(again->id(), "abcdef01");
    EXPECT_EQ(again->ids().size(), 3U);
    EXPECT_EQ(again->scheme(), key.scheme());
    EXPECT_EQ(parsed_key(key.to_json(key.go_id()))->ids().size(), 2U);
  }
}

TEST(KeyObject, ReadsPemWithoutItsClosingNewline) {
  json::Value value = key_of(1).to_json("aa");
  json::Value keyval;
  keyval.set("public", trim(kPeerIds.at(1).pem));
  value.set("keyval", keyval);
  const auto key = parsed_key(value);
  ASSERT_TRUE(key) << key.error().text();
  EXPECT_EQ(key->python_id(), kPeerIds.at(1).python);
}

TEST(KeyObject, RefusesAPrivateKeyInside) {
  json::Value value = key_of(0).to_json("aa");
  json::Value keyval = *value.find("keyval");
  keyval.set("private", "");  // as older layouts have it
  value.set("keyval", keyval);
  EXPECT_TRUE(parsed_key(value));
  keyval.set("private", "00");
  value.set("keyval", keyval);
  const auto key = parsed_key(value);
  ASSERT_FALSE(key);
  EXPECT_NE(key.error().what.find("private key"), std::string::npos);
}

TEST(KeyObject, RefusesWhatDoesNotGoTogether) {
  const json::Value good = key_of(0).to_json("aa");
  const auto changed = [&](std::string name, json::Value to) {
    json::Value value = good;
    value.set(std::move(name), std::move(to));
    return value;
  };
  ASSERT_TRUE(parsed_key(changed("keyid", "AB")));
  EXPECT_FALSE(parsed_key(changed("keyid", "xyz")));
  EXPECT_FALSE(parsed_key(changed("keyid", "")));
  EXPECT_FALSE(parsed_key(changed("scheme", "rsassa-pss-sha256")));
  EXPECT_FALSE(parsed_key(changed("keytype", "rsa")));
  EXPECT_FALSE(parsed_key(changed("keyval", *key_of(1).to_json("aa").find("keyval"))));
  EXPECT_FALSE(parsed_key(changed("other", 1)));
  json::Value gpg = good;
  gpg.set("method", "pgp+eddsa-ed25519");
  EXPECT_EQ(parsed_key(gpg).error().code, Errc::unsupported);
}

TEST(KeyObject, AKeyOfAnotherCurveThanItsSchemeIsRefused) {
  json::Value value = key_of(1).to_json("aa");
  value.set("scheme", "ecdsa-sha2-nistp384");
  EXPECT_FALSE(parsed_key(value));
  value.set("scheme", "ecdsa-sha2-nistp256");
  EXPECT_TRUE(parsed_key(value));
}

TEST(IdentityId, IsTheSameForEachCertificateOfAnIdentity) {
  const auto id = identity_id("me@example.org (https://issuer.example)");
  EXPECT_EQ(id.size(), 64U);
  EXPECT_EQ(id, identity_id("me@example.org (https://issuer.example)"));
  EXPECT_NE(id, identity_id("me@example.com (https://issuer.example)"));
}

}  // namespace
}  // namespace sluice::intoto
