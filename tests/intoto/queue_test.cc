// SPDX-License-Identifier: Apache-2.0
#include "intoto/queue.h"

#include <gtest/gtest.h>

#include <chrono>

#include "intoto/chain_builder.h"

namespace sluice::intoto {
namespace {

using test::artifacts;
using test::Files1;

// One step "it", and another one, "prev".
struct Case {
  Files1 materials = {};
  Files1 products = {};
  Files1 prev_materials = {};
  Files1 prev_products = {};

  QueueResult run(Side side, const std::vector<std::string>& lines) {
    read(lines);
    lists_ = {artifacts(materials), artifacts(products), artifacts(prev_materials),
              artifacts(prev_products)};
    steps_["it"] = {&lists_[0], &lists_[1]};
    steps_["prev"] = {&lists_[2], &lists_[3]};
    side_ = side;
    return run_queue({"it", side_, rules_, steps_}, Tracing::samples);
  }
  bool passes(Side side, const std::vector<std::string>& lines) {
    return run(side, lines).passed();
  }
  std::string suggestion(Side side, const std::vector<std::string>& lines) {
    const auto result = run(side, lines);
    const std::vector<std::string> earlier{"prev"};
    const QueueInput input{"it", side_, rules_, steps_};
    const auto out = suggest(input, result, earlier);
    if (!out) return "";
    const auto rules = applied(*out, rules_);
    EXPECT_TRUE(run_queue({"it", side_, rules, steps_}).passed());
    std::vector<std::string> words;
    for (const auto& rule : out->rules) words.push_back(rule.text());
    return cat(out->in_place ? cat("instead of ", out->at + 1, ": ") : "", join(words, "; "));
  }

  void read(const std::vector<std::string>& lines) {
    rules_.clear();
    for (const auto& line : lines) {
      std::vector<std::string> words;
      for (const auto word : split(line, ' ')) words.emplace_back(word);
      auto rule = parse_rule(words, {});
      ASSERT_TRUE(rule) << line;
      rules_.push_back(*std::move(rule));
    }
  }
  std::vector<Rule> rules_ = {};
  std::vector<Artifacts> lists_ = {};
  StepsArtifacts steps_ = {};
  Side side_ = Side::products;
};

constexpr auto kMaterials = Side::materials;
constexpr auto kProducts = Side::products;

TEST(Queue, WithoutRulesEverythingIsAllowed) {
  EXPECT_TRUE((Case{.products = {{"a", '1'}}}.passes(kProducts, {})));
  EXPECT_FALSE((Case{.products = {{"a", '1'}}}.passes(kProducts, {"DISALLOW *"})));
  EXPECT_TRUE((Case{}.passes(kProducts, {"DISALLOW *"})));
}

TEST(Queue, AllowTakesWhatItsPatternCovers) {
  Case one{.products = {{"a.c", '1'}, {"b.o", '2'}}};
  EXPECT_TRUE(one.passes(kProducts, {"ALLOW *.c", "ALLOW *.o", "DISALLOW *"}));
  EXPECT_FALSE(one.passes(kProducts, {"ALLOW *.c", "DISALLOW *"}));
  EXPECT_TRUE(one.passes(kProducts, {"ALLOW *.o", "DISALLOW *.o"}));
  EXPECT_FALSE(one.passes(kProducts, {"DISALLOW *.o", "ALLOW *.o"}));
}

TEST(Queue, CreateTakesWhatIsNoMaterial) {
  EXPECT_TRUE((Case{.products = {{"a", '1'}}}.passes(kProducts, {"CREATE a", "DISALLOW *"})));
  Case existed{.materials = {{"a", '1'}}, .products = {{"a", '1'}}};
  const auto result = existed.run(kProducts, {"CREATE a", "DISALLOW *"});
  ASSERT_FALSE(result.passed());
  EXPECT_EQ(result.failure->nearly->miss, Miss::was_there);
}

TEST(Queue, DeleteTakesWhatIsNoProduct) {
  EXPECT_TRUE((Case{.materials = {{"a", '1'}}}.passes(kMaterials, {"DELETE a", "DISALLOW *"})));
  Case kept{.materials = {{"a", '1'}}, .products = {{"a", '2'}}};
  const auto result = kept.run(kMaterials, {"DELETE a", "DISALLOW *"});
  ASSERT_FALSE(result.passed());
  EXPECT_EQ(result.failure->nearly->miss, Miss::still_there);
}

TEST(Queue, ModifyTakesWhatChanged) {
  Case changed{.materials = {{"a", '1'}}, .products = {{"a", '2'}}};
  EXPECT_TRUE(changed.passes(kProducts, {"MODIFY a", "DISALLOW *"}));
  EXPECT_TRUE(changed.passes(kMaterials, {"MODIFY a", "DISALLOW *"}));
  Case same{.materials = {{"a", '1'}}, .products = {{"a", '1'}}};
  EXPECT_EQ(same.run(kProducts, {"MODIFY a", "DISALLOW *"}).failure->nearly->miss, Miss::unchanged);
  Case fresh{.products = {{"a", '1'}}};
  EXPECT_EQ(fresh.run(kProducts, {"MODIFY a", "DISALLOW *"}).failure->nearly->miss,
            Miss::one_side_only);
}

TEST(Queue, MatchComparesDigestsWithAnotherStep) {
  Case same{.materials = {{"a", '1'}}, .prev_products = {{"a", '1'}}};
  EXPECT_TRUE(same.passes(kMaterials, {"MATCH a WITH PRODUCTS FROM prev", "DISALLOW *"}));
  EXPECT_FALSE(same.passes(kMaterials, {"MATCH a WITH MATERIALS FROM prev", "DISALLOW *"}));
  EXPECT_FALSE(same.passes(kMaterials, {"MATCH a WITH PRODUCTS FROM nobody", "DISALLOW *"}));
  Case other{.materials = {{"a", '1'}}, .prev_products = {{"a", '2'}}};
  const auto result = other.run(kMaterials, {"MATCH a WITH PRODUCTS FROM prev", "DISALLOW *"});
  ASSERT_FALSE(result.passed());
  EXPECT_EQ(result.failure->nearly->miss, Miss::other_digest);
  EXPECT_EQ(result.failure->nearly->theirs->digests.text(), "sha256:" + test::digest_text('2'));
  EXPECT_EQ(result.failure->artifact->digests.text(), "sha256:" + test::digest_text('1'));
}

TEST(Queue, MatchWithFoldersTakesOnlyWhatIsInThem) {
  Case one{.materials = {{"src/a", '1'}, {"a", '1'}}, .prev_products = {{"out/a", '1'}}};
  const std::string rule = "MATCH * IN src WITH PRODUCTS IN out FROM prev";
  EXPECT_FALSE(one.passes(kMaterials, {rule, "DISALLOW *"}));
  EXPECT_TRUE(one.passes(kMaterials, {rule, "DISALLOW src/*"}));
  Case near{.materials = {{"srcs/a", '1'}}, .prev_products = {{"out/a", '1'}}};
  EXPECT_FALSE(near.passes(kMaterials, {rule, "DISALLOW *"}));
  Case deep{.materials = {{"src/x/a", '1'}, {"src/x/b", '2'}},
            .prev_products = {{"out/x/a", '1'}, {"out/x/b", '2'}, {"outx/x/b", '3'}}};
  EXPECT_TRUE(deep.passes(kMaterials, {rule, "DISALLOW *"}));
  EXPECT_TRUE(
      deep.passes(kMaterials, {"MATCH x/? IN src WITH PRODUCTS IN out FROM prev", "DISALLOW *"}));
}

TEST(Queue, RequireLooksAtWhatIsStillQueued) {
  Case one{.products = {{"a", '1'}}};
  EXPECT_TRUE(one.passes(kProducts, {"REQUIRE a", "ALLOW a"}));
  const auto late = one.run(kProducts, {"ALLOW a", "REQUIRE a"});
  ASSERT_FALSE(late.passed());
  EXPECT_EQ(late.failure->taken_by, 0U);
  EXPECT_FALSE(one.passes(kProducts, {"REQUIRE b"}));
  EXPECT_FALSE(one.passes(kProducts, {"REQUIRE *"}));
}

TEST(Queue, OnlyOneStrongDigestInCommonIsNeeded) {
  DigestSet both;
  ASSERT_TRUE(both.add("sha256", test::digest_text('1')));
  ASSERT_TRUE(both.add("sha512", std::string(128, '2')));
  const Artifacts materials = *Artifacts::of({{"a", both}});
  const Artifacts products = artifacts({{"a", '1'}});
  const Artifacts none;
  const StepsArtifacts steps{{"it", {&materials, &none}}, {"prev", {&none, &products}}};
  const std::vector<Rule> rules{*parse_rule({"MATCH", "*", "WITH", "PRODUCTS", "FROM", "prev"}, {}),
                                *parse_rule({"DISALLOW", "*"}, {})};
  EXPECT_TRUE(run_queue({"it", kMaterials, rules, steps}).passed());
}

TEST(Queue, WhatCannotBeComparedIsNotTaken) {
  DigestSet other;
  ASSERT_TRUE(other.add("sha512", std::string(128, '2')));
  const Artifacts materials = *Artifacts::of({{"a", other}});
  const Artifacts products = artifacts({{"a", '1'}});
  const StepsArtifacts steps{{"it", {&materials, &products}}};
  const Rule end = *parse_rule({"DISALLOW", "*"}, {});
  for (const auto& words : {std::vector<std::string>{"MODIFY", "a"},
                            {"MATCH", "a", "WITH", "PRODUCTS", "FROM", "it"}}) {
    const std::vector<Rule> rules{*parse_rule(words, {}), end};
    const auto result = run_queue({"it", kMaterials, rules, steps});
    ASSERT_FALSE(result.passed());
    EXPECT_EQ(result.failure->nearly->miss, Miss::no_common_one);
  }
}

TEST(Queue, TracesWhatEachRuleDid) {
  Case one{.materials = {{"a", '1'}, {"b", '1'}, {"c", '1'}},
           .prev_products = {{"a", '1'}, {"b", '2'}}};
  const auto result =
      one.run(kMaterials, {"MATCH * WITH PRODUCTS FROM prev", "ALLOW c", "DISALLOW *"});
  ASSERT_EQ(result.trace.size(), 3U);
  EXPECT_EQ(result.trace[0].queued, 3U);
  EXPECT_EQ(result.trace[0].covered, 3U);
  EXPECT_EQ(result.trace[0].taken, 1U);
  EXPECT_EQ(result.trace[0].missed.size(), 2U);
  EXPECT_EQ(result.trace[1].taken, 1U);
  EXPECT_EQ(result.failure->count, 1U);
  EXPECT_EQ(result.failure->artifact->name, "b");
}

TEST(Suggest, SaysTheRuleThatFitsBest) {
  Case created{.products = {{"out/a", '1'}, {"out/b", '2'}}};
  EXPECT_EQ(created.suggestion(kProducts, {"DISALLOW *"}), "CREATE out/*");
  Case one{.products = {{"out/a", '1'}}};
  EXPECT_EQ(one.suggestion(kProducts, {"DISALLOW *"}), "CREATE out/a");
  Case modified{.materials = {{"a", '1'}}, .products = {{"a", '2'}}};
  EXPECT_EQ(modified.suggestion(kProducts, {"CREATE a", "DISALLOW *"}), "MODIFY a");
  Case handed{.materials = {{"a", '1'}}, .products = {{"a", '1'}}, .prev_products = {{"a", '1'}}};
  EXPECT_EQ(handed.suggestion(kMaterials, {"DISALLOW *"}), "MATCH a WITH PRODUCTS FROM prev");
  Case moved{.materials = {{"bin/a", '1'}},
             .products = {{"bin/a", '1'}},
             .prev_products = {{"out/a", '1'}}};
  EXPECT_EQ(moved.suggestion(kMaterials, {"DISALLOW *"}),
            "MATCH a IN bin WITH PRODUCTS IN out FROM prev");
}

TEST(Suggest, MovesAWholeFolder) {
  Case moved{.products = {{"prod/blobs/a", '1'}, {"prod/index", '2'}},
             .prev_products = {{"image/blobs/a", '1'}, {"image/index", '2'}}};
  EXPECT_EQ(moved.suggestion(kProducts, {"DISALLOW *"}),
            "MATCH * IN prod WITH PRODUCTS IN image FROM prev");
  moved.prev_products[1].second = '3';  // not all of it is from there
  EXPECT_EQ(moved.suggestion(kProducts, {"DISALLOW *"}), "CREATE prod/*");
}

TEST(Suggest, CorrectsAMatchThatNamesTheWrongStep) {
  Case one{.materials = {{"image/a", '1'}, {"image/b", '2'}},
           .prev_products = {{"image/a", '1'}, {"image/b", '2'}}};
  EXPECT_EQ(one.suggestion(kMaterials, {"MATCH image/* WITH PRODUCTS FROM other", "DISALLOW *"}),
            "instead of 1: MATCH image/* WITH PRODUCTS FROM prev");
}

TEST(Suggest, NeverAllowsEverything) {
  Case apart{.materials = {{"a", '1'}, {"b", '2'}}};
  EXPECT_EQ(apart.suggestion(kMaterials, {"DISALLOW *"}), "DELETE a; DELETE b");
  Case kept{.materials = {{"a", '1'}, {"b", '2'}}, .products = {{"a", '1'}, {"b", '2'}}};
  EXPECT_EQ(kept.suggestion(kMaterials, {"DISALLOW *"}), "ALLOW a; ALLOW b");
  Files1 many;
  for (const char name : std::string("abcdefghi")) many.emplace_back(std::string(1, name), '1');
  Case all{.materials = many, .products = many};
  EXPECT_EQ(all.suggestion(kMaterials, {"DISALLOW *"}), "");
}

TEST(Suggest, AsksNoLaterStepWhatThisOneWasGiven) {
  Case one{.materials = {{"a", '1'}}, .products = {{"a", '1'}}, .prev_products = {{"a", '1'}}};
  const auto result = one.run(kMaterials, {"DISALLOW *"});
  const QueueInput input{"it", kMaterials, one.rules_, one.steps_};
  const auto without = suggest(input, result, {});
  ASSERT_TRUE(without);
  EXPECT_EQ(without->rules.front().text(), "ALLOW a");
  EXPECT_FALSE(without->compares());
  const std::vector<std::string> earlier{"prev"};
  EXPECT_TRUE(suggest(input, result, earlier)->compares());
}

TEST(Suggest, SaysWhatItAllows) {
  Case created{.products = {{"out/a", '1'}, {"out/b", '2'}}};
  const auto result = created.run(kProducts, {"DISALLOW *"});
  const auto out = suggest({"it", kProducts, created.rules_, created.steps_}, result, {});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->allows("it"), "step it may make out/*, with any content");
}

TEST(Suggest, SaysNothingForAFileThatChangedBetweenSteps) {
  Case changed{.materials = {{"a", '1'}}, .prev_products = {{"a", '2'}}};
  EXPECT_EQ(changed.suggestion(kMaterials, {"MATCH a WITH PRODUCTS FROM prev", "DISALLOW *"}), "");
}

// Ten times as many artifacts and a hundred rules: seconds where a rule walks the whole queue for
// each artifact, milliseconds where it does not.
TEST(Queue, GrowsWithArtifactsAndNotWithTheirSquare) {
  std::vector<Artifact> many;
  const DigestSet digests = artifacts({{"a", '1'}})[0].digests;
  for (int i = 0; i < 100'000; ++i)
    many.push_back({cat("d", 1000 + i / 1000, "/", 10'000 + i), digests});
  const Artifacts list = *Artifacts::of(std::move(many));
  const Artifacts none;
  const StepsArtifacts steps{{"it", {&list, &none}}, {"prev", {&none, &list}}};
  std::vector<Rule> rules;
  for (int i = 0; i < 100; ++i) {
    rules.push_back(
        *parse_rule({"MATCH", cat("d", 1000 + i, "/*"), "WITH", "PRODUCTS", "FROM", "prev"}, {}));
  }
  rules.push_back(*parse_rule({"DISALLOW", "*"}, {}));
  const auto result = run_queue({"it", kMaterials, rules, steps});
  EXPECT_TRUE(result.passed());
  EXPECT_EQ(result.trace.back().queued, 0U);
}

}  // namespace
}  // namespace sluice::intoto
