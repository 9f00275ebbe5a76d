// SPDX-License-Identifier: Apache-2.0
// Bounds on what one exchange may cost, each with the neighbour that just passes, and answers that
// are no HTTP.
#include <gtest/gtest.h>

#include "base/text.h"
#include "net/client.h"
#include "support/fake_world.h"
#include "support/servers/http_server.h"
#include "support/servers/raw_server.h"

namespace sluice::net {
namespace {

using std::chrono::milliseconds;
using test::FakeWorld;
using test::RawConnection;
using test::RawRequest;
using test::RawServer;

// Runs a hundred times as fast as the real one, so that ten seconds pass in a tenth of one.
class FastClock final : public Clock {
 public:
  Time now() const override { return system_clock().now(); }
  std::chrono::steady_clock::time_point ticks() const override {
    return start_ + (system_clock().ticks() - start_) * 100;
  }
  void sleep(milliseconds length) override { system_clock().sleep(length / 100); }

 private:
  std::chrono::steady_clock::time_point start_ = system_clock().ticks();
};

// After the request these bytes, piece after piece, then whatever `then` does.
RawServer::Handler saying(const std::string& bytes,
                          const std::function<void(RawConnection&)>& then = {}) {
  return [=](RawConnection& connection) {
    if (!connection.read_request()) return;
    connection.write(bytes);
    if (then) then(connection);
  };
}
void stall(RawConnection& connection) { connection.wait_until_closed(); }

HttpRequest once(std::string url, HttpBudget budget = {}) {
  budget.tries = 1;
  return {.url = std::move(url), .budget = budget};
}

Result<HttpResponse> fetched(const RawServer& server, const HttpBudget& budget = {}) {
  FakeWorld fake;
  return make_client(fake.world())->send(once(server.url(), budget));
}

Error error_of(const Result<HttpResponse>& answer) {
  EXPECT_FALSE(answer);
  return answer ? Error{} : answer.error();
}

TEST(Budget, BodyUpToTheBoundPassesAndOneByteMoreDoesNot) {
  RawServer server(RawServer::answering(
      [](const RawRequest&) { return RawServer::answer(200, std::string(1000, 'x')); }));
  EXPECT_EQ(fetched(server, {.max_body = 1000})->body.size(), 1000U);
  const Error error = error_of(fetched(server, {.max_body = 999}));
  EXPECT_EQ(error.code, Errc::limit);
  EXPECT_EQ(error.what,
            cat("the answer announces 1000 bytes, allowed are 999 (", server.url(), ")"));
}

TEST(Budget, AnAnnouncedBodyIsRefusedBeforeItIsRead) {
  // The body never comes: only the announcement can be what is refused.
  RawServer server(saying("HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", stall));
  EXPECT_EQ(error_of(fetched(server)).code, Errc::limit);
  RawServer endless(
      saying("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", stall));
  EXPECT_FALSE(fetched(endless));
}

TEST(Budget, AnUnannouncedBodyIsCutOffAtTheBound) {
  RawServer server([](RawConnection& connection) {
    if (!connection.read_request()) return;
    connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (connection.write("10\r\n0123456789abcdef\r\n")) continue;
  });
  const Error error = error_of(fetched(server, {.max_body = 100'000}));
  EXPECT_EQ(error.code, Errc::limit);
  EXPECT_EQ(error.what, cat("the answer is larger than 100000 bytes (", server.url(), ")"));
}

TEST(Budget, ACompressedBodyCountsAsWhatItUnpacksTo) {
  FakeWorld fake;
  test::HttpServer server(
      [](const RawRequest&) { return test::ServedAnswer{.body = std::string(8'000'000, 'a')}; });
  auto http = make_client(fake.world());
  const Error error = error_of(http->send(once(server.url(), {.max_body = 7'999'999})));
  EXPECT_EQ(error.code, Errc::limit);
  const auto answer = http->send(once(server.url(), {.max_body = 8'000'000}));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body.size(), 8'000'000U);
}

TEST(Budget, HeaderBytesAreCounted) {
  const std::string value(1000, 'v');
  const std::string head = cat("HTTP/1.1 200 OK\r\nX: ", value, "\r\nContent-Length: 0\r\n\r\n");
  RawServer server(RawServer::answering([&](const RawRequest&) { return std::string(head); }));
  EXPECT_TRUE(fetched(server, {.max_headers = head.size()}));
  EXPECT_EQ(error_of(fetched(server, {.max_headers = head.size() - 1})).code, Errc::limit);
}

TEST(Budget, HeadersAreCounted) {
  RawServer server(RawServer::answering(
      [](const RawRequest&) { return RawServer::answer(200, "", "A: 1\r\nB: 2\r\n"); }));
  EXPECT_TRUE(fetched(server, {.max_header_count = 3}));
  EXPECT_EQ(error_of(fetched(server, {.max_header_count = 2})).code, Errc::limit);
}

TEST(Budget, EndlessHeadersAndEndlessInterimAnswersEnd) {
  RawServer headers([](RawConnection& connection) {
    if (!connection.read_request()) return;
    connection.write("HTTP/1.1 200 OK\r\n");
    while (connection.write("X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n")) continue;
  });
  EXPECT_EQ(error_of(fetched(headers)).code, Errc::limit);
  RawServer interim([](RawConnection& connection) {
    if (!connection.read_request()) return;
    while (connection.write("HTTP/1.1 103 Hints\r\n\r\n")) continue;
  });
  EXPECT_EQ(error_of(fetched(interim)).code, Errc::limit);
}

TEST(Budget, InterimAnswersAreForgotten) {
  RawServer server(
      saying("HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + RawServer::answer(200, "ok"), stall));
  const auto answer = fetched(server);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, 200);
  EXPECT_FALSE(answer->header("link"));
}

TEST(Budget, TrailersAreNotHeaders) {
  RawServer server(
      saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: 1\r\n\r\n"
             "2\r\nok\r\n0\r\nLocation: http://b.test/\r\n\r\n",
             stall));
  const auto answer = fetched(server);
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, "ok");
  EXPECT_EQ(answer->header("a"), "1");
  EXPECT_FALSE(answer->header("location"));
}

TEST(Budget, ASilentServerTimesOutWithFigures) {
  RawServer server(saying("", stall));
  const Error error = error_of(fetched(server, {.total = milliseconds(150)}));
  EXPECT_EQ(error.code, Errc::timeout);
  EXPECT_EQ(error.what, cat("no answer from ", server.url(), " within 150 ms"));
}

TEST(Budget, ABodyThatStallsTimesOut) {
  RawServer server(saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", stall));
  EXPECT_EQ(error_of(fetched(server, {.total = milliseconds(150)})).code, Errc::timeout);
}

TEST(Budget, TheTotalIsTakenFromTheClockGiven) {
  FakeWorld fake;
  FastClock fast;
  const World world{fast, system_files(), fake.environment, fake.random, system_processes()};
  RawServer server(saying("", stall));
  auto http = make_client(world);
  // Thirty seconds of that clock.
  const auto before = system_clock().ticks();
  EXPECT_EQ(error_of(http->send(once(server.url()))).code, Errc::timeout);
  EXPECT_LT(system_clock().ticks() - before, std::chrono::seconds(5));
}

TEST(Budget, ATrickleIsTooSlow) {
  FakeWorld fake;
  FastClock fast;
  const World world{fast, system_files(), fake.environment, fake.random, system_processes()};
  RawServer server(saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", stall));
  auto http = make_client(world);
  const Error error = error_of(http->send(once(server.url(), {.total = milliseconds(200'000)})));
  EXPECT_EQ(error.code, Errc::timeout);
  EXPECT_NE(error.what.find("is too slow: "), std::string::npos) << error.what;
}

TEST(Budget, AServerThatThinksIsNotSlow) {
  FakeWorld fake;
  FastClock fast;
  const World world{fast, system_files(), fake.environment, fake.random, system_processes()};
  RawServer server([](RawConnection& connection) {
    if (!connection.read_request()) return;
    system_clock().sleep(milliseconds(250));  // 25 s of the fast clock
    connection.write(RawServer::answer(200, "ok"));
  });
  auto http = make_client(world);
  const auto answer = http->send(once(server.url(), {.total = milliseconds(200'000)}));
  EXPECT_TRUE(answer) << answer.error().text();
}

TEST(BadAnswer, EndsEarly) {
  RawServer server(saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
  const Error error = error_of(fetched(server));
  EXPECT_EQ(error.code, Errc::network);
  EXPECT_EQ(error.what, cat("the answer from ", server.url(), " ends early"));
  RawServer chunked(saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf"));
  EXPECT_EQ(error_of(fetched(chunked)).code, Errc::network);
}

TEST(BadAnswer, IsNotHttp) {
  RawServer server(saying("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
  const Error error = error_of(fetched(server));
  EXPECT_EQ(error.code, Errc::malformed);
  EXPECT_EQ(error.what, cat("what answers at ", server.authority(), " does not speak HTTP"));
  RawServer binary(saying(std::string("\x15\x03\x01\x00\x02\x02\x16", 7)));
  EXPECT_FALSE(fetched(binary));
}

TEST(BadAnswer, IsReset) {
  RawServer server(saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                          [](RawConnection& connection) { connection.reset(); }));
  EXPECT_EQ(error_of(fetched(server)).code, Errc::network);
  RawServer nothing(saying(""));
  const Error error = error_of(fetched(nothing));
  EXPECT_EQ(error.code, Errc::network);
  EXPECT_EQ(error.what, cat(nothing.authority(), " closed the connection without an answer"));
}

TEST(BadAnswer, HasBrokenFraming) {
  for (const std::string head :
       {"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf"}) {
    RawServer server(saying(head));
    EXPECT_FALSE(fetched(server)) << head;
  }
}

TEST(BadAnswer, WritingToAPeerThatLeftIsNoSignal) {
  RawServer server([](RawConnection& connection) { connection.reset(); });
  FakeWorld fake;
  auto http = make_client(fake.world());
  HttpRequest request = once(server.url());
  request.method = "PUT";
  request.body = std::string(4'000'000, 'x');
  for (int i = 0; i < 5; ++i) EXPECT_EQ(error_of(http->send(request)).code, Errc::network);
}

TEST(BadAnswer, ANameThatNobodyCanHave) {
  FakeWorld fake;
  // A label of more than 63 bytes is refused by the resolver itself: no server is asked.
  const std::string name = std::string(70, 'a') + ".test";
  const Error error = error_of(make_client(fake.world())->send(once(cat("http://", name, "/"))));
  EXPECT_EQ(error.code, Errc::network);
  EXPECT_EQ(error.what, cat("the name ", name, " cannot be resolved"));
}

TEST(BadAnswer, NobodyListens) {
  FakeWorld fake;
  int free_port = 0;
  {
    RawServer gone(saying(""));
    free_port = gone.port();
  }
  auto http = make_client(fake.world());
  const Error refused = error_of(http->send(once(cat("http://127.0.0.1:", free_port, "/"))));
  EXPECT_EQ(refused.code, Errc::network);
  EXPECT_EQ(refused.what, cat("cannot connect to 127.0.0.1:", free_port, ": Connection refused"));
}

}  // namespace
}  // namespace sluice::net
