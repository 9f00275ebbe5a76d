// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"

#include <gtest/gtest.h>

#include "base/secret.h"
#include "base/text.h"

namespace sluice {
namespace {

std::string decoded(const Result<Bytes>& result) {
  return result ? std::string(text_of(*result)) : "refused";
}

TEST(Codec, HexIsLowerCaseAndWhole) {
  EXPECT_EQ(to_hex(bytes_of("\x00\xAB\x7F")), "");  // a literal ends at its NUL
  EXPECT_EQ(to_hex(bytes_of(std::string_view("\x00\xAB\x7F", 3))), "00ab7f");
  EXPECT_EQ(decoded(from_hex("6162")), "ab");
  EXPECT_EQ(decoded(from_hex("")), "");
  for (const auto* text : {"6", "616", "6A", "6g", " 61", "61 ", "0x61"}) {
    EXPECT_EQ(decoded(from_hex(text)), "refused") << text;
  }
}

TEST(Codec, Base64RoundTripsAllLengths) {
  std::string text;
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(decoded(from_base64(to_base64(bytes_of(text)))), text);
    EXPECT_EQ(decoded(from_base64url(to_base64url(bytes_of(text)))), text);
    text += static_cast<char>(i * 37);
  }
}

TEST(Codec, Base64HasOneSpellingForEachValue) {
  EXPECT_EQ(decoded(from_base64("YQ==")), "a");
  // Loose bits, missing or surplus padding, blanks, the other alphabet, a hidden NUL.
  for (const std::string_view text :
       {std::string_view("YR=="), std::string_view("YQ"), std::string_view("YQ="),
        std::string_view("YQ==="), std::string_view("YQ==\n"), std::string_view(" YQ=="),
        std::string_view("Y Q="), std::string_view("_-8="), std::string_view("YQ==YQ=="),
        std::string_view("YQ==\0", 5), std::string_view("="), std::string_view("Y")}) {
    EXPECT_EQ(decoded(from_base64(text)), "refused") << text;
  }
}

// Most of a text goes by another way than its end.
TEST(Codec, ALongTextIsAsStrictInItsMiddleAsAtItsEnd) {
  const std::string good = to_base64(bytes_of("the quick brown fox jumps over the lazy dog"));
  EXPECT_EQ(decoded(from_base64(good)), "the quick brown fox jumps over the lazy dog");
  for (std::size_t at = 0; at + 4 < good.size(); ++at) {
    for (const char wrong : {'=', ' ', '\n', '-', '_', '\0', '\xBD'}) {
      std::string text = good;
      text[at] = wrong;
      const auto result = from_base64(text);
      ASSERT_FALSE(result) << at;
      EXPECT_TRUE(
          result.error().what.ends_with(cat("wrong at character ", at + 1, " of ", text.size())))
          << result.error().what;
    }
  }
  EXPECT_EQ(to_base64(bytes_of("\xFB\xEF\xBE\xFB\xEF\xBE")), "++++++++");
  EXPECT_EQ(to_base64url(bytes_of("\xFB\xEF\xBE\xFF\xFF\xFF")), "----____");
}

// Found by the fuzz target: libsodium takes "\xBD\xC2" for two characters of its alphabet.
TEST(Codec, BytesAboveAsciiAreNoBase64) {
  EXPECT_EQ(decoded(from_base64("yQ\xBD\xC2")), "refused");
  EXPECT_EQ(decoded(from_base64url("yQ\xBD\xC2")), "refused");
  for (int byte = 0x80; byte < 0x100; ++byte) {
    for (std::size_t at = 0; at < 4; ++at) {
      std::string text = "YWJj";
      text[at] = static_cast<char>(byte);
      EXPECT_EQ(decoded(from_base64(text)), "refused") << byte << " at " << at;
      EXPECT_EQ(decoded(from_base64url(text)), "refused") << byte << " at " << at;
    }
  }
}

TEST(Codec, Base64UrlRefusesPaddingAndTheOtherAlphabet) {
  EXPECT_EQ(decoded(from_base64url("YQ")), "a");
  for (const auto* text : {"YQ==", "YR", "+/8", "Y"}) {
    EXPECT_EQ(decoded(from_base64url(text)), "refused") << text;
  }
}

TEST(Codec, EveryFlippedBase64CharacterChangesTheBytesOrIsRefused) {
  const std::string good = to_base64(bytes_of("a message of some length"));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_NE(decoded(from_base64(bad)), "a message of some length") << i;
  }
}

TEST(Reader, NeverReadsPastTheEndAndNeverMovesWhenItFails) {
  const Bytes raw{1, 2, 3};
  Reader reader(raw);
  EXPECT_FALSE(reader.take(4));
  EXPECT_FALSE(reader.take(static_cast<std::size_t>(-1)));
  EXPECT_EQ(reader.big_endian(2), 0x0102U);
  EXPECT_FALSE(reader.finish());
  EXPECT_FALSE(reader.big_endian(2));
  EXPECT_EQ(reader.big_endian(1), 3U);
  EXPECT_TRUE(reader.finish());
  EXPECT_FALSE(reader.big_endian(9));
}

TEST(SecretBytes, MovesClonesAndShrinks) {
  SecretBytes secret = SecretBytes::copy_of("passphrase");
  SecretBytes copy = secret.clone();
  const SecretBytes moved = std::move(secret);
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_TRUE(equal_secrets(moved.reveal(), copy.reveal()));
  copy.shrink(4);
  EXPECT_EQ(copy.reveal_text(), "pass");
  EXPECT_FALSE(equal_secrets(moved.reveal(), copy.reveal()));
}

}  // namespace
}  // namespace sluice
