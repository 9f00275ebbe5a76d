// SPDX-License-Identifier: Apache-2.0
#include "net/retry.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "net/client.h"
#include "support/fake_world.h"
#include "support/servers/raw_server.h"

namespace sluice::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeWorld;
using test::RawConnection;
using test::RawRequest;
using test::RawServer;

TEST(Retry, MethodsThatMayBeRepeated) {
  EXPECT_TRUE(may_repeat({.method = "GET"}));
  EXPECT_TRUE(may_repeat({.method = "PUT"}));
  EXPECT_FALSE(may_repeat({.method = "POST"}));
  EXPECT_FALSE(may_repeat({.method = "PATCH"}));
  EXPECT_TRUE(may_repeat({.method = "POST", .repeatable = true}));
  EXPECT_FALSE(may_repeat({.method = "GET", .repeatable = false}));
}

TEST(Retry, RetryAfterInBothForms) {
  const Time now = parse_rfc3339("2026-11-20T14:00:00Z").value();
  EXPECT_EQ(retry_after("120", now), seconds(120));
  EXPECT_EQ(retry_after(" 0 ", now), seconds(0));
  EXPECT_EQ(retry_after("Fri, 20 Nov 2026 14:00:30 GMT", now), seconds(30));
  EXPECT_EQ(retry_after("Fri, 20 Nov 2026 13:00:00 GMT", now), seconds(0));
  EXPECT_EQ(retry_after("99999999999999999999999", now), seconds(1'000'000));
  EXPECT_EQ(retry_after("", now), std::nullopt);
  EXPECT_EQ(retry_after("soon", now), std::nullopt);
  EXPECT_EQ(retry_after("-5", now), std::nullopt);
}

TEST(Retry, BackOffGrowsToACeiling) {
  test::FakeRandom random;
  for (int tries = 1; tries < 40; ++tries) {
    const milliseconds ceiling =
        std::min(milliseconds(500) * (1 << std::min(tries - 1, 6)), milliseconds(10'000));
    for (int i = 0; i < 20; ++i) {
      const milliseconds wait = back_off(tries, random);
      EXPECT_GE(wait, milliseconds(0));
      EXPECT_LE(wait, ceiling) << tries;
    }
  }
}

// A server that answers with these statuses in turn, then with 200.
struct Statuses {
  std::vector<int> statuses;
  std::string headers = {};
  std::atomic<std::size_t> asked = 0;
  RawServer server{RawServer::answering([this](const RawRequest&) {
    const std::size_t turn = asked++;
    if (turn >= statuses.size()) return RawServer::answer(200, "at last");
    return RawServer::answer(statuses[turn], "not now", headers);
  })};
};

TEST(Retry, TriesAgainAndCounts) {
  FakeWorld fake;
  Statuses shaky{.statuses = {503, 429}};
  const auto answer = make_client(fake.world())->send({.url = shaky.server.url()});
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, "at last");
  EXPECT_EQ(answer->tries, 3);
  EXPECT_GT(fake.clock.slept(), milliseconds(0));
  EXPECT_LE(fake.clock.slept(), milliseconds(1500));
}

TEST(Retry, EachStatusThatIsWorthIt) {
  for (const int status : {408, 425, 429, 500, 502, 503, 504}) {
    FakeWorld fake;
    Statuses shaky{.statuses = {status}};
    EXPECT_EQ(make_client(fake.world())->send({.url = shaky.server.url()})->tries, 2) << status;
  }
  for (const int status : {400, 401, 403, 404, 409, 501, 505}) {
    FakeWorld fake;
    Statuses firm{.statuses = {status}};
    EXPECT_EQ(make_client(fake.world())->send({.url = firm.server.url()})->status, status);
    EXPECT_EQ(firm.asked, 1U) << status;
  }
}

TEST(Retry, TheLastAnswerIsTheAnswer) {
  FakeWorld fake;
  Statuses down{.statuses = {503, 503, 503, 503}};
  const auto answer = make_client(fake.world())->send({.url = down.server.url()});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->tries, 3);
  EXPECT_EQ(down.asked, 3U);
}

TEST(Retry, APostIsSentOnceUnlessTheCallerAllowsMore) {
  FakeWorld fake;
  Statuses once{.statuses = {503}};
  auto http = make_client(fake.world());
  EXPECT_EQ(http->send({.method = "POST", .url = once.server.url(), .body = "x"})->status, 503);
  EXPECT_EQ(once.asked, 1U);
  Statuses twice{.statuses = {503}};
  EXPECT_EQ(
      http->send({.method = "POST", .url = twice.server.url(), .body = "x", .repeatable = true})
          ->status,
      200);
  EXPECT_EQ(twice.asked, 2U);
}

TEST(Retry, RetryAfterIsWaitedFor) {
  FakeWorld fake;
  Statuses busy{.statuses = {429}, .headers = "Retry-After: 7\r\n"};
  EXPECT_EQ(make_client(fake.world())->send({.url = busy.server.url()})->status, 200);
  EXPECT_GE(fake.clock.slept(), seconds(7));
  EXPECT_LE(fake.clock.slept(), milliseconds(7500));
}

TEST(Retry, RetryAfterAsADateIsWaitedFor) {
  FakeWorld fake;
  fake.clock.set(parse_rfc3339("2026-11-20T14:00:00Z").value());
  Statuses busy{.statuses = {503}, .headers = "Retry-After: Fri, 20 Nov 2026 14:00:09 GMT\r\n"};
  EXPECT_EQ(make_client(fake.world())->send({.url = busy.server.url()})->status, 200);
  EXPECT_GE(fake.clock.slept(), seconds(9));
}

TEST(Retry, ARetryAfterPastTheBudgetEndsItAtOnce) {
  FakeWorld fake;
  Statuses busy{.statuses = {429}, .headers = "Retry-After: 30\r\n"};
  const auto answer = make_client(fake.world())->send({.url = busy.server.url()});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timeout);
  EXPECT_EQ(answer.error().what,
            cat(busy.server.url(), " asks to come back in 30 s, and only 30 s of 30 s are left"));
  EXPECT_EQ(fake.clock.slept(), milliseconds(0));
  EXPECT_EQ(busy.asked, 1U);
}

TEST(Retry, ARetryAfterJustWithinTheBudgetIsTaken) {
  FakeWorld fake;
  Statuses busy{.statuses = {429}, .headers = "Retry-After: 29\r\n"};
  EXPECT_TRUE(make_client(fake.world())->send({.url = busy.server.url()}));
  EXPECT_EQ(busy.asked, 2U);
}

TEST(Retry, BrokenConnectionsAreTriedAgainAndCounted) {
  FakeWorld fake;
  RawServer server([](RawConnection& connection) { (void)connection.read_request(); });
  const auto answer = make_client(fake.world())->send({.url = server.url()});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().what,
            cat(server.authority(), " closed the connection without an answer (3 tries)"));
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(Retry, ABrokenConnectionIsFollowedByAGoodOne) {
  FakeWorld fake;
  RawServer server([](RawConnection& connection) {
    if (!connection.read_request()) return;
    if (connection.number() == 1) return connection.reset();
    connection.write(RawServer::answer(200, "ok"));
    connection.wait_until_closed();
  });
  const auto answer = make_client(fake.world())->send({.url = server.url()});
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->tries, 2);
}

TEST(Retry, WhatMustNotBeRepeatedIsNotRepeatedOnADeadConnectionEither) {
  FakeWorld fake;
  // Answers the first request of each connection and drops the second one unanswered.
  RawServer server([](RawConnection& connection) {
    if (!connection.read_request()) return;
    connection.write(RawServer::answer(200, "ok"));
    (void)connection.read_request();
  });
  auto http = make_client(fake.world());
  ASSERT_TRUE(http->send({.url = server.url()}));
  const auto posted = http->send({.method = "POST", .url = server.url(), .body = "x"});
  ASSERT_TRUE(posted) << posted.error().text();
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.accepted(), 2);
}

TEST(Retry, TheBudgetCoversAllTries) {
  FakeWorld fake;
  Statuses down{.statuses = std::vector<int>(1000, 503), .headers = "Retry-After: 4\r\n"};
  const auto answer =
      make_client(fake.world())
          ->send({.url = down.server.url(), .budget = {.total = seconds(10), .tries = 100}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timeout);
  EXPECT_NE(answer.error().what.find("of 10 s are left (3 tries)"), std::string::npos)
      << answer.error().what;
  EXPECT_LE(fake.clock.slept(), seconds(10));
}

TEST(Retry, ManyRequestsTogetherDoNotMultiplyTheLoad) {
  FakeWorld fake;
  Statuses down{.statuses = std::vector<int>(1000, 500)};
  const std::vector<HttpRequest> requests(40, {.url = down.server.url()});
  for (const auto& answer : make_client(fake.world())->send_all(requests)) {
    EXPECT_EQ(answer->status, 500);
  }
  EXPECT_EQ(down.asked, 40U + 50U);
}

TEST(Retry, OthersCarryOnWhileOneWaits) {
  FakeWorld fake;
  Statuses shaky{.statuses = {503}};
  RawServer good(RawServer::answering([](const RawRequest&) { return RawServer::answer(200); }));
  const auto answers =
      make_client(fake.world())->send_all({{.url = shaky.server.url()}, {.url = good.url()}});
  EXPECT_EQ(answers[0]->tries, 2);
  EXPECT_EQ(answers[1]->tries, 1);
}

}  // namespace
}  // namespace sluice::net
