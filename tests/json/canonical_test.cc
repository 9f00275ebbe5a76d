// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <bit>
#include <string>

#include "base/codec.h"
#include "json/tokenizer.h"
#include "json/value.h"
#include "support/temp_folder.h"

namespace sluice::json {
namespace {

std::string olpc(std::string_view text) {
  const auto value = parse_strict(text);
  if (!value) return "unread: " + value.error().what;
  const auto out = canonical_olpc(*value);
  return out ? *out : "refused: " + out.error().what;
}

std::string jcs(std::string_view text) {
  const auto value = parse_strict(text);
  if (!value) return "unread: " + value.error().what;
  const auto out = canonical_jcs(*value);
  return out ? *out : "refused: " + out.error().what;
}

TEST(CanonicalOlpc, SortsByCodePointAndDropsBlanks) {
  EXPECT_EQ(olpc(R"({ "b": 1, "a": [ 2 ], "B": {} })"), R"({"B":{},"a":[2],"b":1})");
  EXPECT_EQ(olpc("{\"\\ufffd\":1,\"\\ud83d\\ude00\":2,\"z\":3}"),
            "{\"z\":3,\"\uFFFD\":1,\"😀\":2}");
}

TEST(CanonicalOlpc, EscapesOnlyQuoteAndBackslash) {
  EXPECT_EQ(olpc(R"("\"\\\/\n\u0001\u007f\u00e9")"), "\"\\\"\\\\/\n\x01\x7fé\"");
}

TEST(CanonicalOlpc, WritesIntegersOfAnySizeAndRefusesFractions) {
  EXPECT_EQ(olpc("[-0,18446744073709551615,-9223372036854775809]"),
            "[0,18446744073709551615,-9223372036854775809]");
  EXPECT_EQ(olpc("1.0"), "refused: the number 1.0 is no integer");
  EXPECT_EQ(olpc("1e2"), "refused: the number 1e2 is no integer");
}

TEST(Canonical, RefusesValuesOfOurOwnMakingThatNoParserReads) {
  const Value twins(Object{{"a", 1}, {"b", 2}, {"a", 3}});
  const Value broken("\xFF");
  EXPECT_FALSE(canonical_olpc(twins));
  EXPECT_FALSE(canonical_jcs(twins));
  EXPECT_FALSE(canonical_olpc(broken));
  EXPECT_FALSE(canonical_jcs(broken));
  EXPECT_TRUE(canonical_olpc(Value(Object{{"a", 1}, {"b", "\xC3\xBF"}})));
}

TEST(CanonicalJcs, SortsByUtf16CodeUnits) {
  // The order of RFC 8785 3.2.3: U+1F600 (D83D DE00) before U+FB33, unlike the order of bytes.
  EXPECT_EQ(jcs("{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,"
                "\"\\u00f6\":7}"),
            "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\uFB33\":3}");
  EXPECT_EQ(jcs("{\"\\ud83d\\ude00\":1,\"\\ufb33\":2}"), "{\"😀\":1,\"\uFB33\":2}");
  EXPECT_EQ(jcs("{\"\\ud7ff\":1,\"\\ud83d\\ude00\":2}"), "{\"\uD7FF\":1,\"😀\":2}");
  EXPECT_EQ(jcs(R"({"ab":1,"a":2,"":3})"), R"({"":3,"a":2,"ab":1})");
}

TEST(CanonicalJcs, EscapesAsEcmaScriptDoes) {
  EXPECT_EQ(jcs(R"("\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/\u0008")"),
            R"("€$\u000f\nA'B\"\\\\\"/\b")");
}

struct Number {
  std::uint64_t bits;
  std::string_view text;
};
class JcsNumbers : public testing::TestWithParam<Number> {};

TEST_P(JcsNumbers, AreWrittenAsEcmaScriptDoes) {
  const Value value = Value::number(std::bit_cast<double>(GetParam().bits));
  EXPECT_EQ(canonical_jcs(value).value(), GetParam().text);
}

// Bit patterns and texts as RFC 8785 appendix B lists them.
INSTANTIATE_TEST_SUITE_P(Rfc8785AppendixB, JcsNumbers,
                         testing::Values(Number{0x0000000000000000, "0"},
                                         Number{0x8000000000000000, "0"},
                                         Number{0x0000000000000001, "5e-324"},
                                         Number{0x8000000000000001, "-5e-324"},
                                         Number{0x7fefffffffffffff, "1.7976931348623157e+308"},
                                         Number{0xffefffffffffffff, "-1.7976931348623157e+308"},
                                         Number{0x4340000000000000, "9007199254740992"},
                                         Number{0xc340000000000000, "-9007199254740992"},
                                         Number{0x4430000000000000, "295147905179352830000"},
                                         Number{0x44b52d02c7e14af5, "9.999999999999997e+22"},
                                         Number{0x44b52d02c7e14af6, "1e+23"},
                                         Number{0x44b52d02c7e14af7, "1.0000000000000001e+23"},
                                         Number{0x444b1ae4d6e2ef4e, "999999999999999700000"},
                                         Number{0x444b1ae4d6e2ef4f, "999999999999999900000"},
                                         Number{0x444b1ae4d6e2ef50, "1e+21"},
                                         Number{0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
                                         Number{0x3eb0c6f7a0b5ed8d, "0.000001"},
                                         Number{0x41b3de4355555553, "333333333.3333332"},
                                         Number{0x41b3de4355555554, "333333333.33333325"},
                                         Number{0x41b3de4355555555, "333333333.3333333"},
                                         Number{0x41b3de4355555556, "333333333.3333334"},
                                         Number{0x41b3de4355555557, "333333333.33333343"},
                                         Number{0xbecbf647612f3696, "-0.0000033333333333333333"},
                                         Number{0x43143ff3c1cb0959, "1424953923781206.2"}));

TEST(CanonicalJcs, WritesNumbersByTheirValue) {
  EXPECT_EQ(jcs("[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001,-0,1.0]"),
            "[333333333.3333333,1e+30,4.5,0.002,1e-27,0,1]");
}

TEST(CanonicalJcs, RefusesIntegersThatDoubleRounds) {
  EXPECT_EQ(jcs("9007199254740992"), "9007199254740992");
  EXPECT_EQ(jcs("9007199254740993"),
            "refused: the integer 9007199254740993 is too large to be exact");
  EXPECT_EQ(jcs("18446744073709551616"), "18446744073709552000");  // 2^64 is a double
  EXPECT_EQ(jcs("18446744073709552000"),
            "18446744073709552000");  // and so its canonical form stays
  EXPECT_FALSE(jcs("18446744073709551615").starts_with("1"));
}

TEST(CanonicalJcs, RefusesNumbersBeyondDouble) {
  EXPECT_EQ(jcs("1e308"), "1e+308");
  EXPECT_EQ(jcs("1e309"), "refused: the number 1e309 is out of range");
  EXPECT_EQ(jcs("1e-400"), "refused: the number 1e-400 is out of range");
}

TEST(CanonicalOlpc, AgreesWithThePublicVectors) {
  const auto folder = test::shared_folder("conformance/tuf");
  if (!folder)
    GTEST_SKIP() << "no conformance/tuf in ../shared; SLUICE_SHARED names another folder";
  const auto vectors = parse_strict(test::read_file(*folder / "canonical-json-vectors.json"));
  ASSERT_TRUE(vectors && vectors->array() != nullptr);
  int refused = 0;
  for (const Value& vector : *vectors->array()) {
    const std::string& text = *vector.find("json")->string();
    const std::string* hex = vector.find("canonical_hex")->string();
    if (hex == nullptr) {
      EXPECT_TRUE(olpc(text).starts_with("refused: ")) << text;
      ++refused;
    } else {
      EXPECT_EQ(to_hex(bytes_of(olpc(text))), *hex) << text;
    }
  }
  EXPECT_EQ(vectors->array()->size(), 21U);
  EXPECT_EQ(refused, 1);
}

}  // namespace
}  // namespace sluice::json
