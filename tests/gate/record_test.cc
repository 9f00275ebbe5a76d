// SPDX-License-Identifier: Apache-2.0
// Stored decisions: read back, decided again, and what happens when a piece of one is changed.
#include "gate/record.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "gate/builders.h"
#include "support/fake_world.h"

namespace sluice {
namespace {

using policy::Level;

std::string first_failure(std::string_view text) {
  const Report report = gate::replay(text, "record");
  const Check* failure = report.first_failure();
  return failure == nullptr ? "none" : failure->id;
}

std::vector<gate::Signal> some_signals() {
  auto grid = test::carbon(300);
  grid.value = gate::Carbon{300, gate::Window{test::kNow + std::chrono::hours(2), 200, 33.3}};
  grid.raw = *json::parse_strict("{\"zone\":\"DE\",\"big\":12345678901234567890,\"x\":1.50}");
  grid.details = {{"zone", "DE"}};
  return {test::risk(Level::low, "2 files"), test::health(gate::Health::healthy), grid};
}

std::string changed(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
  return text.replace(at, from.size(), to);
}

TEST(Record, IsReadBackAsItWas) {
  const auto record = test::record(some_signals());
  const std::string text = gate::write_record(record);
  const auto again = gate::parse_record(text);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(gate::write_record(*again), text);
  EXPECT_EQ(again->decision, record.decision);
  EXPECT_EQ(again->inputs.policy.digest, record.inputs.policy.digest);
  EXPECT_EQ(again->evaluator, "sluice.gate/1");
  EXPECT_EQ(first_failure(text), "none");
}

TEST(Record, AHundredOfAllKindsReplayEqual) {
  int replayed = 0;
  std::set<gate::Verdict> verdicts;
  for (const auto level : {Level::low, Level::medium, Level::high}) {
    for (const auto health :
         {gate::Health::healthy, gate::Health::warning, gate::Health::incident}) {
      for (int grams = 0; grams < 600; grams += 50) {
        auto grid = test::carbon(grams / 3.0);
        if (grams % 100 == 0) grid.value = gate::Unknown::assumed;
        if (grams % 150 == 0) grid.asserted = true;
        auto services = test::health(health, "p95 \x1b[31m | <b>");
        if (grams == 550) services.value = gate::Unknown::unreachable;
        const auto record = test::record({test::risk(level, "a\nb"), services, grid});
        verdicts.insert(record.decision.verdict);
        EXPECT_EQ(first_failure(gate::write_record(record)), "none");
        ++replayed;
      }
    }
  }
  EXPECT_GE(replayed, 100);
  EXPECT_EQ(verdicts.size(), 5U);
}

TEST(Record, EveryChangeOfAnInputIsFound) {
  const std::string text = gate::write_record(test::record(some_signals()));
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"level\":\"low\"", "\"level\":\"high\""},
           {"\"level\":\"low\"", "\"level\":\"medium\""},
           {"\"text\":\"2 files\"", "\"text\":\"3 files\""},
           {"\"grams\":300", "\"grams\":301"},
           {"\"mean\":200", "\"mean\":201"},
           {"\"source\":\"git\"", "\"source\":\"gut\""},
           {"\"zone\":\"DE\"", "\"zone\":\"FR\""},
           {"12345678901234567890", "12345678901234567891"},
           {"1.50", "1.5"},
           {"\"health\":\"healthy\"", "\"health\":\"warning\""},
           {"\"environment\":\"production\"", "\"environment\":\"staging\""},
           {"\"now\":\"2026-11-20T15:00:00Z\"", "\"now\":\"2026-11-20T15:00:01Z\""},
           {"web 1a2b3c4", "web 1a2b3c5"}}) {
    EXPECT_EQ(first_failure(changed(text, from, to)), "record.inputs") << from << " -> " << to;
  }
  const std::string policy = "[risk, health, carbon]";
  EXPECT_EQ(first_failure(changed(text, policy, "[risk, carbon, health]")), "record.policy");
}

TEST(Record, EveryChangeOfADecisionIsFound) {
  const std::string text = gate::write_record(test::record(some_signals()));
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"verdict\":\"delay\"", "\"verdict\":\"approve\""},
           {"\"until\":\"2026-11-20T17", "\"until\":\"2026-11-20T16"},
           {"\"code\":\"risk.ok\"", "\"code\":\"risk.block\""},
           {"\"effect\":\"delay\"", "\"effect\":\"approve\""},
           {"\"conditions\":[]",
            "\"conditions\":[{\"code\":\"a\",\"signal\":\"b\",\"text\":\"c\"}]"}}) {
    EXPECT_EQ(first_failure(changed(text, from, to)), "record.decision") << from << " -> " << to;
  }
}

// With the digest put right: deciding again is what notices.
TEST(Record, AChangedInputWithANewDigestLeadsToAnotherDecision) {
  const auto record = test::record(some_signals());
  auto inputs = record.inputs;
  inputs.signals[0].value = Level::high;
  auto forged = *gate::judge(inputs, record.id, record.program);
  EXPECT_NE(forged.inputs_digest, record.inputs_digest);
  forged.decision = record.decision;
  EXPECT_EQ(first_failure(gate::write_record(forged)), "record.decision");
}

TEST(Record, WhatCannotBeReadIsAFailedCheck) {
  const std::string text = gate::write_record(test::record(some_signals()));
  EXPECT_EQ(first_failure(""), "record.format");
  EXPECT_EQ(first_failure(text.substr(0, text.size() - 1)), "record.format");
  EXPECT_EQ(first_failure(changed(text, "{\"kind\"", "{\"more\":1,\"kind\"")), "record.format");
  EXPECT_EQ(gate::replay("", "record").checks().size(), 5U);
}

TEST(Record, ANewerKindIsRefusedByName) {
  const std::string text = gate::write_record(test::record(some_signals()));
  const auto newer = gate::parse_record(changed(text, "sluice.decision/v1", "sluice.decision/v2"));
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Errc::unsupported);
  EXPECT_NE(newer.error().what.find("sluice.decision/v2"), std::string::npos);
}

TEST(Record, AnotherEvaluatorIsNamedAndNotGuessedAt) {
  const std::string text = gate::write_record(test::record(some_signals()));
  const std::string other = changed(text, "sluice.gate/1", "sluice.gate/2");
  EXPECT_EQ(first_failure(other), "record.evaluator");
  EXPECT_EQ(gate::replay(other, "x").first_failure()->expected, "sluice.gate/2");
}

TEST(Record, EvidenceThatCannotBeStoredIsMadeSoBeforeItIsJudged) {
  auto odd = test::risk(Level::low, "caf\xE9 \xFF");
  odd.details.assign(5000, {"file", "x"});
  odd.source = std::string(10'000, 's');
  auto grid = test::carbon(1e300);
  grid.raw = json::Value(std::string(1U << 20, 'r'));
  const auto record = test::record({odd, test::health(gate::Health::healthy), grid});
  EXPECT_EQ(first_failure(gate::write_record(record)), "none");
  EXPECT_EQ(record.inputs.signals[0].text, "caf\\xe9 \\xff");
  EXPECT_EQ(record.inputs.signals[0].details.size(), 200U);
  EXPECT_EQ(record.decision.findings[2].code, "unknown.malformed");
  EXPECT_LT(gate::write_record(record).size(), 100'000U);
}

TEST(Record, SixtyFourSignalsAreTakenAndNoMore) {
  const auto many = [](std::size_t count) {
    return gate::judge(test::inputs(std::vector<gate::Signal>(count, test::risk(Level::low))), "id",
                       "p 1");
  };
  EXPECT_TRUE(many(64));
  EXPECT_EQ(many(65).error().code, Errc::limit);
}

TEST(Record, IdsTellTheTimeAndDiffer) {
  test::FakeRandom random;
  const std::string one = gate::new_id(test::kNow, random);
  EXPECT_TRUE(one.starts_with("20261120T150000Z-")) << one;
  EXPECT_NE(one, gate::new_id(test::kNow, random));
}

TEST(Record, TheRowSaysWhatToSearchBy) {
  const auto row = gate::row_of(test::record({test::risk(Level::high, "9 k8s files")}));
  EXPECT_EQ(row.verdict, "block");
  EXPECT_EQ(row.subject, "web 1a2b3c4");
  EXPECT_EQ(row.summary, "risk: 9 k8s files");
  EXPECT_EQ(row.environment, "production");
}

TEST(Signal, IsReadStrictly) {
  const auto read = [](std::string_view members) {
    return gate::parse_signal(cat("{\"kind\":\"sluice.signal/v1\",", members, "}")).has_value();
  };
  EXPECT_TRUE(read("\"signal\":\"risk\",\"level\":\"low\""));
  EXPECT_TRUE(read("\"signal\":\"risk\",\"unknown\":\"no-data\""));
  EXPECT_TRUE(read("\"signal\":\"carbon\",\"grams\":1.5"));
  EXPECT_FALSE(read("\"signal\":\"risk\""));
  EXPECT_FALSE(read("\"signal\":\"risk\",\"level\":\"lowest\""));
  EXPECT_FALSE(read("\"signal\":\"risk\",\"health\":\"healthy\""));
  EXPECT_FALSE(read("\"signal\":\"risk\",\"level\":\"low\",\"unknown\":\"stale\""));
  EXPECT_FALSE(read("\"signal\":\"risk\",\"level\":\"low\",\"window\":{}"));
  EXPECT_FALSE(read("\"signal\":\"risk\",\"level\":\"low\",\"lvl\":1"));
  EXPECT_FALSE(read("\"signal\":\"carbon\",\"grams\":-1"));
  EXPECT_FALSE(read("\"signal\":\"carbon\",\"grams\":100001"));
  EXPECT_FALSE(read("\"signal\":\"carbon\",\"grams\":\"1\""));
  EXPECT_FALSE(read("\"signal\":\"risk\",\"level\":\"low\",\"observed_at\":\"now\""));
  const auto typo =
      gate::parse_signal("{\"kind\":\"sluice.signal/v1\",\"signal\":\"carbn\",\"grams\":1}");
  ASSERT_FALSE(typo);
  EXPECT_NE(typo.error().what.find("did you mean \"carbon\""), std::string::npos);
  EXPECT_EQ(gate::parse_signal("{\"kind\":\"sluice.signal/v2\"}").error().code, Errc::unsupported);
}

}  // namespace
}  // namespace sluice
