// SPDX-License-Identifier: Apache-2.0
// Project Wycheproof's signature vectors through our own verify(): one test for each vector, named
// <file>/tcId<N>, and for each file a test that all of them ran.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/key.h"
#include "support/temp_folder.h"

namespace sluice::crypto {
namespace {

using nlohmann::json;

// What a file is about; more than its own "sha" and "type" say.
enum class Kind : std::uint8_t { der, raw, foreign_curve, no_salt, foreign_mask };

struct VectorFile {
  const char* file;
  SchemeKind scheme;
  HashAlgorithm hash;
  Kind kind = Kind::der;
};

constexpr auto kSha256 = HashAlgorithm::sha256;
constexpr auto kSha384 = HashAlgorithm::sha384;
constexpr auto kSha512 = HashAlgorithm::sha512;
constexpr VectorFile kVectorFiles[] = {
    {"ecdsa_secp256k1_sha256_test", SchemeKind::ecdsa, kSha256, Kind::foreign_curve},
    {"ecdsa_secp256r1_sha256_p1363_test", SchemeKind::ecdsa, kSha256, Kind::raw},
    {"ecdsa_secp256r1_sha256_test", SchemeKind::ecdsa, kSha256},
    {"ecdsa_secp256r1_sha512_test", SchemeKind::ecdsa, kSha512},
    {"ecdsa_secp384r1_sha256_test", SchemeKind::ecdsa, kSha256},
    {"ecdsa_secp384r1_sha384_p1363_test", SchemeKind::ecdsa, kSha384, Kind::raw},
    {"ecdsa_secp384r1_sha384_test", SchemeKind::ecdsa, kSha384},
    {"ecdsa_secp384r1_sha512_test", SchemeKind::ecdsa, kSha512},
    {"ecdsa_secp521r1_sha512_p1363_test", SchemeKind::ecdsa, kSha512, Kind::raw},
    {"ecdsa_secp521r1_sha512_test", SchemeKind::ecdsa, kSha512},
    {"ed25519_test", SchemeKind::ed25519, kSha512},
    // Valid there and refused by our policy: no salt, a mask by SHA-1. The first file's one vector
    // with a salt of 32 bytes is invalid there, and what we ask for.
    {"rsa_pss_2048_sha256_mgf1_0_test", SchemeKind::rsa_pss, kSha256, Kind::no_salt},
    {"rsa_pss_2048_sha256_mgf1sha1_20_test", SchemeKind::rsa_pss, kSha256, Kind::foreign_mask},
    {"rsa_pss_2048_sha256_mgf1_32_test", SchemeKind::rsa_pss, kSha256},
    {"rsa_pss_3072_sha256_mgf1_32_test", SchemeKind::rsa_pss, kSha256},
    {"rsa_pss_4096_sha256_mgf1_32_test", SchemeKind::rsa_pss, kSha256},
    {"rsa_pss_4096_sha512_mgf1_64_test", SchemeKind::rsa_pss, kSha512},
    {"rsa_signature_2048_sha256_test", SchemeKind::rsa_pkcs1, kSha256},
    {"rsa_signature_3072_sha256_test", SchemeKind::rsa_pkcs1, kSha256},
    {"rsa_signature_4096_sha256_test", SchemeKind::rsa_pkcs1, kSha256},
    {"rsa_signature_4096_sha512_test", SchemeKind::rsa_pkcs1, kSha512},
};

struct VectorCase {
  const VectorFile* file;
  Bytes key_der;
  Bytes message;
  Bytes signature;
  bool valid;  // "acceptable" counts as invalid
  std::string comment;
};

std::map<std::string, int>& ran() {
  static std::map<std::string, int> counts;
  return counts;
}

Match answer_of(const VectorCase& vector, const PublicKey& key) {
  Bytes signature = vector.signature;
  if (vector.file->kind == Kind::raw) {
    const auto der = ecdsa_der_from_raw(key.type(), signature);
    if (!der) return Match::no;
    signature = *der;
  }
  const auto message = Message::of({vector.file->scheme, vector.file->hash}, vector.message);
  EXPECT_TRUE(message);
  const auto match = verify(key, *message, signature);
  EXPECT_TRUE(match);
  EXPECT_EQ(verify(key, message->scheme(), vector.message, signature), *match);
  return match.value_or(Match::no);
}

class VectorTest : public testing::Test {
 public:
  explicit VectorTest(const VectorCase& vector) : vector_(vector) {}

  void TestBody() override {
    ++ran()[vector_.file->file];
    const auto key = PublicKey::from_der(vector_.key_der);
    if (vector_.file->kind == Kind::foreign_curve) {
      ASSERT_FALSE(key);
      EXPECT_EQ(key.error().code, Errc::unsupported);
      EXPECT_NE(key.error().what.find("secp256k1"), std::string::npos) << key.error().what;
      return;
    }
    ASSERT_TRUE(key) << key.error().text();
    const bool due = vector_.file->kind == Kind::no_salt ? vector_.comment == "s_len changed to 32"
                     : vector_.file->kind == Kind::foreign_mask ? false
                                                                : vector_.valid;
    EXPECT_EQ(answer_of(vector_, *key) == Match::yes, due) << vector_.comment;
  }

 private:
  const VectorCase& vector_;
};

class CountTest : public testing::Test {
 public:
  CountTest(const char* file, int due) : file_(file), due_(due) {}
  void TestBody() override {
    if (!testing::GTEST_FLAG(filter).starts_with('*'))
      GTEST_SKIP() << "only some tests were asked for";
    EXPECT_EQ(ran()[file_], due_);
  }

 private:
  const char* file_;
  int due_;
};

class MissingTest : public testing::Test {
 public:
  void TestBody() override {
    GTEST_SKIP() << "no Wycheproof vectors: set SLUICE_SHARED to a folder that has "
                    "conformance/wycheproof";
  }
};

void register_file(const VectorFile& file, const Path& folder) {
  std::ifstream in(folder / cat(file.file, ".json"));
  const json root = json::parse(in);
  for (const auto& group : root.at("testGroups")) {
    const Bytes key = from_hex(group.at("publicKeyDer").get<std::string>()).value();
    for (const auto& test : group.at("tests")) {
      // Kept until the program ends, as the registered tests are.
      static std::vector<std::unique_ptr<const VectorCase>> vectors;
      vectors.push_back(std::make_unique<const VectorCase>(
          VectorCase{&file, key, from_hex(test.at("msg").get<std::string>()).value(),
                     from_hex(test.at("sig").get<std::string>()).value(),
                     test.at("result") == "valid", test.at("comment").get<std::string>()}));
      const VectorCase& vector = *vectors.back();
      testing::RegisterTest(file.file, cat("tcId", test.at("tcId").get<int>()).c_str(), nullptr,
                            nullptr, __FILE__, __LINE__,
                            [&vector]() -> testing::Test* { return new VectorTest(vector); });
    }
  }
  const int due = root.at("numberOfTests").get<int>();
  const char* name = file.file;
  // In the same suite as its vectors and registered last: it runs after them.
  testing::RegisterTest(name, "AllVectorsRan", nullptr, nullptr, __FILE__, __LINE__,
                        [=]() -> testing::Test* { return new CountTest(name, due); });
}

const bool kRegistered = [] {
  const auto folder = test::shared_folder("conformance/wycheproof");
  if (!folder) {
    testing::RegisterTest("Wycheproof", "Vectors", nullptr, nullptr, __FILE__, __LINE__,
                          []() -> testing::Test* { return new MissingTest; });
    return false;
  }
  for (const auto& file : kVectorFiles) register_file(file, *folder);
  return true;
}();

}  // namespace
}  // namespace sluice::crypto
