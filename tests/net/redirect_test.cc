// SPDX-License-Identifier: Apache-2.0
#include "net/redirect.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "net/client.h"
#include "support/fake_world.h"
#include "support/servers/raw_server.h"

namespace sluice::net {
namespace {

using test::FakeWorld;
using test::RawRequest;
using test::RawServer;

Hop hop_to(const std::string& url, const std::string& method, bool body) {
  return {parse_url(url).value(), method, body, true};
}

TEST(Redirect, MethodAndBodyByStatus) {
  struct Row {
    int status;
    std::string method;
    std::string then;
    bool body_stays;
  };
  const std::vector<Row> rows = {
      {301, "POST", "GET", false}, {302, "POST", "GET", false}, {303, "POST", "GET", false},
      {307, "POST", "POST", true}, {308, "POST", "POST", true}, {301, "PUT", "PUT", true},
      {303, "PUT", "GET", false},  {303, "HEAD", "HEAD", true}, {302, "HEAD", "HEAD", true}};
  for (const Row& row : rows) {
    const auto next =
        follow_redirect(hop_to("https://a.test/", row.method, true), row.status, "/b");
    ASSERT_TRUE(next) << row.status << row.method;
    EXPECT_EQ(next->method, row.then) << row.status << row.method;
    EXPECT_EQ(next->body, row.body_stays) << row.status << row.method;
    EXPECT_TRUE(next->credentials);
  }
}

TEST(Redirect, ABodyStaysWithItsOrigin) {
  const Hop post = hop_to("https://a.test/", "POST", true);
  EXPECT_FALSE(follow_redirect(post, 307, "https://b.test/"));
  EXPECT_FALSE(follow_redirect(post, 308, "https://a.test:444/"));
  EXPECT_FALSE(follow_redirect(hop_to("https://a.test/", "DELETE", false), 307, "https://b.test/"));
  const auto next = follow_redirect(post, 303, "https://b.test/");
  ASSERT_TRUE(next);
  EXPECT_FALSE(next->body);
  EXPECT_FALSE(next->credentials);
}

TEST(Redirect, CredentialsDoNotComeBack) {
  const auto away =
      follow_redirect(hop_to("https://a.test/", "GET", false), 302, "https://b.test/");
  ASSERT_TRUE(away);
  EXPECT_FALSE(away->credentials);
  const auto back = follow_redirect(*away, 302, "https://a.test/");
  ASSERT_TRUE(back);
  EXPECT_FALSE(back->credentials);
}

TEST(Redirect, RefusesTheWayDownAndOtherSchemes) {
  const Hop get = hop_to("https://a.test/x?token=hunter2", "GET", false);
  const auto down = follow_redirect(get, 302, "http://a.test/");
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().code, Errc::denied);
  EXPECT_EQ(down.error().what,
            "a redirect of https://a.test/x is refused: it leads from https to http://a.test/");
  for (const std::string_view location :
       {"file:///etc/passwd", "ftp://a.test/", "javascript:alert(1)", "https://u:p@a.test/",
        "https://a.test:99999/", "/a\r\nX: y"}) {
    const auto next = follow_redirect(get, 302, location);
    ASSERT_FALSE(next) << location;
    EXPECT_EQ(next.error().code, Errc::denied);
    EXPECT_EQ(next.error().text().find("hunter2"), std::string::npos);
  }
  EXPECT_TRUE(follow_redirect(hop_to("http://a.test/", "GET", false), 302, "https://a.test/"));
}

RawServer::Handler redirecting(int status, const std::function<std::string()>& location) {
  return RawServer::answering([=](const RawRequest& request) {
    if (request.target == "/end") return RawServer::answer(200, request.method + request.body);
    return RawServer::answer(status, "moved", cat("Location: ", location(), "\r\n"));
  });
}

HttpRequest with_credentials(const std::string& url) {
  return {.url = url,
          .headers = {{"Cookie", "c"}, {"Private-Token", "p"}, {"X-Own", "kept"}},
          .authorization = std::make_shared<const SecretBytes>(SecretBytes::copy_of("token"))};
}

TEST(Redirect, CredentialsFollowOnTheSameHost) {
  FakeWorld fake;
  RawServer server(redirecting(302, [] { return "/end"; }));
  const auto answer = make_client(fake.world())->send(with_credentials(server.url()));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->url, server.url("/end"));
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.requests()[1].header("authorization"), "Bearer token");
  EXPECT_EQ(server.requests()[1].header("private-token"), "p");
  EXPECT_EQ(server.accepted(), 1);
}

TEST(Redirect, HeadersForTheOriginStayBehindWhateverTheirNames) {
  FakeWorld fake;
  RawServer other(redirecting(302, [] { return "/end"; }));
  RawServer server(redirecting(302, [&] { return other.url("/end"); }));
  const HttpRequest request{.url = server.url(),
                            .headers = {{"X-Own", "kept"}},
                            .origin_headers = {{"X-Registry-Secret", "s"}}};
  ASSERT_TRUE(make_client(fake.world())->send(request));
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].header("x-registry-secret"), "s");
  ASSERT_EQ(other.requests().size(), 1U);
  EXPECT_EQ(other.requests()[0].header("x-registry-secret"), "");
  EXPECT_EQ(other.requests()[0].header("x-own"), "kept");
  RawServer same(redirecting(302, [] { return "/end"; }));
  ASSERT_TRUE(make_client(fake.world())
                  ->send({.url = same.url(), .origin_headers = {{"X-Registry-Secret", "s"}}}));
  ASSERT_EQ(same.requests().size(), 2U);
  EXPECT_EQ(same.requests()[1].header("x-registry-secret"), "s");
  const auto refused =
      make_client(fake.world())->send({.url = same.url(), .origin_headers = {{"X", "a\r\nY: b"}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::usage);
}

TEST(Redirect, CredentialsStayBehindOnTheWayToAnotherHost) {
  FakeWorld fake;
  RawServer other(redirecting(302, [] { return "/end"; }));
  RawServer server(redirecting(302, [&] { return other.url("/end"); }));
  const auto answer = make_client(fake.world())->send(with_credentials(server.url()));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(server.requests().at(0).header("authorization"), "Bearer token");
  const RawRequest there = other.requests().at(0);
  EXPECT_EQ(there.header("authorization"), "");
  EXPECT_EQ(there.header("cookie"), "");
  EXPECT_EQ(there.header("private-token"), "");
  EXPECT_EQ(there.header("x-own"), "kept");
}

TEST(Redirect, ATokenUnderAnotherNameStaysBehindLikewise) {
  FakeWorld fake;
  RawServer other(redirecting(302, [] { return "/end"; }));
  RawServer server(redirecting(302, [&] { return other.url("/end"); }));
  HttpRequest request = with_credentials(server.url());
  request.authorization_header = "auth-token";
  request.authorization_scheme = "";
  const auto answer = make_client(fake.world())->send(request);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(server.requests().at(0).header("auth-token"), "token");
  EXPECT_EQ(server.requests().at(0).header("authorization"), "");
  EXPECT_EQ(other.requests().at(0).header("auth-token"), "");

  for (const std::string name : {"", "no token", "host", "x: y"}) {
    request.authorization_header = name;
    EXPECT_FALSE(make_client(fake.world())->send(request)) << name;
  }
}

TEST(Redirect, BodiesFollowByTheRules) {
  FakeWorld fake;
  auto http = make_client(fake.world());
  const auto sent_to = [&](int status) {
    RawServer server(redirecting(status, [] { return "/end"; }));
    const auto answer = http->send({.method = "POST",
                                    .url = server.url(),
                                    .headers = {{"Content-Type", "text/x"}},
                                    .body = "text"});
    const std::string type = server.requests().at(1).header("content-type");
    return answer ? cat(answer->body, " ", type) : answer.error().text();
  };
  EXPECT_EQ(sent_to(307), "POSTtext text/x");
  EXPECT_EQ(sent_to(303), "GET ");
  EXPECT_EQ(sent_to(301), "GET ");
}

TEST(Redirect, CountsAndEndsALoop) {
  FakeWorld fake;
  RawServer server(redirecting(302, [] { return "/again"; }));
  auto http = make_client(fake.world());
  const auto answer = http->send({.url = server.url(), .budget = {.redirects = 3}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::limit);
  EXPECT_EQ(answer.error().what, cat(server.url(), " redirects more than 3 times"));
  EXPECT_EQ(server.requests().size(), 4U);
}

TEST(Redirect, AsManyAsAllowedPass) {
  FakeWorld fake;
  std::atomic<int> steps = 0;
  RawServer server(redirecting(302, [&] { return ++steps < 3 ? "/again" : "/end"; }));
  auto http = make_client(fake.world());
  EXPECT_TRUE(http->send({.url = server.url(), .budget = {.redirects = 3}}));
}

TEST(Redirect, WithoutALocationItIsAnAnswer) {
  FakeWorld fake;
  RawServer server(RawServer::answering([](const RawRequest&) { return RawServer::answer(302); }));
  EXPECT_EQ(make_client(fake.world())->send({.url = server.url()})->status, 302);
}

TEST(Redirect, ToAFileIsRefused) {
  FakeWorld fake;
  RawServer server(redirecting(302, [] { return "file:///etc/passwd"; }));
  const auto answer = make_client(fake.world())->send({.url = server.url()});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::denied);
}

TEST(Redirect, ARetryStartsFromTheBeginning) {
  FakeWorld fake;
  std::atomic<int> visits = 0;
  RawServer server(RawServer::answering([&](const RawRequest& request) {
    if (request.target == "/") return RawServer::answer(302, "", "Location: /there\r\n");
    return RawServer::answer(++visits == 1 ? 503 : 200);
  }));
  const auto answer = make_client(fake.world())->send({.url = server.url()});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->tries, 2);
  EXPECT_EQ(server.requests().size(), 4U);
}

}  // namespace
}  // namespace sluice::net
