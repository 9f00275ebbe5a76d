// SPDX-License-Identifier: Apache-2.0
#include "json/tokenizer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "json/scan.h"

namespace sluice::json {
namespace {

std::string events(std::string_view document, const Limits& limits = {}) {
  Tokenizer in(document, limits);
  std::string out;
  std::string buffer;
  for (;;) {
    switch (in.next()) {
      case Token::begin_object:
        out += "{ ";
        break;
      case Token::end_object:
        out += "} ";
        break;
      case Token::begin_array:
        out += "[ ";
        break;
      case Token::end_array:
        out += "] ";
        break;
      case Token::key:
        (out += in.text(buffer)) += ": ";
        break;
      case Token::string:
        (out += "s:") += std::string(in.text(buffer)) + " ";
        break;
      case Token::number:
        (out += in.raw()) += " ";
        break;
      case Token::boolean:
        out += in.boolean() ? "true " : "false ";
        break;
      case Token::null:
        out += "null ";
        break;
      case Token::end:
        return out;
      case Token::failed:
        return out + "! " + in.error().what;
    }
  }
}

TEST(Tokenizer, PullsTokensInTheOrderOfTheDocument) {
  EXPECT_EQ(events(R"( {"a" : [1, -2.5e3, "x\ty"], "b\u0062":{}, "c":[[], true,false,null]} )"),
            "{ a: [ 1 -2.5e3 s:x\ty ] bb: { } c: [ [ ] true false null ] } ");
  EXPECT_EQ(events("\"\""), "s: ");
}

TEST(Tokenizer, StaysFailed) {
  Tokenizer in("[1 2]");
  EXPECT_EQ(in.next(), Token::begin_array);
  EXPECT_EQ(in.next(), Token::number);
  EXPECT_EQ(in.next(), Token::failed);
  EXPECT_EQ(in.next(), Token::failed);
  EXPECT_EQ(in.error().what, "line 1, column 4: expected \",\" or \"]\", found \"2\"");
  EXPECT_FALSE(in.finish());
  EXPECT_FALSE(in.skip());
  EXPECT_FALSE(in.next_element());
}

TEST(Tokenizer, StaysAtTheEnd) {
  Tokenizer in("1 ");
  EXPECT_EQ(in.next(), Token::number);
  EXPECT_EQ(in.next(), Token::end);
  EXPECT_EQ(in.next(), Token::end);
  EXPECT_TRUE(in.finish());
}

TEST(Tokenizer, GivesViewsOfTheDocumentWhereNothingIsEscaped) {
  const std::string document = R"(["plain","esc\u0061ped"])";
  Tokenizer in(document);
  std::string buffer;
  in.next();
  in.next();
  EXPECT_EQ(in.text(buffer).data(), document.data() + 2);
  in.next();
  EXPECT_EQ(in.text(buffer), "escaped");
  EXPECT_EQ(in.text(buffer).data(), buffer.data());
  EXPECT_EQ(in.raw(), R"("esc\u0061ped")");
}

TEST(Tokenizer, ReadsIntegersOnlyWhereTheyAreExact) {
  const auto integer = [](std::string_view text) {
    Tokenizer in(text);
    in.next();
    return in.integer();
  };
  EXPECT_EQ(integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(integer("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(integer("-9223372036854775809"), std::nullopt);
  EXPECT_EQ(integer("1.0"), std::nullopt);
  EXPECT_EQ(integer("1e0"), std::nullopt);
  EXPECT_EQ(integer("\"1\""), std::nullopt);
}

TEST(TokenizerSkip, GivesTheBytesOfTheValueAsTheyWereReceived) {
  const std::string document = R"({"signatures": [ ], "signed" : {"b": 1, "a":"\"x"} , "z":"s"})";
  Tokenizer in(document);
  ASSERT_TRUE(in.enter_object());
  std::vector<std::string_view> slices;
  for (;;) {
    const auto key = in.next_key();
    ASSERT_TRUE(key);
    if (!*key) break;
    slices.push_back(in.skip()->in(document));
  }
  ASSERT_TRUE(in.finish());
  EXPECT_EQ(slices, (std::vector<std::string_view>{"[ ]", R"({"b": 1, "a":"\"x"})", R"("s")"}));
}

TEST(TokenizerSkip, WhatIsReadTokenByTokenIsTheSameSlice) {
  for (const std::string part : {R"({"a":[1,"x"],"b":{}})", R"({"b":1,"a":2})", R"({"a": 1})"}) {
    const std::string document = cat("{ \"signed\" : ", part, " }");
    Tokenizer whole(document);
    Tokenizer pieces(document);
    for (Tokenizer* in : {&whole, &pieces}) {
      ASSERT_TRUE(in->enter_object());
      ASSERT_TRUE(in->next_key());
    }
    const auto skipped = whole.skip();
    ASSERT_TRUE(skipped);
    ASSERT_TRUE(pieces.enter_object());
    const std::size_t begin = pieces.offset();
    for (int depth = 1; depth > 0;) {
      const Token token = pieces.next();
      ASSERT_NE(token, Token::failed);
      if (token == Token::begin_object || token == Token::begin_array) ++depth;
      if (token == Token::end_object || token == Token::end_array) --depth;
    }
    const Slice read = pieces.since(begin);
    EXPECT_EQ(read.in(document), part);
    EXPECT_EQ(read.in(document), skipped->in(document));
    EXPECT_EQ(read.canonical, skipped->canonical) << part;
  }
}

TEST(TokenizerSkip, ChecksWhatItSkipsAsStrictlyAsWhatIsRead) {
  const auto skipped = [](const std::string& part) {
    const std::string document = "{\"skipped\":" + part + "}";
    Tokenizer in(document);
    EXPECT_TRUE(in.enter_object());
    EXPECT_TRUE(in.next_key());
    return in.skip().has_value();
  };
  EXPECT_TRUE(skipped(R"({"a":{"x":1,"y":2}})"));
  EXPECT_FALSE(skipped(R"({"a":{"x":1,"x":2}})"));
  EXPECT_TRUE(skipped("[1,2]"));
  EXPECT_FALSE(skipped("[1 2]"));
  EXPECT_FALSE(skipped("[01]"));
  EXPECT_FALSE(skipped("[\"\\ud800\"]"));
  EXPECT_FALSE(skipped("[\"\xFF\"]"));
  EXPECT_FALSE(skipped("[xyz]"));
  EXPECT_TRUE(skipped(std::string(63, '[') + std::string(63, ']')));
  EXPECT_FALSE(skipped(std::string(64, '[') + std::string(64, ']')));
}

TEST(TokenizerSkip, KnowsWhatIsCanonicalAsItStands) {
  const auto canonical = [](std::string_view text) {
    const std::string document = "{ \"x\" : [ 1 , " + std::string(text) + " ] }";
    Tokenizer in(document);
    EXPECT_TRUE(in.enter_object() && in.next_key() && in.enter_array() && in.next_element());
    EXPECT_TRUE(in.read_integer() && in.next_element());
    const auto slice = in.skip();
    EXPECT_TRUE(slice) << text;
    EXPECT_EQ(slice->in(document), text);
    const auto form = canonical_olpc(*parse_strict(text));
    EXPECT_EQ(slice->canonical, form && *form == text) << text;
    return slice->canonical;
  };
  for (const char* text :
       {"1", "-1", "{}", "[]", "true", R"("é")", R"("\"\\")", R"({"a":[],"b":1})",
        "18446744073709551616", R"({"a\"":1,"a\\":2})", "[{},{}]"}) {
    EXPECT_TRUE(canonical(text)) << text;
  }
  for (const char* text :
       {"-0", "1.0", "1e2", "{ }", "[1, 2]", R"("\u00e9")", R"("\/")", R"("\n")",
        R"({"b":[],"a":1})", R"({"a": 1})", R"({"a\\":1,"a\"":2})", R"([{"b":1,"a":1},1])"}) {
    EXPECT_FALSE(canonical(text)) << text;
  }
}

std::string lone(std::string_view value, const Limits& limits = {}) {
  const std::string document = "{\"a\":" + std::string(value) + ",\"b\":1}";
  Tokenizer in(document, limits);
  EXPECT_TRUE(in.enter_object());
  EXPECT_EQ(in.next_key().value(), "a");
  const auto found = in.lone_integer("version");
  std::string out = "none";
  if (found) {
    EXPECT_EQ(found->slice.in(document), value);
    EXPECT_TRUE(found->slice.canonical);
    out = std::to_string(found->value);
  } else if (const auto slice = in.skip()) {  // nothing was consumed
    EXPECT_EQ(slice->in(document), value);
  } else {
    return "refused";
  }
  EXPECT_EQ(in.next_key().value(), "b");
  EXPECT_EQ(in.read_integer().value(), 1);
  EXPECT_EQ(in.next_key().value(), std::nullopt);
  EXPECT_TRUE(in.finish());
  return out;
}

TEST(TokenizerReads, ALoneIntegerInOneStepOrNotAtAll) {
  EXPECT_EQ(lone(R"({"version":1})"), "1");
  EXPECT_EQ(lone(R"({"version":0})"), "0");
  EXPECT_EQ(lone(R"({"version":999999999999999})"), "999999999999999");
  for (const char* const other :
       {R"({"version":1000000000000000})", R"({"version":-1})", R"({"version":1.0})",
        R"({"version":1e3})", R"({"version": 1})", R"({ "version":1})", R"({"version":1 })",
        R"({"version":1,"length":2})", R"({"versions":1})", R"({"version":"1"})", R"({})", "7",
        R"("version")", R"([{"version":1}])"}) {
    EXPECT_EQ(lone(other), "none") << other;
  }
  for (const char* const broken : {R"({"version":01})", R"({"version":})"}) {
    EXPECT_EQ(lone(broken), "refused") << broken;
  }
  Limits shallow;
  shallow.depth = 1;
  EXPECT_EQ(lone(R"({"version":1})", shallow), "refused");
}

TEST(TokenizerReads, ALoneIntegerIsTheValueOfAMember) {
  Tokenizer in(R"({"version":1})");
  EXPECT_FALSE(in.lone_integer("version"));
  EXPECT_TRUE(in.enter_object());
  EXPECT_FALSE(in.lone_integer("version"));
  EXPECT_EQ(in.next_key().value(), "version");
}

TEST(TokenizerReads, SayWhatTheyFoundInstead) {
  const auto what = [](auto&& result) {
    return result ? std::string("accepted") : result.error().what;
  };
  EXPECT_EQ(what(Tokenizer("[]").enter_object()),
            "line 1, column 1: expected an object, found an array");
  EXPECT_EQ(what(Tokenizer("{}").enter_array()),
            "line 1, column 1: expected an array, found an object");
  EXPECT_EQ(what(Tokenizer("1").read_string()),
            "line 1, column 1: expected a string, found a number");
  EXPECT_EQ(what(Tokenizer("null").read_boolean()),
            "line 1, column 1: expected a boolean, found null");
  EXPECT_EQ(what(Tokenizer("1.5").read_integer()),
            "line 1, column 1: expected an integer of 64 bits");
  EXPECT_EQ(what(Tokenizer("\"1\"").read_integer()),
            "line 1, column 1: expected an integer, found a string");
  EXPECT_EQ(what(Tokenizer("x").read_string()), "line 1, column 1: expected a value, found \"x\"");
  EXPECT_EQ(what(Tokenizer("1 2").finish()),
            "line 1, column 1: expected the end of the document, found a number");
  EXPECT_EQ(Tokenizer("-7").read_integer().value(), -7);
  EXPECT_EQ(Tokenizer("\"a\\n\"").read_string().value(), "a\n");
  EXPECT_FALSE(Tokenizer("false").read_boolean().value());
}

TEST(TokenizerReads, WalkAnArray) {
  Tokenizer in("[1,[],3]");
  ASSERT_TRUE(in.enter_array());
  EXPECT_TRUE(in.next_element().value());
  EXPECT_EQ(in.read_integer().value(), 1);
  EXPECT_TRUE(in.next_element().value());
  ASSERT_TRUE(in.enter_array());
  EXPECT_FALSE(in.next_element().value());
  EXPECT_TRUE(in.next_element().value());
  EXPECT_EQ(in.read_integer().value(), 3);
  EXPECT_FALSE(in.next_element().value());
  EXPECT_TRUE(in.finish());
}

TEST(TokenizerReads, RefuseABrokenArray) {
  for (const char* document : {"[1,]", "[1 2]", "[1", "[", "[1,"}) {
    Tokenizer in(document);
    ASSERT_TRUE(in.enter_array());
    bool failed = false;
    for (int i = 0; i < 4 && !failed; ++i) {
      const auto more = in.next_element();
      failed = !more || (*more && !in.skip());
      if (more && !*more) break;
    }
    EXPECT_TRUE(failed) << document;
  }
}

TEST(TokenizerReads, RefuseToBeUsedInTheWrongPlace) {
  Tokenizer outside("{\"a\":1}");
  EXPECT_EQ(outside.next_element().error().code, Errc::internal);
  ASSERT_TRUE(outside.enter_object());
  EXPECT_EQ(outside.next_element().error().code, Errc::internal);
  EXPECT_EQ(outside.skip().error().what, "line 1, column 2: expected a value, found a key");
}

// Room is made in steps that are guessed: keys that come denser, or sparser, than those before.
TEST(Tokenizer, FindsEqualKeysAmongManyHoweverDenseTheyLie) {
  for (const std::size_t padding : {0U, 1000U}) {
    std::string document = "{";
    for (int i = 0; i < 6000; ++i) {
      const bool sparse = (i < 2000) == (padding > 0);
      document += cat("\"k", 100000 + i, "\":\"", std::string(sparse ? 100 : 0, 'x'), "\",");
    }
    const auto read = [](const std::string& whole) {
      Tokenizer in(whole, {.bytes = whole.size()});
      return in.skip().has_value();
    };
    EXPECT_TRUE(read(document + "\"k2\":1}"));
    EXPECT_FALSE(read(document + "\"k100000\":1}"));
    EXPECT_FALSE(read(document + "\"k105999\":1}"));
  }
}

TEST(Tokenizer, RefusesADocumentAboveTheLimitOfBytes) {
  EXPECT_EQ(events("[1]", {.bytes = 3}), "[ 1 ] ");
  EXPECT_EQ(events("[12]", {.bytes = 3}), "! the document has 4 bytes, more than 3");
}

TEST(Tokenizer, ReadsATreeFromTheMiddle) {
  Tokenizer in(R"({"a":{"b":[1]},"c":2})");
  ASSERT_TRUE(in.enter_object());
  ASSERT_TRUE(in.next_key());
  EXPECT_EQ(read_value(in).value(), Value(Object{{"b", Array{1}}}));
  EXPECT_EQ(in.next_key().value(), "c");
  EXPECT_EQ(read_value(in).value(), Value(2));
  EXPECT_EQ(in.next_key().value(), std::nullopt);
  EXPECT_TRUE(in.finish());
}

TEST(Scan, FindsEachSpecialByteAtEachPlaceInBothWays) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool special = byte < 0x20 || byte >= 0x80 || c == '"' || c == '\\';
    for (std::size_t at = 0; at < 40; ++at) {
      std::string text(40, 'a');
      text[at] = c;
      const char* begin = text.data();
      const char* expected = special ? begin + at : begin + text.size();
      ASSERT_EQ(scan::find_special(begin, begin + text.size()), expected) << byte << " " << at;
      ASSERT_EQ(scan::find_special_portable(begin, begin + text.size()), expected) << byte;
    }
  }
}

TEST(PositionOf, CountsCharactersNotBytes) {
  const std::string_view text = "a\n€b\nc";
  EXPECT_EQ(position_of(text, 0).column, 1U);
  EXPECT_EQ(position_of(text, 5).line, 2U);
  EXPECT_EQ(position_of(text, 5).column, 2U);
  EXPECT_EQ(position_of(text, 99).line, 3U);
}

}  // namespace
}  // namespace sluice::json
