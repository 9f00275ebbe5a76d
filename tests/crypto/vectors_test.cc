// SPDX-License-Identifier: Apache-2.0
// Our own vectors: testdata/make makes them when this test starts, and each of its cases runs.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/process.h"
#include "base/text.h"
#include "crypto/key.h"
#include "crypto/private_key.h"
#include "support/temp_folder.h"

namespace sluice::crypto {
namespace {

Result<Scheme> scheme_named(std::string_view wanted) {
  for (const auto kind : {SchemeKind::ecdsa, SchemeKind::ed25519, SchemeKind::ed25519ph,
                          SchemeKind::rsa_pkcs1, SchemeKind::rsa_pss}) {
    for (const auto hash : {HashAlgorithm::sha512, HashAlgorithm::sha256, HashAlgorithm::sha384}) {
      if (name(Scheme{kind, hash}) == wanted) return Scheme{kind, hash};
    }
  }
  return fail(Errc::usage, cat("no scheme ", wanted));
}

class KeyVectors : public testing::Test {
 protected:
  using Case = nlohmann::json;

  static void SetUpTestSuite() {
    folder_ = new test::TempFolder;
    const auto made = system_processes().run(
        {.command = {std::string(SLUICE_SOURCE_DIR) + "/testdata/make", folder_->path(), "keys"}});
    ASSERT_TRUE(made) << made.error().text();
    ASSERT_EQ(made->exit_code, 0) << made->err;
    manifest_ = nlohmann::json::parse(file("manifest.json"));
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::string file(const std::string& name) {
    return test::read_file(folder_->path() / "keys" / name);
  }
  static std::string file_of(const Case& one, const char* field) {
    return file(one.at(field).get<std::string>());
  }

  // What happened, in the manifest's words: "pass", or the name of the error; "no match".
  static std::string outcome(const Case& one) {
    const std::string kind = one.at("kind");
    const auto result = kind == "signature"    ? signature(one)
                        : kind == "public_key" ? public_key(one)
                                               : private_key(one);
    return result ? *result : std::string(name(result.error().code));
  }

  static std::string due(const Case& one) {
    if (one.at("expect") == "pass") return "pass";
    return one.contains("code") ? one.at("code").get<std::string>() : "no match";
  }

  static Result<std::string> signature(const Case& one) {
    SLUICE_TRY(const auto scheme, scheme_named(one.at("scheme").get<std::string>()));
    SLUICE_TRY(const auto key, PublicKey::from_pem(file_of(one, "key")));
    SLUICE_TRY(const auto message,
               Message::of_file(scheme, system_files(),
                                folder_->path() / "keys" / one.at("message").get<std::string>()));
    const std::string given = file_of(one, "signature");
    Bytes bytes = copy_of(bytes_of(given));
    if (one.contains("raw")) {
      const auto der = ecdsa_der_from_raw(key.type(), bytes);
      if (!der) return "no match";
      bytes = *der;
    }
    SLUICE_TRY(const Match match, verify(key, message, bytes));
    return match == Match::yes ? "pass" : "no match";
  }

  static Result<std::string> public_key(const Case& one) {
    const std::string content = file_of(one, "key");
    SLUICE_TRY(const auto key, one.at("key").get<std::string>().ends_with(".pem")
                                   ? PublicKey::from_pem(content)
                                   : PublicKey::from_der(bytes_of(content)));
    if (one.contains("same_as")) {
      SLUICE_TRY(const auto same, PublicKey::from_pem(file_of(one, "same_as")));
      if (key != same) return "another key";
    }
    return "pass";
  }

  static Result<std::string> private_key(const Case& one) {
    const PasswordSource password = [&]() -> Result<SecretBytes> {
      return SecretBytes::copy_of(one.at("password").get<std::string>());
    };
    const std::string content = file_of(one, "key");
    SLUICE_TRY(
        const auto key,
        PrivateKey::from_pem(content, one.contains("password") ? password : PasswordSource()));
    if (!one.contains("public")) return "pass";
    SLUICE_TRY(const auto half, PublicKey::from_pem(file_of(one, "public")));
    if (key.public_key() != half) return "another key";
    SLUICE_TRY(const auto message,
               Message::of(key.scheme(), bytes_of("signed with what was read")));
    SLUICE_TRY(const auto bytes, key.sign(message));
    SLUICE_TRY(const Match match, verify(half, message, bytes));
    return match == Match::yes ? "pass" : "no match";
  }

  static inline test::TempFolder* folder_ = nullptr;
  static inline nlohmann::json manifest_;
};

TEST_F(KeyVectors, AllCasesComeOutAsTheManifestSays) {
  std::size_t ran = 0;
  for (const auto& one : manifest_.at("cases")) {
    EXPECT_EQ(outcome(one), due(one))
        << one.at("id").get<std::string>() << ": " << one.at("why").get<std::string>();
    ++ran;
  }
  EXPECT_EQ(ran, manifest_.at("count").get<std::size_t>());
  EXPECT_GE(ran, 600U);
}

TEST_F(KeyVectors, EachBitOfAnAcceptedSignatureCounts) {
  for (const auto& one : manifest_.at("cases")) {
    if (one.at("kind") != "signature" || one.at("expect") != "pass" || one.contains("raw"))
      continue;
    const auto key = PublicKey::from_pem(file_of(one, "key")).value();
    const auto scheme = scheme_named(one.at("scheme").get<std::string>()).value();
    const std::string content = file("message");
    const auto message = Message::of(scheme, bytes_of(content)).value();
    const std::string good = file_of(one, "signature");
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      Bytes bad = copy_of(bytes_of(good));
      bad[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      ASSERT_EQ(verify(key, message, bad), Match::no) << one.at("id") << ", bit " << bit;
    }
  }
}

TEST_F(KeyVectors, KeysCutShortAnywhereAreRefused) {
  const PasswordSource password = [] { return SecretBytes::copy_of("correct horse"); };
  // The encrypted ones stand for all: a cut PEM fails before any key is derived.
  for (const char* name :
       {"private-p256-pkcs8.key", "private-p384-traditional.key", "private-rsa2048-encrypted.key",
        "cosign-p256.key", "public-rsa2048-pem.pem"}) {
    const std::string whole = file(name);
    ASSERT_FALSE(whole.empty()) << name;
    const std::string_view text = trim(whole);
    for (std::size_t size = 0; size < text.size(); ++size) {
      ASSERT_FALSE(PrivateKey::from_pem(text.substr(0, size), password))
          << name << " cut to " << size;
      ASSERT_FALSE(PublicKey::from_pem(text.substr(0, size))) << name << " cut to " << size;
    }
  }
}

}  // namespace
}  // namespace sluice::crypto
