// SPDX-License-Identifier: Apache-2.0
#include "dsse/envelope.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "dsse/statement.h"

namespace sluice::dsse {
namespace {

constexpr std::string_view kGood =
    R"({"payload":"aGVsbG8=","payloadType":"text/plain","signatures":[{"keyid":"k","sig":"AQI="}]})";

std::string with(std::string_view from, std::string_view to) {
  std::string text(kGood);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Pae, IsTheEncodingOfTheSpecification) {
  // The example of the protocol's own text: lengths in bytes, in decimal.
  EXPECT_EQ(text_of(pae(MediaType("http://example.com/HelloWorld"), bytes_of("hello world"))),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(text_of(pae(MediaType(""), {})), "DSSEv1 0  0 ");
}

TEST(Pae, TellsTypeAndPayloadApart) {
  EXPECT_NE(pae(MediaType("a"), bytes_of("b c")), pae(MediaType("a b"), bytes_of("c")));
}

TEST(Envelope, RoundTrips) {
  const auto envelope = parse(kGood);
  ASSERT_TRUE(envelope) << envelope.error().text();
  EXPECT_EQ(text_of(envelope->payload), "hello");
  EXPECT_EQ(envelope->signatures[0].keyid, "k");
  const auto again = parse(json::write(to_json(*envelope)));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->payload, envelope->payload);
  EXPECT_EQ(again->signatures[0].sig, envelope->signatures[0].sig);
}

TEST(Envelope, RefusesWhatIsNotExactlyOne) {
  for (const std::string& text :
       {with("aGVsbG8=", "aGVsbG8"), with("aGVsbG8=", "aGVsbG9="), with("text/plain", ""),
        with("\"keyid\":\"k\",", "\"other\":1,"), with("AQI=", ""), with("AQI=", "AQJ="),
        with(R"([{"keyid":"k","sig":"AQI="}])", "[]"), with(R"("payload":"aGVsbG8=",)", ""),
        with(R"("payload":"aGVsbG8=",)", R"("payload":"aGVsbG8=","payload":"aGVsbG8=",)"),
        with(R"("payloadType":"text/plain",)", R"("payloadType":"text/plain","extra":true,)"),
        std::string(kGood) + "x"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
}

TEST(Envelope, CountsSignatures) {
  std::string list = R"({"sig":"AQI="})";
  for (int i = 1; i < 64; ++i) list += R"(,{"sig":"AQI="})";
  const std::string whole = R"({"keyid":"k","sig":"AQI="})";
  EXPECT_TRUE(parse(with(whole, list)));
  EXPECT_FALSE(parse(with(whole, list + R"(,{"sig":"AQI="})")));
}

constexpr std::string_view kStatement =
    R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03","gitCommit":"x"}}],"predicateType":"https://example.org/p","predicate":{"n":1}})";

std::string statement_with(std::string_view from, std::string_view to) {
  std::string text(kStatement);
  return text.replace(text.find(from), from.size(), to);
}

TEST(Statement, ReadsBothVersions) {
  for (const auto* version : {"/v1", "/v0.1"}) {
    const auto statement = parse_statement(bytes_of(statement_with("/v1", version)));
    ASSERT_TRUE(statement) << statement.error().text();
    EXPECT_EQ(statement->predicate_type, "https://example.org/p");
    const auto digests = statement->subjects[0].known_digests();
    ASSERT_TRUE(digests);
    ASSERT_EQ(digests->size(), 1U);
    EXPECT_EQ((*digests)[0].text(),
              "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
  }
}

TEST(Statement, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(parse_statement(bytes_of(statement_with("Statement/v1", "Statement/v2"))).error().code,
            Errc::unsupported);
  for (
      const std::string& text :
      {statement_with("\"subject\":[", "\"subjects\":["),
       statement_with("\"predicateType\"", "\"predicatetype\""),
       statement_with("\"gitCommit\":\"x\"", "\"gitCommit\":1"),
       statement_with(
           R"({"sha256":"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03","gitCommit":"x"})",
           "{}")}) {
    EXPECT_FALSE(parse_statement(bytes_of(text))) << text;
  }
}

TEST(Statement, ADigestOfAWrongFormIsNoDigest) {
  const auto statement = parse_statement(bytes_of(statement_with("5891b5", "5891B5")));
  ASSERT_TRUE(statement);
  EXPECT_FALSE(statement->subjects[0].known_digests());
}

}  // namespace
}  // namespace sluice::dsse
