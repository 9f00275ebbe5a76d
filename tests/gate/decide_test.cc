// SPDX-License-Identifier: Apache-2.0
// What no scenario file can say: evidence that a gatherer got wrong.
#include "gate/decide.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/text.h"
#include "gate/builders.h"

namespace sluice {
namespace {

using gate::Verdict;
using policy::Level;

gate::Decision decide(const std::vector<gate::Signal>& signals,
                      const std::string& text = test::kPolicy) {
  return gate::decide(*policy::parse(text, "p"), "production", signals, test::kNow);
}

TEST(Decide, IsAFunctionOfItsArguments) {
  const std::vector<gate::Signal> signals = {test::risk(Level::medium), test::carbon(500)};
  EXPECT_EQ(decide(signals), decide(signals));
}

TEST(Decide, NumbersThatAreNoneAreMalformed) {
  const std::string strict =
      std::string(test::kPolicy) + "signals: {carbon: {on_unknown: block}}\n";
  const auto verdict = [&](gate::Carbon carbon) {
    auto signal = test::carbon(0);
    signal.value = carbon;
    return decide({test::risk(Level::low), test::health(gate::Health::healthy), signal}, strict)
        .verdict;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  const Time later = test::kNow + std::chrono::hours(1);
  EXPECT_EQ(verdict({300, std::nullopt}), Verdict::approve);
  EXPECT_EQ(verdict({nan, std::nullopt}), Verdict::block);
  EXPECT_EQ(verdict({infinite, std::nullopt}), Verdict::block);
  EXPECT_EQ(verdict({-1, std::nullopt}), Verdict::block);
  EXPECT_EQ(verdict({gate::kMaxIntensity, std::nullopt}), Verdict::approve);
  EXPECT_EQ(verdict({gate::kMaxIntensity * 2, std::nullopt}), Verdict::block);
  EXPECT_EQ(verdict({300, gate::Window{later, 290, 3}}), Verdict::approve);
  EXPECT_EQ(verdict({300, gate::Window{later, nan, 3}}), Verdict::block);
  EXPECT_EQ(verdict({300, gate::Window{later, -1, 3}}), Verdict::block);
  EXPECT_EQ(verdict({300, gate::Window{later, 290, nan}}), Verdict::block);
}

TEST(Decide, AValueOfAnotherSignalIsMalformed) {
  for (const auto* id : {"risk", "health"}) {
    auto wrong = test::carbon(100);
    wrong.id = id;
    const auto decision = decide({wrong});
    EXPECT_EQ(decision.findings.at(id == std::string("risk") ? 0 : 1).code, "unknown.malformed");
  }
  auto wrong = test::risk(Level::low);
  wrong.id = "health";
  EXPECT_EQ(decide({wrong}).findings.at(1).code, "unknown.malformed");
  wrong = test::health(gate::Health::healthy);
  wrong.id = "risk";
  EXPECT_EQ(decide({wrong}).findings.at(0).code, "unknown.malformed");
}

TEST(Decide, ASignalOfANameThatNobodyKnowsIsNotCounted) {
  auto wrong = test::risk(Level::high);
  wrong.id = "rsik";
  const auto decision = decide({wrong});
  EXPECT_EQ(decision.verdict, Verdict::undecided);
  EXPECT_EQ(decision.findings.back().code, "signal.not-counted");
}

TEST(Decide, OnlyApprovalsPass) {
  EXPECT_TRUE(gate::passes(Verdict::approve));
  EXPECT_TRUE(gate::passes(Verdict::conditions));
  for (const auto verdict : {Verdict::delay, Verdict::undecided, Verdict::block}) {
    EXPECT_FALSE(gate::passes(verdict));
  }
}

TEST(Decide, ConditionsOfAHighRiskAskForACanary) {
  const std::string text = std::string(test::kPolicy) +
                           "signals: {risk: {block_at: never}, health: {on_unknown: ignore}}\n";
  const auto decision = decide({test::risk(Level::high)}, text);
  ASSERT_EQ(decision.conditions.size(), 1U);
  EXPECT_EQ(decision.conditions[0].text, "Consider staged rollout with canary deployment");
}

TEST(Decide, ThresholdsAreSaidAsThePolicyHasThem) {
  const auto threshold = [](std::string_view signals, gate::Signal signal) {
    signal.observed_at = test::kNow;
    const auto decision = decide({signal}, cat(test::kPolicy, "signals: {", signals, "}\n"));
    for (const auto& finding : decision.findings) {
      if (finding.signal == signal.id) return finding.threshold;
    }
    return std::string();
  };
  const auto risk = test::risk(Level::low);
  EXPECT_EQ(threshold("", risk), "conditions at medium, blocks at high");
  EXPECT_EQ(threshold("risk: {delay_at: high, block_at: never}", risk),
            "conditions at medium, delays at high");
  EXPECT_EQ(threshold("risk: {condition_at: never}", risk), "blocks at high");
  EXPECT_EQ(threshold("risk: {condition_at: never, block_at: never}", risk),
            "no level leads to anything");
  const auto grid = test::carbon(100);
  EXPECT_EQ(threshold("", grid), "waits to save 10 %");
  EXPECT_EQ(threshold("carbon: {wait_grams: 5, hard_limit: 600}", grid),
            "waits to save 10 % and 5 g/kWh, blocks above 600 g/kWh");
}

TEST(Decide, TheSourcesWordsAreKeptAndOursStandInForThem) {
  const auto text = [](gate::Signal signal) {
    return decide({std::move(signal)}).findings[1].text;
  };
  EXPECT_EQ(text(test::health(gate::Health::incident, "p95 doubled")), "p95 doubled");
  EXPECT_EQ(text(test::health(gate::Health::incident)), "there is an incident");
  EXPECT_EQ(text(test::health(gate::Health::warning)), "there is a warning");
  EXPECT_EQ(text(test::health(gate::Health::healthy)), "the services are healthy");
  gate::Signal unknown{.id = "health", .value = gate::Unknown::no_data};
  EXPECT_EQ(text(unknown), "the source has no data");
  unknown.text = "0 series";
  EXPECT_EQ(text(unknown), "the source has no data: 0 series");
}

TEST(Decide, VerdictsHaveNames) {
  for (const auto verdict : {Verdict::approve, Verdict::conditions, Verdict::delay,
                             Verdict::undecided, Verdict::block}) {
    EXPECT_EQ(gate::verdict_named(gate::name(verdict)), verdict);
  }
  EXPECT_EQ(gate::verdict_named("aprove"), std::nullopt);
}

TEST(Decide, NumbersAreShort) {
  EXPECT_EQ(gate::short_number(212), "212");
  EXPECT_EQ(gate::short_number(0.34), "0.3");
  EXPECT_EQ(gate::short_number(-0.01), "0");
}

}  // namespace
}  // namespace sluice
