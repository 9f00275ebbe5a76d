// SPDX-License-Identifier: Apache-2.0
// The mistakes that careful people make with these libraries, each shown not to be made here.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/key.h"
#include "crypto/pem.h"
#include "crypto/private_key.h"

namespace sluice::crypto {
namespace {

constexpr Scheme kP256{SchemeKind::ecdsa, HashAlgorithm::sha256};

Result<PublicKey> ed25519_from_raw(std::string_view hex) {
  return PublicKey::from_der(from_hex(cat("302a300506032b6570032100", hex)).value());
}

// OpenSSL answers a malformed signature with a negative number, which is "true" to an if.
TEST(NaiveMistakes, NegativeAnswerIsNoMatch) {
  const PrivateKey key = PrivateKey::generate(KeyType::ecdsa_p256).value();
  const Message message = Message::of(kP256, bytes_of("hello")).value();
  const Bytes good = key.sign(message).value();
  ASSERT_EQ(verify(key.public_key(), message, good), Match::yes);
  for (const char* hex : {"", "00", "3000", "30060201010201", "0500", "30800201010201010000",
                          "3006020101020101ff", "30820006020101020101"}) {
    EXPECT_EQ(verify(key.public_key(), message, from_hex(hex).value()), Match::no) << hex;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(verify(key.public_key(), message, longer), Match::no);
}

// Under the identity as a key, R = identity and S = 0 is a signature of every message for those who
// check the equation alone.
TEST(NaiveMistakes, Ed25519KeyOfSmallOrderIsRefused) {
  const char* const small[] = {
      "0100000000000000000000000000000000000000000000000000000000000000",  // order 1
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // order 2
      "0000000000000000000000000000000000000000000000000000000000000000",  // order 4
      "0000000000000000000000000000000000000000000000000000000000000080",  // order 4
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  // order 8
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",  // order 8
      "0100000000000000000000000000000000000000000000000000000000000080",  // order 1, sign set
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // 1 + p
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // 0 + p
  };
  for (const char* hex : small) {
    const auto key = ed25519_from_raw(hex);
    ASSERT_FALSE(key) << hex;
    EXPECT_EQ(key.error().code, Errc::malformed) << hex;
  }
  // The neighbour that is taken: RFC 8032, 7.1, test 1.
  EXPECT_TRUE(ed25519_from_raw("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
}

// Large messages are OpenSSL's, which takes a signature whose point is of small order under a key
// that fits it; libsodium has the last word there.
TEST(NaiveMistakes, LargeEd25519MessagesAreJudgedLikeSmallOnes) {
  constexpr Scheme kWhole{SchemeKind::ed25519, HashAlgorithm::sha512};
  const PrivateKey key = PrivateKey::generate(KeyType::ed25519).value();
  const PrivateKey other = PrivateKey::generate(KeyType::ed25519).value();
  for (const std::size_t size :
       {std::size_t{10}, std::size_t{65'535}, std::size_t{65'536}, std::size_t{1'000'000}}) {
    Bytes message(size, 'x');
    const Bytes good = key.sign(Message::of(kWhole, message).value()).value();
    const auto holds = [&](const PublicKey& by, const Bytes& signature) {
      return verify(by, kWhole, message, signature).value() == Match::yes;
    };
    EXPECT_TRUE(holds(key.public_key(), good)) << size;
    EXPECT_FALSE(holds(other.public_key(), good)) << size;
    for (const std::size_t at : {0U, 31U, 32U, 63U}) {
      Bytes bad = good;
      bad[at] ^= 0x01U;
      EXPECT_FALSE(holds(key.public_key(), bad)) << size << " " << at;
    }
    Bytes small_order = good;
    std::fill_n(small_order.begin(), 32, std::uint8_t{0});
    small_order[0] = 1;
    EXPECT_FALSE(holds(key.public_key(), small_order)) << size;
    EXPECT_FALSE(holds(key.public_key(), Bytes(good.begin(), good.end() - 1))) << size;
    message.back() = 'y';
    EXPECT_FALSE(holds(key.public_key(), good)) << size;
  }
}

// Left to find the length of the salt by itself, OpenSSL takes signatures with any.
// testdata/make has signatures with other salts, Wycheproof has more; this one needs neither.
// libsodium 1.0.18 takes some bytes above ASCII for letters of base64, and skips a zero byte.
TEST(NaiveMistakes, ArmourHoldsAsciiOnly) {
  const std::string good = write_pem("PUBLIC KEY", Bytes(48, 0x5a));
  const std::size_t place = good.find('\n') + 3;
  ASSERT_TRUE(read_pem(good));
  for (int byte = 0; byte < 256; ++byte) {
    std::string text = good;
    text[place] = static_cast<char>(byte);
    if (byte >= 0x80 || byte == 0) {
      EXPECT_FALSE(read_pem(text)) << byte;
    }
    EXPECT_EQ(read_pem(text).has_value(), read_public_pem(text).has_value()) << byte;
  }
}

TEST(NaiveMistakes, PssSignatureIsNoPkcs1Signature) {
  const PrivateKey key = PrivateKey::generate(KeyType::rsa, 2048).value();
  const Scheme pss{SchemeKind::rsa_pss, HashAlgorithm::sha256};
  const Scheme pkcs1{SchemeKind::rsa_pkcs1, HashAlgorithm::sha256};
  const Message for_pss = Message::of(pss, bytes_of("hello")).value();
  const Message for_pkcs1 = Message::of(pkcs1, bytes_of("hello")).value();
  const Bytes signature = key.with_scheme(pss).value().sign(for_pss).value();
  EXPECT_EQ(verify(key.public_key(), for_pss, signature), Match::yes);
  EXPECT_EQ(verify(key.public_key(), for_pkcs1, signature), Match::no);
}

}  // namespace
}  // namespace sluice::crypto
