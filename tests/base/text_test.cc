// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

#include <map>

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

TEST(Text, PrintableEscapesBlanksAndWhatIsDrawnAsNothing) {
  const std::map<std::string, std::string> hidden{
      {"\u00A0", "\\xa0"},          {"\u1680", "\\u{1680}"},      {"\u2003", "\\u{2003}"},
      {"\u200A", "\\u{200a}"},      {"\u202F", "\\u{202f}"},      {"\u205F", "\\u{205f}"},
      {"\u3000", "\\u{3000}"},      {"\u2800", "\\u{2800}"},      {"\u3164", "\\u{3164}"},
      {"\uFFA0", "\\u{ffa0}"},      {"\u115F", "\\u{115f}"},      {"\u1160", "\\u{1160}"},
      {"\u034F", "\\u{034f}"},      {"\u17B5", "\\u{17b5}"},      {"\u180B", "\\u{180b}"},
      {"\uFE0F", "\\u{fe0f}"},      {"\uFEFF", "\\u{feff}"},      {"\u2065", "\\u{2065}"},
      {"\uFFF9", "\\u{fff9}"},      {"\uE000", "\\u{e000}"},      {"\uFFFF", "\\u{ffff}"},
      {"\U0001D173", "\\u{1d173}"}, {"\U000E0041", "\\u{e0041}"}, {"\U0010FFFF", "\\u{10ffff}"}};
  for (const auto& [raw, shown] : hidden) EXPECT_EQ(printable("a" + raw + "b"), "a" + shown + "b");
  // What stands beside them shows itself.
  for (const std::string seen :
       {" ", "~", "\u00A1", "\u00AC", "\u00AE", "\u2010", "\u2026", "\u2192", "\u2801", "\u3001",
        "\uD7FB", "\uF900", "\uFF9F", "\uFFFD", "\U0001F600", "e\u0301", "\u0448", "\u4E2D"}) {
    EXPECT_EQ(printable("a" + seen + "b"), "a" + seen + "b");
  }
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
