// SPDX-License-Identifier: Apache-2.0
#include "crypto/metadata_key.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/private_key.h"

namespace sluice::crypto {
namespace {

TEST(MetadataKey, RoundTripsForEachKindOfKey) {
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256, KeyType::ecdsa_p384,
                          KeyType::ecdsa_p521, KeyType::rsa}) {
    const PublicKey key = PrivateKey::generate(type, 2048)->public_key();
    const auto& scheme = default_metadata_scheme(type);
    const auto again = read_metadata_key(scheme, metadata_key_text(key));
    ASSERT_TRUE(again) << name(type);
    EXPECT_EQ(*again, key);
    EXPECT_EQ(find_metadata_scheme(scheme.keytype, scheme.name), &scheme);
  }
  EXPECT_EQ(default_metadata_scheme(KeyType::rsa).name, "rsassa-pss-sha256");
}

TEST(MetadataKey, KeytypeAndSchemeMustGoTogether) {
  EXPECT_NE(find_metadata_scheme("ecdsa", "ecdsa-sha2-nistp256"), nullptr);
  EXPECT_NE(find_metadata_scheme("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"), nullptr);
  EXPECT_EQ(find_metadata_scheme("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp256"), nullptr);
  EXPECT_EQ(find_metadata_scheme("rsa", "ed25519"), nullptr);
  EXPECT_EQ(find_metadata_scheme("rsa", "rsassa-pss-sha224"), nullptr);
}

TEST(MetadataKey, AKeyOfAnotherTypeIsRefused) {
  const auto p256 = metadata_key_text(PrivateKey::generate(KeyType::ecdsa_p256)->public_key());
  EXPECT_TRUE(read_metadata_key(default_metadata_scheme(KeyType::ecdsa_p256), p256));
  EXPECT_FALSE(read_metadata_key(default_metadata_scheme(KeyType::ecdsa_p384), p256));
  EXPECT_FALSE(read_metadata_key(default_metadata_scheme(KeyType::rsa), p256));
  EXPECT_FALSE(read_metadata_key(default_metadata_scheme(KeyType::ed25519), p256));
  EXPECT_FALSE(read_metadata_key(default_metadata_scheme(KeyType::rsa), "00"));
}

}  // namespace
}  // namespace sluice::crypto
