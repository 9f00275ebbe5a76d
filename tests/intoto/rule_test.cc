// SPDX-License-Identifier: Apache-2.0
#include "intoto/rule.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice::intoto {
namespace {

Result<Rule> rule(std::string_view line, const Parameters& parameters = {}) {
  std::vector<std::string> words;
  for (const auto word : split(line, ' ')) words.emplace_back(word);
  return parse_rule(words, parameters);
}

TEST(Rule, ReadsAllSevenKindsAndWritesThemBack) {
  for (const std::string line :
       {"CREATE a/*", "DELETE a", "MODIFY a?", "ALLOW *", "DISALLOW *", "REQUIRE a",
        "MATCH * WITH PRODUCTS FROM build", "MATCH * WITH MATERIALS FROM build",
        "MATCH *.c IN src WITH PRODUCTS FROM build", "MATCH * WITH PRODUCTS IN out FROM build",
        "MATCH * IN src WITH MATERIALS IN out FROM build"}) {
    const auto read = rule(line);
    ASSERT_TRUE(read) << line << ": " << read.error().text();
    EXPECT_EQ(read->text(), line);
  }
}

TEST(Rule, KeywordsMayBeSmall) {
  EXPECT_EQ(rule("match * in src with products from build")->text(),
            "MATCH * IN src WITH PRODUCTS FROM build");
}

TEST(Rule, RefusesWhatIsNone) {
  for (const std::string line :
       {"", "CREAT a", "CREATE", "CREATE a b", "ALLOW ", "MATCH", "MATCH *", "MATCH * WITH",
        "MATCH * WITH PRODUCTS", "MATCH * WITH PRODUCTS FROM", "MATCH * WITH ARTIFACTS FROM a",
        "MATCH * IN WITH PRODUCTS FROM a", "MATCH * WITH PRODUCTS FROM a b",
        "MATCH * IN a IN b WITH PRODUCTS FROM c", "REQUIRE a b"}) {
    EXPECT_FALSE(rule(line)) << line;
  }
  EXPECT_NE(rule("DISALOW *").error().what.find("did you mean DISALLOW"), std::string::npos);
}

TEST(Rule, RefusesPatternsAndFoldersThatNoCleanNameFits) {
  for (const std::string line :
       {"DISALLOW ./evil", "DISALLOW a//b", "DISALLOW a/../b", "DISALLOW x/../a", "ALLOW dir/",
        "REQUIRE ./a", "MATCH * IN . WITH PRODUCTS FROM a",
        "MATCH * IN x/../p WITH PRODUCTS FROM a"}) {
    EXPECT_FALSE(rule(line)) << line;
  }
  EXPECT_TRUE(rule("DISALLOW evil"));
  EXPECT_TRUE(rule("DISALLOW ../evil"));
  EXPECT_TRUE(rule("DISALLOW .evil"));
  EXPECT_TRUE(rule("MATCH * IN p/ WITH PRODUCTS FROM a"));
  EXPECT_TRUE(parse_rule({"DISALLOW", "./evil"}, {}, {.unclean_names = true}));
}

TEST(Rule, PutsParametersIn) {
  EXPECT_EQ(rule("CREATE app-{VERSION}", {{"VERSION", "1.2"}})->pattern, "app-1.2");
  EXPECT_EQ(
      rule("MATCH * IN {A} WITH PRODUCTS IN {B} FROM {C}", {{"A", "x"}, {"B", "y"}, {"C", "z"}})
          ->text(),
      "MATCH * IN x WITH PRODUCTS IN y FROM z");
}

TEST(Rule, RefusesAParameterWithoutAValue) {
  EXPECT_EQ(rule("DISALLOW evil-{VERSION}").error().code, Errc::usage);
}

TEST(Rule, RefusesValuesThatSayHowManyAndNotWhich) {
  for (const std::string value :
       {"*", "a*", "?", "[a]", "../x", "a/../b", "./a", "a b", "$(x)", "a;b", "{B}", "", "\n"}) {
    EXPECT_FALSE(rule("CREATE app-{V}", {{"V", value}})) << value;
  }
  for (const std::string value : {"1.2", "v1.2-rc1+b", "a/b", "é", "x@sha", "a=b"}) {
    EXPECT_TRUE(rule("CREATE app-{V}", {{"V", value}})) << value;
  }
}

TEST(Rule, AParameterIsANameAndNothingMore) {
  EXPECT_FALSE(rule("CREATE {V.__class__}", {{"V", "1"}}));
  EXPECT_FALSE(rule("CREATE {V[0]}", {{"V", "1"}}));
  EXPECT_FALSE(rule("CREATE {V!r}", {{"V", "1"}}));
  EXPECT_FALSE(rule("CREATE {}", {{"V", "1"}}));
  EXPECT_TRUE(rule("CREATE a{b"));
  EXPECT_TRUE(rule("CREATE [{]b[}]")->glob.matches("{b}"));
}

TEST(Rule, RequireIsLiteral) {
  EXPECT_TRUE(rule("REQUIRE a*")->glob.matches("a*"));
  EXPECT_FALSE(rule("REQUIRE a*")->glob.matches("ab"));
}

TEST(Rule, CommandsKeepBracesThatNameNothing) {
  EXPECT_EQ(substitute_known("awk '{print $1}' {V}", {{"V", "1"}}).value(), "awk '{print $1}' 1");
  EXPECT_FALSE(substitute_known("x {V}", {{"V", "; rm"}}));
}

TEST(Rule, KnowsCleanNames) {
  for (const std::string name :
       {"a", "a/b", "/a", "../a", "../../a", ".a", "a..b", "..a", "a/..b"}) {
    EXPECT_TRUE(is_clean_name(name)) << name;
  }
  for (const std::string name : {"", ".", "./a", "a/.", "a//b", "a/", "a/../b", "/..", "//a"}) {
    EXPECT_FALSE(is_clean_name(name)) << name;
  }
}

}  // namespace
}  // namespace sluice::intoto
