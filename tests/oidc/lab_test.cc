// SPDX-License-Identifier: Apache-2.0
// The parts of this room against an issuer that shares no code with it: the lab's.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <thread>

#include "net/client.h"
#include "net/loopback.h"
#include "oidc/ambient.h"
#include "oidc/browser.h"
#include "oidc/discovery.h"
#include "oidc/examine.h"
#include "oidc/support.h"
#include "support/program.h"
#include "support/temp_folder.h"

extern char** environ;

namespace sluice::oidc {
namespace {

using test::FakeWorld;
using test::TempFolder;

// idp.py in a process of its own, for as long as the test.
class LabIssuer {
 public:
  static std::optional<Path> script() {
    const auto lab = test::shared_folder("lab/idp.py");
    return lab && test::find_program("python3") && test::find_program("openssl") ? lab
                                                                                 : std::nullopt;
  }

  explicit LabIssuer(const Path& script) {
    port_ = net::Loopback::open()->port();
    state_.write("ports.json", cat("{\"idp\":", port_, "}"));
    (void)system_files().make_folders(state_ / "idp");
    run({"openssl", "genrsa", "-out", (state_ / "idp/key.pem").native(), "2048"});
    run({"python3", script.native(), "jwks", state_.path().native()});
    start({"setpriv", "--pdeathsig", "KILL", "python3", script.native(), "serve",
           state_.path().native()});
    const auto http = net::make_client(fake_.world());
    for (int i = 0; i < 300 && !ready_; ++i) {
      const auto answer = http->send({.url = url("/healthz")});
      ready_ = answer && answer->status == 200;
      if (!ready_) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  LabIssuer(const LabIssuer&) = delete;
  LabIssuer& operator=(const LabIssuer&) = delete;
  ~LabIssuer() {
    if (process_ == 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

  bool ready() const { return ready_; }
  std::string url(std::string_view path) const { return cat("http://127.0.0.1:", port_, path); }

 private:
  static void run(std::vector<std::string> command) {
    const auto ran = system_processes().run({.command = std::move(command)});
    EXPECT_TRUE(ran && ran->exit_code == 0) << (ran ? ran->err : ran.error().text());
  }
  void start(std::vector<std::string> command) {
    std::vector<char*> words;
    for (auto& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    EXPECT_EQ(::posix_spawnp(&process_, words[0], nullptr, nullptr, words.data(), environ), 0);
  }

  FakeWorld fake_;
  TempFolder state_;
  int port_ = 0;
  pid_t process_ = 0;
  bool ready_ = false;
};

class Lab : public testing::Test {
 protected:
  void SetUp() override {
    const auto script = LabIssuer::script();
    if (!script)
      GTEST_SKIP() << "no lab/idp.py in ../shared (SLUICE_SHARED), or no python3, openssl";
    lab = std::make_unique<LabIssuer>(*script);
    ASSERT_TRUE(lab->ready()) << "the lab's issuer did not start";
    http = net::make_client(fake.world());
  }

  Result<Token> minted(const std::string& path) {
    SLUICE_TRY(const auto answer, http->send({.url = lab->url(path)}));
    return Token::parse(answer.body, "the lab");
  }
  std::string refused_mint(const std::string& path, const CaRules& rules) {
    const auto token = minted(path);
    EXPECT_TRUE(token) << token.error().text();
    if (!token) return "";
    const Report report = examine(*token, rules, system_clock().now());
    return report.passed() ? "" : report.first_failure()->id;
  }

  FakeWorld fake;
  std::unique_ptr<LabIssuer> lab;
  std::unique_ptr<Http> http;
};

// Signs in by following the address that it is shown, as a browser does.
Result<Token> sign_in_at(const std::string& issuer, FakeWorld& fake, Http& http) {
  auto callback = open_callback();
  if (!callback) return fail(callback.error());
  std::jthread browser;
  BrowserSignIn wish{.client = {.issuer = issuer}, .person = true};
  wish.within = std::chrono::seconds(20);
  wish.show = [&](std::string_view url) {
    browser = std::jthread([&fake, address = std::string(url)] {
      const auto page = net::make_client(fake.world())->send({.url = address});
      EXPECT_TRUE(page) << page.error().text();
    });
  };
  return sign_in_with_browser(fake.world(), http, **callback, wish);
}

TEST_F(Lab, SaysWhereItWantsToBeAsked) {
  const auto found = discover(*http, lab->url("/email"));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->token->text(), lab->url("/email/token"));
  EXPECT_TRUE(require_pkce(*found));
  EXPECT_EQ(discover(*http, lab->url("/email/")).error().code, Errc::denied)
      << "another spelling of the issuer";
}

TEST_F(Lab, SignsInWithABrowser) {
  const auto token = sign_in_at(lab->url("/email"), fake, *http);
  ASSERT_TRUE(token) << token.error().text();
  const Report report = examine(*token, {.kind = IssuerKind::email}, system_clock().now());
  EXPECT_TRUE(report.passed()) << report.first_failure()->detail;
  const auto over = challenge(token->claims(), {});
  ASSERT_TRUE(over);
  EXPECT_EQ(over->value, "dev@lab.test");
}

// Sends another verifier than the one that was hashed into the address.
class WrongVerifier final : public Http {
 public:
  explicit WrongVerifier(Http& inner) : inner_(inner) {}
  Result<HttpResponse> send(const HttpRequest& request) override {
    HttpRequest other = request;
    if (const auto at = other.body.find("code_verifier="); at != std::string::npos) {
      other.body[at + 14] = other.body[at + 14] == 'x' ? 'y' : 'x';
      ++changed;
    }
    return inner_.send(other);
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    return inner_.send_all(requests);
  }
  int changed = 0;

 private:
  Http& inner_;
};

TEST_F(Lab, ACodeIsOfNoUseWithoutItsVerifier) {
  WrongVerifier thief(*http);
  const auto token = sign_in_at(lab->url("/email"), fake, thief);
  EXPECT_EQ(thief.changed, 1);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, Errc::denied);
  EXPECT_EQ(token.error().what, "the token endpoint answered 400: invalid_grant");
}

TEST_F(Lab, GivesAJobItsToken) {
  fake.environment.values = {{"GITHUB_ACTIONS", "true"},
                             {"ACTIONS_ID_TOKEN_REQUEST_URL", lab->url("/actions/token?v=1")},
                             {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "lab-request-token"}};
  const auto token = ambient_token(fake.world(), *http, {});
  ASSERT_TRUE(token) << token.error().text();
  ASSERT_TRUE(*token);
  const Report report = examine(**token, {}, system_clock().now());
  EXPECT_TRUE(report.passed()) << report.first_failure()->detail;
  EXPECT_EQ(report.checks().back().id, "oidc.claims");
  EXPECT_EQ((*token)->claims().subject, "repo:octo/app:ref:refs/heads/main");
  fake.environment.values["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = "another";
  const auto refused = ambient_token(fake.world(), *http, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, "GitHub Actions answered 401: bad request token");
}

TEST_F(Lab, WhatFulcioWouldRefuseIsNamed) {
  const CaRules mail{.kind = IssuerKind::email};
  const std::string person = "/email/mint?sub=dev@lab.test";
  EXPECT_EQ(refused_mint(person, mail), "");
  EXPECT_EQ(refused_mint(person + "&exp=-120", mail), "oidc.expiry");
  EXPECT_EQ(refused_mint(person + "&nbf=3600", mail), "oidc.not-before");
  EXPECT_EQ(refused_mint(person + "&iat=3600&exp=7200", mail), "oidc.clock");
  EXPECT_EQ(refused_mint(person + "&aud=other", mail), "oidc.audience");
  EXPECT_EQ(refused_mint(person + "&iss=http://issuer.example.org", mail), "oidc.issuer");
  EXPECT_EQ(refused_mint(person + "&email_verified=false", mail), "oidc.email");
  EXPECT_EQ(refused_mint(person + "&email=", mail), "oidc.email");
  CaRules job{.kind = IssuerKind::ci, .claims = std::vector<std::string>{}};
  for (const auto name : issuer_titled("GitHub Actions")->claims) job.claims->emplace_back(name);
  EXPECT_EQ(refused_mint("/github/mint?sub=octo/app", job), "");
  EXPECT_EQ(refused_mint("/github/mint?sub=octo/app&run_id=", job), "oidc.claims");
}

}  // namespace
}  // namespace sluice::oidc
