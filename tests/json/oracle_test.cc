// SPDX-License-Identifier: Apache-2.0
// Our parser against an independent one: what we accept it accepts, with the same values; what it
// accepts and we refuse is refused for one of four reasons, each of them on purpose.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "json/value.h"

namespace sluice::json {
namespace {

using Oracle = nlohmann::ordered_json;

bool same(const Value& ours, const Oracle& theirs) {
  switch (ours.kind()) {
    case Value::Kind::null:
      return theirs.is_null();
    case Value::Kind::boolean:
      return theirs.is_boolean() && theirs.get<bool>() == ours.boolean();
    case Value::Kind::integer:
      return theirs.is_number_integer() && theirs.get<std::int64_t>() == ours.integer();
    case Value::Kind::decimal:
      return theirs.is_number() && theirs.get<double>() == ours.number();
    case Value::Kind::string:
      return theirs.is_string() && theirs.get_ref<const std::string&>() == *ours.string();
    case Value::Kind::array: {
      if (!theirs.is_array() || theirs.size() != ours.array()->size()) return false;
      for (std::size_t i = 0; i < theirs.size(); ++i) {
        if (!same((*ours.array())[i], theirs[i])) return false;
      }
      return true;
    }
    case Value::Kind::object: {
      if (!theirs.is_object() || theirs.size() != ours.object()->size()) return false;
      std::size_t i = 0;
      for (const auto& [key, value] : theirs.items()) {
        const Member& member = (*ours.object())[i++];
        if (member.first != key || !same(member.second, value)) return false;
      }
      return true;
    }
  }
  return false;
}

enum class Outcome { both_accept, both_refuse, stricter, wider, different };

// stricter: for a reason that is on the list. wider: a number that the other one cannot hold.
Outcome compare(std::string_view text) {
  const auto ours = parse_strict(text);
  Oracle theirs;
  bool accepted = true;
  bool out_of_range = false;
  try {
    theirs = Oracle::parse(text);
  } catch (const Oracle::out_of_range&) {
    out_of_range = true;
  } catch (const Oracle::parse_error&) {
    accepted = false;
  }
  if (out_of_range) return ours ? Outcome::wider : Outcome::both_refuse;
  if (ours && accepted) return same(*ours, theirs) ? Outcome::both_accept : Outcome::different;
  if (!ours && !accepted) return Outcome::both_refuse;
  if (ours) return Outcome::different;
  for (const char* reason : {"a second time in one object", "a byte-order mark", "nested deeper",
                             "found \"\\x00\""}) {  // a NUL ends the other one's input
    if (ours.error().what.contains(reason)) return Outcome::stricter;
  }
  return Outcome::different;
}

const std::vector<std::string>& documents() {
  static const std::vector<std::string> all = {"0",
                                               "-0",
                                               "-0.0",
                                               "1.5e+10",
                                               "123456789012345678901234567890",
                                               "1e-7",
                                               "true",
                                               "null",
                                               "\"\"",
                                               R"("\u0000\ud83d\ude00\"\\\/\b\f\n\r\t")",
                                               "\"é€😀\"",
                                               "[]",
                                               "{}",
                                               " [ 1 , 2.5 , [ ] , { } ] ",
                                               R"({"a":{"b":[{"c":null},false]},"":"x","é":-1})",
                                               R"({"z":1,"y":{"z":1},"x":[{"z":1},{"z":1}]})",
                                               "[[[[[[[[]]]]]]]]"};
  return all;
}

TEST(Oracle, AgreesOnWhatIsAccepted) {
  for (const std::string& text : documents())
    EXPECT_EQ(compare(text), Outcome::both_accept) << text;
}

TEST(Oracle, IsLessStrictExactlyHere) {
  const std::string deep = std::string(65, '[') + std::string(65, ']');
  for (const std::string& text : {std::string(R"({"a":1,"a":2})"), std::string("\xEF\xBB\xBF[]"),
                                  deep, std::string("[]\0", 3)}) {
    EXPECT_EQ(compare(text), Outcome::stricter) << text;
  }
  EXPECT_EQ(compare("1e400"), Outcome::wider);
}

// Every document with each byte replaced by each of a few telling ones, removed, or doubled, and
// with each tail cut off.
TEST(Oracle, AgreesOnEverySmallDamage) {
  const std::string telling("\0\x1f \"\\{}[],:0-+.eEutfn/\x7f\x80\xbf\xc2\xed\xf4\xff", 29);
  std::size_t accepted = 0;
  std::size_t refused = 0;
  const auto check = [&](const std::string& text) {
    const Outcome outcome = compare(text);
    ASSERT_NE(outcome, Outcome::different) << text;
    ++(outcome == Outcome::both_accept ? accepted : refused);
  };
  for (const std::string& text : documents()) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      check(text.substr(0, i));
      check(text.substr(0, i) + text.substr(i + 1));
      check(text.substr(0, i) + text[i] + text.substr(i));
      for (const char c : telling) {
        std::string damaged = text;
        damaged[i] = c;
        check(damaged);
        if (HasFatalFailure()) return;
      }
    }
  }
  EXPECT_GT(accepted, 500U);  // both sides of the border were visited
  EXPECT_GT(refused, 5000U);
}

TEST(Oracle, ReadsWhatWeWrite) {
  for (const std::string& text : documents()) {
    const Value value = *parse_strict(text);
    EXPECT_TRUE(same(value, Oracle::parse(write(value)))) << text;
    EXPECT_TRUE(same(value, Oracle::parse(write_pretty(value)))) << text;
    const auto jcs = canonical_jcs(value);
    if (!jcs) continue;
    EXPECT_EQ(canonical_jcs(*parse_strict(*jcs)).value(), *jcs) << text;
  }
}

}  // namespace
}  // namespace sluice::json
