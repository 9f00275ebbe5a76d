// SPDX-License-Identifier: Apache-2.0
// What was gathered is all that a decision rests on: stored, it can be decided again without asking
// anybody.
#include <set>

#include "base/random.h"
#include "gate/record.h"
#include "sources/support.h"
#include "store/sqlite.h"
#include "support/temp_folder.h"

namespace sluice::sources {
namespace {

// How the sources answer, and what the policy does about it.
struct Scene {
  int metrics = 0;  // 0 healthy, 1 warning, 2 incident, 3 unplugged, 4 nonsense
  int grid = 0;     // 0 clean, 1 dirty with a better hour, 2 null, 3 unplugged
  std::string risk;
  std::string on_unknown;
};

std::vector<Scene> all_scenes() {
  std::vector<Scene> out;
  for (int metrics = 0; metrics < 5; ++metrics) {
    for (int grid = 0; grid < 4; ++grid) {
      for (const char* risk : {"low", "high"}) {
        for (const char* effect : {"undecided", "delay", "block", "ignore"})
          out.push_back({metrics, grid, risk, effect});
      }
    }
  }
  return out;
}

class Replays : public Sources {
 protected:
  void set(const Scene& scene) {
    http = std::make_shared<test::FakeHttp>();
    access.metrics = access.carbon = http;
    const Error unplugged{Errc::network, "connection refused"};
    if (scene.metrics == 3) {
      http->answer_error(kRange, unplugged);
    } else if (scene.metrics == 4) {
      http->answer(kRange, 200, "<html>\x1b[31m");
    } else {
      metrics(scene.metrics == 0   ? std::vector<std::string>{}
              : scene.metrics == 1 ? std::vector<std::string>{"5.."}
                                   : std::vector<std::string>{"5..", "histogram_quantile"});
    }
    if (scene.grid == 3) {
      http->answer_error(kLatest, unplugged);
      return;
    }
    const std::string grams = scene.grid == 0 ? "90.125" : scene.grid == 1 ? "400" : "null";
    grid(cat(R"({"zone":"DE","carbonIntensity":)", grams, R"(,"datetime":"2026-11-20T00:00:00Z"})"),
         R"({"zone":"DE","forecast":[{"carbonIntensity":400,"datetime":"2026-11-20T00:00:00Z"},)"
         R"({"carbonIntensity":123.4,"datetime":"2026-11-20T01:00:00Z"}]})");
  }

  gate::Record decide(const Scene& scene) {
    set(scene);
    const std::string rule = cat("{on_unknown: ", scene.on_unknown, "}");
    const auto policy = policy::parse(
        cat("apiVersion: sluice/v1\nkind: Policy\nsignals: {risk: ", rule, ", health: ", rule,
            ", carbon: ", rule,
            "}\nsources: {health: {prometheus: 'https://metrics.test', service: checkout}, ",
            "carbon: {url: 'https://grid.test', zone: DE}}\n",
            "environments: {production: {signals: [risk, health, carbon]}}\n"),
        "sluice.yaml");
    EXPECT_TRUE(policy) << policy.error().text();
    const Time now = fake.clock.now();
    gate::Inputs inputs{.policy = *policy, .environment = "production", .now = now};
    inputs.signals = gather(fake.world(), access, policy->environments.front(), reader(), now);
    inputs.signals.push_back({.id = "risk",
                              .value = *policy::level_named(scene.risk),
                              .source = "git",
                              .observed_at = now});
    auto record = gate::judge(std::move(inputs), gate::new_id(now, system_random()), "sluice test");
    EXPECT_TRUE(record) << record.error().text();
    return *std::move(record);
  }
};

TEST_F(Replays, EveryKindOfAnswerThroughTheStore) {
  const test::TempFolder folder;
  const auto decisions = store::open_sqlite(folder / "decisions.db", store::Access::write);
  ASSERT_TRUE(decisions) << decisions.error().text();
  std::set<gate::Verdict> verdicts;
  std::set<std::string> codes;
  for (const Scene& scene : all_scenes()) {
    const auto record = decide(scene);
    verdicts.insert(record.decision.verdict);
    for (const auto& finding : record.decision.findings) codes.insert(finding.code);
    ASSERT_TRUE((*decisions)->append(gate::row_of(record), gate::write_record(record)));
  }
  const auto rows = (*decisions)->list({.limit = 1000});
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), 160U);
  for (const auto& row : *rows) {
    const auto stored = (*decisions)->get(row.id);
    ASSERT_TRUE(stored);
    EXPECT_TRUE(gate::replay(stored->record, row.id).passed()) << stored->record;
  }
  EXPECT_EQ(verdicts.size(), 5U);
  for (const char* code :
       {"health.ok", "health.warning", "health.incident", "carbon.low", "carbon.wait",
        "unknown.unreachable", "unknown.malformed", "unknown.no-data", "risk.block"})
    EXPECT_TRUE(codes.contains(code)) << code;
}

TEST_F(Replays, NoLetterOfTheInputsCanBeAnother) {
  const std::string text = gate::write_record(decide({2, 1, "low", "block"}));
  ASSERT_TRUE(gate::replay(text, "record").passed());
  const auto begin = text.find("\"inputs\":");
  const auto end = text.find("\"inputs_digest\":");
  ASSERT_LT(begin, end);
  ASSERT_NE(end, std::string::npos);
  std::size_t tried = 0;
  for (auto at = begin + 9; at < end; ++at) {
    const char old = text[at];
    if ((old < '0' || old > '9') && (old < 'a' || old > 'z')) continue;
    std::string other = text;
    other[at] = old == '7' ? '3' : old <= '9' ? '7' : old == 'q' ? 'x' : 'q';
    EXPECT_FALSE(gate::replay(other, "record").passed()) << other.substr(at - 40, 80);
    ++tried;
  }
  EXPECT_GT(tried, 1000U);
}

}  // namespace
}  // namespace sluice::sources
