// SPDX-License-Identifier: Apache-2.0
#include "oidc/token.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "oidc/support.h"

namespace sluice::oidc {
namespace {

using tests::compact;
using tests::kNow;
using tests::kNowSeconds;
using tests::mail_claims;
using tests::with;
using tests::without;

static_assert(!std::is_copy_constructible_v<Token> && !std::is_copy_assignable_v<Token>);

Errc code_of(const Result<Token>& token) {
  EXPECT_FALSE(token);
  return token ? Errc::internal : token.error().code;
}

Result<Token> parse(std::string_view text) { return Token::parse(text, "a test"); }
Errc code_of_claims(std::string_view claims) { return code_of(parse(compact(claims))); }

TEST(Token, SaysWhatItsClaimsSay) {
  const auto token = parse(compact(mail_claims()));
  ASSERT_TRUE(token) << token.error().text();
  const Claims& claims = token->claims();
  EXPECT_EQ(claims.issuer, "https://issuer.example.org");
  EXPECT_EQ(claims.subject, "id-7");
  EXPECT_EQ(claims.audiences, std::vector<std::string>{"sigstore"});
  EXPECT_EQ(claims.issued, kNow);
  EXPECT_EQ(claims.not_before, kNow);
  EXPECT_EQ(claims.expires, kNow + std::chrono::minutes(10));
  EXPECT_EQ(claims.email, "dev@example.org");
  EXPECT_EQ(claims.email_verified, true);
  EXPECT_EQ(token->algorithm(), "RS256");
  EXPECT_EQ(token->origin(), "a test");
  EXPECT_EQ(token->secret()->reveal_text(), compact(mail_claims()));
}

TEST(Token, MayLeaveClaimsOut) {
  const auto token = parse(compact("{}"));
  ASSERT_TRUE(token) << token.error().text();
  EXPECT_EQ(token->claims().issuer, "");
  EXPECT_TRUE(token->claims().audiences.empty());
  EXPECT_FALSE(token->claims().expires);
  EXPECT_FALSE(token->expires_in(kNow));
  EXPECT_FALSE(token->aged(kNow));
}

TEST(Token, HasExactlyThreeParts) {
  const std::string good = compact("{}");
  EXPECT_TRUE(parse(good));
  EXPECT_EQ(code_of(parse("")), Errc::malformed);
  EXPECT_EQ(code_of(parse("ghs_0123456789abcdef")), Errc::malformed);
  EXPECT_EQ(code_of(parse(good.substr(0, good.rfind('.')))), Errc::malformed);
  EXPECT_EQ(code_of(parse(good + ".YQ")), Errc::malformed);
  EXPECT_EQ(code_of(parse(good + ".YQ.YQ")), Errc::unsupported) << "JWE";
  EXPECT_EQ(code_of(parse(good.substr(0, good.rfind('.') + 1))), Errc::malformed);
  EXPECT_EQ(code_of(parse(good.substr(good.find('.')))), Errc::malformed);
}

TEST(Token, IsCanonicalBase64Url) {
  const std::string head = compact("{}").substr(0, compact("{}").rfind('.') + 1);
  EXPECT_TRUE(parse(head + "YQ"));
  EXPECT_TRUE(parse(head + "-_-_"));
  EXPECT_EQ(code_of(parse(head + "YR")), Errc::malformed) << "bits that say nothing";
  EXPECT_EQ(code_of(parse(head + "YQ==")), Errc::malformed);
  EXPECT_EQ(code_of(parse(head + "+/+/")), Errc::malformed);
  EXPECT_EQ(code_of(parse(head + "Y")), Errc::malformed);
  EXPECT_EQ(code_of(parse(head + "YQ\n")), Errc::malformed);
  EXPECT_EQ(code_of(parse(" " + head + "YQ")), Errc::malformed);
}

TEST(Token, IsNotLongerThanTheLimit) {
  std::string claims = R"({"a":")";
  const auto length_with = [&](std::size_t padding) {
    return compact(cat(claims, std::string(padding, 'x'), "\"}")).size();
  };
  std::size_t padding = kMaxToken / 4 * 3;
  while (length_with(padding) > kMaxToken) --padding;
  EXPECT_TRUE(parse(compact(cat(claims, std::string(padding, 'x'), "\"}"))));
  EXPECT_EQ(code_of(parse(compact(cat(claims, std::string(padding + 2, 'x'), "\"}")))),
            Errc::limit);
}

TEST(Token, HasAHeaderThatNamesASignature) {
  EXPECT_TRUE(parse(compact("{}", R"({"alg":"ES256"})")));
  EXPECT_EQ(code_of(parse(compact("{}", R"({"alg":"none"})"))), Errc::unsupported);
  EXPECT_EQ(code_of(parse(compact("{}", R"({"alg":"nOnE"})"))), Errc::unsupported);
  EXPECT_EQ(code_of(parse(compact("{}", R"({"kid":"1"})"))), Errc::malformed);
  EXPECT_EQ(code_of(parse(compact("{}", R"({"alg":1})"))), Errc::malformed);
  EXPECT_EQ(code_of(parse(compact("{}", R"(["RS256"])"))), Errc::malformed);
}

TEST(Token, HasClaimsInStrictJson) {
  EXPECT_TRUE(parse(compact(R"({"sub":"a","x":1.5})")));
  EXPECT_EQ(code_of_claims(R"({"sub":"a","sub":"b"})"), Errc::malformed) << "twice";
  EXPECT_EQ(code_of_claims(R"({"sub":"a"} )"
                           "x"),
            Errc::malformed);
  EXPECT_EQ(code_of_claims(R"(["sub"])"), Errc::malformed);
  EXPECT_EQ(code_of_claims(R"("sub")"), Errc::malformed);
  EXPECT_EQ(code_of_claims("{\"sub\":\"\xff\"}"), Errc::malformed);
  EXPECT_EQ(code_of_claims(R"({"sub":7})"), Errc::malformed);
  EXPECT_EQ(code_of_claims(R"({"iss":null})"), Errc::malformed);
  EXPECT_EQ(code_of_claims(R"({"email":["a@b.c"]})"), Errc::malformed);
}

TEST(Token, HasTimesInWholeSeconds) {
  for (const std::string name : {"exp", "nbf", "iat"}) {
    const auto claims = [&](std::string_view value) { return cat("{\"", name, "\":", value, "}"); };
    EXPECT_TRUE(parse(compact(claims("0"))));
    EXPECT_TRUE(parse(compact(claims("253402300799")))) << "the end of the year 9999";
    EXPECT_EQ(code_of_claims(claims("253402300800")), Errc::malformed);
    EXPECT_EQ(code_of_claims(claims("9223372036854775807")), Errc::malformed);
    EXPECT_EQ(code_of_claims(claims("-1")), Errc::malformed);
    EXPECT_EQ(code_of_claims(claims("1795132800.5")), Errc::malformed);
    EXPECT_EQ(code_of_claims(claims("1795132800.0")), Errc::malformed);
    EXPECT_EQ(code_of_claims(claims("1.7e9")), Errc::malformed);
    EXPECT_EQ(code_of_claims(claims("\"1795132800\"")), Errc::malformed);
    EXPECT_EQ(code_of_claims(claims("null")), Errc::malformed);
  }
}

TEST(Token, IsForOneAudienceOrSeveral) {
  const auto audiences_of = [](std::string_view value) {
    const auto token = parse(compact(cat("{\"aud\":", value, "}")));
    return token ? token->claims().audiences.size() : 0;
  };
  EXPECT_EQ(audiences_of(R"("a")"), 1U);
  EXPECT_EQ(audiences_of(R"(["a","b"])"), 2U);
  EXPECT_EQ(code_of_claims(R"({"aud":7})"), Errc::malformed);
  EXPECT_EQ(code_of_claims(R"({"aud":["a",7]})"), Errc::malformed);
  EXPECT_EQ(code_of_claims(R"({"aud":{"a":"b"}})"), Errc::malformed);
  std::string many = "\"0\"";
  for (std::size_t i = 1; i < kMaxAudiences; ++i) many += cat(",\"", i, "\"");
  EXPECT_EQ(audiences_of(cat("[", many, "]")), kMaxAudiences);
  EXPECT_EQ(code_of_claims(cat("{\"aud\":[", many, ",\"x\"]}")), Errc::limit);
}

TEST(Token, AVerifiedAddressMayBeSaidInText) {
  const auto verified = [](std::string_view value) {
    return parse(compact(cat("{\"email_verified\":", value, "}")))->claims().email_verified;
  };
  EXPECT_EQ(verified("true"), true);
  EXPECT_EQ(verified("\"true\""), true);
  EXPECT_EQ(verified("false"), false);
  EXPECT_EQ(verified("\"false\""), false);
  EXPECT_EQ(verified("\"True\""), std::nullopt);
  EXPECT_EQ(verified("1"), std::nullopt);
  EXPECT_EQ(verified("null"), std::nullopt);
}

TEST(Token, NoErrorShowsOne) {
  const std::string secret = to_base64url(bytes_of("the signature nobody may see"));
  const std::string head = compact("{}").substr(0, compact("{}").rfind('.') + 1);
  for (const auto& bad :
       {cat(head, secret, "=="), cat(head, secret, ".x"), cat(secret, ".", secret),
        cat(to_base64url(bytes_of("{}")), ".", secret, ".", secret)}) {
    const auto token = parse(bad);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().text().find(secret), std::string::npos) << token.error().text();
    EXPECT_EQ(token.error().hint.find(secret), std::string::npos);
  }
}

TEST(Token, AgesInItsLastMinute) {
  const auto token = tests::token_of(mail_claims());
  EXPECT_EQ(token.expires_in(kNow), std::chrono::minutes(10));
  EXPECT_FALSE(token.aged(kNow + std::chrono::seconds(539)));
  EXPECT_TRUE(token.aged(kNow + std::chrono::seconds(540)));
  EXPECT_EQ(token.expires_in(kNow + std::chrono::seconds(601)), std::chrono::seconds(-1));
}

TEST(Token, AShortOneAgesInItsLastQuarter) {
  const auto token = tests::token_of(with(mail_claims(), "exp", kNowSeconds + 120));
  EXPECT_FALSE(token.aged(kNow + std::chrono::seconds(89)));
  EXPECT_TRUE(token.aged(kNow + std::chrono::seconds(90)));
  const auto unknown_start =
      tests::token_of(without(with(mail_claims(), "exp", kNowSeconds + 120), "iat"));
  EXPECT_FALSE(unknown_start.aged(kNow + std::chrono::seconds(59)));
  EXPECT_TRUE(unknown_start.aged(kNow + std::chrono::seconds(60)));
}

}  // namespace
}  // namespace sluice::oidc
