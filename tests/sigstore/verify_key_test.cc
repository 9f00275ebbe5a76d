// SPDX-License-Identifier: Apache-2.0
#include "sigstore/verify_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "base/codec.h"
#include "base/text.h"
#include "support/temp_folder.h"

namespace sluice::sigstore {
namespace {

using crypto::HashAlgorithm;
using crypto::KeyType;
using crypto::PrivateKey;
using crypto::SchemeKind;
using test::TempFolder;

constexpr std::string_view kHello =
    "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

std::string statement(std::string_view digests) {
  return cat(R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{)",
             digests, R"(}}],"predicateType":"https://example.org/p","predicate":{}})");
}
std::string hello_statement() { return statement(cat(R"("sha256":")", kHello.substr(7), "\"")); }

// A file "hello\n", a key, and what a test asks of them.
class VerifyKey : public testing::Test {
 protected:
  std::string sign() { return *sign_file(system_files(), file_, key_); }
  std::string attest(std::string_view payload, std::string_view type = dsse::kInTotoPayload) {
    return *sign_payload(MediaType(std::string(type)), bytes_of(payload), key_);
  }
  KeyRequest request(std::string bundle) {
    return {.key = key_.public_key(),
            .bundle = std::move(bundle),
            .bundle_source = "b.json",
            .artifact = file_};
  }
  static Verdict<VerifiedContent> verify(const KeyRequest& request) {
    auto verdict = verify_with_key(system_files(), request);
    if (!verdict) throw std::runtime_error(verdict.error().text());
    return *std::move(verdict);
  }
  static std::string failure(const KeyRequest& request) {
    const auto verdict = verify(request);
    return verdict.passed() ? "passed" : verdict.report().first_failure()->id;
  }
  std::string failure(const std::string& bundle) { return failure(request(bundle)); }

  TempFolder folder_;
  Path file_ = folder_.write("hello", "hello\n");
  PrivateKey key_ = *PrivateKey::generate(KeyType::ecdsa_p256);
};

TEST_F(VerifyKey, AcceptsWhatItSigned) {
  const auto verdict = verify(request(sign()));
  ASSERT_TRUE(verdict.passed());
  std::vector<std::string> ids;
  for (const auto& check : verdict.report().checks()) ids.push_back(check.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"bundle.present", "bundle.format", "bundle.key",
                                           "artifact.digest", "signature"}));
}

TEST_F(VerifyKey, EveryKindOfKey) {
  for (const auto type : {KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ecdsa_p521,
                          KeyType::ed25519, KeyType::rsa}) {
    key_ = *PrivateKey::generate(type, 2048);
    EXPECT_EQ(failure(sign()), "passed") << name(type);
    EXPECT_EQ(failure(attest(hello_statement())), "passed") << name(type);
    const std::string before = sign();
    folder_.write("hello", "hullo\n");
    EXPECT_EQ(failure(before), "artifact.digest") << name(type);
    EXPECT_EQ(failure(sign()), "passed") << name(type);
    folder_.write("hello", "hello\n");
  }
}

// The digest in the report is of the bytes that were signed: a digest of another kind, which nobody
// signed, is not taken from the bundle.
TEST_F(VerifyKey, ADigestOfAnotherKindThanTheSignedOneIsRefused) {
  std::string bundle = sign();
  const auto own = crypto::digest_of(HashAlgorithm::sha256, bytes_of("hello\n"));
  const auto other = crypto::digest_of(HashAlgorithm::sha512, bytes_of("hello\n"));
  const auto swap = [&](const std::string& from, const std::string& to) {
    bundle.replace(bundle.find(from), from.size(), to);
  };
  swap("SHA2_256", "SHA2_512");
  swap(to_base64(own.bytes()), to_base64(other.bytes()));
  EXPECT_EQ(failure(bundle), "artifact.digest");
}

// A pipe gives its bytes once: what is hashed is what the signature is checked over.
TEST_F(VerifyKey, AnArtifactIsReadOnce) {
  key_ = *PrivateKey::generate(KeyType::ed25519);
  std::string bundle = sign();
  const auto own = crypto::digest_of(HashAlgorithm::sha256, bytes_of("hello\n"));
  const auto other = crypto::digest_of(HashAlgorithm::sha384, bytes_of("hello\n"));
  bundle.replace(bundle.find("SHA2_256"), 8, "SHA2_384");
  bundle.replace(bundle.find(to_base64(own.bytes())), 44, to_base64(other.bytes()));
  const Path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::jthread writer([&] { std::ofstream(pipe) << "hello\n"; });
  auto asked = request(bundle);
  asked.artifact = pipe;
  EXPECT_EQ(failure(asked), "passed");
}

TEST_F(VerifyKey, SaysThatTheBundleIsSoundWhereOnlyTheFileDiffers) {
  const std::string bundle = sign();
  folder_.write("hello", "other\n");
  const auto verdict = verify(request(bundle));
  EXPECT_FALSE(verdict.passed());
  EXPECT_EQ(verdict.report().checks().back().outcome, Outcome::pass);
  EXPECT_NE(verdict.report().first_failure()->advice.find("sound"), std::string::npos);
}

TEST_F(VerifyKey, AnotherKeyIsNamed) {
  const std::string bundle = sign();
  key_ = *PrivateKey::generate(KeyType::ecdsa_p256);
  EXPECT_EQ(failure(bundle), "bundle.key");
}

TEST_F(VerifyKey, AnotherKeyWithoutAHintFailsAtTheSignature) {
  std::string bundle = sign();
  const std::string hint = key_hint(key_.public_key());
  bundle.replace(bundle.find(hint), hint.size(), "my-key");
  EXPECT_EQ(failure(bundle), "passed");
  key_ = *PrivateKey::generate(KeyType::ecdsa_p256);
  EXPECT_EQ(failure(bundle), "signature");
}

TEST_F(VerifyKey, ByDigestAlone) {
  auto asked = request(sign());
  asked.artifact = *crypto::Digest::parse(kHello);
  EXPECT_EQ(failure(asked), "passed");
  std::string other(kHello);
  other.back() = '4';
  asked.artifact = *crypto::Digest::parse(other);
  EXPECT_EQ(failure(asked), "artifact.digest");
}

TEST_F(VerifyKey, Ed25519NeedsTheFileItself) {
  key_ = *PrivateKey::generate(KeyType::ed25519);
  auto asked = request(sign());
  asked.artifact = *crypto::Digest::parse(kHello);
  EXPECT_FALSE(verify_with_key(system_files(), asked));
}

TEST_F(VerifyKey, Ed25519phIsRecognisedByItsDigest) {
  key_ = *PrivateKey::generate(KeyType::ed25519)
              ->with_scheme({SchemeKind::ed25519ph, HashAlgorithm::sha512});
  const std::string bundle = sign();
  EXPECT_NE(bundle.find("SHA2_512"), std::string::npos);
  EXPECT_EQ(failure(bundle), "passed");
  auto pinned = request(bundle);
  pinned.scheme = crypto::Scheme{SchemeKind::ed25519, HashAlgorithm::sha512};
  EXPECT_EQ(failure(pinned), "signature");
}

// Each character of the bundle, with its lowest bit flipped: refused, or harmless for a known
// reason.
TEST_F(VerifyKey, EveryFlippedCharacterIsRefused) {
  for (const auto type : {KeyType::ecdsa_p256, KeyType::ed25519, KeyType::rsa}) {
    key_ = *PrivateKey::generate(type, 2048);
    for (const std::string& good : {sign(), attest(hello_statement())}) {
      ASSERT_EQ(failure(good), "passed");
      for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        EXPECT_NE(failure(bad), "passed") << "at " << i << ": " << bad;
      }
    }
  }
}

TEST_F(VerifyKey, EveryTruncationIsRefused) {
  const std::string good = sign();
  for (std::size_t i = 0; i < good.size(); ++i)
    EXPECT_EQ(failure(good.substr(0, i)), "bundle.format");
}

TEST_F(VerifyKey, ABundleThatIsNotThereIsUnsigned) {
  auto asked = request("");
  asked.bundle = std::nullopt;
  EXPECT_EQ(failure(asked), "bundle.present");
}

TEST_F(VerifyKey, AFileThatIsNotThereCannotBeDecided) {
  auto asked = request(sign());
  asked.artifact = folder_ / "absent";
  const auto verdict = verify_with_key(system_files(), asked);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().code, Errc::not_found);
}

TEST_F(VerifyKey, ACertificateIsNotAKey) {
  std::string bundle = sign();
  const std::string material =
      cat(R"({"publicKey":{"hint":")", key_hint(key_.public_key()), "\"}}");
  bundle.replace(bundle.find(material), material.size(), R"({"certificate":{"rawBytes":"AQID"}})");
  EXPECT_EQ(failure(bundle), "bundle.key");
}

TEST_F(VerifyKey, UnknownVersionsAndMembersAreRefusedByName) {
  std::string newer = sign();
  newer.replace(newer.find("v0.3"), 4, "v0.4");
  const auto verdict = verify(request(newer));
  EXPECT_EQ(verdict.report().first_failure()->id, "bundle.format");
  EXPECT_NE(verdict.report().first_failure()->detail.find("v0.4"), std::string::npos);
  std::string extra = sign();
  extra.insert(extra.size() - 1, R"(,"extra":1)");
  EXPECT_EQ(failure(extra), "bundle.format");
}

TEST_F(VerifyKey, AnAttestationSpeaksOfItsSubject) {
  EXPECT_EQ(failure(attest(hello_statement())), "passed");
  auto other = request(attest(hello_statement()));
  folder_.write("hello", "other\n");
  EXPECT_EQ(failure(other), "statement.subject");
}

TEST_F(VerifyKey, ARightDigestBesideAWrongOneIsNoSubject) {
  const std::string both =
      cat(R"("sha256":")", kHello.substr(7), R"(","sha512":")", std::string(128, '0'), "\"");
  EXPECT_EQ(failure(attest(statement(both))), "statement.subject");
  const auto right = crypto::digest_of(HashAlgorithm::sha512, bytes_of("hello\n")).hex();
  EXPECT_EQ(failure(attest(
                statement(cat(R"("sha256":")", kHello.substr(7), R"(","sha512":")", right, "\"")))),
            "passed");
}

TEST_F(VerifyKey, DigestsThatNobodyComputesAreNoSubject) {
  EXPECT_EQ(failure(attest(statement(R"("gitCommit":"5891b5b522d5df086d0ff0b110fbd9d21bb4fc71")"))),
            "statement.subject");
}

TEST_F(VerifyKey, TheDemandedPredicateTypeIsThatOne) {
  auto asked = request(attest(hello_statement()));
  asked.predicate_type = "https://example.org/p";
  EXPECT_EQ(failure(asked), "passed");
  asked.predicate_type = "https://example.org/q";
  EXPECT_EQ(failure(asked), "statement.predicate-type");
  asked.bundle = sign();  // a message has no predicate at all
  EXPECT_EQ(failure(asked), "statement.format");
  asked.bundle = attest("{}", "application/vnd.example+json");
  EXPECT_EQ(failure(asked), "statement.format");
}

TEST_F(VerifyKey, APayloadOfAnotherTypeIsTheFile) {
  EXPECT_EQ(failure(attest("hello\n", "text/plain")), "passed");
  EXPECT_EQ(failure(attest("hello", "text/plain")), "payload.content");
}

TEST_F(VerifyKey, AStatementIsReadOnlyAfterItsSignature) {
  std::string bundle = attest("this is no statement");
  EXPECT_EQ(failure(bundle), "statement.format");
  key_ = *PrivateKey::generate(KeyType::ecdsa_p256);
  const auto verdict = verify(request(bundle));
  for (const auto& check : verdict.report().checks()) EXPECT_NE(check.id, "statement.format");
}

}  // namespace
}  // namespace sluice::sigstore
