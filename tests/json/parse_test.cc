// SPDX-License-Identifier: Apache-2.0
// What parse_strict accepts, and the smallest neighbour that it refuses.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "json/value.h"

namespace sluice::json {
namespace {

std::string refusal(std::string_view text, const Limits& limits = {}) {
  const auto value = parse_strict(text, limits);
  return value ? "accepted" : value.error().what;
}

Value parsed(std::string_view text) {
  auto value = parse_strict(text);
  EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().what);
  return value ? *value : Value();
}

struct Pair {
  std::string_view accepted;
  std::string_view refused;
  std::string_view reason;
};

class Neighbours : public testing::TestWithParam<Pair> {};

TEST_P(Neighbours, AreToldApart) {
  const Pair& pair = GetParam();
  EXPECT_TRUE(parse_strict(pair.accepted)) << refusal(pair.accepted);
  EXPECT_EQ(refusal(pair.refused), pair.reason);
}

INSTANTIATE_TEST_SUITE_P(
    Grammar, Neighbours,
    testing::Values(
        Pair{"0", "", "line 1, column 1: expected a value, found the end of the document"},
        Pair{" \t\r\n1 \t\r\n", "\v1", "line 1, column 1: expected a value, found \"\\x0b\""},
        Pair{"1", "1 2", "line 1, column 3: expected nothing after the value, found \"2\""},
        Pair{"{}", "{}}", "line 1, column 3: expected nothing after the value, found \"}\""},
        Pair{"[1]", "[1",
             "line 1, column 3: expected \",\" or \"]\", found the end of the document"},
        Pair{"[1,2]", "[1,]", "line 1, column 4: expected a value, found \"]\""},
        Pair{"[1,2]", "[1 2]", "line 1, column 4: expected \",\" or \"]\", found \"2\""},
        Pair{"[]", "[,]", "line 1, column 2: expected a value, found \",\""},
        Pair{"[]", "[}", "line 1, column 2: expected a value, found \"}\""},
        Pair{R"({"a":1})", R"({"a":1])", R"(line 1, column 7: expected "," or "}", found "]")"},
        Pair{R"({"a":1})", R"({"a":1,})",
             R"(line 1, column 8: expected a key after the comma, found "}")"},
        Pair{R"({"a":1})", R"({"a" 1})",
             R"(line 1, column 6: expected ":" after the key, found "1")"},
        Pair{R"({"a":1})", R"({a:1})", R"(line 1, column 2: expected a key or "}", found "a")"},
        Pair{R"({"a":1})", R"({1:1})", R"(line 1, column 2: expected a key or "}", found "1")"},
        Pair{"true", "True", "line 1, column 1: expected a value, found \"T\""},
        Pair{"true", "tru", "line 1, column 1: expected a value, found \"t\""},
        Pair{"false", "falsy", "line 1, column 1: expected a value, found \"f\""},
        Pair{"null", "nul", "line 1, column 1: expected a value, found \"n\""},
        Pair{"null", "nulll", "line 1, column 5: expected nothing after the value, found \"l\""},
        Pair{"null", "NaN", "line 1, column 1: expected a value, found \"N\""},
        Pair{"[1]", "[1]//", "line 1, column 4: expected nothing after the value, found \"/\""},
        Pair{"1", std::string_view("1\0", 2),
             "line 1, column 2: expected nothing after the value, found \"\\x00\""},
        Pair{"1",
             "\xEF\xBB\xBF"
             "1",
             "line 1, column 1: a byte-order mark, which JSON does not have"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, Neighbours,
    testing::Values(
        Pair{"-1", "-", "line 1, column 2: expected a digit after the minus sign"},
        Pair{"-1", "+1", "line 1, column 1: expected a value, found \"+\""},
        Pair{"10", "01", "line 1, column 3: a number with a leading zero"},
        Pair{"-0", "-00", "line 1, column 4: a number with a leading zero"},
        Pair{"0.5", ".5", "line 1, column 1: expected a value, found \".\""},
        Pair{"0.5", "0.", "line 1, column 3: expected a digit after the decimal point"},
        Pair{"1e5", "1e", "line 1, column 3: expected a digit in the exponent"},
        Pair{"1E+5", "1E+", "line 1, column 4: expected a digit in the exponent"},
        Pair{"1e-5", "1e5.0", "line 1, column 4: expected nothing after the value, found \".\""},
        Pair{"0", "0x1", "line 1, column 2: expected nothing after the value, found \"x\""}));

INSTANTIATE_TEST_SUITE_P(
    Strings, Neighbours,
    testing::Values(
        Pair{R"("a")", R"("a)", "line 1, column 1: a string without an end"},
        Pair{R"("a")", "'a'", "line 1, column 1: expected a value, found \"'\""},
        Pair{R"("\\")", R"("\")", "line 1, column 1: a string without an end"},
        Pair{R"("\n")", "\"\n\"", "line 1, column 2: a control character inside a string"},
        Pair{"\"\x7F\"", "\"\x1F\"", "line 1, column 2: a control character inside a string"},
        Pair{R"("\/")", R"("\x41")", "line 1, column 2: an escape that JSON does not have"},
        Pair{R"("\u00e9")", R"("\u00g9")",
             "line 1, column 2: a \\u escape without four hex digits or its other half"},
        Pair{R"("\u00E9")", R"("\u00e")",
             "line 1, column 2: a \\u escape without four hex digits or its other half"},
        Pair{R"("\ud83d\ude00")", R"("\ud83d")",
             "line 1, column 2: a \\u escape without four hex digits or its other half"},
        Pair{R"("\ud83d\ude00")", R"("\ud83d\ud83d")",
             "line 1, column 2: a \\u escape without four hex digits or its other half"},
        Pair{R"("\ud83d\ude00")", R"("\ude00\ud83d")",
             "line 1, column 2: a \\u escape without four hex digits or its other half"},
        Pair{R"("\udbff\udfff")", R"("\udbff-udfff")",
             "line 1, column 2: a \\u escape without four hex digits or its other half"},
        Pair{"\"\xC3\xA9\"", "\"\xC3\"",
             "line 1, column 2: bytes inside a string that are no UTF-8"},
        Pair{"\"\xC2\x80\"", "\"\xC1\xBF\"",
             "line 1, column 2: bytes inside a string that are no UTF-8"},
        Pair{"\"\xE0\xA0\x80\"", "\"\xE0\x9F\xBF\"",
             "line 1, column 2: bytes inside a string that are no UTF-8"},
        Pair{"\"\xED\x9F\xBF\"", "\"\xED\xA0\x80\"",
             "line 1, column 2: bytes inside a string that are no UTF-8"},
        Pair{"\"\xF0\x90\x80\x80\"", "\"\xF0\x8F\xBF\xBF\"",
             "line 1, column 2: bytes inside a string that are no UTF-8"},
        Pair{"\"\xF4\x8F\xBF\xBF\"", "\"\xF4\x90\x80\x80\"",
             "line 1, column 2: bytes inside a string that are no UTF-8"},
        Pair{"\"\xE2\x82\xAC\"", "\"\xE2\x82\"",
             "line 1, column 2: bytes inside a string that are no UTF-8"},
        Pair{"\"\xE2\x82\xAC\"", "\"\x80\"",
             "line 1, column 2: bytes inside a string that are no UTF-8"}));

INSTANTIATE_TEST_SUITE_P(EqualKeys, Neighbours,
                         testing::Values(Pair{R"({"a":1,"b":2})", R"({"a":1,"a":2})",
                                              "line 1, column 8: the key \"a\" a second time in "
                                              "one object (first on line 1, column 2)"},
                                         Pair{R"({"a":1,"b":{"a":2}})", R"({"b":1,"a":2,"b":3})",
                                              "line 1, column 14: the key \"b\" a second time in "
                                              "one object (first on line 1, column 2)"},
                                         Pair{R"([{"a":1},{"a":1}])", R"({"a":1,"\u0061":1})",
                                              "line 1, column 8: the key \"a\" a second time in "
                                              "one object (first on line 1, column 2)"},
                                         Pair{R"({"":1,"\u0000":1})", R"({"":1,"":1})",
                                              "line 1, column 7: the key \"\" a second time in one "
                                              "object (first on line 1, column 2)"}));

TEST(ParseStrict, RefusesEqualKeysAmongManyInAnyOrder) {
  const auto document = [](const std::string& last) {
    std::string text = "{";
    for (int i = 999; i >= 0; --i) text += "\"key" + std::to_string(i * 7919 % 1000) + "\":0,\n";
    return text + "\"" + last + "\":0}";
  };
  EXPECT_TRUE(parse_strict(document("key1000")));
  EXPECT_EQ(refusal(document("key919")),
            "line 1001, column 1: the key \"key919\" a second time in one object (first on line "
            "999, column 1)");
  EXPECT_TRUE(refusal(document("key\\u0039")).starts_with("line 1001, column 1: the key \"key9\""));
}

TEST(ParseStrict, ReportsTheFirstOfManyEqualKeys) {
  std::string keys = "{";
  for (int i = 99; i >= 0; --i) keys += "\"" + std::to_string(i) + "\":0,\n";
  std::vector<std::string> twins = {"50", "3", "97", "20"};
  for (std::size_t i = 0; i < twins.size(); ++i) {
    std::string text = keys;
    for (const std::string& twin : twins) text += "\"" + twin + "\":0,\n";
    EXPECT_TRUE(refusal(text + "\"x\":0}")
                    .starts_with("line 101, column 1: the key \"" + twins[0] + "\" a second time"));
    std::ranges::rotate(twins, twins.begin() + 1);
  }
}

TEST(ParseStrict, CountsLinesAndCharacters) {
  EXPECT_EQ(refusal("{\n  \"ä€\": x\n}"), "line 2, column 9: expected a value, found \"x\"");
  EXPECT_EQ(refusal("[\n\n€]"), "line 3, column 1: expected a value, found \"€\"");
}

TEST(ParseStrict, LimitsDepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_strict(nested(64)));
  const auto deeper = parse_strict(nested(65));
  ASSERT_FALSE(deeper);
  EXPECT_EQ(deeper.error().code, Errc::limit);
  EXPECT_EQ(deeper.error().what, "line 1, column 65: nested deeper than 64 levels");
  EXPECT_TRUE(parse_strict("1", {.depth = 0}));
  EXPECT_FALSE(parse_strict("[]", {.depth = 0}));
}

TEST(ParseStrict, LimitsTheDepthOfATreeWhateverTheCallerAllows) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_EQ(refusal(deep, {.depth = 2'000'000}),
            "line 1, column 1001: nested deeper than 1000 levels");
}

TEST(ParseStrict, LimitsBytes) {
  EXPECT_TRUE(parse_strict("1234", {.bytes = 4}));
  const auto longer = parse_strict("12345", {.bytes = 4});
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, Errc::limit);
  EXPECT_EQ(longer.error().what, "the document has 5 bytes, more than 4");
}

TEST(ParseStrict, LimitsTheNumberOfValues) {
  EXPECT_TRUE(parse_strict("[1,{\"a\":2}]", {.values = 4}));
  const auto more = parse_strict("[1,{\"a\":2}]", {.values = 3});
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Errc::limit);
  EXPECT_EQ(more.error().what, "line 1, column 9: more than 3 values");
}

TEST(ParseStrict, KeepsIntegersExactAndOtherNumbersAsText) {
  EXPECT_EQ(parsed("9223372036854775807"), Value(INT64_MAX));
  EXPECT_EQ(parsed("-9223372036854775808"), Value(INT64_MIN));
  EXPECT_EQ(parsed("9223372036854775808"), Value(Decimal{"9223372036854775808"}));
  EXPECT_EQ(parsed("9007199254740993.0"), Value(Decimal{"9007199254740993.0"}));
  EXPECT_EQ(parsed("1e2"), Value(Decimal{"1e2"}));
  EXPECT_EQ(parsed("-0"), Value(0));
}

TEST(ParseStrict, DecodesEscapes) {
  EXPECT_EQ(parsed(R"("\"\\\/\b\f\n\r\t")"), Value("\"\\/\b\f\n\r\t"));
  EXPECT_EQ(parsed(R"("\u0041\u00e9\u20AC\ud83d\uDE00")"), Value("Aé€😀"));
  EXPECT_EQ(parsed(R"("\u0000")"), Value(std::string(1, '\0')));
  EXPECT_EQ(parsed(R"({"\u0041\n":1})").object()->front().first, "A\n");
}

TEST(ParseStrict, KeepsMembersInTheirOrder) {
  const Value value = parsed(R"({"b":1,"a":[true,false,null],"c":{}})");
  EXPECT_EQ(value, Value(Object{{"b", 1}, {"a", Array{true, false, nullptr}}, {"c", Object{}}}));
}

TEST(ParseStrict, RefusesEveryTruncation) {
  const std::string whole =
      "{\"a\":[1.5e-3,-2,\"\\u00e9\xC3\xA9\",true,false,null],\"b\":{\"c\":\"\\\\\"}}";
  ASSERT_TRUE(parse_strict(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(parse_strict(whole.substr(0, length))) << length;
  }
}

}  // namespace
}  // namespace sluice::json
