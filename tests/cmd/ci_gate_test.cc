// SPDX-License-Identifier: Apache-2.0
// ci gate outside of the pipelines that have tests of their own (tests/*_test.py).
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/git_folder.h"
#include "support/program.h"

namespace sluice {
namespace {

using test::has;
using test::Ran;

class CiGate : public testing::Test {
 protected:
  void SetUp() override {
    folder_.write("README", "1");
    folder_.commit();
    folder_.git({"checkout", "--quiet", "-b", "topic"});
    for (const auto* name : {"k8s/1", "k8s/2", "k8s/3", "k8s/4"}) folder_.write(name, name);
    folder_.commit();
  }
  test::Program program() const {
    return test::sluice().in(folder_.path()).with("HOME", folder_.beside("home"));
  }

  test::GitFolder folder_;
};

TEST_F(CiGate, OutsideOfAPipelineItIsGateCheckWithFiles) {
  const Ran ran =
      program()({"ci", "gate", "main..HEAD", "--report", "d.json", "--dotenv", "d.env"});
  EXPECT_EQ(ran.exit_code, 1) << ran.err;
  EXPECT_TRUE(has(ran.out, "BLOCK ")) << ran.out;
  EXPECT_TRUE(has(test::read_file(folder_ / "d.json"), "\"sluice.decision/v1\""));
  EXPECT_TRUE(has(test::read_file(folder_ / "d.env"), "SLUICE_VERDICT=block\n"));
  EXPECT_FALSE(has(test::read_file(folder_ / "d.env"), "REASON"));
  const Ran checked = program()({"gate", "check", "main..HEAD"});
  EXPECT_EQ(checked.exit_code, 1) << checked.out;
}

TEST_F(CiGate, WhatFailsTheJobIsAWordOfTheCaller) {
  for (const auto& [word, code] : std::map<std::string, int>{
           {"block", 1}, {"undecided", 1}, {"delay", 1}, {"never", 0}, {"approve", 2}}) {
    EXPECT_EQ(program()({"ci", "gate", "main..HEAD", "--fail-on", word}).exit_code, code) << word;
  }
}

TEST_F(CiGate, OutputsThatCannotBeWrittenAreNoSuccess) {
  auto there = program();
  there.with("GITHUB_ACTIONS", "true").with("GITHUB_OUTPUT", folder_ / "no/such/folder/output");
  EXPECT_EQ(there({"ci", "gate", "main..main"}).exit_code, 3);
}

// A merge request that branched off before there was a policy, and a tag named as the base is.
TEST_F(CiGate, AMergeRequestIsJudgedByTheBranchThatItGoesInto) {
  folder_.git({"checkout", "--quiet", "-b", "late", "main"});
  const auto old = folder_.commit();
  folder_.write("small", "1");
  const auto head = folder_.commit();
  folder_.git({"checkout", "--quiet", "main"});
  folder_.write("sluice.yaml",
                "apiVersion: sluice/v1\nkind: Policy\nsignals: {risk: {block_at: low}}\n"
                "environments: {production: {signals: [risk]}}\n");
  folder_.git({"update-ref", "refs/remotes/origin/main", folder_.commit()});
  folder_.git({"tag", "origin/main", old});
  auto there = program();
  there.with("GITLAB_CI", "true")
      .with("CI_PIPELINE_SOURCE", "merge_request_event")
      .with("CI_COMMIT_SHA", head)
      .with("CI_MERGE_REQUEST_IID", "7")
      .with("CI_MERGE_REQUEST_DIFF_BASE_SHA", old)
      .with("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main");
  const Ran ran = there({"ci", "gate"});
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "-> production")) << ran.out;
}

TEST_F(CiGate, AnEventThatIsBrokenIsAnError) {
  folder_.write("event.json", "{}");
  auto there = program();
  there.with("GITHUB_ACTIONS", "true")
      .with("GITHUB_EVENT_NAME", "pull_request")
      .with("GITHUB_EVENT_PATH", folder_ / "event.json")
      .with("GITHUB_OUTPUT", folder_ / "output");
  const Ran ran = there({"ci", "gate"});
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
  EXPECT_TRUE(has(ran.err, "event.pull_request")) << ran.err;
}

}  // namespace
}  // namespace sluice
