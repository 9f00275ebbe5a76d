// SPDX-License-Identifier: Apache-2.0
#include "net/loopback.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/text.h"
#include "net/client.h"
#include "support/fake_world.h"
#include "support/servers/raw_client.h"

namespace sluice::net {
namespace {

using namespace std::chrono_literals;

// Serves in a thread of its own until a query says "last".
class Serving {
 public:
  explicit Serving(const LoopbackLimits& limits = {}, std::chrono::milliseconds within = 20s)
      : listener_(*Loopback::open(limits)), thread_([this, within] {
          result = listener_.serve("/back", within, [this](std::string_view query) {
            queries.emplace_back(query);
            const bool last = query.find("last") != std::string_view::npos;
            return LoopbackPage{
                .status = last ? 200 : 400, .title = "t", .text = "a <b> & c", .last = last};
          });
        }) {}
  ~Serving() {
    if (thread_.joinable()) thread_.join();
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  std::uint16_t port() const { return listener_.port(); }
  std::string url(std::string_view target) const {
    return cat("http://127.0.0.1:", port(), target);
  }
  void end() { thread_.join(); }

  Result<void> result = fail(Errc::internal, "not yet");
  std::vector<std::string> queries;

 private:
  Loopback listener_;
  std::thread thread_;
};

int status_of(Http& http, const std::string& url, Headers headers = {},
              const std::string& method = "GET") {
  HttpRequest request{.method = method, .url = url, .headers = std::move(headers)};
  request.repeatable = false;
  const auto answer = http.send(request);
  EXPECT_TRUE(answer) << answer.error().text();
  return answer ? answer->status : 0;
}

// What is answered to exactly these bytes, up to its end.
std::string answer_to(std::uint16_t port, std::string_view bytes) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    (void)::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    std::array<char, 4096> chunk{};
    for (ssize_t got = 0; (got = ::recv(socket, chunk.data(), chunk.size(), 0)) > 0;) {
      answer.append(chunk.data(), static_cast<std::size_t>(got));
    }
  }
  ::close(socket);
  return answer.substr(0, answer.find(' ', 9));
}

TEST(Loopback, AnswersUntilTheLastOne) {
  test::FakeWorld fake;
  const auto http = make_client(fake.world());
  Serving serving;
  EXPECT_EQ(status_of(*http, serving.url("/back?first=1")), 400);
  const auto answer = http->send({.url = serving.url("/back?last=1&x=%20")});
  ASSERT_TRUE(answer) << answer.error().text();
  serving.end();
  EXPECT_TRUE(serving.result);
  EXPECT_EQ(serving.queries, (std::vector<std::string>{"first=1", "last=1&x=%20"}));
  EXPECT_NE(answer->body.find("<p>a &lt;b&gt; &amp; c</p>"), std::string::npos);
  EXPECT_EQ(answer->header("cache-control"), "no-store");
  EXPECT_EQ(answer->header("referrer-policy"), "no-referrer");
  EXPECT_EQ(answer->header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'");
}

TEST(Loopback, OthersAreTurnedAway) {
  test::FakeWorld fake;
  const auto http = make_client(fake.world());
  Serving serving;
  EXPECT_EQ(status_of(*http, serving.url("/favicon.ico?last")), 404);
  EXPECT_EQ(status_of(*http, serving.url("/back/?last")), 404);
  EXPECT_EQ(status_of(*http, serving.url("/back?last"), {}, "POST"), 405);
  const auto with_hosts = [&](const std::vector<std::string>& hosts, std::string_view more = "") {
    std::string request = "GET /back?last HTTP/1.1\r\n";
    for (const auto& host : hosts) request += cat("Host: ", host, "\r\n");
    return answer_to(serving.port(), cat(request, more, "\r\n"));
  };
  const std::string own = cat("localhost:", serving.port());
  EXPECT_EQ(with_hosts({"evil.example.org"}), "HTTP/1.1 403");
  EXPECT_EQ(with_hosts({cat("evil.example.org:", serving.port())}), "HTTP/1.1 403");
  EXPECT_EQ(with_hosts({"127.0.0.1:1"}), "HTTP/1.1 403");
  EXPECT_EQ(with_hosts({"localhost"}), "HTTP/1.1 403");
  EXPECT_EQ(with_hosts({}), "HTTP/1.1 403");
  EXPECT_EQ(with_hosts({own, own}), "HTTP/1.1 403");
  EXPECT_EQ(with_hosts({own}, "Sec-Fetch-Mode: no-cors\r\n"), "HTTP/1.1 403");
  EXPECT_TRUE(serving.queries.empty());
  EXPECT_EQ(with_hosts({own}, "sec-fetch-mode: navigate\r\n"), "HTTP/1.1 200");
  serving.end();
  EXPECT_TRUE(serving.result);
}

TEST(Loopback, WhatIsNoRequestIsTurnedAway) {
  test::FakeWorld fake;
  const auto http = make_client(fake.world());
  Serving serving({.head = 4096});
  EXPECT_EQ(answer_to(serving.port(), "\x16\x03\x01\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(answer_to(serving.port(), "GET\r\n\r\n"), "HTTP/1.1 400");
  const std::string start = "GET /back?last HTTP/1.1\r\nx: ";
  EXPECT_EQ(answer_to(serving.port(), start + std::string(5000, 'x')), "")
      << "too much, and no end";
  EXPECT_TRUE(serving.queries.empty());
  EXPECT_EQ(status_of(*http, serving.url("/back?last")), 200);
}

TEST(Loopback, AnIdleConnectionHoldsNobodyUp) {
  test::FakeWorld fake;
  const auto http = make_client(fake.world());
  Serving serving;
  const test::PlainSocket idle(serving.port());
  const test::PlainSocket half(serving.port());
  ASSERT_TRUE(half.send("GET /back?last HT"));
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(status_of(*http, serving.url("/back?last")), 200);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 4s) << "what an idle one is given";
}

TEST(Loopback, ASlowConnectionIsClosed) {
  Serving serving({.slowest = 50ms}, 5s);
  const test::PlainSocket slow(serving.port());
  EXPECT_TRUE(slow.closed(4s));
  test::FakeWorld fake;
  EXPECT_EQ(status_of(*make_client(fake.world()), serving.url("/back?last")), 200);
}

TEST(Loopback, TimeAndConnectionsEnd) {
  Serving late({}, 50ms);
  late.end();
  EXPECT_EQ(late.result.error().code, Errc::timeout);
  Serving busy({.connections = 2});
  const test::PlainSocket one(busy.port());
  const test::PlainSocket two(busy.port());
  const test::PlainSocket three(busy.port());
  busy.end();
  EXPECT_EQ(busy.result.error().code, Errc::limit);
}

TEST(Loopback, OnlyThisMachineReachesIt) {
  auto listener = Loopback::open();
  ASSERT_TRUE(listener) << listener.error().text();
  EXPECT_GT(listener->port(), 0);
  auto other = Loopback::open();
  ASSERT_TRUE(other);
  EXPECT_NE(listener->port(), other->port());
}

TEST(RequestLine, IsReadStrictly) {
  const auto good = parse_request_line("GET /a/b?c=d?e HTTP/1.1");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->path, "/a/b");
  EXPECT_EQ(good->query, "c=d?e");
  EXPECT_EQ(parse_request_line("GET / HTTP/1.0")->query, "");
  for (const auto* bad : {"", "GET", "GET /", "GET / HTTP/2", "GET / HTTP/1.1 ", "GET  / HTTP/1.1",
                          "GET a HTTP/1.1", "GET http://x/ HTTP/1.1", "GET /\x01 HTTP/1.1",
                          "GET /\xc3\xa9 HTTP/1.1", "GET /#a HTTP/1.1"}) {
    const auto line = parse_request_line(bad);
    ASSERT_FALSE(line) << bad;
    EXPECT_EQ(line.error().code, Errc::malformed) << bad;
  }
  EXPECT_EQ(parse_request_line("POST / HTTP/1.1").error().code, Errc::unsupported);
  EXPECT_EQ(parse_request_line("get / HTTP/1.1").error().code, Errc::unsupported);
  const std::string longest(16383, 'a');
  EXPECT_TRUE(parse_request_line(cat("GET /", longest, " HTTP/1.1")));
  EXPECT_FALSE(parse_request_line(cat("GET /", longest, "a HTTP/1.1")));
}

}  // namespace
}  // namespace sluice::net
