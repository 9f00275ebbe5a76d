// SPDX-License-Identifier: Apache-2.0
#include "crypto/memo.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/text.h"
#include "crypto/private_key.h"

namespace sluice::crypto {
namespace {

struct Signed {
  PublicKey key;
  Message message;
  Bytes signature;
};

Signed sign_text(const PrivateKey& key, std::string_view text) {
  const auto message = Message::of(key.scheme(), bytes_of(text)).value();
  return {key.public_key(), message, key.sign(message).value()};
}

TEST(SignatureMemo, AnswersAsTheMathematicsDoesHoweverOftenItIsAsked) {
  for (const KeyType type : {KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ed25519}) {
    const auto key = PrivateKey::generate(type).value();
    const Signed good = sign_text(key, "one");
    const Signed other = sign_text(key, "two");
    const auto stranger = PrivateKey::generate(type).value().public_key();
    SignatureMemo memo;
    for (int round = 0; round < 3; ++round) {
      EXPECT_EQ(memo.verify(good.key, good.message, good.signature), Match::yes) << name(type);
      EXPECT_EQ(memo.verify(other.key, other.message, other.signature), Match::yes);
      EXPECT_EQ(memo.verify(good.key, other.message, good.signature), Match::no);
      EXPECT_EQ(memo.verify(good.key, good.message, other.signature), Match::no);
      EXPECT_EQ(memo.verify(stranger, good.message, good.signature), Match::no);
      Bytes longer = good.signature;
      longer.push_back(0);
      EXPECT_EQ(memo.verify(good.key, good.message, longer), Match::no);
    }
  }
}

// The digest alone does not say how it was signed.
TEST(SignatureMemo, ASchemeIsAPartOfTheQuestion) {
  const auto key = PrivateKey::generate(KeyType::rsa, 2048).value();
  const Signed good = sign_text(key, "one");
  const auto pss =
      Message::of_digest({SchemeKind::rsa_pss, HashAlgorithm::sha256}, good.message.digest());
  SignatureMemo memo;
  EXPECT_EQ(memo.verify(good.key, good.message, good.signature), Match::yes);
  EXPECT_EQ(memo.verify(good.key, *pss, good.signature), Match::no);
}

TEST(SignatureMemo, IsNotConfusedByMoreThanItKeepsNorByThreads) {
  const auto key = PrivateKey::generate(KeyType::ecdsa_p256).value();
  std::vector<Signed> many;
  many.reserve(700);
  for (int i = 0; i < 700; ++i) many.push_back(sign_text(key, cat("message ", i)));
  SignatureMemo memo;
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&] {
        for (std::size_t i = 0; i < many.size(); ++i) {
          const Signed& next = many[(i + 1) % many.size()];
          if (memo.verify(many[i].key, many[i].message, many[i].signature) != Match::yes) ++wrong;
          if (memo.verify(many[i].key, next.message, many[i].signature) != Match::no) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace sluice::crypto
