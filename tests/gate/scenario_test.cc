// SPDX-License-Identifier: Apache-2.0
// The scenarios of testdata/gate, and that they speak of everything that can come out.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/text.h"
#include "gate/decide.h"
#include "support/temp_folder.h"
#include "yaml/fields.h"
#include "yaml/to_json.h"

namespace sluice {
namespace {

using gate::Decision;
using gate::Finding;

const Path kFolder = Path(SLUICE_SOURCE_DIR) / "testdata/gate";

struct Scenario {
  std::string file;
  std::string what;
  std::string policy;
  Time now{};
  std::string environment;
  std::vector<gate::Signal> signals;
  std::string verdict;
  std::vector<std::string> reasons;
  std::vector<std::string> findings;  // empty: as the reasons say, in any place
  std::optional<std::string> until;
  std::optional<std::string> valid_until;
  std::optional<std::vector<std::string>> conditions;
};

std::vector<std::string> words(const yaml::Fields& fields, std::string_view key) {
  std::vector<std::string> out;
  const auto list = fields.sequence(key, 100);
  EXPECT_TRUE(list) << list.error().text();
  for (const auto& each : *list) out.push_back(*each.as_string());
  return out;
}

gate::Signal signal_of(const yaml::Fields& fields, Time now) {
  auto json = yaml::to_json(fields.node(), fields.file());
  EXPECT_TRUE(json) << json.error().text();
  json->set("kind", "sluice.signal/v1");
  const json::Value* seen = json->find("observed_at");
  if (seen == nullptr) json->set("observed_at", rfc3339(now));
  if (seen != nullptr && *seen->string() == "never") json->set("observed_at", nullptr);
  auto signal = gate::signal_from(*json);
  EXPECT_TRUE(signal) << fields.file() << ":" << fields.node().line << ": "
                      << signal.error().text();
  return signal.value_or(gate::Signal{});
}

Scenario scenario_of(const yaml::Fields& fields, const std::string& policy, Time now) {
  const auto checked = fields.only({"what", "environment", "signals", "verdict", "reasons",
                                    "findings", "until", "valid_until", "conditions"});
  EXPECT_TRUE(checked) << checked.error().text();
  Scenario out;
  out.file = fields.file();
  out.what = *fields.string("what");
  out.policy = policy;
  out.now = now;
  out.environment = *fields.string("environment");
  const auto signals = fields.sequence("signals", 100);
  for (const auto& each : *signals) out.signals.push_back(signal_of(each, now));
  out.verdict = *fields.string("verdict");
  out.reasons = words(fields, "reasons");
  if (fields.has("findings")) out.findings = words(fields, "findings");
  if (fields.has("until")) out.until = *fields.string("until");
  if (fields.has("valid_until")) out.valid_until = *fields.string("valid_until");
  if (fields.has("conditions")) out.conditions = words(fields, "conditions");
  return out;
}

std::vector<Scenario> read_scenarios() {
  std::vector<Scenario> out;
  const auto entries = system_files().list(kFolder);
  EXPECT_TRUE(entries) << entries.error().text();
  for (const auto& entry : *entries) {
    const auto node = yaml::parse(test::read_file(kFolder / entry.name), entry.name);
    EXPECT_TRUE(node) << node.error().text();
    const yaml::Fields root(*node, entry.name);
    const Time now = *parse_rfc3339(*root.string("now"));
    const auto cases = root.sequence("cases", 1000);
    for (const auto& each : *cases) out.push_back(scenario_of(each, *root.string("policy"), now));
  }
  return out;
}

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = read_scenarios();
  return all;
}

Decision decision_of(const Scenario& scenario) {
  const auto policy = policy::parse(scenario.policy, scenario.file);
  EXPECT_TRUE(policy) << policy.error().text();
  return gate::decide(*policy, scenario.environment, scenario.signals, scenario.now);
}

std::optional<std::string> shown(const std::optional<Time>& time) {
  if (!time) return std::nullopt;
  return rfc3339(*time);
}

class GateScenario : public testing::TestWithParam<std::size_t> {};

TEST_P(GateScenario, ComesOutAsWritten) {
  const Scenario& scenario = scenarios().at(GetParam());
  SCOPED_TRACE(scenario.file + ": " + scenario.what);
  const Decision decision = decision_of(scenario);
  EXPECT_EQ(gate::name(decision.verdict), scenario.verdict);
  std::vector<std::string> reasons;
  for (const Finding* each : decision.reasons()) reasons.push_back(each->code);
  EXPECT_EQ(reasons, scenario.reasons);
  if (!scenario.findings.empty()) {
    std::vector<std::string> findings;
    for (const Finding& each : decision.findings) findings.push_back(each.code);
    EXPECT_EQ(findings, scenario.findings);
  }
  EXPECT_EQ(shown(decision.until), scenario.until);
  EXPECT_EQ(decision.valid_until.has_value(), gate::passes(decision.verdict));
  if (scenario.valid_until) {
    EXPECT_EQ(shown(decision.valid_until), scenario.valid_until);
  }
  if (scenario.conditions) {
    std::vector<std::string> conditions;
    for (const auto& each : decision.conditions) conditions.push_back(each.text);
    EXPECT_EQ(conditions, *scenario.conditions);
  }
}

INSTANTIATE_TEST_SUITE_P(All, GateScenario, testing::Range(std::size_t{0}, scenarios().size()),
                         [](const auto& each) {
                           std::string name = scenarios().at(each.param).what;
                           for (char& c : name) {
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           }
                           return cat(each.param, "_", name.substr(0, 60));
                         });

TEST(GateScenarios, AreAtLeastSixtyAndEachIsNamedOnce) {
  EXPECT_GE(scenarios().size(), 60U);
  std::set<std::string> names;
  for (const auto& each : scenarios()) EXPECT_TRUE(names.insert(each.what).second) << each.what;
}

TEST(GateScenarios, EveryReasonCodeIsInTwoAndNoOtherComesOut) {
  std::map<std::string, int> seen;
  for (const auto& code : gate::reason_codes()) seen[std::string(code.code)] = 0;
  for (const auto& scenario : scenarios()) {
    std::set<std::string> codes;
    for (const auto& finding : decision_of(scenario).findings) codes.insert(finding.code);
    for (const auto& code : codes) {
      ASSERT_TRUE(seen.contains(code)) << code << " is not in the table of reason codes";
      ++seen[code];
    }
  }
  for (const auto& [code, count] : seen) EXPECT_GE(count, 2) << code;
}

TEST(GateScenarios, EveryVerdictIsInTwoAndEveryGroupHasANearMiss) {
  std::map<std::string, int> verdicts;
  std::map<std::string, int> near;
  for (const auto& scenario : scenarios()) {
    ++verdicts[scenario.verdict];
    near[scenario.file] += scenario.what.starts_with("near miss") ? 1 : 0;
  }
  EXPECT_EQ(verdicts.size(), 5U);
  for (const auto& [verdict, count] : verdicts) EXPECT_GE(count, 2) << verdict;
  for (const auto& [file, count] : near) EXPECT_GE(count, 1) << file;
}

}  // namespace
}  // namespace sluice
