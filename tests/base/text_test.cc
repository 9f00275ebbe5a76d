// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Text, CatJoinsStringsCharactersAndIntegers) {
  EXPECT_EQ(cat("a", 'b', std::string("c"), -1, std::size_t{18446744073709551615U}),
            "abc-118446744073709551615");
}

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string_view>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Text, Utf8IsRfc3629) {
  EXPECT_TRUE(is_utf8("grün \xF0\x9F\x90\x99"));
  EXPECT_FALSE(is_utf8("\xC0\xAF"));                                 // overlong
  EXPECT_FALSE(is_utf8("\xE0\x9F\xBF"));                             // overlong
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));                             // surrogate
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));                         // above U+10FFFF
  EXPECT_FALSE(is_utf8("\xE2\x82"));                                 // ends early
  EXPECT_TRUE(is_utf8("\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"));  // their neighbours
}

TEST(Text, PrintableShowsWhatWouldMoveTheCursorOrTurnTheText) {
  EXPECT_EQ(printable("a\x1B[2Jb\n"), "a\\x1b[2Jb\\x0a");
  EXPECT_EQ(printable("\xFF\xFE"), "\\xff\\xfe");
  EXPECT_EQ(printable("\xE2\x80\xAE"
                      "cod.exe"),
            "\\u{202e}cod.exe");
  EXPECT_EQ(printable("\xC2\x9B"), "\\x9b");  // a C1 control that terminals obey
  EXPECT_EQ(printable("grün"), "grün");
}

TEST(Text, PrintableIsBounded) {
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_EQ(printable("abc", 3), "abc");
}

TEST(Text, ClosestFindsTheLikelyWordOrNothing) {
  const std::vector<std::string_view> words{"carbon", "health", "risk"};
  EXPECT_EQ(closest("carbn", words), "carbon");
  EXPECT_EQ(closest("heal", words), "health");
  EXPECT_EQ(closest("zebra", words), "");
  EXPECT_EQ(closest(std::string(1000, 'c'), words), "");
}

TEST(Text, HumanBytes) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(4U << 20), "4 MiB");
}

}  // namespace
}  // namespace sluice
