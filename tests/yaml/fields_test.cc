// SPDX-License-Identifier: Apache-2.0
#include "yaml/fields.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::yaml {
namespace {

constexpr std::string_view kDocument =
    "name: x\n"
    "version: 1.10\n"
    "country: no\n"
    "count: 0x10\n"
    "share: .5\n"
    "on: true\n"
    "none: ~\n"
    "quoted: \"3\"\n"
    "mode: 0644\n"
    "large: 99999999999999999999\n"
    "limits:\n"
    "  days: three\n"
    "signals:\n"
    "  - carbn\n"
    "  - risk\n";

struct Document {
  Node node = *parse(kDocument, "sluice.yaml");
  Fields root{node, "sluice.yaml"};
};

template <class T>
std::string refusal(const Result<T>& result) {
  return result ? "accepted" : result.error().what;
}

TEST(YamlFields, ReadWhatHasTheRightType) {
  const Document doc;
  EXPECT_EQ(doc.root.string("name").value(), "x");
  EXPECT_EQ(doc.root.integer("count").value(), 16);
  EXPECT_EQ(doc.root.number("share").value(), 0.5);
  EXPECT_EQ(doc.root.number("count").value(), 16.0);
  EXPECT_TRUE(doc.root.boolean("on").value());
  EXPECT_EQ(doc.root.choice("name", "name", {"w", "x"}).value(), "x");
  EXPECT_EQ(doc.root.sequence("signals", 2)->at(1).as_string().value(), "risk");
}

TEST(YamlFields, LeaveTextAsItWasWritten) {
  const Document doc;
  EXPECT_EQ(doc.root.string("country").value(), "no");
  EXPECT_EQ(doc.root.string("version").value(), "1.10");
  EXPECT_EQ(refusal(doc.root.boolean("country")),
            "sluice.yaml:3:10: country: expected true or false, found \"no\"");
}

TEST(YamlFields, SayFileLineAndColumn) {
  const Document doc;
  EXPECT_EQ(refusal(doc.root.mapping("limits")->integer("days")),
            "sluice.yaml:12:9: limits.days: expected an integer, found \"three\"");
  EXPECT_EQ(refusal(doc.root.integer("quoted")),
            "sluice.yaml:8:9: quoted: expected an integer, found \"3\"");
  EXPECT_EQ(refusal(doc.root.string("none")),
            "sluice.yaml:7:7: none: expected a string, found nothing");
  EXPECT_EQ(refusal(doc.root.string("limits")),
            "sluice.yaml:12:3: limits: expected a string, found a mapping");
  EXPECT_EQ(refusal(doc.root.mapping("signals")),
            "sluice.yaml:14:3: signals: expected a mapping, found a sequence");
  EXPECT_EQ(refusal(doc.root.mapping("limits")->string("day")),
            "sluice.yaml:12:3: limits.day: required, but not there");
  EXPECT_EQ(refusal(doc.root.number("name")),
            "sluice.yaml:1:7: name: expected a number, found \"x\"");
}

TEST(YamlFields, RefuseIntegersThatProgramsReadDifferently) {
  const Document doc;
  EXPECT_TRUE(
      refusal(doc.root.integer("mode")).starts_with("sluice.yaml:9:7: 0644 is read differently"));
  EXPECT_EQ(doc.root.string("mode").value(), "0644");
  EXPECT_EQ(refusal(doc.root.integer("large")),
            "sluice.yaml:10:8: the integer 99999999999999999999 is out of range");
}

TEST(YamlFields, SuggestTheWordThatWasMeant) {
  const Document doc;
  const auto signals = doc.root.sequence("signals", 2);
  ASSERT_TRUE(signals);
  EXPECT_EQ(refusal(signals->at(0).as_choice("signal", {"carbon", "risk"})),
            "sluice.yaml:14:5: unknown signal \"carbn\" (did you mean \"carbon\"?)");
  EXPECT_EQ(signals->at(1).as_choice("signal", {"carbon", "risk"}).value(), "risk");
  EXPECT_EQ(signals->at(1).path(), "signals[1]");
}

TEST(YamlFields, RefuseUnknownKeysAtTheKey) {
  const Document doc;
  const Fields limits = doc.root.mapping("limits").value();
  EXPECT_TRUE(limits.only({"days", "hours"}));
  EXPECT_EQ(refusal(limits.only({"day", "hours"})),
            "sluice.yaml:12:3: unknown key \"days\" (did you mean \"day\"?)");
  EXPECT_EQ(refusal(limits.only({"xxxxxxxxx"})), "sluice.yaml:12:3: unknown key \"days\"");
}

TEST(YamlFields, BoundASequence) {
  const Document doc;
  const auto signals = doc.root.sequence("signals", 1);
  ASSERT_FALSE(signals);
  EXPECT_EQ(signals.error().code, Errc::limit);
}

TEST(YamlFields, TreatNullAsAbsentWhereItIsOptional) {
  const Document doc;
  EXPECT_TRUE(doc.root.has("name"));
  EXPECT_FALSE(doc.root.has("none"));
  EXPECT_FALSE(doc.root.has("absent"));
}

}  // namespace
}  // namespace sluice::yaml
