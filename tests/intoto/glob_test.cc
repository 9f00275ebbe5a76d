// SPDX-License-Identifier: Apache-2.0
#include "intoto/glob.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "support/program.h"

namespace sluice::intoto {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  const auto glob = Glob::parse(pattern);
  EXPECT_TRUE(glob) << pattern;
  return glob && glob->matches(text);
}

TEST(Glob, StarAndQuestionMarkCrossSlashesDotsAndLines) {
  EXPECT_TRUE(matches("*", "a/b/.c"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("a*c", "a/\n/c"));
  EXPECT_TRUE(matches("a?c", "a/c"));
  EXPECT_TRUE(matches("?a", ".a"));
  EXPECT_FALSE(matches("?", ""));
  EXPECT_FALSE(matches("a*c", "a/cd"));
}

TEST(Glob, MatchesInFull) {
  EXPECT_TRUE(matches("src/main.c", "src/main.c"));
  EXPECT_FALSE(matches("src/main.c", "src/main.cc"));
  EXPECT_FALSE(matches("src/main.c", "xsrc/main.c"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("*.c", "a.C"));
}

TEST(Glob, SeveralStarsNeedTheirPiecesInOrderAndApart) {
  EXPECT_TRUE(matches("a*b*c", "a1b2c"));
  EXPECT_FALSE(matches("a*b*c", "acb"));
  EXPECT_FALSE(matches("ab*ba", "aba"));
  EXPECT_TRUE(matches("ab*ba", "abba"));
  EXPECT_TRUE(matches("**a**", "xxaxx"));
  EXPECT_TRUE(matches("*a?b", "aab?xb_aab"));
}

TEST(Glob, ClassesAreNegatedByTheExclamationMarkAlone) {
  EXPECT_TRUE(matches("[!a]", "b"));
  EXPECT_FALSE(matches("[!a]", "a"));
  EXPECT_TRUE(matches("[^a]", "a"));
  EXPECT_TRUE(matches("[^a]", "^"));
  EXPECT_FALSE(matches("[^a]", "b"));
}

TEST(Glob, BracketsAndHyphensInAwkwardPlaces) {
  EXPECT_TRUE(matches("[]a]", "]"));
  EXPECT_TRUE(matches("[]a]", "a"));
  EXPECT_TRUE(matches("[a-]", "-"));
  EXPECT_TRUE(matches("[a-]", "a"));
  EXPECT_FALSE(matches("[a-]", "b"));
  EXPECT_TRUE(matches("[-a]", "-"));
  EXPECT_TRUE(matches("[!-a]", "b"));
  EXPECT_FALSE(matches("[!-a]", "-"));
  EXPECT_TRUE(matches("[a-c]x", "bx"));
  EXPECT_FALSE(matches("[a-c]x", "dx"));
  EXPECT_TRUE(matches("[!]a]", "b"));
  EXPECT_FALSE(matches("[!]a]", "]"));
}

TEST(Glob, WhatNothingClosesIsLiteral) {
  EXPECT_TRUE(matches("[", "["));
  EXPECT_TRUE(matches("a[b", "a[b"));
  EXPECT_TRUE(matches("[!]", "[!]"));
  EXPECT_TRUE(matches("[]", "[]"));
  EXPECT_TRUE(matches("\\*", "\\anything"));
  EXPECT_FALSE(matches("\\*", "*"));
}

TEST(Glob, ARangeThatRunsBackwardsIsEmpty) {
  EXPECT_FALSE(matches("[b-a]", "a"));
  EXPECT_FALSE(matches("[b-a]", "-"));
  EXPECT_TRUE(matches("[!b-a]", "x"));
  EXPECT_TRUE(matches("[cb-ax]", "c"));
  EXPECT_TRUE(matches("[cb-ax]", "x"));
  EXPECT_FALSE(matches("[cb-ax]", "b"));
}

// As Python's fnmatch has it: what is left of the class is "!-f".
TEST(Glob, WhereABackwardRangeLeavesTheMarkInFrontTheNextHyphenIsLiteral) {
  EXPECT_TRUE(matches("[a-!!-f]", "e"));
  EXPECT_TRUE(matches("[a-!!-f]", "!"));
  EXPECT_FALSE(matches("[a-!!-f]", "-"));
  EXPECT_FALSE(matches("[a-!!-f]", "f"));
}

TEST(Glob, CountsCharactersAndNotBytes) {
  EXPECT_TRUE(matches("?", "é"));
  EXPECT_TRUE(matches("a?b", "a𝛼b"));
  EXPECT_FALSE(matches("??", "é"));
  EXPECT_TRUE(matches("[é-ü]", "ö"));
  EXPECT_FALSE(matches("[!é]", "é"));
  EXPECT_TRUE(matches("*?é", "xyé"));
}

TEST(Glob, KnowsWhatEveryMatchBeginsWith) {
  EXPECT_EQ(Glob::parse("src/*.c")->literal_prefix(), "src/");
  EXPECT_EQ(Glob::parse("a[bc]")->literal_prefix(), "a");
  EXPECT_EQ(Glob::parse("*")->literal_prefix(), "");
  EXPECT_TRUE(Glob::parse("src/a")->exact());
  EXPECT_FALSE(Glob::parse("src/?")->exact());
  EXPECT_TRUE(Glob::parse("*")->everything());
  EXPECT_FALSE(Glob::parse("*a")->everything());
}

TEST(Glob, RefusesWhatIsTooLongOrNoText) {
  EXPECT_TRUE(Glob::parse(std::string(kGlobMost, 'a')));
  EXPECT_FALSE(Glob::parse(std::string(kGlobMost + 1, 'a')));
  EXPECT_FALSE(Glob::parse("a\xff"));
}

TEST(Glob, ALiteralMatchesItselfAlone) {
  for (const std::string text : {"a*b", "[x]", "?", "plain", "{a}", "a[b"}) {
    EXPECT_TRUE(matches(glob_literal(text), text)) << text;
  }
  EXPECT_FALSE(matches(glob_literal("a*b"), "axb"));
  EXPECT_FALSE(matches(glob_literal("[x]"), "x"));
}

// A matcher that goes back and tries again would not come to an end here.
TEST(Glob, TakesNoTimeOverManyStars) {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "*a?";
  pattern += "*b";
  EXPECT_FALSE(matches(pattern, std::string(20000, 'a')));
}

// The reference's own matcher over every short pattern of the characters that mean something.
TEST(Glob, AgreesWithTheReferenceOnEveryShortPattern) {
  const std::string script =
      "import fnmatch,itertools,sys\n"
      "out=[]\n"
      "texts=['','a','b','c','-','!',']','[','^','*','?','\\\\','ab','a-','-b','[a]','a]','é']\n"
      "for n in range(1,6):\n"
      "  for p in itertools.product('ab-![]*?'[: (8 if n<5 else 6)], repeat=n):\n"
      "    p=''.join(p)\n"
      "    out.append(p+' '+''.join('1' if fnmatch.fnmatchcase(t,p) else '0' for t in texts))\n"
      "sys.stdout.write('\\n'.join(out))\n";
  const auto made = test::Program("/usr/bin/python3")({"-c", script});
  if (made.exit_code != 0) GTEST_SKIP() << "no python3";
  const std::vector<std::string> texts = {"",  "a", "b",  "c",  "-",  "!",  "]",   "[",  "^",
                                          "*", "?", "\\", "ab", "a-", "-b", "[a]", "a]", "é"};
  std::size_t count = 0;
  std::size_t at = 0;
  while (at < made.out.size()) {
    const std::size_t end = std::min(made.out.find('\n', at), made.out.size());
    const std::string line = made.out.substr(at, end - at);
    at = end + 1;
    const std::size_t cut = line.rfind(' ');
    const std::string pattern = line.substr(0, cut);
    const auto glob = Glob::parse(pattern);
    ASSERT_TRUE(glob) << pattern;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      ASSERT_EQ(glob->matches(texts[i]), line[cut + 1 + i] == '1')
          << "pattern " << pattern << " text " << texts[i];
    }
    ++count;
  }
  EXPECT_GT(count, 10000U);
}

}  // namespace
}  // namespace sluice::intoto
