// SPDX-License-Identifier: Apache-2.0
// risk analyse as a user calls it.
#include <gtest/gtest.h>

#include "base/text.h"
#include "json/value.h"
#include "support/git_folder.h"
#include "support/program.h"

namespace sluice {
namespace {

using test::has;
using test::Ran;

class Risk : public testing::Test {
 protected:
  void SetUp() override {
    folder_.write("README", "1");
    folder_.commit();
    folder_.git({"checkout", "--quiet", "-b", "topic"});
  }
  Ran run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"risk", "analyse"});
    return test::sluice().in(folder_.path())(arguments);
  }
  void change(const std::vector<std::string>& names) const {
    for (const auto& name : names) folder_.write(name, name);
    folder_.commit();
  }
  json::Value as_json(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--output", "json"});
    return json::parse_strict(run(arguments).out).value_or(json::Value());
  }

  test::GitFolder folder_;
};

TEST_F(Risk, SaysTheLevelTheReasonAndWhatToDo) {
  change({"k8s/web.yaml", "db/migration/1.sql", "schema.sql", "src/main.cc"});
  const Ran ran = run({});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  EXPECT_TRUE(ran.out.starts_with("high      main...HEAD: score 13, above 10\n")) << ran.out;
  EXPECT_TRUE(has(ran.out, "4 paths changed")) << ran.out;
  EXPECT_TRUE(has(ran.out, "(merge base with main, local branch)")) << ran.out;
  EXPECT_FALSE(has(ran.out, "src/main.cc"));
  EXPECT_TRUE(ran.out.ends_with("Consider staged rollout with canary deployment\n")) << ran.out;
}

TEST_F(Risk, FailsOnALevelOnlyWhereAsked) {
  change({"schema.sql", "k8s/1"});  // 8: medium
  EXPECT_EQ(run({}).exit_code, 0);
  EXPECT_EQ(run({"--fail-on", "high"}).exit_code, 0);
  EXPECT_EQ(run({"--fail-on", "medium"}).exit_code, 1);
  EXPECT_TRUE(has(run({"--fail-on", "medium"}).out, "medium    main"));
  EXPECT_EQ(run({"--fail-on", "low"}).exit_code, 2);
  change({"helm/2"});  // 11
  EXPECT_EQ(run({"--fail-on", "high"}).exit_code, 1);
  EXPECT_EQ(run({"main..main", "--fail-on", "medium"}).exit_code, 0);
}

TEST_F(Risk, TwoDotCountsWhatHappenedUpstreamToo) {
  change({"src/a"});
  folder_.git({"checkout", "--quiet", "main"});
  change({"k8s/theirs"});
  EXPECT_EQ(as_json({"main..topic"}).find("score")->integer(), 0);
  EXPECT_EQ(as_json({"main..topic", "--two-dot"}).find("score")->integer(), 3);
  EXPECT_EQ(run({"main...topic", "--two-dot"}).exit_code, 2);
}

TEST_F(Risk, WhatCannotBeAnalysedIsThreeAndSaysWhatToDo) {
  EXPECT_EQ(run({"absent..HEAD"}).exit_code, 3);
  EXPECT_EQ(run({"HEAD"}).exit_code, 2);
  const test::TempFolder empty;
  const Ran outside = test::sluice().in(empty.path())({"risk", "analyse"});
  EXPECT_EQ(outside.exit_code, 3);
  EXPECT_TRUE(has(outside.err, "--repo DIR")) << outside.err;
  EXPECT_EQ(run({"--repo", folder_.path().native(), "main..HEAD"}).exit_code, 0);
  change({"k8s"});
  folder_.git({"clone", "--quiet", "--depth=1", "--no-single-branch",
               cat("file://", folder_.path().native()), "../clone"});
  const Ran shallow = run({"--repo", "../clone", "origin/main..HEAD"});
  EXPECT_EQ(shallow.exit_code, 3);
  EXPECT_TRUE(has(shallow.err, "git fetch --unshallow")) << shallow.err;
}

TEST_F(Risk, AModelFromAFileCountsInsteadOfTheSeed) {
  change({"k8s/web.yaml", "src/main.cc"});
  folder_.write("../model.yaml",
                "apiVersion: sluice/v1\nkind: RiskModel\nrules:\n"
                "  - {id: code, pattern: '\\.cc$', weight: 20}\n");
  const auto json = as_json({"--model", "../model.yaml"});
  EXPECT_EQ(json.find("score")->integer(), 20);
  EXPECT_EQ(*json.find("level")->string(), "high");
  folder_.write("../model.yaml", "apiVersion: sluice/v1\nkind: RiskModel\nrulez: []\n");
  const Ran wrong = run({"--model", "../model.yaml"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_TRUE(has(wrong.err, "../model.yaml:3:1: ")) << wrong.err;
  EXPECT_EQ(run({"--model", "absent.yaml"}).exit_code, 3);
}

TEST_F(Risk, JsonIsAsItsSchemaSays) {
  change({"k8s/migration"});
  const auto json = as_json({});
  std::vector<std::string> members;
  for (const auto& [key, value] : *json.object()) members.push_back(key);
  const auto schema =
      json::parse_strict(test::read_file(Path(SLUICE_SOURCE_DIR) / "docs/schema/risk.v1.json"));
  ASSERT_TRUE(schema);
  std::vector<std::string> required;
  for (const auto& key : *schema->find("required")->array()) required.push_back(*key.string());
  EXPECT_EQ(members, required);
  EXPECT_EQ(*json.find("kind")->string(), "sluice.risk/v1");
  EXPECT_EQ(json.find("range")->find("head")->string()->size(), 40U);
}

TEST_F(Risk, NamesReachATerminalOnlyEscaped) {
  change({"k8s\x1b]0;owned\x07\nmedium"});
  folder_.git({"branch",
               "\xe2\x80\xae"
               "evil"});
  const Ran ran =
      run({"main..\xe2\x80\xae"
           "evil",
           "--color", "always"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "k8s\\x1b]0;owned\\x07\\x0amedium")) << ran.out;
  EXPECT_FALSE(has(ran.out, "\x1b]"));
  EXPECT_FALSE(has(ran.out, "\xe2\x80\xae"));
  EXPECT_TRUE(ran.out.starts_with("\x1b[32mlow\x1b[0m       ")) << ran.out;
}

}  // namespace
}  // namespace sluice
