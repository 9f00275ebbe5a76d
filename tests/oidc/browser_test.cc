// SPDX-License-Identifier: Apache-2.0
#include "oidc/browser.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "crypto/digest.h"
#include "oidc/support.h"
#include "oidc/wire.h"
#include "support/fake_http.h"
#include "support/temp_folder.h"

namespace sluice::oidc {
namespace {

using test::FakeHttp;
using test::FakeWorld;
using tests::compact;
using tests::mail_claims;
using tests::with;

const std::string kBrowserIssuer = "https://issuer.example.org";
const std::string kBrowserDocument =
    "GET https://issuer.example.org/.well-known/openid-configuration";
const std::string kExchange = "POST https://issuer.example.org/token";

// A browser that brings what the test says; {state} stands for the state that it was sent with.
class FakeCallback final : public Callback {
 public:
  std::string redirect_uri() const override { return "http://localhost:7/auth/callback"; }
  Result<void> wait(std::chrono::milliseconds,
                    const std::function<CallbackReply(std::string_view)>& judge) override {
    for (std::string query : brought) {
      if (const auto at = query.find("{state}"); at != std::string::npos) {
        query.replace(at, 7, *find(sent(), "state"));
      }
      replies.push_back(judge(query));
      if (replies.back().last) return {};
    }
    return fail(Errc::timeout, "no browser came back in time");
  }
  Parameters sent() const { return *parse_form(std::string_view(url).substr(url.find('?') + 1)); }

  std::vector<std::string> brought = {"code=c-1&state={state}"};
  std::string url;
  std::vector<CallbackReply> replies;
};

struct BrowserAttempt {
  FakeWorld fake;
  FakeHttp http;
  FakeCallback callback;
  BrowserSignIn wish{.client = {.issuer = kBrowserIssuer}, .person = true};
  json::Value claims = mail_claims();
  bool right_nonce = true;

  BrowserAttempt() {
    http.answer(kBrowserDocument, 200,
                R"({"issuer":"https://issuer.example.org",
                    "authorization_endpoint":"https://issuer.example.org/authorize?tenant=1",
                    "token_endpoint":"https://issuer.example.org/token"})");
    http.answer_by(kExchange, [this](const HttpRequest&) {
      auto said = claims;
      if (right_nonce) said.set("nonce", *find(callback.sent(), "nonce"));
      return HttpResponse{.status = 200,
                          .headers = {},
                          .body = cat(R"({"id_token":")", compact(said), "\"}"),
                          .url = {}};
    });
    wish.show = [this](std::string_view url) { callback.url = url; };
  }
  Result<Token> operator()() { return sign_in_with_browser(fake.world(), http, callback, wish); }
  // The code and the clause of the error.
  std::string refused() {
    const auto token = (*this)();
    if (token) return "";
    EXPECT_EQ(token.error().where.back(), "signing in with a browser");
    return cat(name(token.error().code), ": ", token.error().what);
  }
};

TEST(Browser, ACodeBecomesAToken) {
  BrowserAttempt sign_in;
  const auto token = sign_in();
  ASSERT_TRUE(token) << token.error().text();
  EXPECT_EQ(token->claims().email, "dev@example.org");
  ASSERT_EQ(sign_in.callback.replies.size(), 1U);
  EXPECT_TRUE(sign_in.callback.replies[0].text.starts_with("You can close this page"));
}

TEST(Browser, TheAddressAsksForACodeWithPkce) {
  BrowserAttempt sign_in;
  ASSERT_TRUE(sign_in());
  EXPECT_TRUE(sign_in.callback.url.starts_with("https://issuer.example.org/authorize?tenant=1&"));
  const auto sent = sign_in.callback.sent();
  EXPECT_EQ(*find(sent, "response_type"), "code");
  EXPECT_EQ(*find(sent, "client_id"), "sigstore");
  EXPECT_EQ(*find(sent, "scope"), "openid email");
  EXPECT_EQ(*find(sent, "redirect_uri"), "http://localhost:7/auth/callback");
  EXPECT_EQ(*find(sent, "code_challenge_method"), "S256");
  const auto exchange = sign_in.http.requests().back();
  EXPECT_EQ(exchange.repeatable, false);
  EXPECT_EQ(exchange.budget.redirects, 0);
  const auto body = *parse_form(exchange.body);
  EXPECT_EQ(*find(body, "grant_type"), "authorization_code");
  EXPECT_EQ(*find(body, "code"), "c-1");
  EXPECT_EQ(*find(body, "redirect_uri"), "http://localhost:7/auth/callback");
  const std::string verifier = *find(body, "code_verifier");
  EXPECT_EQ(verifier.size(), 43U) << "RFC 7636 4.1";
  EXPECT_EQ(sign_in.callback.url.find(verifier), std::string::npos);
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(verifier));
  EXPECT_EQ(*find(sent, "code_challenge"), to_base64url(digest.bytes()));
  EXPECT_NE(*find(sent, "state"), *find(sent, "nonce"));
}

TEST(Browser, PkceIsComputedAsItsRfcSays) {
  // RFC 7636, appendix B.
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256,
                                        bytes_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
  EXPECT_EQ(to_base64url(digest.bytes()), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(Browser, AnotherStateIsNotBelieved) {
  for (const auto* stranger : {"code=evil&state=x", "code=evil", "code=evil&state={state}x",
                               "code=evil&state={state}&state=x", "", "error=access_denied",
                               "state={state}&code=a&code=b"}) {
    BrowserAttempt sign_in;
    sign_in.callback.brought = {stranger};
    EXPECT_EQ(sign_in.refused(),
              "timeout: no browser came back in time; 1 came with another state, or none, and were "
              "not believed")
        << stranger;
    EXPECT_EQ(sign_in.http.count(kExchange), 0U);
    BrowserAttempt later;
    later.callback.brought = {stranger, "state={state}&code=c-1"};
    EXPECT_TRUE(later()) << stranger;
    EXPECT_FALSE(later.callback.replies[0].last);
    EXPECT_TRUE(later.callback.replies[1].last);
  }
}

TEST(Browser, WhatTheIssuerRefusesIsTold) {
  BrowserAttempt sign_in;
  sign_in.callback.brought = {"error=access_denied&error_description=not+you%1b&state={state}"};
  EXPECT_EQ(sign_in.refused(), "denied: the issuer answered: access_denied, not you\\x1b");
  EXPECT_EQ(sign_in.callback.replies[0].text, "This did not work. The terminal says why.");
  sign_in.callback.brought = {"state={state}"};
  EXPECT_EQ(sign_in.refused(), "malformed: the browser came back without a code");
  sign_in.callback.brought = {"state={state}&code="};
  EXPECT_EQ(sign_in.refused(), "malformed: the browser came back without a code");
}

TEST(Browser, AnIssuerThatNamesItselfIsTheOneAsked) {
  BrowserAttempt sign_in;
  sign_in.callback.brought = {"code=c&state={state}&iss=https%3A%2F%2Fissuer.example.org"};
  EXPECT_TRUE(sign_in());
  sign_in.callback.brought = {"code=c&state={state}&iss=https%3A%2F%2Fevil.example.org"};
  EXPECT_TRUE(sign_in.refused().starts_with("denied: another issuer answered: "));
  EXPECT_EQ(sign_in.http.count(kExchange), 1U);
}

TEST(Browser, TheTokenIsOfThisSignIn) {
  BrowserAttempt sign_in;
  sign_in.right_nonce = false;
  EXPECT_EQ(sign_in.refused(), "denied: the token is not the one that was asked for (nonce)");
  sign_in.claims = with(mail_claims(), "nonce", "x");
  EXPECT_EQ(sign_in.refused(), "denied: the token is not the one that was asked for (nonce)");
  sign_in.claims = with(mail_claims(), "nonce", 7);
  EXPECT_EQ(sign_in.refused(), "denied: the token is not the one that was asked for (nonce)");
  sign_in.right_nonce = true;
  sign_in.claims = with(mail_claims(), "iss", "https://issuer.example.org/");
  EXPECT_TRUE(sign_in.refused().starts_with("denied: the token is of another issuer: "));
  sign_in.claims = mail_claims();
  EXPECT_TRUE(sign_in());
}

TEST(Browser, ATokenEndpointThatRefusesIsTold) {
  const auto exchanged = [](int status, std::string body) {
    BrowserAttempt sign_in;
    FakeHttp http;
    http.answer(kBrowserDocument, 200,
                R"({"issuer":"https://issuer.example.org",
                    "authorization_endpoint":"https://issuer.example.org/authorize",
                    "token_endpoint":"https://issuer.example.org/token"})");
    http.answer(kExchange, status, std::move(body));
    const auto token =
        sign_in_with_browser(sign_in.fake.world(), http, sign_in.callback, sign_in.wish);
    EXPECT_FALSE(token);
    return cat(name(token.error().code), ": ", token.error().what);
  };
  EXPECT_EQ(exchanged(400, R"({"error":"invalid_grant"})"),
            "denied: the token endpoint answered 400: invalid_grant");
  EXPECT_EQ(exchanged(200, R"({"access_token":"a"})"),
            "malformed: the issuer's answer holds no identity token (id_token)");
  EXPECT_EQ(exchanged(302, ""), "network: the token endpoint answered 302");
}

TEST(Browser, NothingBeginsWithoutAPerson) {
  BrowserAttempt sign_in;
  sign_in.wish.person = false;
  EXPECT_EQ(sign_in.refused(), "denied: nobody is there to sign in");
  EXPECT_TRUE(sign_in.http.requests().empty());
  EXPECT_TRUE(sign_in.callback.url.empty());
}

TEST(Browser, AnIssuerWithoutPkceOrEndpointsIsRefused) {
  const auto with_document = [](const std::string& more) {
    BrowserAttempt sign_in;
    FakeHttp http;
    http.answer(kBrowserDocument, 200, cat(R"({"issuer":"https://issuer.example.org")", more, "}"));
    const auto token =
        sign_in_with_browser(sign_in.fake.world(), http, sign_in.callback, sign_in.wish);
    return token ? Errc::internal : token.error().code;
  };
  EXPECT_EQ(with_document(R"(,"token_endpoint":"https://x.org/t")"), Errc::unsupported);
  EXPECT_EQ(with_document(R"(,"authorization_endpoint":"https://x.org/t")"), Errc::unsupported);
  EXPECT_EQ(with_document(R"(,"authorization_endpoint":"https://x.org/a",
                              "token_endpoint":"https://x.org/t",
                              "code_challenge_methods_supported":["plain"])"),
            Errc::unsupported);
}

class CountedPrograms final : public Processes {
 public:
  Result<ProcessResult> run(const ProcessRequest& request) override {
    commands.push_back(request.command);
    return fail(Errc::not_found, "no such program");
  }
  std::vector<std::vector<std::string>> commands;
};

TEST(Browser, IsOpenedOnAScreenOnly) {
  const auto opened = [](const std::string& variable, bool open) {
    BrowserAttempt sign_in;
    CountedPrograms programs;
    if (!variable.empty()) sign_in.fake.environment.values[variable] = ":0";
    sign_in.wish.open_browser = open;
    const World world{sign_in.fake.clock, system_files(), sign_in.fake.environment,
                      sign_in.fake.random, programs};
    const auto token = sign_in_with_browser(world, sign_in.http, sign_in.callback, sign_in.wish);
    EXPECT_TRUE(token) << "that it cannot be opened is no error";
    if (!programs.commands.empty()) {
      EXPECT_EQ(programs.commands[0].back(), sign_in.callback.url);
    }
    return programs.commands.size();
  };
  EXPECT_EQ(opened("DISPLAY", true), 1U);
  EXPECT_EQ(opened("WAYLAND_DISPLAY", true), 1U);
  EXPECT_EQ(opened("", true), 0U);
  EXPECT_EQ(opened("DISPLAY", false), 0U);
}

// Reads what the opened program got, from a pipe: it comes to its end when that program ends.
class PipeCallback final : public Callback {
 public:
  explicit PipeCallback(Path pipe) : pipe_(std::move(pipe)) {}
  std::string redirect_uri() const override { return "http://localhost:7/auth/callback"; }
  Result<void> wait(std::chrono::milliseconds,
                    const std::function<CallbackReply(std::string_view)>&) override {
    opened = test::read_file(pipe_);
    return fail(Errc::timeout, "enough");
  }
  std::string opened;

 private:
  Path pipe_;
};

TEST(Browser, TheRealProgramGetsTheAddressAndIsNotWaitedFor) {
  const test::TempFolder folder;
  const Path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const Path program = folder.write(
      "bin/xdg-open", cat("#!/bin/sh\nexec printf '%s' \"$1\" >'", pipe.native(), "'\n"));
  ASSERT_EQ(::chmod(program.c_str(), 0700), 0);
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", cat((folder / "bin").native(), ":", path).c_str(), 1);
  BrowserAttempt sign_in;
  sign_in.fake.environment.values["DISPLAY"] = ":0";
  PipeCallback callback(pipe);
  // The program blocks until its pipe is read, which is after it was started: were it waited for,
  // this would take as long as that is allowed to take.
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(sign_in_with_browser(sign_in.fake.world(), sign_in.http, callback, sign_in.wish));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(9));
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(callback.opened, sign_in.callback.url);
}

}  // namespace
}  // namespace sluice::oidc
