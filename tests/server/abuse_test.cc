// SPDX-License-Identifier: Apache-2.0
// The server among those who mean it no good, and at its end.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "server/tests_server.h"
#include "server/watched.h"

namespace sluice {
namespace {

using test::PlainSocket;
using test::RawClient;
using test::ServerTest;
using namespace std::chrono_literals;

class ServerAbuse : public ServerTest {
 protected:
  void expect_others_are_served() {
    auto other = connect();
    const auto answer = ask(*other, get("/plain"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "plain");
  }
};

TEST_F(ServerAbuse, ARequestThatComesByteByByteIsEnded) {
  limits_.read = 300ms;
  start();
  auto slow = connect();
  const auto began = std::chrono::steady_clock::now();
  const std::string request = "GET /plain HTTP/1.1\r\nHost: x\r\nX: ";
  for (std::size_t i = 0; i < request.size() && slow->send(request.substr(i, 1)); ++i) {
    std::this_thread::sleep_for(20ms);
  }
  const auto answer = slow->answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_TRUE(slow->closed());
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
  expect_others_are_served();
}

TEST_F(ServerAbuse, ABodyThatNeverEndsComingIsEnded) {
  limits_.read = 300ms;
  start();
  auto slow = connect();
  ASSERT_TRUE(slow->send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"));
  EXPECT_EQ(slow->answer()->status, 408);
  auto chunks = connect();
  ASSERT_TRUE(
      chunks->send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1"));
  EXPECT_EQ(chunks->answer()->status, 408);
  EXPECT_EQ(handled_, 0);
}

TEST_F(ServerAbuse, AChunkLineWithoutEndDoesNotFillTheMemory) {
  start();
  auto client = connect();
  ASSERT_TRUE(
      client->send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;"));
  std::size_t sent = 0;
  while (sent < (64U << 20) && client->send(std::string(65536, 'x'))) sent += 65536;
  EXPECT_LT(sent, 64U << 20);  // the server gave up long before
  expect_others_are_served();
}

TEST_F(ServerAbuse, WhoSaysNothingIsClosed) {
  limits_.idle = 200ms;
  start();
  auto client = connect();
  EXPECT_TRUE(client->closed(10s));
  auto after = connect();
  EXPECT_EQ(ask(*after, get("/plain"))->body, "plain");
  EXPECT_TRUE(after->closed(10s));
}

TEST_F(ServerAbuse, WhoNeverShakesHandsIsClosed) {
  limits_.handshake = 200ms;
  start();
  const PlainSocket silent(server_->port());
  EXPECT_TRUE(silent.closed(10s));
  const PlainSocket partial(server_->port());
  ASSERT_TRUE(partial.send("\x16\x03\x01"));
  EXPECT_TRUE(partial.closed(10s));
}

TEST_F(ServerAbuse, BytesThatAreNoTlsAreClosed) {
  start();
  for (const auto& bytes :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(5000, '\0'), std::string(5000, '\xff'),
        std::string("\x16\x03\x01\xff\xff\x01\x00\x00\x00", 9), std::string("SSH-2.0-x\r\n")}) {
    const PlainSocket socket(server_->port());
    ASSERT_TRUE(socket.send(bytes));
    EXPECT_TRUE(socket.closed(10s));
  }
  expect_others_are_served();
}

TEST_F(ServerAbuse, WhoGoesAwayInTheMiddleIsForgotten) {
  start();
  for (int i = 0; i < 20; ++i) {
    connect();                                  // after the handshake
    (void)connect()->send("POST /echo HT");     // in the middle of a request
    (void)connect()->send(get("/large"));       // before the answer
    (void)connect()->send(post("/echo", "x"));  // while a handler runs, perhaps
  }
  wait_for([&] { return server_->connections() == 0; });
  expect_others_are_served();
}

TEST_F(ServerAbuse, WhoDoesNotReadTheAnswerIsClosed) {
  limits_.write = 200ms;
  start();
  auto client = connect();
  ASSERT_TRUE(client->send(get("/large")));
  wait_for([&] { return server_->connections() == 0; });
  expect_others_are_served();
}

TEST_F(ServerAbuse, AThousandConnectionsLeaveRoomForOneMore) {
  limits_.connections = 50;
  start();
  std::vector<std::unique_ptr<PlainSocket>> held;
  for (int i = 0; i < 1000; ++i) held.push_back(std::make_unique<PlainSocket>(server_->port()));
  expect_others_are_served();
  EXPECT_LE(server_->connections(), 52U);
}

TEST_F(ServerAbuse, WhoWasAnsweredStaysWhereStrangersCrowdIn) {
  limits_.connections = 40;
  start();
  auto kept = connect();
  EXPECT_EQ(ask(*kept, get("/plain"))->body, "plain");
  std::vector<std::unique_ptr<PlainSocket>> held;
  for (int i = 0; i < 200; ++i) {
    held.push_back(std::make_unique<PlainSocket>(server_->port()));
    (void)held.back()->send("\x16");
  }
  expect_others_are_served();
  const auto again = ask(*kept, get("/plain"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->body, "plain");
}

TEST_F(ServerAbuse, AnAddressHasABoundOfItsOwn) {
  limits_.per_address = 20;
  start();
  std::vector<std::unique_ptr<PlainSocket>> held;
  for (int i = 0; i < 100; ++i) held.push_back(std::make_unique<PlainSocket>(server_->port()));
  expect_others_are_served();
  wait_for([&] { return server_->connections() <= 20; });
}

TEST_F(ServerAbuse, WhatIsOnlyAnnouncedTakesNoRoom) {
  limits_.bodies = 100'000;
  start();
  std::vector<std::unique_ptr<RawClient>> announcing;
  for (int i = 0; i < 20; ++i) {
    announcing.push_back(connect());
    ASSERT_TRUE(announcing.back()->send(
        cat("POST /echo HTTP/1.1\r\nHost: x\r\n",
            i % 2 == 0 ? "Content-Length: 90000" : "Transfer-Encoding: chunked", "\r\n\r\n")));
  }
  std::this_thread::sleep_for(100ms);
  auto honest = connect();
  EXPECT_EQ(ask(*honest, post("/echo", std::string(90'000, 'a')))->body.size(), 90'000U);
}

TEST_F(ServerAbuse, BodiesTogetherHaveABoundAndSmallOnesAPartOfIt) {
  limits_.bodies = 400'000;
  limits_.small_body = 80'000;
  limits_.bodies_for_small = 300'000;
  start();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n";
  auto first = connect();
  ASSERT_TRUE(first->send(head + std::string(89'999, 'a')));
  std::this_thread::sleep_for(500ms);  // until it has arrived, on a slow machine
  wait_for([&] {
    auto second = connect();
    const auto answer = ask(*second, head + std::string(90'000, 'b'));
    return answer && answer->status == 503 && second->closed();
  });
  auto small = connect();
  EXPECT_EQ(ask(*small, post("/echo", std::string(70'000, 'c')))->status, 200);
  ASSERT_TRUE(first->send("a"));
  EXPECT_EQ(first->answer()->body.size(), 90'000U);
  wait_for([&] {
    auto third = connect();
    const auto answer = ask(*third, head + std::string(90'000, 'd'));
    return answer && answer->status == 200;
  });
}

TEST_F(ServerAbuse, LargeBodiesQueueApartFromSmallOnes) {
  limits_.small_body = 1'000;
  limits_.queued_large = 4;
  start();
  std::vector<std::unique_ptr<RawClient>> large;
  for (int i = 0; i < 12; ++i) {
    large.push_back(connect());
    ASSERT_TRUE(large.back()->send(post("/hold", std::string(2'000, 'a'))));
  }
  wait_for([&] { return waiting_ == 2; });
  auto honest = connect();
  const auto answer = honest->send(post("/echo", "b")) ? honest->answer(false, 5s) : std::nullopt;
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "b");
  release();
  int held = 0;
  int refused = 0;
  for (auto& each : large) ++(each->answer()->status == 200 ? held : refused);
  EXPECT_EQ(held, 6);  // two threads, four places to wait
  EXPECT_EQ(refused, 6);
}

TEST_F(ServerAbuse, ARouteCanTakeLess) {
  start();
  auto client = connect();
  EXPECT_EQ(ask(*client, post("/short", "0123456789"))->status, 200);
  EXPECT_EQ(ask(*client, post("/short", "0123456789a"))->status, 413);
  auto chunks = connect();
  EXPECT_EQ(ask(*chunks,
                "POST /short HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                "b\r\n0123456789a\r\n0\r\n\r\n")
                ->status,
            413);
}

TEST_F(ServerAbuse, AfterAnUnclearRequestNothingFollows) {
  start();
  std::string many = "GET /plain HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 150; ++i) many += cat("X", i, ": y\r\n");
  for (const auto& request :
       {std::string("GET /plain HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
        std::string("GET /plain HTTP/1.1\r\n\r\n"),
        std::string("CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n"), many + "\r\n"}) {
    auto client = connect();
    const auto answer = ask(*client, request + get("/plain"));
    ASSERT_TRUE(answer);
    EXPECT_GE(answer->status, 400) << request;
    EXPECT_EQ(answer->header("connection"), "close") << request;
    EXPECT_TRUE(client->closed()) << request;
  }
}

// ---- client certificates, other certificates ----

TEST_F(ServerAbuse, AClientCertificateIsShownToTheHandler) {
  const test::TestAuthority clients("clients");
  client_authorities_ = clients.pem();
  start();
  auto nobody = connect();
  EXPECT_EQ(ask(*nobody, get("/who"))->body, "nobody");
  auto somebody =
      connect(clients.issue({.names = {"DNS:ci.example.org", "URI:spiffe://example/ci"}}));
  const auto answer = ask(*somebody, get("/who"));
  ASSERT_TRUE(answer);
  const std::string& who = answer->body;
  EXPECT_NE(who.find("|DNS:ci.example.org,URI:spiffe://example/ci|sha256:"), std::string::npos)
      << who;
}

TEST_F(ServerAbuse, WhoShowsNoCertificateIsRefusedBeforeTheBody) {
  const test::TestAuthority clients("clients");
  client_authorities_ = clients.pem();
  start();
  auto nobody = connect();
  const auto refused =
      ask(*nobody, "POST /certified HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 403);
  EXPECT_TRUE(nobody->closed());
  auto asking = connect();
  EXPECT_EQ(ask(*asking,
                "POST /certified HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: "
                "100-continue\r\n\r\n")
                ->status,
            403);
  EXPECT_EQ(handled_, 0);
  auto open = connect();
  EXPECT_EQ(ask(*open, get("/plain"))->status, 200);
  auto somebody = connect(clients.issue());
  EXPECT_EQ(ask(*somebody, post("/certified", "hello"))->body, "hello");
}

TEST_F(ServerAbuse, ACertificateOfAnotherAuthorityEndsTheConnection) {
  const test::TestAuthority clients("clients");
  const test::TestAuthority others("others");
  client_authorities_ = clients.pem();
  start();
  auto other = connect(others.issue());
  EXPECT_FALSE(ask(*other, get("/who")));
  auto expired = connect(clients.issue({.not_before = -2h, .not_after = -1h}));
  EXPECT_FALSE(ask(*expired, get("/who")));
  expect_others_are_served();
}

TEST_F(ServerAbuse, OffersHttp11AndNothingElse) {
  start();
  const auto agreed = [&](std::string protocols) {
    RawClient client(server_->port(), {authority_.pem(), std::nullopt, std::move(protocols)});
    EXPECT_TRUE(client.connected());
    return client.protocol();
  };
  EXPECT_EQ(agreed("\x02h2\x08http/1.1"), "http/1.1");
  EXPECT_EQ(agreed("\x02h2"), "");
  EXPECT_EQ(agreed(""), "");
}

TEST_F(ServerAbuse, ANewCertificateIsForNewConnections) {
  start();
  auto before = connect();
  EXPECT_EQ(before->server_certificate(), identity_.certificate);
  const auto second = authority_.issue({.not_after = 30 * 24h});
  const auto ends = server_->certificate_ends();
  ASSERT_TRUE(server_->replace({second.certificate, SecretBytes::copy_of(second.key)}));
  EXPECT_EQ(connect()->server_certificate(), second.certificate);
  EXPECT_GT(server_->certificate_ends(), ends + 24h);
  EXPECT_EQ(ask(*before, get("/plain"))->body, "plain");
  EXPECT_FALSE(server_->replace({second.certificate, SecretBytes::copy_of(identity_.key)}));
  EXPECT_EQ(connect()->server_certificate(), second.certificate);
}

// ---- its end ----

TEST_F(ServerAbuse, WhatRunsIsAnsweredBeforeItEnds) {
  start();
  auto idle = connect();
  auto running = connect();
  ASSERT_TRUE(running->send(post("/wait", "")));
  wait_for([&] { return waiting_ == 1; });
  std::size_t cut_off = 99;
  std::jthread stopping([&] { cut_off = server_->stop(10s); });
  EXPECT_TRUE(idle->closed(5s));
  wait_for([&] { return !connect()->connected(); });
  release();
  const auto answer = running->answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "waited");
  EXPECT_EQ(answer->header("connection"), "close");
  running.reset();
  stopping.join();
  EXPECT_EQ(cut_off, 0U);
}

TEST_F(ServerAbuse, WhatRunsTooLongIsCutOff) {
  start();
  auto running = connect();
  ASSERT_TRUE(running->send(post("/wait", "")));
  wait_for([&] { return waiting_ == 1; });
  EXPECT_EQ(server_->stop(100ms), 1U);
  release();
}

TEST_F(ServerAbuse, EndsInTheMiddleOfALoad) {
  start();
  std::atomic<bool> done{false};
  std::atomic<int> good{0};
  std::atomic<int> wrong{0};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      while (!done) {
        auto client = connect();
        for (int k = 0; k < 5 && client->connected(); ++k) {
          const auto answer = ask(*client, post("/echo", "load"));
          if (!answer) break;
          ++(answer->status == 200 && answer->body == "load" ? good : wrong);
        }
      }
    });
  }
  wait_for([&] { return good > 50; });
  EXPECT_EQ(server_->stop(10s), 0U);
  done = true;
  clients.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(ServerWatched, KeepsWhatItHasWhereTheNewIsBroken) {
  std::string content = "a";
  std::string used;
  server::Watched watched("file", [&](const std::string& before) -> Result<std::string> {
    if (content == "broken") return fail(Errc::malformed, "it is broken");
    if (content != before) used = content;
    return content;
  });
  using Change = server::Watched::Change;
  EXPECT_EQ(watched.look(), Change::taken);
  EXPECT_EQ(watched.look(), Change::none);
  content = "broken";
  EXPECT_EQ(watched.look(), Change::broken);
  EXPECT_EQ(watched.look(), Change::none);  // told once
  EXPECT_TRUE(watched.trouble());
  EXPECT_EQ(used, "a");
  content = "a";
  EXPECT_EQ(watched.look(), Change::taken);
  EXPECT_FALSE(watched.trouble());
  content = "b";
  EXPECT_EQ(watched.look(), Change::taken);
  EXPECT_EQ(used, "b");
}

}  // namespace
}  // namespace sluice
