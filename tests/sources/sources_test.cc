// SPDX-License-Identifier: Apache-2.0
#include "sources/sources.h"

#include <atomic>
#include <thread>

#include "sources/support.h"
#include "support/temp_folder.h"

namespace sluice::sources {
namespace {

using gate::Health;
using gate::Unknown;
using std::chrono::seconds;

constexpr auto kNow = "2026-11-20T00:00:00Z";  // of the fake clock
constexpr auto kClean = R"({"zone":"DE","carbonIntensity":150,"datetime":"2026-11-20T00:00:00Z"})";
constexpr auto kDirty = R"({"zone":"DE","carbonIntensity":400,"datetime":"2026-11-20T00:00:00Z"})";
constexpr auto kBetterAtTwo =
    R"({"zone":"DE","forecast":[{"carbonIntensity":400,"datetime":"2026-11-20T00:00:00Z"},)"
    R"({"carbonIntensity":380,"datetime":"2026-11-20T01:00:00Z"},)"
    R"({"carbonIntensity":100,"datetime":"2026-11-20T02:00:00Z"},)"
    R"({"carbonIntensity":390,"datetime":"2026-11-20T03:00:00Z"}]})";

Unknown unknown_of(const gate::Signal& signal) {
  const auto* reason = std::get_if<Unknown>(&signal.value);
  EXPECT_NE(reason, nullptr) << "the signal is known";
  return reason == nullptr ? Unknown::missing : *reason;
}

std::string detail_of(const gate::Signal& signal, std::string_view label) {
  for (const auto& each : signal.details) {
    if (each.label == label) return each.text;
  }
  return "(none)";
}

TEST_F(Sources, TheMetricsOfAHealthyServiceSayHealthy) {
  metrics({});
  const auto signal = ask_one(kProm);
  EXPECT_EQ(signal.id, "health");
  EXPECT_EQ(std::get<Health>(signal.value), Health::healthy);
  EXPECT_EQ(signal.text, "checkout: all 5 signals are as expected");
  EXPECT_EQ(signal.source, "https://metrics.test/");
  EXPECT_FALSE(signal.asserted);
  ASSERT_TRUE(signal.observed_at);
  EXPECT_EQ(*signal.observed_at, fake.clock.now() - seconds(60));
  EXPECT_EQ(signal.details.size(), 5U);
  EXPECT_EQ(*signal.raw.find("kind")->string(), "sluice.health/v1");
}

TEST_F(Sources, OneOddSignalIsAWarningAndTwoAreAnIncident) {
  metrics({"5.."});
  EXPECT_EQ(std::get<Health>(ask_one(kProm).value), Health::warning);
  http = std::make_shared<test::FakeHttp>();
  access.metrics = http;
  metrics({"5..", "histogram_quantile"});
  const auto signal = ask_one(kProm);
  EXPECT_EQ(std::get<Health>(signal.value), Health::incident);
  EXPECT_TRUE(signal.text.starts_with("checkout: error rate and p95 latency, both since "));
  EXPECT_TRUE(detail_of(signal, "error rate").starts_with("anomalous: 4.1 % ("));
}

TEST_F(Sources, WhatGoesWrongWithMetricsIsUnknownWithItsReason) {
  struct Case {
    int status;
    std::string body;
    Unknown reason;
  };
  const std::string empty = R"({"status":"success","data":{"resultType":"matrix","result":[]}})";
  const std::string lies =
      R"({"status":"success","data":{"resultType":"matrix","result":[{"values":[[1,"1"]]}]}})";
  const std::string many =
      cat(R"({"status":"success","data":{"resultType":"matrix","result":[{"values":[)",
          std::string(5U << 20, ' '), "]}]}}");
  for (const auto& [status, body, reason] : std::vector<Case>{{503, "", Unknown::unreachable},
                                                              {401, "", Unknown::unreachable},
                                                              {422, "", Unknown::malformed},
                                                              {200, "<html>", Unknown::malformed},
                                                              {200, lies, Unknown::malformed},
                                                              {200, many, Unknown::malformed},
                                                              {200, empty, Unknown::no_data}}) {
    http = std::make_shared<test::FakeHttp>();
    access.metrics = http;
    http->answer(kRange, status, body);
    const auto signal = ask_one(kProm);
    EXPECT_EQ(unknown_of(signal), reason) << status << body.substr(0, 100);
    EXPECT_FALSE(signal.text.empty());
    EXPECT_EQ(signal.source, "https://metrics.test/");
  }
}

TEST_F(Sources, AnEngineIsAskedInsteadOfPrometheus) {
  http->answer_by(kEngine, [](const HttpRequest& request) -> Result<HttpResponse> {
    const auto asked = json::parse_strict(request.body);
    EXPECT_EQ(*asked->find("service")->string(), "checkout");
    return HttpResponse{
        .status = 200,
        .headers = {},
        .body = R"({"kind":"sluice.health/v1","service":"another","at":"2026-11-20T00:00:00Z",)"
                R"("health":"healthy","converge":2,"source":"x","signals":[],"alerts":[]})",
        .url = request.url};
  });
  const auto signal = ask_one("{health: {engine: 'https://engine.test', service: checkout}}");
  EXPECT_EQ(unknown_of(signal), Unknown::malformed);
}

TEST_F(Sources, TheProfileComesFromWhereThePolicyCameFrom) {
  const std::string sources =
      "{health: {prometheus: 'https://metrics.test', profile: ops/checkout.yaml}}";
  EXPECT_EQ(unknown_of(ask_one(sources)), Unknown::not_configured);
  EXPECT_EQ(http->requests().size(), 0U);
  files["ops/checkout.yaml"] = "apiVersion: sluice/v1\nkind: AiopsProfile\nservise: a\n";
  const auto wrong = ask_one(sources);
  EXPECT_EQ(unknown_of(wrong), Unknown::not_configured);
  EXPECT_TRUE(wrong.text.starts_with("ops/checkout.yaml:3:1: ")) << wrong.text;
  files["ops/checkout.yaml"] = "apiVersion: sluice/v1\nkind: AiopsProfile\nservice: shop\n";
  metrics({});
  EXPECT_EQ(ask_one(sources).text, "shop: all 5 signals are as expected");
}

TEST_F(Sources, CarbonIsTheReadingWithTheBestWindowOfTheForecast) {
  grid(kDirty, kBetterAtTwo);
  const auto signal = ask_one(kGrid);
  EXPECT_EQ(signal.id, "carbon");
  const auto& carbon = std::get<gate::Carbon>(signal.value);
  EXPECT_EQ(carbon.grams, 400);
  ASSERT_TRUE(carbon.window);
  EXPECT_EQ(rfc3339(carbon.window->start), "2026-11-20T02:00:00Z");
  EXPECT_EQ(carbon.window->mean, 100);
  EXPECT_EQ(carbon.window->saving_percent, 75);
  EXPECT_EQ(signal.source, "electricitymaps DE");
  EXPECT_EQ(rfc3339(*signal.observed_at), kNow);
}

TEST_F(Sources, ALongerRolloutHasAnotherWindow) {
  grid(kDirty, kBetterAtTwo);
  const auto signal = ask_one("{carbon: {url: 'https://grid.test', zone: DE, duration: 2h}}");
  const auto& carbon = std::get<gate::Carbon>(signal.value);
  ASSERT_TRUE(carbon.window);
  EXPECT_EQ(rfc3339(carbon.window->start), "2026-11-20T01:00:00Z");
  EXPECT_EQ(carbon.window->mean, 240);
}

TEST_F(Sources, AReadingWithoutAForecastHasNoWindowAndSaysSo) {
  http->answer(kLatest, 200, kDirty).answer(kForecast, 429, "");
  const auto signal = ask_one(kGrid);
  EXPECT_FALSE(std::get<gate::Carbon>(signal.value).window);
  EXPECT_NE(detail_of(signal, "forecast").find("too many requests"), std::string::npos);
}

TEST_F(Sources, WhatGoesWrongWithTheGridIsUnknownAndNeverTheAssumedNumber) {
  struct Case {
    int status;
    std::string body;
    Unknown reason;
  };
  const std::string null =
      R"({"zone":"DE","carbonIntensity":null,"datetime":"2026-11-20T00:00:00Z"})";
  const std::string other =
      R"({"zone":"FR","carbonIntensity":50,"datetime":"2026-11-20T00:00:00Z"})";
  const std::string past =
      R"({"zone":"DE","carbonIntensity":50,"datetime":"2026-11-18T00:00:00Z"})";
  const std::string ahead =
      R"({"zone":"DE","carbonIntensity":50,"datetime":"2026-11-20T05:00:00Z"})";
  for (const auto& [status, body, reason] : std::vector<Case>{{200, null, Unknown::no_data},
                                                              {200, other, Unknown::malformed},
                                                              {200, past, Unknown::no_data},
                                                              {200, ahead, Unknown::malformed},
                                                              {200, "[]", Unknown::malformed},
                                                              {404, "", Unknown::no_data},
                                                              {401, "", Unknown::unreachable},
                                                              {429, "", Unknown::unreachable},
                                                              {500, "", Unknown::unreachable}}) {
    http = std::make_shared<test::FakeHttp>();
    access.carbon = http;
    http->answer(kLatest, status, body);
    const auto signal = ask_one(kGrid);
    EXPECT_EQ(unknown_of(signal), reason) << status << body;
    EXPECT_EQ(http->count(kForecast), 0U);
    EXPECT_TRUE(signal.raw.find("reading")->find("assumed")->boolean().value_or(false));
  }
}

TEST_F(Sources, ATableIsAFileOfThePolicy) {
  const std::string sources = "{carbon: {zone: DE, table: ops/grid.yaml}}";
  EXPECT_EQ(unknown_of(ask_one(sources)), Unknown::not_configured);
  files["ops/grid.yaml"] =
      "kind: sluice.carbon-table/v1\nsignal: average-lifecycle\nzones: {DE: 350}\n";
  EXPECT_EQ(std::get<gate::Carbon>(ask_one(sources).value).grams, 350);
  EXPECT_EQ(unknown_of(ask_one("{carbon: {region: 'aws:nowhere', table: ops/grid.yaml}}")),
            Unknown::not_configured);
  EXPECT_EQ(std::get<gate::Carbon>(
                ask_one("{carbon: {region: 'aws:eu-central-1', table: ops/grid.yaml}}").value)
                .grams,
            350);
}

TEST_F(Sources, WhatIsNotCountedIsNotAsked) {
  auto rules = environment(cat("{health: {prometheus: 'https://metrics.test', service: a}, ",
                               "carbon: {url: 'https://grid.test', zone: DE}}"));
  rules.signals = {"risk"};
  EXPECT_TRUE(gather(fake.world(), access, rules, reader(), fake.clock.now()).empty());
  EXPECT_TRUE(http->requests().empty());
}

TEST_F(Sources, BothAreAskedAtTheSameTime) {
  // Each answer waits for the other question: one after the other, this would never end.
  std::atomic<int> asked = 0;
  const auto meet = [&asked](auto answer) {
    return [&asked, answer](const HttpRequest& request) -> Result<HttpResponse> {
      asked |= request.method == "POST" ? 1 : 2;
      while (asked != 3) std::this_thread::yield();
      return answer(request);
    };
  };
  http->answer_by(kRange, meet([](const HttpRequest& request) { return matrix(request, {}); }));
  http->answer_by(kLatest, meet([](const HttpRequest& request) -> Result<HttpResponse> {
                    return HttpResponse{
                        .status = 200, .headers = {}, .body = kClean, .url = request.url};
                  }));
  http->answer(kForecast, 404);
  const auto signals = ask(cat("{health: {prometheus: 'https://metrics.test', service: a}, ",
                               "carbon: {url: 'https://grid.test', zone: DE}}"));
  ASSERT_EQ(signals.size(), 2U);
  EXPECT_EQ(signals[0].id, "health");
  EXPECT_EQ(signals[1].id, "carbon");
}

TEST_F(Sources, ManyMayGatherAtOnce) {
  metrics({});
  grid(kDirty, kBetterAtTwo);
  const auto rules = environment(cat("{health: {prometheus: 'https://metrics.test', service: a}, ",
                                     "carbon: {url: 'https://grid.test', zone: DE}}"));
  const auto world = fake.world();
  const auto read = reader();
  const Time now = fake.clock.now();
  std::atomic<int> complete = 0;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 8; ++i) {
      callers.emplace_back([&] {
        const auto signals = gather(world, access, rules, read, now);
        if (signals.size() == 2 && std::get_if<Health>(&signals[0].value) != nullptr &&
            std::get_if<gate::Carbon>(&signals[1].value) != nullptr)
          ++complete;
      });
    }
  }
  EXPECT_EQ(complete, 8);
}

TEST_F(Sources, NothingIsAskedWhenTheDeadlineIsOver) {
  http->answer_by(kLatest, [this](const HttpRequest& request) -> Result<HttpResponse> {
    EXPECT_EQ(request.budget.total, std::chrono::milliseconds(10'000));
    fake.clock.advance(seconds(10));
    return HttpResponse{.status = 200, .headers = {}, .body = kDirty, .url = request.url};
  });
  const auto signal = ask_one("{deadline: 10s, carbon: {url: 'https://grid.test', zone: DE}}");
  EXPECT_EQ(std::get<gate::Carbon>(signal.value).grams, 400);  // it came just in time
  EXPECT_FALSE(std::get<gate::Carbon>(signal.value).window);
  EXPECT_EQ(detail_of(signal, "forecast"), "no time was left before the deadline");
  EXPECT_EQ(http->count(kForecast), 0U);
}

TEST_F(Sources, ASlowServerIsEvidence) {
  http->answer_by(kRange, [this](const HttpRequest& request) -> Result<HttpResponse> {
    fake.clock.advance(request.budget.total);
    return fail(Errc::timeout, "no answer in time");
  });
  const auto signal =
      ask_one("{deadline: 10s, health: {prometheus: 'https://metrics.test', service: a}}");
  EXPECT_EQ(unknown_of(signal), Unknown::unreachable);
  EXPECT_EQ(signal.text, "a, 5 of 5 signals: no answer in time");
}

SecretBytes secret(std::string_view text) { return SecretBytes::copy_of(text); }

TEST_F(Sources, ACredentialGoesToThePolicysPrometheusAlone) {
  access.credential.secret = std::make_shared<const SecretBytes>(secret("hunter2"));
  metrics({});
  http->answer_by(
      "GET https://alerts.test/api/v2/alerts?active=true&silenced=false&inhibited="
      "false&unprocessed=true&filter=job%3D%22a%22",
      [](const HttpRequest& request) -> Result<HttpResponse> {
        EXPECT_EQ(request.authorization, nullptr);
        return HttpResponse{.status = 200, .headers = {}, .body = "[]", .url = request.url};
      });
  const auto signal = ask_one(
      "{health: {prometheus: 'https://metrics.test', alertmanager: 'https://alerts.test', "
      "service: a}}");
  EXPECT_EQ(std::get<Health>(signal.value), Health::healthy);
  for (const auto& request : http->requests()) {
    EXPECT_EQ(request.authorization != nullptr, request.method == "POST") << request.url;
  }
}

TEST_F(Sources, NoCredentialGoesOverPlainHttp) {
  access.credential.secret = std::make_shared<const SecretBytes>(secret("hunter2"));
  const auto signal = ask_one("{health: {prometheus: 'http://metrics.test', service: a}}");
  EXPECT_EQ(unknown_of(signal), Unknown::not_configured);
  EXPECT_TRUE(http->requests().empty());
  EXPECT_EQ(signal.text.find("hunter2"), std::string::npos);
}

TEST_F(Sources, ATokenOfTheEnvironmentGoesNowhereThatAPolicyNames) {
  grid(kDirty, kBetterAtTwo);
  access.token.secret = std::make_shared<const SecretBytes>(secret("hunter2"));
  access.token.ambient = true;
  ask_one(kGrid);
  ASSERT_EQ(http->requests().size(), 2U);
  for (const auto& request : http->requests()) EXPECT_EQ(request.authorization, nullptr);
  access.token.ambient = false;
  ask_one(kGrid);
  EXPECT_NE(http->requests().back().authorization, nullptr);
}

TEST_F(Sources, TheCacheAnswersTheSecondTime) {
  const test::TempFolder folder;
  access.carbon_cache = folder.path();
  grid(kDirty, kBetterAtTwo);
  ask_one(kGrid);
  const auto again = ask_one(kGrid);
  EXPECT_EQ(std::get<gate::Carbon>(again.value).window->mean, 100);
  EXPECT_EQ(http->requests().size(), 2U);
}

TEST_F(Sources, MeanwhileRunsOnTheCallersThread) {
  metrics({});
  const auto me = std::this_thread::get_id();
  bool ran = false;
  gather(fake.world(), access, environment(kProm), reader(), fake.clock.now(), [&] {
    ran = true;
    EXPECT_EQ(std::this_thread::get_id(), me);
  });
  EXPECT_TRUE(ran);
}

TEST_F(Sources, CheckReadsTheFilesAndAsksNobody) {
  EXPECT_TRUE(check(environment(kProm), reader()));
  EXPECT_TRUE(check(environment(kGrid), reader()));
  EXPECT_FALSE(check(environment("{carbon: {zone: D_E}}"), reader()));
  EXPECT_FALSE(check(environment("{carbon: {region: 'aws:nowhere'}}"), reader()));
  EXPECT_FALSE(check(environment("{risk: {model: m.yaml}}"), reader()));
  files["m.yaml"] = "nonsense";
  EXPECT_FALSE(check(environment("{risk: {model: m.yaml}}"), reader()));
  EXPECT_TRUE(http->requests().empty());
}

}  // namespace
}  // namespace sluice::sources
