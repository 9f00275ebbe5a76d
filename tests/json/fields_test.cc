// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "json/value.h"

namespace sluice::json {
namespace {

Value document() {
  return *parse_strict(R"({
    "name": "x", "count": 3, "big": "12", "share": 1.5, "on": true, "none": null,
    "list": [{"index": "0"}, {"index": 1}], "odd key": {"a": 1}
  })");
}

template <class T>
std::string refusal(const Result<T>& result) {
  return result ? "accepted" : result.error().what;
}

TEST(Fields, ReadWhatHasTheRightKind) {
  const Value value = document();
  const Fields root(value, "bundle");
  EXPECT_EQ(root.string("name").value(), "x");
  EXPECT_EQ(root.integer("count").value(), 3);
  EXPECT_EQ(root.integer_or_text("count").value(), 3);
  EXPECT_EQ(root.integer_or_text("big").value(), 12);
  EXPECT_TRUE(root.boolean("on").value());
  EXPECT_EQ(root.object("odd key")->integer("a").value(), 1);
  EXPECT_EQ(root.array("list", 2)->at(0).string("index").value(), "0");
}

TEST(Fields, SayWhereAnotherKindWasFound) {
  const Value value = document();
  const Fields root(value, "bundle");
  EXPECT_EQ(refusal(root.array("list", 2)->at(1).string("index")),
            "bundle.list[1].index: expected a string, found a number");
  EXPECT_EQ(refusal(root.integer("big")), "bundle.big: expected an integer, found a string");
  EXPECT_EQ(refusal(root.integer("share")),
            "bundle.share: expected an integer, found the number 1.5");
  EXPECT_EQ(refusal(root.string("none")), "bundle.none: expected a string, found null");
  EXPECT_EQ(refusal(root.boolean("count")), "bundle.count: expected a boolean, found a number");
  EXPECT_EQ(refusal(root.object("list")), "bundle.list: expected an object, found an array");
  EXPECT_EQ(refusal(root.array("on", 1)), "bundle.on: expected an array, found a boolean");
  EXPECT_EQ(refusal(root.object("odd key")->string("a")),
            "bundle[\"odd key\"].a: expected a string, found a number");
  EXPECT_EQ(root.string("count").error().code, Errc::malformed);
}

TEST(Fields, SayWhatIsNotThere) {
  const Value value = document();
  EXPECT_EQ(refusal(Fields(value, "bundle").string("nam")), "bundle.nam: required, but not there");
  EXPECT_EQ(refusal(Fields(value, "").string("nam")), "nam: required, but not there");
}

TEST(Fields, RefuseTextThatIsNoInteger) {
  for (const char* text : {"", "1x", "+1", "01", " 1", "-0", "9223372036854775808"}) {
    const Value value(Object{{"n", text}});
    EXPECT_EQ(refusal(Fields(value, "").integer_or_text("n")),
              "n: expected an integer, found \"" + std::string(text) + "\"");
  }
  const Value value(Object{{"n", "-9223372036854775808"}});
  EXPECT_EQ(Fields(value, "").integer_or_text("n").value(), INT64_MIN);
}

TEST(Fields, BoundAnArray) {
  const Value value = document();
  const auto list = Fields(value, "bundle").array("list", 1);
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, Errc::limit);
  EXPECT_EQ(list.error().what, "bundle.list: 2 elements, more than 1");
}

TEST(Fields, TreatNullAsAbsentWhereItIsOptional) {
  const Value value = document();
  const Fields root(value, "bundle");
  EXPECT_TRUE(root.has("name"));
  EXPECT_FALSE(root.has("none"));
  EXPECT_FALSE(root.has("absent"));
}

TEST(Fields, RefuseUnknownMembersWithASuggestion) {
  const Value value = *parse_strict(R"({"mediatype":1,"content":2})");
  const Fields root(value, "bundle");
  EXPECT_TRUE(root.only({"mediatype", "content", "other"}));
  EXPECT_EQ(refusal(root.only({"mediaType", "content"})),
            "bundle.mediatype: unknown member (did you mean \"mediaType\"?)");
  EXPECT_EQ(refusal(root.only({"content", "zzzzzzzzzz"})), "bundle.mediatype: unknown member");
}

TEST(Fields, RefuseWhatIsNoObject) {
  const Value value(Array{});
  const Fields root(value, "bundle");
  EXPECT_EQ(refusal(root.string("a")), "bundle: expected an object, found an array");
  EXPECT_EQ(refusal(root.only({})), "bundle: expected an object, found an array");
  EXPECT_EQ(refusal(Fields(value, "").as_string()),
            "the document: expected a string, found an array");
}

}  // namespace
}  // namespace sluice::json
