// SPDX-License-Identifier: Apache-2.0
#include "yaml/to_json.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::yaml {
namespace {

std::string converted(std::string_view text) {
  const auto node = parse(text, "f.yaml");
  if (!node) return "unread: " + node.error().what;
  const auto value = to_json(*node, "f.yaml");
  return value ? json::write(*value) : "refused: " + value.error().what;
}

TEST(YamlToJson, ResolvesPlainScalarsByTheCoreSchema) {
  EXPECT_EQ(converted("{a: true, b: no, c: ~, d: 0x10, e: \"1\", f: 1.50, g: [x, +3]}"),
            R"({"a":true,"b":"no","c":null,"d":16,"e":"1","f":1.50,"g":["x",3]})");
  EXPECT_EQ(converted("[.5, 5., +1.5e3, 18446744073709551616]"),
            "[0.5,5,1500,18446744073709551616]");
}

TEST(YamlToJson, RefusesWhatJsonCannotSay) {
  EXPECT_EQ(converted(".5"), "0.5");
  EXPECT_EQ(converted("a: .inf"), "refused: f.yaml:1:4: the number .inf has no form in JSON");
  EXPECT_EQ(converted("a: .nan"), "refused: f.yaml:1:4: the number .nan has no form in JSON");
  EXPECT_EQ(converted("a: 644"), "{\"a\":644}");
  EXPECT_EQ(converted("a: 0644"), "refused: f.yaml:1:4: the number 0644 has no form in JSON");
}

// JSON is YAML as well, so both readers must agree on it.
TEST(YamlToJson, ReadsJsonAsTheJsonParserDoes) {
  for (const char* text : {R"({"a": [1, -2, "x\ny", true, null], "b": {"c": 1.5e3}})",
                           R"(["\u00e9", "\\", "", {}, []])", "-9223372036854775808"}) {
    EXPECT_EQ(converted(text), json::write(*json::parse_strict(text))) << text;
  }
}

}  // namespace
}  // namespace sluice::yaml
