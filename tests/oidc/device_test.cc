// SPDX-License-Identifier: Apache-2.0
#include "oidc/device.h"

#include <gtest/gtest.h>

#include "oidc/support.h"
#include "oidc/wire.h"
#include "support/fake_http.h"

namespace sluice::oidc {
namespace {

using std::chrono::seconds;
using test::FakeHttp;
using test::FakeWorld;
using tests::compact;
using tests::mail_claims;
using tests::with;

const std::string kDeviceDocument =
    "GET https://issuer.example.org/.well-known/openid-configuration";
const std::string kDevice = "POST https://issuer.example.org/device";
const std::string kPoll = "POST https://issuer.example.org/token";
const std::string kPending = R"({"error":"authorization_pending"})";

std::string grant(const std::string& more = R"(,"interval":5)",
                  const std::string& url = "https://issuer.example.org/activate") {
  return cat(R"({"device_code":"d-1","user_code":"WDJB-MJHT","verification_uri":")", url,
             R"(","expires_in":300)", more, "}");
}

struct DeviceAttempt {
  FakeWorld fake;
  FakeHttp http;
  DevicePrompt prompt;
  DeviceSignIn wish{.client = {.issuer = "https://issuer.example.org"}};

  explicit DeviceAttempt(const std::string& answer = grant(), int status = 200) {
    http.answer(kDeviceDocument, 200,
                R"({"issuer":"https://issuer.example.org",
                    "device_authorization_endpoint":"https://issuer.example.org/device",
                    "token_endpoint":"https://issuer.example.org/token"})");
    http.answer(kDevice, status, answer);
    wish.show = [this](const DevicePrompt& shown) { prompt = shown; };
  }
  DeviceAttempt& then(int status, const std::string& body) {
    return http.answer(kPoll, status, body), *this;
  }
  DeviceAttempt& then_token(const json::Value& claims = mail_claims()) {
    return then(200, cat(R"({"id_token":")", compact(claims), "\"}"));
  }
  Result<Token> operator()() { return sign_in_with_device(fake.world(), http, wish); }
  std::string refused() {
    const auto token = (*this)();
    if (token) return "";
    EXPECT_EQ(token.error().where.back(), "signing in with a code");
    return cat(name(token.error().code), ": ", token.error().what);
  }
  long slept() const { return static_cast<long>(fake.clock.slept().count()); }
};

TEST(Device, AConfirmedCodeBecomesAToken) {
  DeviceAttempt sign_in(
      grant(R"(,"verification_uri_complete":"https://issuer.example.org/activate?c=1")"));
  sign_in.then(400, kPending).then(400, kPending).then_token();
  const auto token = sign_in();
  ASSERT_TRUE(token) << token.error().text();
  EXPECT_EQ(token->claims().email, "dev@example.org");
  EXPECT_EQ(sign_in.slept(), 15'000) << "three times five seconds, the usual interval";
  EXPECT_EQ(sign_in.prompt.code, "WDJB-MJHT");
  EXPECT_EQ(sign_in.prompt.url, "https://issuer.example.org/activate");
  EXPECT_EQ(sign_in.prompt.full_url, "https://issuer.example.org/activate?c=1");
  EXPECT_EQ(sign_in.prompt.good_for, seconds(300));
  const auto body = *parse_form(sign_in.http.requests().back().body);
  EXPECT_EQ(*find(body, "grant_type"), "urn:ietf:params:oauth:grant-type:device_code");
  EXPECT_EQ(*find(body, "device_code"), "d-1");
  EXPECT_EQ(*find(body, "client_id"), "sigstore");
}

TEST(Device, TheIssuersIntervalIsKept) {
  DeviceAttempt quick(grant(R"(,"interval":1)"));
  EXPECT_TRUE(quick.then(400, kPending).then_token()());
  EXPECT_EQ(quick.slept(), 2'000);
  DeviceAttempt none(grant(R"(,"interval":0)"));
  EXPECT_TRUE(none.then_token()());
  EXPECT_EQ(none.slept(), 1'000) << "never without a pause";
  EXPECT_EQ(DeviceAttempt(grant(R"(,"interval":-1)")).refused(),
            "malformed: an interval below zero");
}

TEST(Device, SlowDownAddsFiveSecondsForGood) {
  DeviceAttempt sign_in;
  sign_in.then(400, R"({"error":"slow_down"})").then(400, kPending);
  sign_in.then(400, R"({"error":"slow_down"})").then_token();
  ASSERT_TRUE(sign_in());
  EXPECT_EQ(sign_in.slept(), 5'000 + 10'000 + 10'000 + 15'000);
}

TEST(Device, NetworkErrorsArePausesThatGrow) {
  DeviceAttempt sign_in;
  sign_in.http.answer_error(kPoll, Error{Errc::network, "reset"});
  sign_in.then(503, "down").then(429, "").then(401, kPending).then_token();
  ASSERT_TRUE(sign_in());
  EXPECT_EQ(sign_in.slept(), 5'000 + 10'000 + 20'000 + 40'000 + 40'000);
  DeviceAttempt refused;
  refused.http.answer_error(kPoll, Error{Errc::denied, "offline"});
  EXPECT_EQ(refused.refused(), "denied: offline");
}

TEST(Device, ARefusalIsTheEnd) {
  EXPECT_EQ(DeviceAttempt().then(400, R"({"error":"access_denied"})").refused(),
            "denied: the sign-in was refused");
  EXPECT_EQ(DeviceAttempt().then(400, R"({"error":"expired_token"})").refused(),
            "timeout: the code expired before it was used");
  EXPECT_EQ(DeviceAttempt().then(400, R"({"error":"invalid_client"})").refused(),
            "denied: the token endpoint answered 400: invalid_client");
  EXPECT_EQ(DeviceAttempt().then(200, "{}").refused(),
            "malformed: the issuer's answer holds no identity token (id_token)");
  EXPECT_TRUE(DeviceAttempt()
                  .then_token(with(mail_claims(), "iss", "https://evil.example.org"))
                  .refused()
                  .starts_with("denied: the token is of another issuer"));
}

TEST(Device, TimeEndsWithTheCodeOrTheWish) {
  DeviceAttempt expires;
  EXPECT_EQ(expires.then(400, kPending).refused(), "timeout: nobody confirmed the code in time");
  EXPECT_EQ(expires.slept(), 295'000) << "never asked once the code is over";
  DeviceAttempt hurried;
  hurried.wish.within = seconds(11);
  EXPECT_EQ(hurried.then(400, kPending).refused(), "timeout: nobody confirmed the code in time");
  EXPECT_EQ(hurried.http.count(kPoll), 2U);
}

TEST(Device, TheGrantIsReadStrictly) {
  EXPECT_EQ(DeviceAttempt(grant(), 400).refused(), "denied: the device endpoint answered 400");
  EXPECT_TRUE(
      DeviceAttempt(grant("", "http://evil.example.org/")).refused().starts_with("denied: "));
  EXPECT_EQ(DeviceAttempt(grant("", "http://127.0.0.1:1/")).then_token().refused(), "");
  EXPECT_TRUE(DeviceAttempt("{}").refused().starts_with("malformed: "));
  const auto with_expiry = [](const std::string& value) {
    return cat(R"({"device_code":"d","user_code":"u","verification_uri":"https://x.org/",)",
               R"("expires_in":)", value, "}");
  };
  EXPECT_EQ(DeviceAttempt(with_expiry("60")).then_token().refused(), "");
  EXPECT_EQ(DeviceAttempt(with_expiry("0")).refused(),
            "malformed: a code that is good for no time");
  EXPECT_TRUE(DeviceAttempt(with_expiry("1.5")).refused().starts_with("malformed: "));
  const auto with_code = [](const std::string& code) {
    return cat(R"({"device_code":"d","user_code":")", code,
               R"(","verification_uri":"https://x.org/","expires_in":60})");
  };
  EXPECT_EQ(DeviceAttempt(with_code(std::string(64, 'x'))).then_token().refused(), "");
  EXPECT_TRUE(DeviceAttempt(with_code(std::string(65, 'x'))).refused().starts_with("malformed: "));
  EXPECT_TRUE(DeviceAttempt(with_code("")).refused().starts_with("malformed: "));
  DeviceAttempt foreign(with_code("a\\u001b[31m"));
  EXPECT_TRUE(foreign.then_token()());
  EXPECT_EQ(foreign.prompt.code, "a\\x1b[31m");
}

TEST(Device, AnIssuerWithoutItIsRefused) {
  FakeWorld fake;
  FakeHttp http;
  http.answer(kDeviceDocument, 200,
              R"({"issuer":"https://issuer.example.org",
                  "token_endpoint":"https://issuer.example.org/token"})");
  const auto token =
      sign_in_with_device(fake.world(), http, {.client = {.issuer = "https://issuer.example.org"}});
  EXPECT_EQ(token.error().code, Errc::unsupported);
}

}  // namespace
}  // namespace sluice::oidc
