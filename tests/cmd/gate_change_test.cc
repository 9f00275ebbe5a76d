// SPDX-License-Identifier: Apache-2.0
// gate check on a real change, and gate simulate over history.
#include <gtest/gtest.h>

#include "base/text.h"
#include "json/value.h"
#include "support/git_folder.h"
#include "support/program.h"

namespace sluice {
namespace {

using test::has;
using test::Ran;

constexpr std::string_view kDelays =
    "apiVersion: sluice/v1\nkind: Policy\nsignals:\n  risk: {block_at: never, delay_at: high, "
    "condition_at: never}\n"
    "environments:\n  production: {signals: [risk]}\n";
constexpr std::string_view kApproves =
    "apiVersion: sluice/v1\nkind: Policy\nsignals:\n  risk: {block_at: never, delay_at: never, "
    "condition_at: never}\n"
    "environments:\n  production: {signals: [risk]}\n";

class GateChange : public testing::Test {
 protected:
  void base(const std::string& policy = "") const {
    folder_.write("README", "1");
    if (!policy.empty()) folder_.write("sluice.yaml", policy);
    folder_.commit();
    folder_.git({"checkout", "--quiet", "-b", "topic"});
  }
  void change(const std::vector<std::string>& names) const {
    for (const auto& name : names) folder_.write(name, name);
    folder_.commit();
  }
  Ran run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "gate");
    return test::sluice().in(folder_.path()).with("HOME", folder_.beside("home"))(arguments);
  }
  Ran check(std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.begin(), "check");
    return run(arguments);
  }
  const std::vector<std::string> risky_ = {"k8s/1", "k8s/2", "k8s/3", "k8s/4"};  // 12: high

  test::GitFolder folder_;
};

TEST_F(GateChange, WithoutAPolicyRiskAloneIsJudgedAndSaidSo) {
  base();
  change({"src/main.cc"});
  const Ran harmless = check();
  EXPECT_EQ(harmless.exit_code, 0) << harmless.out << harmless.err;
  EXPECT_TRUE(has(harmless.err, "risk alone")) << harmless.err;
  change(risky_);
  const Ran risky = check();
  EXPECT_EQ(risky.exit_code, 1) << risky.out;
  EXPECT_TRUE(has(risky.out, "score 12, 4 infrastructure")) << risky.out;
}

TEST_F(GateChange, ThePolicyIsThatOfTheBase) {
  base(std::string(kDelays));
  folder_.write("sluice.yaml", kApproves);  // the change would approve itself
  change(risky_);
  EXPECT_EQ(check().exit_code, 75);
  EXPECT_EQ(check({"--policy", "sluice.yaml"}).exit_code, 75);
  EXPECT_EQ(check({"--policy-file", "sluice.yaml"}).exit_code,
            0);  // named from disk: the caller's choice
}

TEST_F(GateChange, APolicyThatTheBaseDoesNotHaveIsAWrongCallWithTheWayOut) {
  base();
  folder_.write("gate.yaml", kApproves);
  change(risky_);
  const Ran ran = check({"--policy", "gate.yaml"});
  EXPECT_EQ(ran.exit_code, 2) << ran.out;
  EXPECT_TRUE(has(ran.err, "commit one to the base branch")) << ran.err;
  EXPECT_EQ(check({"--policy", "gate.yaml", "--policy-file", "gate.yaml"}).exit_code, 2);
}

TEST_F(GateChange, ABrokenPolicyAtTheBaseIsNotPassedOver) {
  base("apiVersion: sluice/v1\nkind: Policy\nenvironments: {production: {signals: [rsk]}}\n");
  change({"src/main.cc"});
  const Ran ran = check();
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(has(ran.err, "sluice.yaml:3")) << ran.err;
}

TEST_F(GateChange, RiskComesFromOnePlace) {
  base();
  change(risky_);
  folder_.write("risk.json", R"({"kind":"sluice.signal/v1","signal":"risk","level":"low"})");
  EXPECT_EQ(check({"main..HEAD", "--signal", "risk.json"}).exit_code, 2);
}

TEST_F(GateChange, OutsideOfARepositoryARangeCannotBeJudged) {
  const test::TempFolder elsewhere;
  const Ran ran = test::sluice()
                      .in(elsewhere.path())
                      .with("HOME", elsewhere / "home")({"gate", "check", "a..b"});
  EXPECT_EQ(ran.exit_code, 3) << ran.out << ran.err;
}

TEST_F(GateChange, WithoutAChangeItSaysWhyThereIsNone) {
  const test::TempFolder elsewhere;
  const auto ask = [&](const std::string& word) {
    return test::sluice().in(elsewhere.path()).with("HOME", elsewhere / "home")({"gate", word});
  };
  const Ran outside = ask("check");
  EXPECT_EQ(outside.exit_code, 3) << outside.err;
  EXPECT_TRUE(has(outside.out, "it is not there: . is in no git")) << outside.out;
  EXPECT_TRUE(has(outside.err, "in no git repository")) << outside.err;
  EXPECT_TRUE(has(outside.err, "--repo DIR")) << outside.err;
  EXPECT_EQ(ask("replay").exit_code, 0);

  base();
  folder_.git({"branch", "--quiet", "-D", "main"});
  const Ran alone = check();
  EXPECT_EQ(alone.exit_code, 3) << alone.err;
  EXPECT_TRUE(has(alone.err, "no branch to compare HEAD with")) << alone.err;
}

TEST_F(GateChange, APolicyThatIsOnDiskAloneIsNotPassedOverInSilence) {
  base();
  change({"src/main.cc"});
  folder_.write("sluice.yaml", std::string(kDelays));
  const Ran ran = check();
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_TRUE(has(ran.err, "sluice.yaml on disk does not count")) << ran.err;
  EXPECT_TRUE(has(ran.err, "--policy-file sluice.yaml")) << ran.err;
}

TEST_F(GateChange, AStoredDecisionOnAChangeReplays) {
  base(std::string(kDelays));
  change(risky_);
  ASSERT_EQ(check().exit_code, 75);
  const Ran ran = run({"replay"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
}

TEST_F(GateChange, SimulationCountsWhatWouldHaveHappened) {
  base();
  change({"a"});
  change(risky_);
  change({"b"});
  const auto json = json::parse_strict(run({"simulate", "--output", "json"}).out);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->find("changes")->array()->size(),
            3U);  // the root commit has nothing to compare with
  std::int64_t blocked = 0;
  std::int64_t approved = 0;
  for (const auto& row : *json->find("counts")->array()) {
    (*row.find("verdict")->string() == "block" ? blocked : approved) +=
        *row.find("count")->integer();
  }
  EXPECT_EQ(blocked, 1);
  EXPECT_EQ(approved, 2);
  const Ran two = run({"simulate", "--last", "1"});
  EXPECT_TRUE(has(two.out, "1 change,")) << two.out;
  EXPECT_FALSE(has(two.out, "block")) << two.out;
  EXPECT_EQ(run({"simulate", "--last", "0"}).exit_code, 2);
  EXPECT_EQ(run({"simulate", "--last", "x"}).exit_code, 2);
}

TEST_F(GateChange, SimulationTriesAPolicyFromDisk) {
  base();
  change(risky_);
  folder_.write("p.yaml", kDelays);
  EXPECT_TRUE(has(run({"simulate", "--policy-file", "p.yaml"}).out, "delay by risk."))
      << run({"simulate", "--policy-file", "p.yaml"}).out;
  EXPECT_EQ(run({"simulate", "--policy-file", "p.yaml", "--env", "staging"}).exit_code, 2);
}

TEST_F(GateChange, SimulationAsAPageHasHostileSubjectsAndNamesAsText) {
  base();
  folder_.write("k8s/<img src=x onerror=alert(1)>.yaml", "1");
  folder_.write("k8s/a&b\x1b[31m", "1");
  folder_.write("db/migration/\"'.sql", "1");
  folder_.commit("<script>alert(1)</script> \x1b[31m & more");
  const Ran ran = run({"simulate", "--output", "html"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(ran.out.starts_with("<!doctype html>")) << ran.out;
  for (const std::string_view raw : {"<script", "<img", "\x1b", "a&b"})
    EXPECT_FALSE(has(ran.out, raw)) << raw;
  EXPECT_TRUE(has(ran.out, "&lt;script&gt;alert(1)&lt;/script&gt;")) << ran.out;
  EXPECT_TRUE(has(ran.out, "&lt;img src=x onerror=alert(1)&gt;.yaml")) << ran.out;
  EXPECT_TRUE(has(ran.out, "1 of 1 change would have been held back")) << ran.out;
}

TEST_F(GateChange, SimulationUsesTheModelOfThePolicy) {
  base();
  change({"src/main.cc"});
  folder_.write("model.yaml",
                "apiVersion: sluice/v1\nkind: RiskModel\nrules:\n"
                "  - {id: everything, pattern: src, weight: 20}\n");
  folder_.write("p.yaml", cat(kDelays, "sources: {risk: {model: model.yaml}}\n"));
  EXPECT_TRUE(has(run({"simulate", "--policy-file", "p.yaml"}).out, "delay by risk.delay"));
}

}  // namespace
}  // namespace sluice
