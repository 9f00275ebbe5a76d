// SPDX-License-Identifier: Apache-2.0
#include "intoto/exclude.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice::intoto {
namespace {

bool excluded(const std::vector<std::string>& patterns, std::string_view path,
              bool folder = false) {
  return Excludes::of(patterns).value().match_with_folders(path, folder);
}

TEST(Excluded, ANameMatchesInEachFolder) {
  EXPECT_TRUE(excluded({".git"}, ".git", true));
  EXPECT_TRUE(excluded({".git"}, "a/.git/config"));
  EXPECT_FALSE(excluded({".git"}, ".github/x"));
  EXPECT_TRUE(excluded({"*.o"}, "a.o"));
  EXPECT_TRUE(excluded({"*.o"}, "x/y/a.o"));
  EXPECT_TRUE(excluded({"*.o"}, ".o"));
  EXPECT_FALSE(excluded({"*.o"}, "a.os"));
  EXPECT_TRUE(excluded({"*.link*"}, "build.12345678.link-unfinished"));
  EXPECT_TRUE(excluded({"*~"}, "a/b~"));
  EXPECT_TRUE(excluded({"**"}, "anything/at/all"));
}

TEST(Excluded, ASlashTiesItToTheTop) {
  EXPECT_TRUE(excluded({"/build"}, "build/x"));
  EXPECT_FALSE(excluded({"/build"}, "a/build/x"));
  EXPECT_TRUE(excluded({"a/*.c"}, "a/x.c"));
  EXPECT_FALSE(excluded({"a/*.c"}, "a/b/x.c"));
  EXPECT_FALSE(excluded({"a/*.c"}, "b/a/x.c"));
}

TEST(Excluded, TwoStarsStandForFolders) {
  EXPECT_TRUE(excluded({"**/x"}, "x"));
  EXPECT_TRUE(excluded({"**/x"}, "a/b/x"));
  EXPECT_TRUE(excluded({"a/**/x"}, "a/x"));
  EXPECT_TRUE(excluded({"a/**/x"}, "a/b/c/x"));
  EXPECT_FALSE(excluded({"a/**/x"}, "b/a/x"));
  EXPECT_TRUE(excluded({"a/**"}, "a/b"));
  EXPECT_FALSE(excluded({"a/**"}, "a", true));
  EXPECT_TRUE(excluded({"a/**/**/b/**/c"}, "a/b/b/x/c"));
  EXPECT_FALSE(excluded({"a/**/b/**/c"}, "a/b/b/x/d"));
}

TEST(Excluded, ASlashAtTheEndMeansFolders) {
  EXPECT_TRUE(excluded({"build/"}, "build", true));
  EXPECT_TRUE(excluded({"build/"}, "a/build/x"));
  EXPECT_FALSE(excluded({"build/"}, "build", false));
}

TEST(Excluded, TheLastPatternThatMatchesDecides) {
  EXPECT_FALSE(excluded({"*.o", "!keep.o"}, "keep.o"));
  EXPECT_TRUE(excluded({"!keep.o", "*.o"}, "keep.o"));
  EXPECT_TRUE(excluded({"*.o", "!keep.o"}, "other.o"));
}

TEST(Excluded, ClassesAndEscapes) {
  EXPECT_TRUE(excluded({"[a-c]x"}, "bx"));
  EXPECT_FALSE(excluded({"[!a-c]x"}, "bx"));
  EXPECT_TRUE(excluded({"[^a-c]x"}, "dx"));
  EXPECT_TRUE(excluded({"[]]x"}, "]x"));
  EXPECT_TRUE(excluded({"[a-]x"}, "-x"));
  EXPECT_TRUE(excluded({"[ab"}, "[ab"));  // never closed: it stands for itself
  EXPECT_FALSE(excluded({"[ab"}, "a"));
  EXPECT_TRUE(excluded({"\\*x"}, "*x"));
  EXPECT_FALSE(excluded({"\\*x"}, "ax"));
  EXPECT_TRUE(excluded({"\\!x"}, "!x"));
  EXPECT_TRUE(excluded({"a?c"}, "abc"));
  EXPECT_FALSE(excluded({"a?c"}, "ac"));
}

TEST(Excluded, TakesNoLongerThanItMust) {
  // Each star of a matcher that goes back to all of them would double the time.
  const std::string stars = "a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
  EXPECT_FALSE(excluded({stars}, std::string(4000, 'a')));
  std::string folders = "**/a";
  std::string path = "a";
  for (int i = 0; i < 30; ++i) folders += "/**/a";
  for (int i = 0; i < 300; ++i) path += "/a";
  EXPECT_FALSE(excluded({folders + "/b"}, path));
}

TEST(Excluded, RefusesPatternsThatNameNothing) {
  for (const std::string& pattern :
       {std::string(), std::string("/"), std::string("!"), std::string("!/"), std::string("a\\"),
        std::string(5000, 'a')}) {
    EXPECT_FALSE(Excludes::of({pattern})) << pattern;
  }
  EXPECT_TRUE(Excludes::of({"a\\\\"}));
}

}  // namespace
}  // namespace sluice::intoto
