// SPDX-License-Identifier: Apache-2.0
// The server as strangers meet it: what it answers, and what it refuses.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "base/text.h"
#include "server/message.h"
#include "server/tests_server.h"
#include "support/servers/raw_client.h"

namespace sluice {
namespace {

using server::Exchange;
using server::Lane;
using server::Request;
using server::Response;
using test::ServerTest;
using namespace std::chrono_literals;

TEST_F(ServerTest, AnswersOnOneConnectionAgainAndAgain) {
  start();
  auto client = connect();
  for (int i = 0; i < 20; ++i) {
    const auto answer = ask(*client, post("/echo", cat("body ", i)));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, cat("body ", i));
  }
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  auto client = connect();
  ASSERT_TRUE(client->send(post("/echo", "one") + post("/echo", "two") + get("/plain")));
  EXPECT_EQ(client->answer()->body, "one");
  EXPECT_EQ(client->answer()->body, "two");
  EXPECT_EQ(client->answer()->body, "plain");
}

TEST_F(ServerTest, HeadHasTheLengthAndNoBody) {
  start();
  auto client = connect();
  ASSERT_TRUE(client->send("HEAD /plain HTTP/1.1\r\nHost: x\r\n\r\n" + get("/plain")));
  const auto head = client->answer(true);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->header("content-length"), "5");
  EXPECT_EQ(client->answer()->body, "plain");
}

TEST_F(ServerTest, ReadsABodyInChunksAndLeavesItsTrailersOut) {
  start();
  auto client = connect();
  const auto answer = ask(*client,
                          "POST /seen HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3\r\nabc\r\n2\r\nde\r\n0\r\nAuthorization: Bearer late\r\n\r\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "POST /seen ? body=abcde authorization=");
}

TEST_F(ServerTest, ContinuesOnlyWhatItWillTake) {
  start();
  auto client = connect();
  ASSERT_TRUE(client->send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client->answer()->status, 100);
  ASSERT_TRUE(client->send("hi"));
  EXPECT_EQ(client->answer()->body, "hi");
  ASSERT_TRUE(client->send(
      "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client->answer()->status, 404);
  EXPECT_TRUE(client->closed());
}

TEST_F(ServerTest, SplitsTheQueryOff) {
  start();
  auto client = connect();
  EXPECT_EQ(ask(*client, post("/seen?timeout=5s&x=", "b"))->body,
            "POST /seen ?timeout=5s&x= body=b authorization=");
}

struct Refusal {
  const char* name;
  std::string request;
  int status;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class ServerRefuses : public ServerTest, public testing::WithParamInterface<Refusal> {};

TEST_P(ServerRefuses, AndGoesOnForOthers) {
  start();
  auto client = connect();
  const auto answer = ask(*client, GetParam().request);
  ASSERT_TRUE(answer) << "no answer";
  EXPECT_EQ(answer->status, GetParam().status) << answer->body;
  EXPECT_EQ(handled_, 0) << "a handler saw it";
  auto other = connect();
  EXPECT_EQ(ask(*other, get("/plain"))->body, "plain");
}

std::string head(std::string_view lines) {
  return cat("POST /echo HTTP/1.1\r\nHost: x\r\n", lines, "\r\n");
}
std::string many_headers() {
  std::string out;
  for (int i = 0; i < 200; ++i) out += cat("X-", i, ": 1\r\n");
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    Http, ServerRefuses,
    testing::Values(
        Refusal{"NoHttp", "hello\r\n\r\n", 400},
        Refusal{"OtherVersion", "GET /plain HTTP/2.0\r\nHost: x\r\n\r\n", 400},
        Refusal{"NoHost", "GET /plain HTTP/1.1\r\n\r\n", 400},
        Refusal{"TwoHosts", "GET /plain HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
        Refusal{"LengthAndChunks",
                head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400},
        Refusal{"ChunksAndLength",
                head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + "0\r\n\r\n", 400},
        Refusal{"TwoLengths", head("Content-Length: 1\r\nContent-Length: 1\r\n") + "a", 400},
        Refusal{"ListOfLengths", head("Content-Length: 1, 1\r\n") + "a", 400},
        Refusal{"SignedLength", head("Content-Length: +1\r\n") + "a", 400},
        Refusal{"HexLength", head("Content-Length: 0x1\r\n") + "a", 400},
        Refusal{"HugeLength", head("Content-Length: 99999999999999999999\r\n") + "a", 400},
        Refusal{"OtherCoding", head("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n", 400},
        Refusal{"TwoCodings",
                head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
                400},
        Refusal{"BlankBeforeColon", head("Content-Length : 1\r\n") + "a", 400},
        Refusal{"BadChunk", head("Transfer-Encoding: chunked\r\n") + "zz\r\n", 400},
        Refusal{"ControlInHeader", head("X: a\x01z\r\nContent-Length: 1\r\n") + "a", 400},
        Refusal{"AbsoluteTarget", "GET https://x/plain HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refusal{"Nowhere", "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404},
        Refusal{"PathIsNotCleaned", "GET /x/../plain HTTP/1.1\r\nHost: x\r\n\r\n", 404},
        Refusal{"OtherMethod", "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", 405},
        Refusal{"UnknownMethod", "BREW /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
                405},
        Refusal{"NoLength", head(""), 411},
        Refusal{"LongBody", head("Content-Length: 100001\r\n"), 413},
        Refusal{"LongChunk",
                head("Transfer-Encoding: chunked\r\n") + "186a1\r\n" + std::string(100'001, 'a') +
                    "\r\n0\r\n\r\n",
                413},
        Refusal{"BodyOfGet", "GET /plain HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na", 413},
        Refusal{"LongTarget", "GET /" + std::string(5000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n",
                414},
        Refusal{"EndlessTarget", "GET /" + std::string(40'000, 'a'), 414},
        Refusal{"OtherType",
                "POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: "
                "1\r\n\r\na",
                415},
        Refusal{"OtherExpectation", head("Content-Length: 1\r\nExpect: miracles\r\n") + "a", 417},
        Refusal{"LongHeader", head("X: " + std::string(20'000, 'a') + "\r\n"), 431},
        Refusal{"ManyHeaders", head(many_headers() + "Content-Length: 1\r\n") + "a", 431}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_F(ServerTest, SaysWhatIsAllowed) {
  start();
  auto client = connect();
  EXPECT_EQ(ask(*client, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")->header("allow"), "POST");
}

TEST_F(ServerTest, TakesABodyUpToTheLimit) {
  start();
  auto client = connect();
  const std::string body(100'000, 'b');
  EXPECT_EQ(ask(*client, post("/echo", body))->body, body);
}

TEST_F(ServerTest, AHandlerThatThrowsIsOneAnswer) {
  start();
  auto client = connect();
  EXPECT_EQ(ask(*client, post("/throw", ""))->status, 500);
  EXPECT_EQ(ask(*client, post("/echo", "still here"))->body, "still here");
}

TEST_F(ServerTest, AHandlerThatTakesTooLongIsOneAnswer) {
  limits_.handle = 100ms;
  start();
  auto client = connect();
  ASSERT_TRUE(client->send(post("/wait", "")));
  auto other = connect();
  EXPECT_EQ(ask(*other, post("/echo", "meanwhile"))->body, "meanwhile");
  EXPECT_EQ(client->answer()->status, 503);
  EXPECT_TRUE(client->closed());
}

TEST_F(ServerTest, SlowWorkDoesNotStandBeforeQuickWork) {
  limits_.slow = 1;
  limits_.queued = 1;
  start();
  std::vector<std::unique_ptr<test::RawClient>> slow;
  for (int i = 0; i < 3; ++i) {
    slow.push_back(connect());
    ASSERT_TRUE(slow.back()->send(post("/wait", "")));
    wait_for([&] { return i > 0 || waiting_ == 1; });
    std::this_thread::sleep_for(20ms);  // so that the second is in the queue before the third
  }
  EXPECT_EQ(slow[2]->answer()->status, 503);
  auto quick = connect();
  EXPECT_EQ(ask(*quick, post("/echo", "quick"))->body, "quick");
  release();
  EXPECT_EQ(slow[0]->answer()->status, 200);
  EXPECT_EQ(slow[1]->answer()->status, 200);
}

TEST_F(ServerTest, TellsOfEachAnswer) {
  start();
  auto client = connect();
  ask(*client, post("/echo", "abc"));
  ask(*client, get("/nowhere"));
  wait_for([&] {
    const std::lock_guard hold(mutex_);
    return exchanges_.size() == 2;
  });
  const std::lock_guard hold(mutex_);
  ASSERT_EQ(exchanges_.size(), 2U);
  EXPECT_EQ(exchanges_[0].route, "/echo");
  EXPECT_EQ(exchanges_[0].status, 200);
  EXPECT_EQ(exchanges_[0].received, 3U);
  EXPECT_EQ(exchanges_[1].route, "");
  EXPECT_EQ(exchanges_[1].status, 404);
}

TEST_F(ServerTest, SaysWhyItCannotStart) {
  const auto wrong = [&](std::string certificate, std::string key, std::string authorities = "") {
    server::TlsFiles tls{std::move(certificate), SecretBytes::copy_of(key), std::move(authorities)};
    const auto server = server::Server::start(setup(), tls);
    return server ? std::string("started") : server.error().what;
  };
  const auto one = authority_.issue();
  const auto other = authority_.issue();
  EXPECT_EQ(wrong(one.certificate, one.key), "started");
  EXPECT_EQ(wrong(one.certificate, other.key), "the key is not that of the certificate");
  EXPECT_EQ(wrong("", one.key), "the certificate file holds no certificate (PEM)");
  EXPECT_EQ(wrong(one.certificate, ""), "the key file holds no private key (PEM, not encrypted)");
  EXPECT_EQ(wrong(one.certificate, one.key, "none"),
            "the file of client authorities holds no certificate (PEM)");
  start();
  auto taken = setup();
  taken.port = server_->port();
  const auto again = server::Server::start(std::move(taken), tls_files());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::io);
}

TEST(ServerMessage, WhatCouldSplitAnAnswerIsLeftOut) {
  Response response{.body = "x", .headers = {{"A", "b\r\nC: d"}, {"E\r\n", "f"}, {"G", "h"}}};
  const auto text = server::answer_text(response, {.keep = true, .now = Time{}});
  EXPECT_EQ(text.find("C: d"), std::string::npos);
  EXPECT_EQ(text.find("E"), std::string::npos);
  EXPECT_NE(text.find("\r\nG: h\r\n"), std::string::npos);
  EXPECT_NE(text.find("\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"), std::string::npos);
}

}  // namespace
}  // namespace sluice
