// SPDX-License-Identifier: Apache-2.0
#include "aiops/health.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "support/temp_folder.h"

namespace sluice::aiops {
namespace {

const Time kHealthNow =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + std::chrono::hours(16);

SignalHealth signal(const std::string& title, State state, int minutes_ago = 0) {
  SignalHealth out{.name = title, .title = title, .state = state};
  if (decided(state)) {
    out.judgement = Judgement{.at = kHealthNow, .value = 1, .expected = 0.5, .sigma = 4.5};
    out.judgement->anomalous = state == State::anomalous;
    if (out.judgement->anomalous)
      out.judgement->since = kHealthNow - std::chrono::minutes(minutes_ago);
  }
  return out;
}

HealthReport of(std::vector<SignalHealth> signals, std::size_t converge = 2) {
  HealthReport out{.service = "checkout", .at = kHealthNow, .converge = converge, .source = "test"};
  out.signals = std::move(signals);
  conclude(out);
  return out;
}

TEST(Health, AnIncidentNeedsTwoSignalsAtTheSameTime) {
  const auto good = signal("a", State::normal);
  EXPECT_EQ(of({good, good, good}).health, Health::healthy);
  EXPECT_EQ(of({good, good, signal("b", State::anomalous)}).health, Health::warning);
  const auto both =
      of({signal("errors", State::anomalous, 8), signal("p95", State::anomalous, 20), good});
  EXPECT_EQ(both.health, Health::incident);
  EXPECT_EQ(*both.since, kHealthNow - std::chrono::minutes(8));
  EXPECT_EQ(reason(both), "errors and p95, both since 2026-11-20 15:52:00Z");
  EXPECT_EQ(of({signal("b", State::anomalous), good, good}, 1).health, Health::incident);
}

// Whatever the undecided ones may be, the answer holds; or it is "unknown".
TEST(Health, WhatIsUndecidedIsNeverTakenForNormal) {
  const auto good = signal("a", State::normal);
  const auto bad = signal("b", State::anomalous, 5);
  for (int i = static_cast<int>(State::no_data); i <= static_cast<int>(State::too_large); ++i) {
    const auto open = signal("c", static_cast<State>(i));
    EXPECT_EQ(of({good, good, open}).health, Health::warning) << i;
    EXPECT_EQ(of({good, open, open}).health, Health::unknown) << i;
    EXPECT_EQ(of({good, bad, open}).health, Health::unknown) << i;
    EXPECT_EQ(of({bad, bad, open}).health, Health::incident) << i;
    EXPECT_EQ(of({good, good, open}, 1).health, Health::unknown) << i;
  }
  EXPECT_EQ(of({}).health, Health::unknown);
  EXPECT_EQ(reason(of({good, bad, signal("c", State::no_data)})), "b; c: no data");
  const auto stale = signal("c", State::stale);
  EXPECT_EQ(reason(of({good, stale, stale, stale})), "3 of 4 signals are not known: stale");
}

TEST(Health, TheJsonIsReadAsItWasWritten) {
  auto report = of({signal("errors", State::anomalous, 8), signal("p95", State::anomalous, 20),
                    signal("mem", State::stale), signal("cpu", State::normal)});
  report.signals[2].detail = "old";
  report.signals[2].warnings = {"w"};
  report.signals[0].query = "up";
  report.signals[0].judgement->sigma.reset();
  report.signals[3].quality = {.absent = 1, .unusable = 2, .repeated = 3};
  report.alerts = {{.name = "High", .severity = "page", .summary = "s", .since = kHealthNow}};
  const auto written = to_json(report);
  const auto again = health_from_json(written);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(json::write(to_json(*again)), json::write(written));
}

json::Value changed(const HealthReport& report, const std::string& key, json::Value value) {
  json::Value out = to_json(report);
  out.set(key, std::move(value));
  return out;
}

TEST(Health, AReportThatContradictsItselfIsRefused) {
  const auto bad = of({signal("a", State::anomalous), signal("b", State::anomalous)});
  for (const char* milder : {"healthy", "warning", "unknown"})
    EXPECT_FALSE(health_from_json(changed(bad, "health", milder))) << milder;
  const auto open = of({signal("a", State::stale), signal("b", State::stale)});
  EXPECT_FALSE(health_from_json(changed(open, "health", "healthy")));
  const auto good = of({signal("a", State::normal), signal("b", State::normal)});
  EXPECT_TRUE(health_from_json(changed(good, "health", "healthy")));
  EXPECT_TRUE(health_from_json(changed(good, "health", "incident")));  // it may know more
  EXPECT_FALSE(health_from_json(changed(good, "signals", json::Array{})));
  EXPECT_FALSE(health_from_json(changed(good, "kind", "sluice.health/v2")));
  EXPECT_FALSE(health_from_json(changed(good, "more", 1)));
  EXPECT_FALSE(health_from_json(changed(good, "at", "yesterday")));
  EXPECT_FALSE(health_from_json(changed(good, "converge", -1)));
  EXPECT_FALSE(health_from_json(changed(good, "health", "fine")));
  EXPECT_FALSE(health_from_json(json::Value("x")));
}

// The schema and the writer name the same members.
TEST(Health, TheSchemaKnowsEveryMember) {
  const auto schema =
      json::parse_strict(test::read_file(Path(SLUICE_SOURCE_DIR) / "docs/schema/health.v1.json"));
  ASSERT_TRUE(schema) << schema.error().text();
  auto report = of({signal("a", State::anomalous), signal("b", State::anomalous)});
  report.signals[0].query = report.signals[0].detail = "x";
  report.signals[0].warnings = {"w"};
  report.alerts = {{.name = "High", .severity = "page", .summary = "s", .since = kHealthNow}};
  const auto written = to_json(report);
  const auto compare = [](const json::Value& value, const json::Value& rule) {
    std::vector<std::string> ours;
    std::vector<std::string> theirs;
    for (const auto& [key, ignored] : *value.object()) ours.push_back(key);
    for (const auto& [key, ignored] : *rule.find("properties")->object()) theirs.push_back(key);
    std::ranges::sort(ours);
    std::ranges::sort(theirs);
    EXPECT_EQ(ours, theirs);
  };
  const json::Value& properties = *schema->find("properties");
  const json::Value& signals = *properties.find("signals")->find("items");
  compare(written, *schema);
  const json::Value& first = written.find("signals")->array()->front();
  compare(first, signals);
  compare(*first.find("judgement"), *signals.find("properties")->find("judgement"));
  compare(*first.find("points"), *signals.find("properties")->find("points"));
  compare(written.find("alerts")->array()->front(), *properties.find("alerts")->find("items"));
  for (int i = 0; i <= static_cast<int>(State::too_large); ++i) {
    const auto& words = *signals.find("properties")->find("state")->find("enum")->array();
    EXPECT_NE(std::ranges::find(words, json::Value(name(static_cast<State>(i)))), words.end());
  }
}

TEST(Health, ValuesCarryTheirUnits) {
  EXPECT_EQ(human_value(0.041, Unit::ratio), "4.1 %");
  EXPECT_EQ(human_value(0.003, Unit::ratio), "0.3 %");
  EXPECT_EQ(human_value(0, Unit::ratio), "0 %");
  EXPECT_EQ(human_value(2.9, Unit::seconds), "2.9 s");
  EXPECT_EQ(human_value(0.0804, Unit::seconds), "80 ms");
  EXPECT_EQ(human_value(312.4, Unit::per_second), "312/s");
  EXPECT_EQ(human_value(1.5 * (1 << 30), Unit::bytes), "1.5 GiB");
  EXPECT_EQ(human_value(0.25, Unit::cores), "0.25 cores");
  EXPECT_EQ(human_value(-3, Unit::count), "-3");
  EXPECT_EQ(human_value(1e9, Unit::count), "1e+09");
}

}  // namespace
}  // namespace sluice::aiops
