// SPDX-License-Identifier: Apache-2.0
#include "oidc/wire.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice::oidc {
namespace {

TEST(Wire, OnlyHttpsOrThisMachine) {
  for (const auto* good : {"https://example.org/a", "http://127.0.0.1:80/a", "http://127.9.9.9/",
                           "http://localhost:1/", "http://[::1]/"}) {
    EXPECT_TRUE(secure_url(good, "it")) << good;
  }
  for (const auto* bad : {"http://example.org/a", "http://128.0.0.1/", "http://127.0.0.1.org/",
                          "http://local/", "http://[::2]/"}) {
    const auto url = secure_url(bad, "the token endpoint");
    ASSERT_FALSE(url) << bad;
    EXPECT_EQ(url.error().code, Errc::denied);
    EXPECT_TRUE(url.error().what.starts_with("the token endpoint is ")) << url.error().what;
  }
  EXPECT_FALSE(secure_url("/a", "it"));
}

TEST(Wire, ParametersAreEscapedAndReadBack) {
  const Parameters parameters{{"a b", "1&2=3"}, {"c", "\xc3\xa9+%"}, {"d", ""}};
  EXPECT_EQ(form(parameters), "a%20b=1%262%3D3&c=%C3%A9%2B%25&d=");
  EXPECT_EQ(parse_form(form(parameters)), parameters);
  EXPECT_EQ(percent_encoded("AZaz09-._~"), "AZaz09-._~");
}

TEST(Wire, AQueryIsAppended) {
  EXPECT_EQ(with_query(*net::parse_url("https://a.org/x"), {{"b", "c"}}), "https://a.org/x?b=c");
  EXPECT_EQ(with_query(*net::parse_url("https://a.org/x?v=1"), {{"b", "c"}}),
            "https://a.org/x?v=1&b=c");
}

TEST(Wire, AFormIsReadStrictly) {
  const auto good = parse_form("a=b+c&d=%41%4a");
  ASSERT_TRUE(good);
  EXPECT_EQ(*find(*good, "a"), "b c");
  EXPECT_EQ(*find(*good, "d"), "AJ");
  EXPECT_EQ(find(*good, "e"), nullptr);
  EXPECT_TRUE(parse_form("")->empty());
  for (const auto* bad :
       {"a", "=b", "a=b&", "&a=b", "a=%4", "a=%", "a=%4g", "a=1&a=2", "a=1&%61=2"}) {
    EXPECT_FALSE(parse_form(bad)) << bad;
  }
}

TEST(Wire, AFormHasLimits) {
  std::string many = "p0=";
  for (std::size_t i = 1; i < kMaxParameters; ++i) many += cat("&p", i, "=");
  EXPECT_TRUE(parse_form(many));
  EXPECT_EQ(parse_form(many + "&q=").error().code, Errc::limit);
  EXPECT_TRUE(parse_form("a=" + std::string(kMaxQuery - 2, 'x')));
  EXPECT_EQ(parse_form("a=" + std::string(kMaxQuery - 1, 'x')).error().code, Errc::limit);
}

TEST(Wire, AnswersAreToldApart) {
  const auto read = [](int status, std::string body) {
    return read_answer({.status = status, .headers = {}, .body = std::move(body), .url = {}},
                       "the issuer");
  };
  EXPECT_TRUE(read(200, "{}"));
  EXPECT_TRUE(read(201, "{}"));
  EXPECT_EQ(read(200, "[]").error().code, Errc::malformed);
  EXPECT_EQ(read(200, "").error().code, Errc::malformed);
  EXPECT_EQ(read(302, "{}").error().code, Errc::network);
  EXPECT_EQ(read(401, "{}").error().code, Errc::denied);
  EXPECT_EQ(read(429, "").error().code, Errc::limit);
  EXPECT_EQ(read(503, "{}").error().code, Errc::network);
  const auto html = read(200, " <!DOCTYPE html><html>");
  EXPECT_EQ(html.error().code, Errc::malformed);
  EXPECT_NE(html.error().what.find("HTML"), std::string::npos);
  const auto refused = read(
      400, R"({"error":"invalid_grant","error_description":"too \u001b late","id_token":"t"})");
  EXPECT_EQ(refused.error().what, "the issuer answered 400: invalid_grant, too \\x1b late");
}

}  // namespace
}  // namespace sluice::oidc
