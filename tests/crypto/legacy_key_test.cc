// SPDX-License-Identifier: Apache-2.0
// What tests/tufrepo/role_key_test.cc reads through a signer, and the pieces below it.
#include "crypto/legacy_key.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "crypto/hmac.h"
#include "crypto/raw_key.h"

namespace sluice::crypto {
namespace {

TEST(Hmac, IsThatOfRfc4231) {
  const Bytes key(20, 0x0b);
  EXPECT_EQ(to_hex(hmac_sha256(key, bytes_of("Hi There")).reveal()),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(
      to_hex(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?")).reveal()),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const Bytes long_key(131, 0xaa);
  EXPECT_EQ(
      to_hex(hmac_sha256(long_key, bytes_of("Test Using Larger Than Block-Size Key - Hash Key "
                                            "First"))
                 .reveal()),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(RawKeys, AreTheKeysWhoseNumbersTheyAre) {
  for (const auto type : {KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ecdsa_p521}) {
    const auto key = PrivateKey::generate(type).value();
    const Bytes& der = key.public_key().der();
    const std::size_t size = type == KeyType::ecdsa_p256   ? 65
                             : type == KeyType::ecdsa_p384 ? 97
                                                           : 133;
    Bytes point(der.end() - static_cast<std::ptrdiff_t>(size), der.end());
    const auto same = public_key_of_point(type, point);
    ASSERT_TRUE(same) << same.error().text();
    EXPECT_EQ(*same, key.public_key());
    point.back() ^= 1U;
    EXPECT_FALSE(public_key_of_point(type, point));
    point.pop_back();
    EXPECT_FALSE(public_key_of_point(type, point));
  }
  EXPECT_FALSE(public_key_of_point(KeyType::rsa, Bytes(65, 4)));
  EXPECT_FALSE(public_key_of_point(KeyType::ed25519, Bytes(31, 4)));
}

TEST(RawKeys, FollowTheRulesForRsa) {
  Bytes modulus(256, 0xff);
  EXPECT_TRUE(public_key_of_rsa(modulus, Bytes{1, 0, 1}));
  EXPECT_FALSE(public_key_of_rsa(modulus, Bytes{2}));                 // an even exponent
  EXPECT_FALSE(public_key_of_rsa(Bytes(128, 0xff), Bytes{1, 0, 1}));  // too short
  EXPECT_FALSE(public_key_of_rsa({}, Bytes{1, 0, 1}));
  EXPECT_FALSE(public_key_of_rsa(modulus, {}));
}

TEST(LegacyKeys, AreToldByTheirForm) {
  EXPECT_TRUE(is_securesystemslib_text("00ff@@@@1@@@@00@@@@00@@@@00"));
  EXPECT_FALSE(is_securesystemslib_text("-----BEGIN PRIVATE KEY-----"));
  EXPECT_FALSE(is_securesystemslib_text("@@@@1@@@@"));
  EXPECT_TRUE(is_traditional_encrypted_pem(
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"));
  EXPECT_FALSE(is_traditional_encrypted_pem("-----BEGIN RSA PRIVATE KEY-----\nMIIE"));
}

TEST(LegacyKeys, AreRefusedWhereTheyAreBroken) {
  const auto password = SecretBytes::copy_of("pw");
  const std::string salt(32, '0');
  const std::string iv(32, '1');
  const auto code = [&](const std::string& text) {
    const auto opened = decrypt_securesystemslib(text, password);
    return opened ? Errc::internal : opened.error().code;
  };
  EXPECT_EQ(code(salt + "@@@@1000@@@@00@@@@" + iv + "@@@@0011"), Errc::denied);  // well formed
  EXPECT_EQ(code(salt + "@@@@1000@@@@00@@@@" + iv), Errc::malformed);
  EXPECT_EQ(code(salt + "@@@@1000@@@@00@@@@" + iv + "@@@@0011@@@@00"), Errc::malformed);
  EXPECT_EQ(code(salt + "@@@@x@@@@00@@@@" + iv + "@@@@0011"), Errc::malformed);
  EXPECT_EQ(code(salt + "@@@@1000@@@@00@@@@1111@@@@0011"), Errc::malformed);
  EXPECT_EQ(code(salt + "@@@@1000@@@@zz@@@@" + iv + "@@@@0011"), Errc::malformed);
  EXPECT_EQ(code(salt + "@@@@99999999999@@@@00@@@@" + iv + "@@@@0011"), Errc::limit);
  for (const char* pem :
       {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
        "RC2-CBC,0011223344556677"
        "\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE "
        "KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED"}) {
    EXPECT_FALSE(decrypt_traditional_pem(pem, password)) << pem;
  }
}

TEST(LegacyKeys, OfEd25519AreMadeFromTheirSeed) {
  // RFC 8032 7.1, the first test.
  const auto seed =
      from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").value();
  const auto pem = ed25519_pem_from_seed(seed);
  ASSERT_TRUE(pem);
  const auto key = PrivateKey::from_pem(pem->reveal_text(), {});
  ASSERT_TRUE(key) << key.error().text();
  EXPECT_EQ(to_hex(key->public_key().ed25519()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_FALSE(ed25519_pem_from_seed(ByteView(seed).first(31)));
}

}  // namespace
}  // namespace sluice::crypto
