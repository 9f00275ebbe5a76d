// SPDX-License-Identifier: Apache-2.0
#include "intoto/signed.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/text.h"
#include "intoto/link.h"
#include "intoto/support.h"

namespace sluice::intoto {
namespace {

using test::with;

using crypto::KeyType;
using crypto::PrivateKey;
using Outcome = SignatureFinding::Outcome;

constexpr std::array kBoth{Wrapping::metablock, Wrapping::dsse};

PrivateKey signer_of(KeyType type) {
  return metadata_signer(PrivateKey::generate(type, 2048).value()).value();
}

Link small_link() {
  Link link;
  link.name = "build";
  link.command = {"sh", "-c", "echo \"a\\b\"\n"};  // what canonical form does not escape
  link.byproducts.set("return-value", 0);
  return link;
}

SignedMetadata opened(std::string text) {
  auto out = SignedMetadata::parse(std::move(text));
  EXPECT_TRUE(out) << out.error().text();
  return *std::move(out);
}

TEST(SignedFile, HoldsForEachKindOfKeyInBothEnvelopes) {
  const std::string payload = write_link(small_link());
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256, KeyType::ecdsa_p384,
                          KeyType::ecdsa_p521, KeyType::rsa}) {
    const PrivateKey key = signer_of(type);
    for (const auto wrapping : kBoth) {
      auto metadata = opened(sign_metadata(wrapping, payload, {&key}).value());
      EXPECT_EQ(metadata.wrapping(), wrapping);
      EXPECT_EQ(metadata.kind(), PayloadKind::link);
      EXPECT_EQ(metadata.payload(), payload);
      EXPECT_EQ(metadata.check(Key(key.public_key()))->outcome, Outcome::valid) << name(type);
    }
  }
}

TEST(SignedFile, CarriesEachSignatureUnderBothIds) {
  const PrivateKey key = signer_of(KeyType::ed25519);
  const auto metadata =
      opened(sign_metadata(Wrapping::metablock, write_link(small_link()), {&key}).value());
  ASSERT_EQ(metadata.signatures().size(), 2U);
  EXPECT_EQ(metadata.signatures()[0].keyid, Key(key.public_key()).python_id());
  EXPECT_EQ(metadata.signatures()[1].keyid, Key(key.public_key()).go_id());
}

TEST(SignedFile, IsMatchedByMaterialWhateverTheIdSays) {
  const PrivateKey key = signer_of(KeyType::ed25519);
  const Key known(key.public_key());
  for (const auto wrapping : kBoth) {
    std::string text = sign_metadata(wrapping, write_link(small_link()), {&key}).value();
    text = with(text, known.python_id(), "0123");
    text = with(text, known.go_id(), "4567");
    EXPECT_EQ(opened(text).check(known)->outcome, Outcome::valid);
  }
}

TEST(SignedFile, ALaterSignatureOfAKeyCountsToo) {
  // Only the first one with a keyid is tried by the peers: whoever can prepend could hide it.
  const PrivateKey key = signer_of(KeyType::ed25519);
  const Key known(key.public_key());
  std::string text = sign_metadata(Wrapping::metablock, write_link(small_link()), {&key}).value();
  text = with(text, "\"signatures\":[",
              cat("\"signatures\":[{\"keyid\":\"", known.python_id(), "\",\"sig\":\"00\"},"));
  EXPECT_EQ(opened(text).check(known)->outcome, Outcome::valid);
}

TEST(SignedFile, AChangedPayloadIsWrongAndAnotherKeyAbsent) {
  const PrivateKey key = signer_of(KeyType::ecdsa_p256);
  const PrivateKey other = signer_of(KeyType::ecdsa_p256);
  const std::string text =
      sign_metadata(Wrapping::metablock, write_link(small_link()), {&key}).value();
  EXPECT_EQ(opened(text).check(Key(other.public_key()))->outcome, Outcome::absent);
  const auto changed = with(text, "\"name\":\"build\"", "\"name\":\"bu1ld\"");
  const auto finding = opened(changed).check(Key(key.public_key()));
  EXPECT_EQ(finding->outcome, Outcome::wrong);
  EXPECT_EQ(finding->at, 0U);
}

TEST(SignedFile, IsCheckedAsReceivedWithBlanksAndMembersInAnyOrder) {
  const PrivateKey key = signer_of(KeyType::ed25519);
  const std::string text =
      sign_metadata(Wrapping::metablock,
                    R"({"products":{}, "name" : "x","_type":"link","materials":{}})", {&key})
          .value();
  EXPECT_EQ(opened(text).check(Key(key.public_key()))->outcome, Outcome::valid);
}

TEST(SignedFile, ReadsBothAlphabetsOfBase64) {
  const PrivateKey key = signer_of(KeyType::ed25519);
  Link link = small_link();
  link.command = {">>>>???? >>>> ???? >>>>  ????"};  // of which base64 makes both special letters
  const std::string text = sign_metadata(Wrapping::dsse, write_link(link), {&key}).value();
  const auto value = json::parse_strict(text).value();
  const std::string payload = *value.find("payload")->string();
  ASSERT_NE(payload.find_first_of("+/"), std::string::npos);
  const Bytes bytes = from_base64(payload).value();
  EXPECT_EQ(opened(with(text, payload, to_base64url(bytes))).check(Key(key.public_key()))->outcome,
            Outcome::valid);
}

TEST(SignedFile, RefusesWhatIsTwoThings) {
  const PrivateKey key = signer_of(KeyType::ed25519);
  const std::string block =
      sign_metadata(Wrapping::metablock, write_link(small_link()), {&key}).value();
  const std::string envelope =
      sign_metadata(Wrapping::dsse, write_link(small_link()), {&key}).value();
  ASSERT_TRUE(SignedMetadata::parse(block));
  ASSERT_TRUE(SignedMetadata::parse(envelope));
  for (const auto& text :
       {with(block, "{\"signatures\"", "{\"payload\":\"e30=\",\"signatures\""),
        with(block, "{\"signatures\"", "{\"payloadType\":\"x\",\"signatures\""),
        with(block, "{\"signatures\"", "{\"other\":1,\"signatures\""),
        with(block, "{\"signatures\"", "{\"signed\":{},\"signatures\""),
        with(block, "\"signatures\":", "\"signatories\":"), with(block, "\"_type\"", "\"type\""),
        with(block, "\"_type\":\"link\"", "\"_type\":\"other\""),
        with(envelope, "application/vnd.in-toto+json", "application/json"),
        with(envelope, "\"payload\":\"", "\"payload\":\"-"), std::string("{}"), std::string("[]"),
        std::string(R"({"signatures":[],"signed":[]})")}) {
    EXPECT_FALSE(SignedMetadata::parse(text)) << text;
  }
}

TEST(SignedFile, RefusesTooManySignatures) {
  const std::string one = R"({"keyid":"00","sig":"00"})";
  const auto file = [&](int count) {
    std::string list = one;
    for (int i = 1; i < count; ++i) list += "," + one;
    return cat("{\"signatures\":[", list, "],\"signed\":{\"_type\":\"link\"}}");
  };
  EXPECT_TRUE(SignedMetadata::parse(file(64)));
  EXPECT_FALSE(SignedMetadata::parse(file(65)));
}

TEST(SignedFile, ANumberWithAFractionHasNoCanonicalForm) {
  EXPECT_FALSE(SignedMetadata::parse(R"({"signatures":[],"signed":{"_type":"link","a":0.5}})"));
  EXPECT_TRUE(SignedMetadata::parse(R"({"signatures":[],"signed":{"_type":"link","a":5}})"));
  const PrivateKey key = signer_of(KeyType::ed25519);
  EXPECT_FALSE(sign_metadata(Wrapping::metablock, R"({"a":0.5})", {&key}));
}

TEST(SignedFile, MoreSignersAreAddedAndOnesOwnReplaced) {
  const PrivateKey a = signer_of(KeyType::ed25519);
  const PrivateKey b = signer_of(KeyType::ecdsa_p256);
  for (const auto wrapping : kBoth) {
    const auto first = opened(sign_metadata(wrapping, write_link(small_link()), {&a}).value());
    auto both = opened(add_signatures(first, {&b}, true).value());
    EXPECT_EQ(both.signatures().size(), 4U);
    EXPECT_EQ(both.check(Key(a.public_key()))->outcome, Outcome::valid);
    EXPECT_EQ(both.check(Key(b.public_key()))->outcome, Outcome::valid);
    EXPECT_EQ(opened(add_signatures(both, {&b}, true).value()).signatures().size(), 4U);
    auto alone = opened(add_signatures(both, {&b}, false).value());
    EXPECT_EQ(alone.signatures().size(), 2U);
    EXPECT_EQ(alone.check(Key(a.public_key()))->outcome, Outcome::absent);
    EXPECT_EQ(alone.check(Key(b.public_key()))->outcome, Outcome::valid);
  }
}

TEST(SignedFile, StaysValidWhenItMoves) {
  const PrivateKey key = signer_of(KeyType::ed25519);
  auto first = opened(sign_metadata(Wrapping::metablock, write_link(small_link()), {&key}).value());
  const SignedMetadata second = std::move(first);
  SignedMetadata third = opened(std::string(second.document()));
  EXPECT_EQ(third.payload(), second.payload());
  EXPECT_EQ(third.check(Key(key.public_key()))->outcome, Outcome::valid);
}

TEST(SignedFile, AGpgSignatureIsKeptAndIsNoOtherKeys) {
  const PrivateKey key = signer_of(KeyType::ed25519);
  auto metadata = opened(
      R"({"signatures":[{"keyid":"00","other_headers":"04","signature":"00ff"}],"signed":{"_type":"link"}})");
  EXPECT_EQ(metadata.signatures()[0].other_headers, "04");
  EXPECT_EQ(metadata.check(Key(key.public_key()))->outcome, Outcome::absent);
}

}  // namespace
}  // namespace sluice::intoto
