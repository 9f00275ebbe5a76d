// SPDX-License-Identifier: Apache-2.0
#include "intoto/lint.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "intoto/chain_builder.h"
#include "intoto/draft.h"

namespace sluice::intoto {
namespace {

using test::ChainBuilder;

std::vector<std::string> ids(const json::Value& layout) {
  Report report("layout");
  const auto read = read_layout(json::write(layout), {}, {}, report);
  EXPECT_TRUE(read) << report.first_failure()->detail;
  std::vector<std::string> out;
  if (!read) return out;
  for (const auto& each : lint_layout(*read, *parse_rfc3339("2026-11-28T12:00:00Z"))) {
    out.push_back(each.id);
  }
  return out;
}

std::vector<std::string> of_products(const std::vector<std::string>& rules) {
  ChainBuilder chain;
  chain.step({.name = "first", .products = {"CREATE *", "DISALLOW *"}});
  chain.step({.name = "it", .materials = {"DISALLOW *"}, .products = rules});
  return ids(chain.layout());
}

using Ids = std::vector<std::string>;

TEST(Lint, SaysNothingAgainstAGoodLayout) {
  EXPECT_EQ(of_products({"MATCH * WITH PRODUCTS FROM first", "CREATE a", "DISALLOW *"}), Ids{});
}

TEST(Lint, RulesEndWithDisallow) {
  EXPECT_EQ(of_products({"CREATE a"}), Ids{"open-end"});
  EXPECT_EQ(of_products({}), Ids{"open-end"});
  EXPECT_EQ(of_products({"DISALLOW a*"}), Ids{"open-end"});
}

TEST(Lint, TheFirstStepMayBeginWithAnything) {
  ChainBuilder chain;
  chain.step({.name = "a", .materials = {"ALLOW *"}, .products = {"DISALLOW *"}});
  EXPECT_EQ(ids(chain.layout()), Ids{});
  chain.step({.name = "b", .materials = {"ALLOW *"}, .products = {"DISALLOW *"}});
  EXPECT_EQ(ids(chain.layout()), Ids{"open-end"});
}

TEST(Lint, MatchNamesAStepThatIsThereAndEarlier) {
  EXPECT_EQ(of_products({"MATCH * WITH PRODUCTS FROM frist", "DISALLOW *"}), Ids{"unknown-step"});
  EXPECT_EQ(of_products({"MATCH * WITH MATERIALS FROM it", "DISALLOW *"}), Ids{});
  ChainBuilder chain;
  chain.step({.name = "a",
              .materials = {"MATCH * WITH PRODUCTS FROM b", "DISALLOW *"},
              .products = {"DISALLOW *"}});
  chain.step({.name = "b", .materials = {"DISALLOW *"}, .products = {"DISALLOW *"}});
  EXPECT_EQ(ids(chain.layout()), Ids{"later-step"});
}

TEST(Lint, FindsRulesThatCannotApply) {
  EXPECT_EQ(of_products({"ALLOW src/*", "CREATE src/a", "DISALLOW *"}), Ids{"dead-rule"});
  EXPECT_EQ(of_products({"ALLOW src/*", "CREATE lib/a", "DISALLOW *"}), Ids{});
  EXPECT_EQ(of_products({"DISALLOW *", "ALLOW a", "DISALLOW *"}), (Ids{"dead-rule", "dead-rule"}));
  EXPECT_EQ(of_products({"DELETE a", "DISALLOW *"}), Ids{"dead-rule"});
  EXPECT_EQ(of_products({"CREATE a", "CREATE a", "DISALLOW *"}), Ids{"dead-rule"});
}

TEST(Lint, RequireComesBeforeWhatTakesIt) {
  EXPECT_EQ(of_products({"CREATE a*", "REQUIRE ab", "DISALLOW *"}), Ids{"late-require"});
  EXPECT_EQ(of_products({"REQUIRE ab", "CREATE a*", "DISALLOW *"}), Ids{});
}

TEST(Lint, ExpiryAndFunctionaries) {
  ChainBuilder chain;
  chain.step({.name = "it", .products = {"DISALLOW *"}});
  chain.expires = "2026-12-01T00:00:00Z";
  EXPECT_EQ(ids(chain.layout()), Ids{"expires-soon"});
  chain.expires = "2026-11-01T00:00:00Z";
  EXPECT_EQ(ids(chain.layout()), Ids{"expired"});
  chain.expires = "2027-12-01T00:00:00Z";
  auto layout = chain.layout();
  json::Value keys = *layout.find("keys");
  keys.set(chain.id("idle"), chain.known("idle").to_json(chain.id("idle")));
  layout.set("keys", keys);
  EXPECT_EQ(ids(layout), Ids{"unused-functionary"});
}

TEST(Draft, TheTemplatePassesTheCheck) {
  ChainBuilder chain;
  const DraftFunctionary all{"", chain.known("ci").to_json(chain.id("ci"))};
  const auto layout = draft_layout(chain_template(), {all}, *parse_rfc3339("2027-06-01T00:00:00Z"));
  ASSERT_TRUE(layout);
  EXPECT_EQ(ids(*layout), Ids{});
  EXPECT_FALSE(draft_layout(chain_template(), {}, Time{}));
}

TEST(Draft, ReadsTheJobsOfGitHubActions) {
  const auto steps = pipeline_steps(
      "on: push\njobs:\n  deploy:\n    needs: [build]\n    runs-on: x\n    steps: []\n"
      "  build:\n    runs-on: x\n    steps:\n      - uses: actions/upload-artifact@v4\n"
      "        with:\n          path: |\n            dist/\n            out/app.bin\n",
      "ci.yml");
  ASSERT_TRUE(steps) << steps.error().text();
  ASSERT_EQ(steps->size(), 2U);
  EXPECT_EQ((*steps)[0].name, "build");
  EXPECT_EQ((*steps)[0].artifacts, (std::vector<std::string>{"dist/*", "out/app.bin"}));
  EXPECT_EQ((*steps)[1].needs, std::vector<std::string>{"build"});
}

TEST(Draft, ReadsTheJobsOfGitLab) {
  const auto steps = pipeline_steps(
      "stages: [build, test]\n.hidden:\n  script: x\nunit tests:\n  stage: test\n  script: x\n"
      "compile:\n  stage: build\n  script: x\n  artifacts:\n    paths: [bin/]\n",
      ".gitlab-ci.yml");
  ASSERT_TRUE(steps) << steps.error().text();
  ASSERT_EQ(steps->size(), 2U);
  EXPECT_EQ((*steps)[0].name, "compile");
  EXPECT_EQ((*steps)[1].name, "unit-tests");
  EXPECT_EQ((*steps)[1].needs, std::vector<std::string>{"compile"});
}

TEST(Draft, RefusesACircleAndAFileWithoutJobs) {
  EXPECT_FALSE(pipeline_steps("jobs:\n  a:\n    needs: b\n  b:\n    needs: a\n", "x.yml"));
  EXPECT_FALSE(pipeline_steps("a: 1\n", "x.yml"));
  EXPECT_FALSE(pipeline_steps("jobs: [1, 2", "x.yml"));
}

}  // namespace
}  // namespace sluice::intoto
