// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/word.h"

#include <gtest/gtest.h>

namespace sluice::tuf {
namespace {

TEST(Word, WhatCannotBeMisreadStaysAsItIs) {
  for (const std::string plain : {"a", "app/1.0/a-b_c.tar.gz", "ann@example.org", "libs/*?",
                                  "https://accounts.example.org/x?y=z&u=~v#w", "100%"}) {
    EXPECT_TRUE(is_one_word(plain)) << plain;
    EXPECT_EQ(as_word(plain), plain);
  }
}

TEST(Word, AllElseStandsInQuotes) {
  EXPECT_EQ(as_word(""), R"("")");
  EXPECT_EQ(as_word("threshold of root"), R"("threshold of root")");
  EXPECT_EQ(as_word("ann@example.org, issuer x"), R"("ann@example.org, issuer x")");
  EXPECT_EQ(as_word("expires:"), R"("expires:")");
  EXPECT_EQ(as_word("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(as_word("(a)"), "\"(a)\"");
  EXPECT_EQ(as_word("grün"), R"("grün")");
}

TEST(Word, WhatHidesIsEscapedOnceAndUnlikeWhatIsWrittenSo) {
  EXPECT_EQ(as_word("a\u00A0b"), R"("a\xa0b")");
  EXPECT_EQ(as_word("a\\xa0b"), R"("a\\xa0b")");
  EXPECT_EQ(as_word("a\u2003b"), R"("a\u{2003}b")");
}

TEST(Word, IsCutWhereItIsTooLong) {
  EXPECT_EQ(as_word("abcdef", 3), "abc…");
  EXPECT_EQ(as_word("a b c d", 3), "\"a …");
}

}  // namespace
}  // namespace sluice::tuf
