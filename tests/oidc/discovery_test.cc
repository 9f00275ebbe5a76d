// SPDX-License-Identifier: Apache-2.0
#include "oidc/discovery.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/fake_http.h"

namespace sluice::oidc {
namespace {

using test::FakeHttp;

const std::string kIssuer = "https://issuer.example.org/auth";
const std::string kDocument =
    "GET https://issuer.example.org/auth/.well-known/openid-configuration";

std::string document(const std::string& issuer, const std::string& token_endpoint,
                     const std::string& more = "") {
  return cat(
      R"({"issuer":")", issuer, R"(","authorization_endpoint":"https://issuer.example.org/a",)",
      R"("token_endpoint":")", token_endpoint, R"(","scopes_supported":["openid"])", more, "}");
}

Result<Endpoints> discovered(std::string body, const std::string& issuer = kIssuer) {
  FakeHttp http;
  http.answer(kDocument, 200, std::move(body));
  return discover(http, issuer);
}

TEST(Discovery, TellsWhereAnIssuerWantsToBeAsked) {
  const auto found = discovered(document(kIssuer, "https://issuer.example.org/t",
                                         R"(,"device_authorization_endpoint":"https://x.org/d")"));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->issuer, kIssuer);
  EXPECT_EQ(found->authorization->text(), "https://issuer.example.org/a");
  EXPECT_EQ(found->token->text(), "https://issuer.example.org/t");
  EXPECT_EQ(found->device->text(), "https://x.org/d");
  EXPECT_TRUE(require_pkce(*found)) << "it says nothing of methods";
}

TEST(Discovery, TheDocumentIsOfTheIssuerToTheLetter) {
  EXPECT_TRUE(discovered(document(kIssuer, "https://x.org/t")));
  EXPECT_TRUE(discovered(document(kIssuer + "/", "https://x.org/t"), kIssuer + "/"));
  for (const std::string& other : {kIssuer + "/", std::string("https://issuer.example.org"),
                                   std::string("https://Issuer.example.org/auth"), std::string()}) {
    const auto found = discovered(document(other, "https://x.org/t"));
    ASSERT_FALSE(found) << other;
    EXPECT_EQ(found.error().code, Errc::denied);
  }
  EXPECT_EQ(discovered("{}").error().code, Errc::malformed);
}

TEST(Discovery, EndpointsAreSecure) {
  EXPECT_TRUE(discovered(document(kIssuer, "http://127.0.0.1:9/t")));
  EXPECT_EQ(discovered(document(kIssuer, "http://x.org/t")).error().code, Errc::denied);
  EXPECT_FALSE(discovered(document(kIssuer, "t")));
}

TEST(Discovery, AnIssuerIsASecureUrlWithoutAQuery) {
  FakeHttp http;
  for (const auto* bad : {"http://issuer.example.org", "issuer.example.org",
                          "https://issuer.example.org/?a=b", "https://issuer.example.org/#a"}) {
    EXPECT_FALSE(discover(http, bad)) << bad;
  }
  EXPECT_TRUE(http.requests().empty());
}

TEST(Discovery, SaysWhatWentWrong) {
  FakeHttp http;
  http.answer(kDocument, 404, "not here");
  EXPECT_EQ(discover(http, kIssuer).error().text(),
            cat("the issuer answered 404, while asking ", kIssuer, " for its configuration"));
  EXPECT_EQ(discovered("<html>").error().code, Errc::malformed);
}

TEST(Discovery, PkceIsNeededWhereMethodsAreListed) {
  const auto with = [](const std::string& methods) {
    const auto found = discovered(document(
        kIssuer, "https://x.org/t", cat(R"(,"code_challenge_methods_supported":)", methods)));
    EXPECT_TRUE(found);
    return require_pkce(*found);
  };
  EXPECT_TRUE(with(R"(["plain","S256"])"));
  EXPECT_EQ(with(R"(["plain"])").error().code, Errc::unsupported);
}

}  // namespace
}  // namespace sluice::oidc
