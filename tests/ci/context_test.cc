// SPDX-License-Identifier: Apache-2.0
#include "ci/context.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"

namespace sluice::ci {
namespace {

const std::string kA(40, 'a');
const std::string kB(40, 'b');
const std::string kZero(40, '0');

class ContextOf : public testing::Test {
 protected:
  Result<Context> github(const std::string& event, const std::string& json) {
    auto& values = world_.environment.values;
    values["GITHUB_ACTIONS"] = "true";
    values["GITHUB_EVENT_NAME"] = event;
    values["GITHUB_EVENT_PATH"] = folder_.write("event.json", json).native();
    values["GITHUB_REPOSITORY"] = "org/shop";
    return context_of(world_.environment, system_files());
  }
  static std::string pull(const std::string& head_repository) {
    return cat(R"({"action":"opened","pull_request":{"number":12,"title":"`x`","base":{"sha":")",
               kA, R"("},"head":{"sha":")", kB, R"(","repo":)", head_repository, "}}}");
  }
  static std::string push(const std::string& ref, const std::string& before,
                          const std::string& after = kB) {
    return cat(R"({"ref":")", ref, R"(","before":")", before, R"(","after":")", after,
               R"(","repository":{"default_branch":"main"}})");
  }
  Result<Context> gitlab(const std::map<std::string, std::string>& variables) {
    world_.environment.values = variables;
    world_.environment.values["GITLAB_CI"] = "true";
    world_.environment.values["CI_COMMIT_SHA"] = kB;
    world_.environment.values["CI_DEFAULT_BRANCH"] = "main";
    return context_of(world_.environment, system_files());
  }

  test::FakeWorld world_;
  test::TempFolder folder_;
};

TEST_F(ContextOf, OutsideOfAPipelineThereIsNone) {
  const auto context = context_of(world_.environment, system_files());
  ASSERT_TRUE(context);
  EXPECT_EQ(context->kind, Kind::none);
}

TEST_F(ContextOf, APullRequestIsFromItsBaseToItsHead) {
  for (const auto* event : {"pull_request", "pull_request_target"}) {
    const auto context = github(event, pull(R"({"full_name":"org/shop"})"));
    ASSERT_TRUE(context) << context.error().text();
    EXPECT_EQ(context->base, kA);
    EXPECT_EQ(context->head, kB);
    EXPECT_EQ(context->request, 12);
    EXPECT_FALSE(context->from_fork);
  }
  EXPECT_TRUE(github("pull_request", pull(R"({"full_name":"eve/shop"})"))->from_fork);
  EXPECT_TRUE(github("pull_request", pull("null"))->from_fork) << "the fork was deleted";
}

TEST_F(ContextOf, APushIsFromWhatWasThereOnTheDefaultBranchOnly) {
  EXPECT_EQ(github("push", push("refs/heads/main", kA))->base, kA);
  EXPECT_EQ(github("push", push("refs/heads/main", kA))->head, kB);
  EXPECT_EQ(github("push", push("refs/heads/main", kZero))->base, "");
  EXPECT_EQ(github("push", push("refs/heads/topic", kA))->base, "refs/remotes/origin/main");
  EXPECT_EQ(github("push", push("refs/tags/v1", kZero))->base, "refs/remotes/origin/main");
  EXPECT_EQ(github("push", push("refs/heads/topic", kA, kZero))->head, "") << "a deletion";
}

TEST_F(ContextOf, AMergeGroupAndEventsAboutNoChange) {
  const auto group = github(
      "merge_group", cat(R"({"merge_group":{"base_sha":")", kA, R"(","head_sha":")", kB, R"("}})"));
  EXPECT_EQ(group->base, kA);
  EXPECT_EQ(group->head, kB);
  EXPECT_EQ(github("schedule", "{}")->base, "");
}

TEST_F(ContextOf, AnEventThatCannotBeUnderstoodIsAnError) {
  EXPECT_EQ(github("pull_request", "{}").error().code, Errc::malformed);
  EXPECT_EQ(github("push", "[").error().code, Errc::malformed);
  EXPECT_EQ(github("push", R"({"ref":1,"before":"a","after":"b"})").error().code, Errc::malformed);
}

TEST_F(ContextOf, AMergeRequestOfGitLab) {
  const auto context = gitlab({{"CI_MERGE_REQUEST_IID", "7"},
                               {"CI_MERGE_REQUEST_DIFF_BASE_SHA", kA},
                               {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"},
                               {"CI_MERGE_REQUEST_PROJECT_ID", "1"},
                               {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "1"}});
  ASSERT_TRUE(context) << context.error().text();
  EXPECT_EQ(context->kind, Kind::gitlab);
  EXPECT_EQ(context->base, "refs/remotes/origin/main")
      << "never the merge base: an old one has an old policy";
  EXPECT_EQ(gitlab({{"CI_MERGE_REQUEST_IID", "7"}, {"CI_MERGE_REQUEST_DIFF_BASE_SHA", kA}})->base,
            "");
  EXPECT_EQ(context->head, kB);
  EXPECT_EQ(context->request, 7);
  EXPECT_FALSE(context->from_fork);
  EXPECT_EQ(
      gitlab({{"CI_MERGE_REQUEST_IID", "7"}, {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", kA}})->head, kA)
      << "the job runs on a merged result";
  EXPECT_EQ(gitlab({{"CI_MERGE_REQUEST_IID", "7x"}}).error().code, Errc::malformed);
}

TEST_F(ContextOf, BranchesOfGitLab) {
  EXPECT_EQ(gitlab({{"CI_COMMIT_BRANCH", "main"}, {"CI_COMMIT_BEFORE_SHA", kA}})->base, kA);
  EXPECT_EQ(gitlab({{"CI_COMMIT_BRANCH", "main"}, {"CI_COMMIT_BEFORE_SHA", kZero}})->base, "");
  EXPECT_EQ(gitlab({{"CI_COMMIT_BRANCH", "topic"}, {"CI_COMMIT_BEFORE_SHA", kA}})->base,
            "refs/remotes/origin/main");
  EXPECT_EQ(gitlab({{"CI_COMMIT_TAG", "v1"}})->base, "refs/remotes/origin/main");
}

}  // namespace
}  // namespace sluice::ci
