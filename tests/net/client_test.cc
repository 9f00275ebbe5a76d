// SPDX-License-Identifier: Apache-2.0
#include "net/client.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "base/text.h"
#include "support/fake_world.h"
#include "support/servers/http_server.h"
#include "support/servers/raw_server.h"

namespace sluice::net {
namespace {

using test::FakeWorld;
using test::HttpServer;
using test::RawRequest;
using test::RawServer;
using test::ServedAnswer;

ServedAnswer echo(const RawRequest& request) {
  return {.body = cat(request.method, " ", request.target, " ", request.body)};
}

TEST(Client, SendsAndReceives) {
  FakeWorld fake;
  HttpServer server([](const RawRequest& request) {
    EXPECT_EQ(request.header("x-own"), "yes");
    EXPECT_EQ(request.header("user-agent"), "sluice/test");
    EXPECT_EQ(request.header("cookie"), "");
    return ServedAnswer{.status = 201, .body = "made", .headers = {{"X-Answer", "a b"}}};
  });
  auto http = make_client(fake.world(), {.user_agent = "sluice/test"});
  const auto answer = http->send({.url = server.url("/x?y=1"), .headers = {{"X-Own", "yes"}}});
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "made");
  EXPECT_EQ(answer->header("x-answer"), "a b");
  EXPECT_EQ(answer->url, server.url("/x?y=1"));
  EXPECT_EQ(answer->tries, 1);
}

TEST(Client, EveryMethodArrivesAsItIs) {
  FakeWorld fake;
  HttpServer server(echo);
  auto http = make_client(fake.world());
  for (const std::string method : {"GET", "DELETE", "OPTIONS", "POST", "PUT", "PATCH"}) {
    const auto answer = http->send({.method = method, .url = server.url("/m")});
    ASSERT_TRUE(answer) << method << answer.error().text();
    EXPECT_EQ(answer->body, method + " /m ");
  }
  for (const std::string method : {"POST", "PUT", "PATCH"}) {
    const auto answer = http->send({.method = method, .url = server.url("/m"), .body = "text"});
    ASSERT_TRUE(answer) << method << answer.error().text();
    EXPECT_EQ(answer->body, method + " /m text");
  }
}

TEST(Client, HeadHasAnAnswerWithoutABody) {
  FakeWorld fake;
  RawServer server(RawServer::answering([](const RawRequest& request) {
    EXPECT_EQ(request.method, "HEAD");
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
  }));
  auto http = make_client(fake.world());
  for (int i = 0; i < 2; ++i) {
    const auto answer = http->send({.method = "HEAD", .url = server.url()});
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->body, "");
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST(Client, SendsBytesAsTheyAreAndNoTypeOfItsOwn) {
  FakeWorld fake;
  std::string bytes(3'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  RawServer server(RawServer::answering([&](const RawRequest& request) {
    EXPECT_EQ(request.header("content-type"), "");
    EXPECT_EQ(request.header("expect"), "");
    return RawServer::answer(200, request.body == bytes ? "same" : "other");
  }));
  auto http = make_client(fake.world());
  const auto answer = http->send({.method = "POST", .url = server.url(), .body = bytes});
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, "same");
}

TEST(Client, AStatusOfAnyKindIsAnAnswer) {
  FakeWorld fake;
  HttpServer server([](const RawRequest&) { return ServedAnswer{.status = 404, .body = "no"}; });
  auto http = make_client(fake.world());
  const auto answer = http->send({.url = server.url()});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "no");
}

TEST(Client, KeepsItsConnectionFromCallToCall) {
  FakeWorld fake;
  HttpServer server(echo);
  auto http = make_client(fake.world());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(http->send({.url = server.url()}));
  EXPECT_EQ(server.connections(), 1U);
}

TEST(Client, FiftyAtOnceComeBackInOrderOverFewConnections) {
  FakeWorld fake;
  HttpServer server(echo);
  auto http = make_client(fake.world(), {.max_connections_per_host = 4});
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 50; ++i) requests.push_back({.url = server.url(cat("/", i))});
  const auto answers = http->send_all(requests);
  ASSERT_EQ(answers.size(), 50U);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ASSERT_TRUE(answers[i]) << answers[i].error().text();
    EXPECT_EQ(answers[i]->body, cat("GET /", i, " "));
  }
  EXPECT_LE(server.connections(), 4U);
  EXPECT_GE(server.connections(), 2U);
}

TEST(Client, WaitingForATurnDoesNotUseUpTheTime) {
  FakeWorld fake;
  RawServer server(RawServer::answering([](const RawRequest&) {
    system_clock().sleep(std::chrono::milliseconds(60));
    return RawServer::answer(200, "ok");
  }));
  auto http = make_client(fake.world(), {.max_connections_per_host = 1});
  const HttpRequest request{.url = server.url(),
                            .budget = {.total = std::chrono::milliseconds(200), .tries = 1}};
  for (const auto& answer : http->send_all(std::vector<HttpRequest>(6, request))) {
    EXPECT_TRUE(answer) << answer.error().text();
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST(Client, AKeptConnectionMakesRoomForAFreshOne) {
  FakeWorld fake;
  HttpServer server(echo);
  auto http = make_client(fake.world(), {.max_connections_per_host = 1, .max_parallel = 1});
  const HttpRequest get{.url = server.url("/g")};
  const HttpRequest post{.method = "POST", .url = server.url("/p"), .body = "x"};
  for (const auto& answer : http->send_all({get, post, get, post})) {
    EXPECT_TRUE(answer) << answer.error().text();
  }
}

TEST(Client, OneFailureAmongManyLeavesTheOthersAlone) {
  FakeWorld fake;
  HttpServer server(echo);
  auto http = make_client(fake.world());
  const auto answers = http->send_all({{.url = server.url("/a")},
                                       {.url = "file:///etc/passwd"},
                                       {.method = "G E T", .url = server.url()},
                                       {.url = server.url("/b")}});
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(answers[0]->body, "GET /a ");
  EXPECT_EQ(answers[1].error().code, Errc::unsupported);
  EXPECT_EQ(answers[2].error().code, Errc::usage);
  EXPECT_EQ(answers[3]->body, "GET /b ");
  EXPECT_TRUE(http->send_all({}).empty());
}

// The slow one waits for what is done with the fast one's answer.
TEST(Client, AnswersAreHeardOfWhileOthersAreAwaited) {
  FakeWorld fake;
  std::promise<void> heard;
  const auto once_heard = heard.get_future().share();
  HttpServer server([&](const RawRequest& request) {
    if (request.target != "/slow") return ServedAnswer{.body = "fast"};
    const bool in_time = once_heard.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    return ServedAnswer{.body = in_time ? "slow" : "nobody heard"};
  });
  auto http = make_client(fake.world());
  std::vector<std::string> order;
  const auto hear = [&](std::size_t place, const Result<HttpResponse>& answer) {
    order.push_back(cat(place, " ", answer ? answer->body : "error"));
    if (place == 1) heard.set_value();
  };
  const auto answers = http->send_all_meanwhile(
      {{.url = server.url("/slow")}, {.url = server.url("/fast")}, {.url = "file:///x"}},
      {.answered = hear});
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0]->body, "slow");
  EXPECT_EQ(answers[1]->body, "fast");
  EXPECT_EQ(answers[2].error().code, Errc::unsupported);
  EXPECT_EQ(order, (std::vector<std::string>{"1 fast", "0 slow"}));
}

// More is made once the first has reached its server, which waits for it.
TEST(Client, MoreIsAskedForWhileTheFirstIsUnderWay) {
  FakeWorld fake;
  std::promise<void> reached;
  std::promise<void> second;
  const auto more_came = second.get_future().share();
  HttpServer server([&](const RawRequest& request) {
    if (request.target == "/more") {
      second.set_value();
      return ServedAnswer{.body = "more"};
    }
    reached.set_value();
    const bool in_time = more_came.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    return ServedAnswer{.body = in_time ? "first" : "no more came"};
  });
  auto http = make_client(fake.world());
  bool first_was_sent = false;
  const auto answers = http->send_all_meanwhile(
      {{.url = server.url("/first")}}, {.more = [&] {
        first_was_sent =
            reached.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
        return std::vector<HttpRequest>{{.url = server.url("/more")}, {.url = "file:///x"}};
      }});
  EXPECT_TRUE(first_was_sent);
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0]->body, "first");
  EXPECT_EQ(answers[1]->body, "more");
  EXPECT_EQ(answers[2].error().code, Errc::unsupported);
}

// Nothing to begin with, nothing that can be sent, nothing more.
TEST(Client, MoreIsAskedForWhereNothingIsUnderWay) {
  FakeWorld fake;
  HttpServer server([](const RawRequest&) { return ServedAnswer{.body = "more"}; });
  auto http = make_client(fake.world());
  const auto more = [&] { return std::vector<HttpRequest>{{.url = server.url()}}; };
  EXPECT_EQ(http->send_all_meanwhile({}, {.more = more}).at(0)->body, "more");
  const auto both = http->send_all_meanwhile({{.url = "file:///x"}}, {.more = more});
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].error().code, Errc::unsupported);
  EXPECT_EQ(both[1]->body, "more");
  const auto none = [] { return std::vector<HttpRequest>{}; };
  EXPECT_TRUE(http->send_all_meanwhile({}, {.more = none}).empty());
}

TEST(Client, TakesGzipUnlessTheBytesMatter) {
  FakeWorld fake;
  HttpServer server([](const RawRequest& request) {
    return ServedAnswer{.body = std::string(5000, 'a'),
                        .headers = {{"X-Asked", request.header("accept-encoding")}}};
  });
  auto http = make_client(fake.world());
  const auto squeezed = http->send({.url = server.url()});
  ASSERT_TRUE(squeezed) << squeezed.error().text();
  EXPECT_EQ(squeezed->header("x-asked"), "gzip");
  EXPECT_EQ(squeezed->header("content-encoding"), "gzip");
  EXPECT_EQ(squeezed->body, std::string(5000, 'a'));
  const auto plain = http->send({.url = server.url(), .compressed = false});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->header("x-asked"), "");
  EXPECT_EQ(plain->body, std::string(5000, 'a'));
}

TEST(Client, RefusesRequestsThatWouldSplitOrSmuggle) {
  FakeWorld fake;
  auto http = make_client(fake.world());
  const std::string url = "http://127.0.0.1:1/";
  const auto code = [&](HttpRequest request) {
    request.url = url;
    const auto answer = http->send(request);
    return answer ? Errc::internal : answer.error().code;
  };
  EXPECT_EQ(code({.headers = {{"X", "a\r\nY: b"}}}), Errc::usage);
  EXPECT_EQ(code({.headers = {{"X: a\r\nY", "b"}}}), Errc::usage);
  EXPECT_EQ(code({.headers = {{"", "b"}}}), Errc::usage);
  EXPECT_EQ(code({.headers = {{"Content-Length", "3"}}}), Errc::usage);
  EXPECT_EQ(code({.headers = {{"Host", "b.test"}}}), Errc::usage);
  EXPECT_EQ(code({.method = "GET / HTTP/1.1\r\nX: y\r\n\r\nGET"}), Errc::usage);
  EXPECT_EQ(code({.method = "CONNECT"}), Errc::usage);
  const auto token = std::make_shared<const SecretBytes>(SecretBytes::copy_of("abc\n"));
  EXPECT_EQ(code({.authorization = token}), Errc::usage);
}

TEST(Client, AuthorizationIsSentAsSchemeAndToken) {
  FakeWorld fake;
  HttpServer server(
      [](const RawRequest& r) { return ServedAnswer{.body = r.header("authorization")}; });
  auto http = make_client(fake.world());
  const auto token = std::make_shared<const SecretBytes>(SecretBytes::copy_of("abc.def"));
  EXPECT_EQ(http->send({.url = server.url(), .authorization = token})->body, "Bearer abc.def");
  EXPECT_EQ(
      http->send({.url = server.url(), .authorization_scheme = "Basic", .authorization = token})
          ->body,
      "Basic abc.def");
}

TEST(Client, ManyThreadsShareOneClient) {
  World world = system_world();
  test::FakeEnvironment environment;
  World quiet{world.clock, world.files, environment, world.random, world.processes};
  HttpServer server(echo);
  auto http = make_client(quiet);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          const std::string path = cat("/", t, "/", i);
          const auto one = http->send({.url = server.url(path)});
          if (one && one->body == cat("GET ", path, " ")) ++good;
          const auto more = http->send_all({{.url = server.url(path)}, {.url = server.url("/z")}});
          if (more[0] && more[1] && more[1]->body == "GET /z ") ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 120);
  EXPECT_LE(server.connections(), 12U);
}

TEST(Offline, RefusesEveryRequestByName) {
  FakeWorld fake;
  auto http = make_client(fake.world(), {.offline = true});
  const auto answer = http->send({.url = "https://rekor.test/api?token=hunter2"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::denied);
  EXPECT_EQ(answer.error().what, "offline: https://rekor.test/api is not asked");
  const auto both = make_offline_client()->send_all({{.url = "https://a.test"}, {.url = "%"}});
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].error().code, Errc::denied);
  EXPECT_EQ(both[1].error().code, Errc::denied);
}

}  // namespace
}  // namespace sluice::net
