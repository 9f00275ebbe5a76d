// SPDX-License-Identifier: Apache-2.0
// The seed model, and models from files.
#include "risk/seed.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice::risk {
namespace {

Assessment assess(const std::vector<std::string_view>& paths, PathModel model = seed_model()) {
  auto scorer = PathScorer::compile(std::move(model));
  if (!scorer) throw std::runtime_error(scorer.error().text());
  return scorer->assess(paths);
}

std::int64_t score(std::string_view path) { return assess({path}).score; }

TEST(Seed, WordsCountAnywhereInThePathAndWithTheirCase) {
  EXPECT_EQ(score("terraform/main.tf"), 3);
  EXPECT_EQ(score("infra/k8s.yaml"), 3);
  EXPECT_EQ(score("web/helmet.js"), 3);
  EXPECT_EQ(score("db/migrations/1.sql"), 5);
  EXPECT_EQ(score("schema.graphql"), 5);
  for (const auto* miss : {"K8S/web.yaml", "Terraform/main.tf", "terra/form.tf", "k-8s.yaml",
                           "Helm", "chema.sql", "migrate.py", "Migration", "hel/m", ""}) {
    EXPECT_EQ(score(miss), 0) << miss;
  }
}

TEST(Seed, APathMayCountForBothRulesButOnceForEach) {
  EXPECT_EQ(score("k8s/migration.yaml"), 8);
  EXPECT_EQ(score("k8s/helm/terraform/k8s"), 3);
  const auto both = assess({"README", "k8s/migration.yaml"});
  ASSERT_EQ(both.counted.size(), 1U);
  EXPECT_EQ(both.counted[0].path, 1U);
  EXPECT_EQ(both.counted[0].rules, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(both.counted[0].points, 8);
  EXPECT_EQ(both.paths_by_rule, (std::vector<std::size_t>{1, 1}));
}

TEST(Seed, AboveTenIsHighAndAboveFiveIsMedium) {
  EXPECT_EQ(assess({}).level, Level::low);
  EXPECT_EQ(assess({"schema"}).level, Level::low);                   // 5
  EXPECT_EQ(assess({"k8s/1", "k8s/2"}).level, Level::medium);        // 6
  EXPECT_EQ(assess({"schema/1", "schema/2"}).level, Level::medium);  // 10
  EXPECT_EQ(assess({"k8s/1", "helm/schema"}).level, Level::high);    // 11
  const auto advice = seed_model().advice;
  EXPECT_EQ(advice[0], "Standard deployment approved");
  EXPECT_EQ(advice[1], "Enable enhanced monitoring during deployment");
  EXPECT_EQ(advice[2], "Consider staged rollout with canary deployment");
}

TEST(Seed, NamesAreBytes) {
  EXPECT_EQ(score("\xff\xfe/k8s"), 3);
  EXPECT_EQ(score("a\nschema\n"), 5);
  EXPECT_EQ(score(std::string_view("\0helm", 5)), 3);
  EXPECT_EQ(score("\terraform"), 0);  // quoted by git, "\t" and "erraform" would meet
  PathModel model = seed_model();
  model.rules = {{"any", "^a.b$", 1}};
  EXPECT_EQ(assess({"a\nb",
                    "a\xff"
                    "b",
                    "a\xc3\xa4"
                    "b"},
                   model)
                .score,
            2);
}

// A pattern that takes exponential time elsewhere, on a long name.
TEST(Seed, PatternsRunInLinearTime) {
  PathModel model = seed_model();
  model.rules = {{"nested", "(a*)*(b|a)*c$", 1}};
  EXPECT_EQ(assess({std::string(100'000, 'a')}, model).score, 0);
}

TEST(Seed, APatternThatIsNoneOrTooLargeIsRefused) {
  PathModel model = seed_model();
  model.rules[0].pattern = "(k8s";
  EXPECT_EQ(PathScorer::compile(model).error().code, Errc::usage);
  model.rules[0].pattern = "((((a{100}){100}){100}){100}){100}";
  EXPECT_EQ(PathScorer::compile(model).error().code, Errc::usage);
  model.rules[0].pattern = "(k8s)";
  EXPECT_TRUE(PathScorer::compile(model));
}

constexpr std::string_view kModel = R"(apiVersion: sluice/v1
kind: RiskModel
name: ours
rules:
  - id: workflows
    pattern: ^\.github/workflows/
    weight: 4
  - {id: locks, pattern: '(package-lock\.json|go\.sum)$', weight: 1}
levels:
  medium: {above: 3}
  high: {above: 7, advice: Ask somebody first}
)";

TEST(ModelFile, GivesRulesThresholdsAndTexts) {
  const auto model = read_model(kModel, "model.yaml");
  ASSERT_TRUE(model) << model.error().text();
  EXPECT_EQ(model->name, "ours");
  const auto high = assess({".github/workflows/a", ".github/workflows/b", "go.sum"}, *model);
  EXPECT_EQ(high.score, 9);
  EXPECT_EQ(high.level, Level::high);
  EXPECT_EQ(assess({".github/workflows/a"}, *model).level, Level::medium);
  EXPECT_EQ(assess({"x/.github/workflows/a", "terraform"}, *model).score, 0);
  EXPECT_EQ(model->advice[2], "Ask somebody first");
  EXPECT_EQ(model->advice[0], "Standard deployment approved");  // as it was
}

std::string with(std::string_view from, std::string_view to) {
  std::string text(kModel);
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("no such text in the model");
  return text.replace(at, from.size(), to);
}

std::string objection(const std::string& text) {
  const auto model = read_model(text, "m.yaml");
  if (model) return "none";
  EXPECT_EQ(model.error().code, Errc::usage) << model.error().text();
  return model.error().what;
}

TEST(ModelFile, RefusesWithLineAndColumn) {
  EXPECT_EQ(objection(std::string(kModel)), "none");
  const std::vector<std::array<std::string, 3>> cases = {
      {"sluice/v1", "sluice/v2", "m.yaml:1:13: expected \"apiVersion: sluice/v1\""},
      {"RiskModel", "Policy", "m.yaml:2:7: expected \"kind: RiskModel\""},
      {"apiVersion: sluice/v1\n", "", "m.yaml:1:1: "},
      {"weight: 4", "wieght: 4", "m.yaml:7:5: "},
      {"weight: 4", "weight: -1", "m.yaml:7:13: "},
      {"weight: 4", "weight: 1000001", "m.yaml:7:13: "},
      {"weight: 4", "weight: 0.5", "m.yaml:7:13: "},
      {"id: locks", "id: workflows", "m.yaml:8:5: a second rule"},
      {"id: locks", "id: \"a b\"", "m.yaml:8:5: "},
      {"sum)$'", "sum$'", "m.yaml:8:5: rule \"locks\": the pattern "},
      {"'(package-lock\\.json|go\\.sum)$'", "''", "m.yaml:8:"},
      {"medium: {above: 3}", "medium: {above: 8}", "m.yaml:10:3: medium begins above 8"},
      {"medium: {above: 3}", "low: {above: 3}", "m.yaml:10:"},
      {"levels:", "lewels:", "m.yaml:9:1: "},
      {"kind: RiskModel", "kind: RiskModel\nkind: RiskModel", "m.yaml:3:1: "}};
  for (const auto& [from, to, expected] : cases) {
    EXPECT_TRUE(objection(with(from, to)).starts_with(expected)) << objection(with(from, to));
  }
  EXPECT_EQ(objection(with("medium: {above: 3}", "medium: {above: 7}")), "none");
  EXPECT_EQ(objection(with("weight: 4", "weight: 1000000")), "none");
  EXPECT_TRUE(objection("").starts_with("m.yaml:1:1: ")) << objection("");
  EXPECT_TRUE(objection("apiVersion: sluice/v1\nkind: RiskModel\nrules: []\n")
                  .starts_with("m.yaml:1:1: a model has"));
}

}  // namespace
}  // namespace sluice::risk
