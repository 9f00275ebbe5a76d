// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "yaml/node.h"

namespace sluice::yaml {
namespace {

std::string refusal(std::string_view text, const Limits& limits = {}) {
  const auto node = parse(text, "f.yaml", limits);
  return node ? "accepted" : node.error().what;
}

Node parsed(std::string_view text, const Limits& limits = {}) {
  auto node = parse(text, "f.yaml", limits);
  EXPECT_TRUE(node) << text << ": " << (node ? "" : node.error().what);
  return node ? *node : Node();
}

TEST(YamlParse, KnowsLineAndColumnOfEverything) {
  const Node root = parsed("# comment\na: 1\nb:\n  - x\n  - {c: \"d\"}\n");
  ASSERT_EQ(root.kind, Node::Kind::mapping);
  ASSERT_EQ(root.members.size(), 2U);
  EXPECT_EQ(root.members[1].key, "b");
  EXPECT_EQ(root.members[1].line, 3U);
  const Node& list = root.members[1].value;
  ASSERT_EQ(list.elements.size(), 2U);
  EXPECT_EQ(list.elements[0].text, "x");
  EXPECT_EQ(list.elements[0].line, 4U);
  EXPECT_EQ(list.elements[0].column, 5U);
  const Node* d = list.elements[1].find("c");
  ASSERT_NE(d, nullptr);
  EXPECT_TRUE(d->quoted);
  EXPECT_EQ(d->line, 5U);
  EXPECT_EQ(d->column, 9U);
  EXPECT_EQ(root.find("absent"), nullptr);
}

TEST(YamlParse, ReadsAnEmptyDocumentAsNothing) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "---\n...\n"}) {
    EXPECT_EQ(resolve(parsed(text)), Scalar::null) << text;
  }
}

TEST(YamlParse, RefusesEqualKeysNamingBothLines) {
  EXPECT_EQ(refusal("a: 1\nb:\n  a: 2\n"), "accepted");
  EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"),
            "f.yaml:3:1: the key \"a\" a second time in one mapping (first on line 1)");
  EXPECT_EQ(refusal("x: {a: 1, \"a\": 3}\n"),
            "f.yaml:1:11: the key \"a\" a second time in one mapping (first on line 1)");
}

TEST(YamlParse, RefusesASecondDocument) {
  EXPECT_EQ(refusal("---\na: 1\n...\n"), "accepted");
  EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"), "f.yaml:2:1: a second document, where one was expected");
}

TEST(YamlParse, RefusesAnchorsAndAliasesUnlessAskedFor) {
  EXPECT_EQ(refusal("a: &x 1\n"),
            "f.yaml:1:4: the anchor \"&x\": anchors and aliases are not supported here");
  EXPECT_EQ(refusal("a: *x\n"),
            "f.yaml:1:4: the alias \"*x\": anchors and aliases are not supported here");
  const Limits expanded{.aliases = Aliases::expanded};
  const Node root = parsed("a: &x {k: [v]}\nb: *x\nc: [*x, *x]\n", expanded);
  EXPECT_EQ(root.find("b")->find("k")->elements.at(0).text, "v");
  EXPECT_EQ(root.find("c")->elements.at(1).find("k")->elements.at(0).text, "v");
  EXPECT_EQ(refusal("a: *x\nb: &x 1\n", expanded),
            "f.yaml:1:4: the alias \"*x\" names nothing before it");
  EXPECT_EQ(refusal("a: &x [*x]\n", expanded),
            "f.yaml:1:8: the alias \"*x\" names nothing before it");
}

TEST(YamlParse, BoundsWhatAliasesExpandTo) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string name = "a" + std::to_string(i);
    const std::string use = "*a" + std::to_string(i - 1);
    text += name + ": &" + name + " [";
    for (int j = 0; j < 10; ++j) text += use + (j < 9 ? ", " : "]\n");
  }
  const auto node = parse(text, "f.yaml", {.aliases = Aliases::expanded});
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().code, Errc::limit);
  EXPECT_TRUE(node.error().what.ends_with("more than 100000 nodes")) << node.error().what;
}

TEST(YamlParse, CountsEachCopyThatAnchorsAndAliasesMake) {
  const auto limited = [](std::size_t nodes) {
    return Limits{.nodes = nodes, .aliases = Aliases::expanded};
  };
  // The mapping, its key, the sequence with two elements; and three more kept for the anchor.
  EXPECT_EQ(refusal("a: &x [1, 2]\n", limited(8)), "accepted");
  EXPECT_EQ(refusal("a: &x [1, 2]\n", limited(7)), "f.yaml:1:4: more than 7 nodes");
  // A key, the alias, and the three that it stands for.
  EXPECT_EQ(refusal("a: &x [1, 2]\nb: *x\n", limited(13)), "accepted");
  EXPECT_EQ(refusal("a: &x [1, 2]\nb: *x\n", limited(12)), "f.yaml:2:4: more than 12 nodes");
}

TEST(YamlParse, BoundsTheDepthOfWhatAliasesExpandTo) {
  const Limits limits{.depth = 4, .aliases = Aliases::expanded};
  EXPECT_EQ(refusal("a: &x [[1]]\nb: [*x]\n", limits), "accepted");
  EXPECT_EQ(refusal("a: &x [[1]]\nb: [[*x]]\n", limits), "f.yaml:2:6: nested deeper than 4 levels");
}

TEST(YamlParse, BoundsDepthNodesAndBytes) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(refusal(nested(64)), "accepted");
  EXPECT_EQ(refusal(nested(65)), "f.yaml:1:65: nested deeper than 64 levels");
  EXPECT_EQ(refusal("[1, 2]", {.nodes = 3}), "accepted");
  EXPECT_EQ(refusal("[1, 2, 3]", {.nodes = 3}), "f.yaml:1:8: more than 3 nodes");
  EXPECT_EQ(refusal("abcd", {.bytes = 4}), "accepted");
  EXPECT_EQ(refusal("abcde", {.bytes = 4}), "f.yaml: 5 bytes, more than 4");
}

TEST(YamlParse, RefusesTagsOutsideTheCoreSchema) {
  EXPECT_TRUE(parsed("!!str 12").quoted);
  EXPECT_EQ(resolve(parsed("!!int \"12\"")), Scalar::integer);
  EXPECT_EQ(refusal("!!map {a: !!seq [!!null ~, !!bool true, !!float 1.5]}"), "accepted");
  EXPECT_EQ(refusal("!!int x"), "f.yaml:1:1: the tag \"tag:yaml.org,2002:int\" is not supported");
  EXPECT_EQ(refusal("a: !ruby/object {}"), "f.yaml:1:4: the tag \"!ruby/object\" is not supported");
  EXPECT_EQ(refusal("!!set {a: 1}"),
            "f.yaml:1:1: the tag \"tag:yaml.org,2002:set\" is not supported");
}

TEST(YamlParse, RefusesKeysThatAreNoScalars) {
  EXPECT_EQ(refusal("{? [a] : 1}"), "f.yaml:1:4: a key that is no scalar");
  EXPECT_EQ(refusal("{? a : 1}"), "accepted");
}

TEST(YamlParse, SaysWhereTheSyntaxBreaks) {
  EXPECT_TRUE(refusal("a: 1\nb: [1, 2\nc: 3\n").starts_with("f.yaml:3:"));
  EXPECT_TRUE(refusal("a:\n\t- 1\n").starts_with("f.yaml:2:1: "));
  EXPECT_TRUE(refusal("a: 1\nb: \x01\n").starts_with("f.yaml:2:4: control characters"))
      << refusal("a: 1\nb: \x01\n");
  EXPECT_TRUE(refusal("a: \xFF\n").starts_with("f.yaml:1:4: ")) << refusal("a: \xFF\n");
  EXPECT_EQ(refusal("\xEF\xBB\xBF"
                    "a: 1\n"),
            "f.yaml:1:1: a byte-order mark");
  EXPECT_NE(refusal(std::string_view("\xFE\xFF\0a", 4)), "accepted");  // no UTF-16
}

TEST(YamlResolve, FollowsTheCoreSchema) {
  const auto kind = [](std::string_view text, bool quoted = false) {
    Node node;
    node.text = text;
    node.quoted = quoted;
    return resolve(node);
  };
  for (const char* text : {"no", "yes", "on", "off", "y", "tRUE", "0o8", "0xg", "1_000", "1:30",
                           "1.2.3", "-", "+", ".", "e5", "1e", "nUll", "-.nan", "12e03x"}) {
    EXPECT_EQ(kind(text), Scalar::string) << text;
  }
  for (const char* text : {"", "~", "null", "Null", "NULL"}) {
    EXPECT_EQ(kind(text), Scalar::null) << text;
  }
  for (const char* text : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    EXPECT_EQ(kind(text), Scalar::boolean) << text;
  }
  for (const char* text : {"0", "-1", "+12", "0o17", "0xfF", "0644"}) {
    EXPECT_EQ(kind(text), Scalar::integer) << text;
  }
  for (const char* text : {"1.", ".5", "-1.5e+3", "1e5", ".inf", "-.INF", ".nan"}) {
    EXPECT_EQ(kind(text), Scalar::floating) << text;
  }
  EXPECT_EQ(kind("true", true), Scalar::string);
}

TEST(YamlParse, NeverCrashesOnDamage) {
  const std::string whole =
      "a: &x {k: [v, \"\\u00e9\"]}\nb: *x\nc: |\n  block\nd: !!str 1\n? e\n: 'f'\n";
  const Limits limits{.depth = 8, .nodes = 100, .aliases = Aliases::expanded};
  ASSERT_EQ(refusal(whole, limits), "accepted");
  std::size_t refused = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char c : std::string_view("\0\t\n {}[]&*!|>'\"%@`\x80\xff:-?#", 24)) {
      std::string damaged = whole;
      damaged[i] = c;
      refused += refusal(damaged, limits) != "accepted";
      refused += refusal(whole.substr(0, i) + c, limits) != "accepted";
    }
  }
  EXPECT_GT(refused, 500U);
}

}  // namespace
}  // namespace sluice::yaml
