// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "json/value.h"

namespace sluice::json {
namespace {

TEST(Write, IsCompactAndKeepsTheOrder) {
  const Value value(Object{{"b", Array{1, true, nullptr, Array{}, Object{}}}, {"a", "x"}});
  EXPECT_EQ(write(value), R"({"b":[1,true,null,[],{}],"a":"x"})");
}

TEST(Write, EscapesWhatJsonMustEscapeAndNothingElse) {
  EXPECT_EQ(write(Value("\"\\/\b\f\n\r\t\x01\x1f\x7f é€😀")),
            "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f é€😀\"");
  EXPECT_EQ(write(Value(std::string(1, '\0'))), R"("\u0000")");
}

TEST(Write, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(write(Value("a\xFF"
                        "b\xC3")),
            "\"a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\"");
  EXPECT_TRUE(parse_strict(write(Value("\xED\xA0\x80"))));
}

TEST(Write, KeepsTheTextOfNumbersThatWereRead) {
  for (const char* text : {"9007199254740993.0", "1E400", "18446744073709551616", "0.10", "-1"}) {
    const auto value = parse_strict(text);
    ASSERT_TRUE(value);
    EXPECT_EQ(write(*value), text);
  }
}

TEST(Write, ReadsBackAsTheSameValue) {
  const Value value(Object{{"q\"\n", Array{Value::number(0.1), INT64_MIN, "\\u"}}, {"", Object{}}});
  for (const std::string& text : {write(value), write_pretty(value)}) {
    const auto again = parse_strict(text);
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(*again, value);
  }
}

TEST(WritePretty, IndentsByTwoAndEndsTheLine) {
  const Value value(Object{{"a", Array{1, Object{{"b", 2}}}}, {"c", Array{}}, {"d", Object{}}});
  EXPECT_EQ(write_pretty(value), R"({
  "a": [
    1,
    {
      "b": 2
    }
  ],
  "c": [],
  "d": {}
}
)");
}

TEST(ValueNumber, IsTheShortestTextThatReadsBack) {
  EXPECT_EQ(write(Value::number(0.1)), "0.1");
  EXPECT_EQ(Value::number(100), Value(100));
  for (const double number : {0.0, -0.0, 1.0, -2.5, 1e15, 1e18, 1e20, 1e300, 5e-324}) {
    const Value value = Value::number(number);
    EXPECT_EQ(*parse_strict(write(value)), value) << number;
  }
  EXPECT_EQ(Value::number(0.1).number(), 0.1);
  EXPECT_EQ(Value(7).number(), 7.0);
}

TEST(ValueNumber, IsNullWhereJsonHasNoSuchNumber) {
  EXPECT_TRUE(Value::number(std::nan("")).is(Value::Kind::null));
  EXPECT_TRUE(Value::number(HUGE_VAL).is(Value::Kind::null));
  EXPECT_EQ(parse_strict("1e400")->number(), std::nullopt);
}

TEST(ValueSet, AppendsReplacesAndTurnsNullIntoAnObject) {
  Value value;
  value.set("a", 1);
  value.set("b", 2);
  value.set("a", 3);
  EXPECT_EQ(write(value), R"({"a":3,"b":2})");
  ASSERT_NE(value.find("b"), nullptr);
  EXPECT_EQ(value.find("c"), nullptr);
  EXPECT_EQ(Value(1).find("a"), nullptr);
}

}  // namespace
}  // namespace sluice::json
