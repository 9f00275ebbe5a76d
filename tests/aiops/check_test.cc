// SPDX-License-Identifier: Apache-2.0
// The whole question, over real connections, to a Prometheus that misbehaves in every way.
#include "aiops/check.h"

#include <gtest/gtest.h>

#include "aiops/engine.h"
#include "base/text.h"
#include "net/client.h"
#include "support/fake_http.h"
#include "support/fake_world.h"
#include "support/servers/raw_server.h"

namespace sluice::aiops {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using test::RawRequest;
using test::RawServer;

const Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + std::chrono::hours(16);

// What the form of a range query asks for.
Grid asked_by(const RawRequest& request) {
  const auto number = [&](std::string_view key) {
    const auto at = request.body.find(cat("&", key, "="));
    return seconds(std::stoll(request.body.substr(at + key.size() + 2)));
  };
  return {Time(number("start")), Time(number("end")), number("step")};
}

std::string matrix_of(const Grid& grid, const std::function<std::string(std::size_t)>& value) {
  std::string out = R"({"status":"success","data":{"resultType":"matrix","result":[)"
                    R"({"metric":{},"values":[)";
  const std::size_t count = grid.points();
  bool first = true;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string text = value(count - 1 - i);  // 0 for the latest point
    if (text.empty()) continue;
    const auto time = grid.begin + grid.step * static_cast<std::int64_t>(i);
    out += cat(first ? "" : ",", "[", time.time_since_epoch().count(), ",\"", text, "\"]");
    first = false;
  }
  return out + "]}]}}";
}

std::string ordinary(std::size_t i) { return cat(10 + i * 2 % 5); }

struct Check : testing::Test {
  test::FakeWorld fake;
  std::unique_ptr<Http> http = net::make_client(fake.world());
  Profile profile = *parse_profile(
      "apiVersion: sluice/v1\nkind: AiopsProfile\nservice: checkout\nhistory: 2d\n"
      "signals:\n  errors: {query: errors}\n  latency: {query: latency}\n  cpu: {query: cpu}\n",
      "p.yaml");

  Endpoint endpoint(const RawServer& server) const {
    Endpoint out{.url = server.url()};
    out.budget.tries = 1;
    out.budget.total = std::chrono::seconds(5);
    return out;
  }
  HealthReport checked(const RawServer& server) {
    auto report = check(*http, profile, {.prometheus = endpoint(server)}, kNow);
    EXPECT_TRUE(report) << report.error().text();
    return report ? *std::move(report) : HealthReport{};
  }
  // All signals get the same treatment; the one that it leads to.
  SignalHealth treated(const std::function<std::string(const RawRequest&)>& answer) {
    RawServer server(RawServer::answering(answer));
    const auto report = checked(server);
    EXPECT_EQ(server.requests().size(), 3U);
    for (const auto& signal : report.signals) EXPECT_EQ(signal.state, report.signals[0].state);
    EXPECT_EQ(report.health == Health::healthy, report.signals[0].state == State::normal);
    if (!decided(report.signals[0].state)) {
      EXPECT_EQ(report.health, Health::unknown);
    }
    return report.signals[0];
  }
  SignalHealth answered(const std::function<std::string(std::size_t)>& value) {
    return treated([&](const RawRequest& request) {
      return RawServer::answer(200, matrix_of(asked_by(request), value));
    });
  }
};

TEST_F(Check, CalmIsHealthyAndTheQueryEndsBeforeTheIngestLag) {
  RawServer server(RawServer::answering([](const RawRequest& request) {
    return RawServer::answer(200, matrix_of(asked_by(request), ordinary));
  }));
  const auto report = checked(server);
  EXPECT_EQ(report.health, Health::healthy);
  EXPECT_EQ(report.signals[0].points, 577U);
  EXPECT_EQ(report.at, kNow - minutes(1));
  const auto requests = server.requests();
  for (const auto& request : requests) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/api/v1/query_range");
    EXPECT_EQ(asked_by(request).end, kNow - minutes(1));
    EXPECT_EQ(asked_by(request).points(), 577U);
  }
}

TEST_F(Check, TwoAnomalousSignalsAreAnIncidentSinceBothWere) {
  RawServer server(RawServer::answering([](const RawRequest& request) {
    const bool errors = request.body.starts_with("query=errors");
    const bool latency = request.body.starts_with("query=latency");
    return RawServer::answer(200, matrix_of(asked_by(request), [&](std::size_t i) {
                               const std::size_t length = errors ? 6 : latency ? 3 : 0;
                               return i < length ? std::string("90") : ordinary(i);
                             }));
  }));
  const auto report = checked(server);
  EXPECT_EQ(report.health, Health::incident);
  EXPECT_EQ(*report.since, report.at - minutes(10));
  EXPECT_EQ(*report.signals[0].judgement->since, report.at - minutes(25));
  EXPECT_EQ(report.signals[2].state, State::normal);
}

TEST_F(Check, ASignalOfManyPointsIsAskedForInParts) {
  profile.step = seconds(10);  // 2 days: 17,281 points
  RawServer server(RawServer::answering([](const RawRequest& request) {
    return RawServer::answer(200, matrix_of(asked_by(request), ordinary));
  }));
  EXPECT_EQ(checked(server).signals[0].points, 17'281U);
  EXPECT_EQ(server.requests().size(), 6U);
  for (const auto& request : server.requests())
    EXPECT_LE(asked_by(request).points(), kMostPointsAtOnce);
}

TEST_F(Check, GapsAndStaleSeries) {
  const auto gap = answered([](std::size_t i) { return i > 2 && i < 50 ? "" : ordinary(i); });
  EXPECT_EQ(gap.state, State::normal);
  EXPECT_EQ(gap.quality.absent, 47U);
  EXPECT_EQ(answered([](std::size_t i) { return i < 2 ? "" : ordinary(i); }).state, State::normal);
  const auto stale = answered([](std::size_t i) { return i < 3 ? "" : ordinary(i); });
  EXPECT_EQ(stale.state, State::stale);
  EXPECT_EQ(stale.detail, "the newest point is 15 min old");
  EXPECT_EQ(answered([](std::size_t i) { return i < 3 ? "NaN" : ordinary(i); }).state,
            State::stale);
  EXPECT_EQ(answered([](std::size_t) { return "NaN"; }).state, State::no_data);
  EXPECT_EQ(answered([](std::size_t) { return "+Inf"; }).state, State::no_data);
  EXPECT_EQ(answered([](std::size_t) { return ""; }).state, State::no_data);
  EXPECT_EQ(answered([](std::size_t i) { return i < 29 ? ordinary(i) : ""; }).state,
            State::too_short);
  EXPECT_EQ(answered([](std::size_t i) { return i < 30 ? ordinary(i) : ""; }).state, State::normal);
}

TEST_F(Check, AServerThatLiesIsNotBelieved) {
  const auto shifted = [](seconds by) {
    return [by](const RawRequest& request) {
      Grid grid = asked_by(request);
      grid.begin += by;
      grid.end += by;
      return RawServer::answer(200, matrix_of(grid, ordinary));
    };
  };
  EXPECT_EQ(treated(shifted(seconds(0))).state, State::normal);
  EXPECT_EQ(treated(shifted(seconds(1))).state, State::malformed);
  EXPECT_EQ(treated(shifted(-seconds(1))).state, State::malformed);
  const auto body = [](std::string text) {
    return [text](const RawRequest&) { return RawServer::answer(200, text); };
  };
  EXPECT_EQ(treated(body("<html>login</html>")).state, State::malformed);
  EXPECT_EQ(treated(body("")).state, State::malformed);
  EXPECT_EQ(treated([](const RawRequest& request) {
              Grid finer = asked_by(request);
              finer.step = seconds(1);
              return RawServer::answer(200, matrix_of(finer, ordinary));
            }).state,
            State::too_large);
}

TEST_F(Check, AnAnswerThatMayBePartialIsNoGoodNews) {
  const auto warned = [](std::string warning, auto value) {
    return [warning, value](const RawRequest& request) {
      std::string body = matrix_of(asked_by(request), value);
      body.pop_back();
      return RawServer::answer(200, cat(body, R"(,"warnings":[")", warning, R"("]})"));
    };
  };
  const auto partial = treated(warned("a store did not answer: partial response", ordinary));
  EXPECT_EQ(partial.state, State::unreachable);
  EXPECT_TRUE(partial.detail.ends_with("a store did not answer: partial response"));
  EXPECT_EQ(treated(warned("PromQL info: the name does not end in _total", ordinary)).state,
            State::normal);
  RawServer server(RawServer::answering(warned(
      "partial response", [](std::size_t i) { return i < 2 ? std::string("900") : ordinary(i); })));
  EXPECT_EQ(checked(server).health, Health::incident) << "bad news stays bad news";
}

TEST_F(Check, AMillionPointsEndAtTheLimit) {
  const std::string million = [] {
    std::string out = R"({"status":"success","data":{"resultType":"matrix","result":[)";
    for (int i = 0; i < 1'000'000; ++i) out += "[1,\"1\"],";
    return out;
  }();
  const auto announced =
      treated([&](const RawRequest&) { return RawServer::answer(200, million); });
  EXPECT_EQ(announced.state, State::too_large) << announced.detail;
  const auto endless = treated([&](const RawRequest&) {
    return cat("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", million);
  });
  EXPECT_EQ(endless.state, State::too_large) << endless.detail;
}

TEST_F(Check, StatusesAndSilence) {
  const auto status = [](int code, std::string body = {}) {
    return [=](const RawRequest&) { return RawServer::answer(code, body); };
  };
  EXPECT_EQ(
      treated(status(400, R"({"status":"error","errorType":"bad_data","error":"bad"})")).detail,
      "status 400: bad");
  EXPECT_EQ(treated(status(422)).state, State::rejected);
  EXPECT_EQ(treated(status(500, "<html>")).state, State::unreachable);
  EXPECT_EQ(treated(status(401)).state, State::unauthorised);
  RawServer silent([](test::RawConnection& connection) { connection.wait_until_closed(); });
  Endpoint slow = endpoint(silent);
  slow.budget.total = std::chrono::milliseconds(200);
  const auto report = check(*http, profile, {.prometheus = slow}, kNow);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->signals[0].state, State::unreachable);
  EXPECT_EQ(report->health, Health::unknown);
}

TEST_F(Check, AnUnpluggedPrometheusIsUnknown) {
  Endpoint gone;
  {
    RawServer server(RawServer::answering([](const RawRequest&) { return std::string(); }));
    gone = endpoint(server);
  }
  const auto report = check(*http, profile, {.prometheus = gone}, kNow);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->health, Health::unknown);
  for (const auto& signal : report->signals) EXPECT_EQ(signal.state, State::unreachable);
}

TEST_F(Check, AWrongCallIsAnError) {
  const auto report = check(*http, profile, {.prometheus = {.url = "ftp://x"}}, kNow);
  ASSERT_FALSE(report);
}

TEST_F(Check, TheTokenIsNotShownToAnotherHost) {
  RawServer other(RawServer::answering([](const RawRequest&) { return RawServer::answer(200); }));
  RawServer server(RawServer::answering([&](const RawRequest&) {
    return RawServer::answer(307, "", cat("Location: ", other.url(), "\r\n"));
  }));
  Endpoint with_token = endpoint(server);
  with_token.credential =
      std::make_shared<const SecretBytes>(SecretBytes::copy_of(std::string_view("hunter2")));
  const auto report = check(*http, profile, {.prometheus = with_token}, kNow);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->health, Health::unknown);
  for (const auto& request : server.requests())
    EXPECT_EQ(request.header("authorization"), "Bearer hunter2");
  for (const auto& request : other.requests()) EXPECT_EQ(request.header("authorization"), "");
}

TEST_F(Check, OpenAlertsAreOneMoreSignal) {
  std::string alerts = "[]";
  RawServer server(RawServer::answering([&](const RawRequest& request) {
    if (request.method == "GET") return RawServer::answer(200, alerts);
    const bool bad = request.body.starts_with("query=errors");
    return RawServer::answer(200, matrix_of(asked_by(request), [&](std::size_t i) {
                               return bad && i == 0 ? std::string("90") : ordinary(i);
                             }));
  }));
  const Sources sources{.prometheus = endpoint(server), .alertmanager = endpoint(server)};
  EXPECT_EQ(check(*http, profile, sources, kNow)->health, Health::warning);
  alerts = R"([{"labels":{"alertname":"Slow"},"startsAt":"2026-11-20T15:00:00Z"}])";
  const auto report = check(*http, profile, sources, kNow);
  EXPECT_EQ(report->health, Health::incident);
  ASSERT_EQ(report->alerts.size(), 1U);
  EXPECT_EQ(reason(*report), "errors and open alerts, both since 2026-11-20 15:59:00Z");
  alerts = "<html>";
  EXPECT_EQ(check(*http, profile, sources, kNow)->health, Health::unknown);
}

struct Engine : Check {
  HealthReport said(const json::Value& answer, int status = 200) {
    test::FakeHttp engine;
    engine.answer("POST http://engine.test/v1/health", status, json::write(answer));
    auto report = ask_engine(engine, {.url = "http://engine.test/"}, "checkout", kNow);
    EXPECT_TRUE(report);
    EXPECT_EQ(engine.requests()[0].body, R"({"kind":"sluice.health-query/v1","service":"checkout",)"
                                         R"("at":"2026-11-20T16:00:00Z"})");
    return *report;
  }
  HealthReport good() {
    HealthReport report{.service = "checkout", .at = kNow, .source = "x"};
    SignalHealth signal{.name = "score", .title = "score\x1b", .state = State::normal};
    signal.judgement = Judgement{.at = kNow, .value = 0.1, .expected = 0.1, .sigma = 0.2};
    report.signals = {signal};
    conclude(report);
    return report;
  }
};

TEST_F(Engine, AnswersTheSameTypes) {
  const auto report = said(to_json(good()));
  EXPECT_EQ(report.health, Health::healthy);
  EXPECT_EQ(report.source, "http://engine.test/");
  EXPECT_EQ(report.signals[0].title, "score\\x1b");
}

TEST_F(Engine, WhatItMustNotSayIsUnknown) {
  auto other = good();
  other.service = "cart";
  auto old = good();
  old.at = kNow - kEngineFresh;
  EXPECT_EQ(said(to_json(old)).health, Health::healthy);
  old.at -= seconds(1);
  auto ahead = good();
  ahead.at = kNow + minutes(2);
  EXPECT_EQ(said(to_json(other)).signals[0].state, State::malformed);
  EXPECT_EQ(said(to_json(old)).signals[0].state, State::stale);
  EXPECT_EQ(said(to_json(ahead)).signals[0].state, State::malformed);
  EXPECT_EQ(said(json::Value("fine")).health, Health::unknown);
  EXPECT_EQ(said(to_json(good()), 503).signals[0].state, State::unreachable);
  EXPECT_EQ(said(to_json(good()), 401).signals[0].state, State::unauthorised);
  for (const auto& report : {said(to_json(other)), said(json::Value("x"), 503)})
    EXPECT_EQ(report.health, Health::unknown);
}

}  // namespace
}  // namespace sluice::aiops
