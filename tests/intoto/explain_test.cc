// SPDX-License-Identifier: Apache-2.0
// What a refused chain says to somebody who sees it for the first time, and whether its advice is
// true: the layout with it passes.
#include "intoto/explain.h"

#include <gtest/gtest.h>

#include "intoto/chain_builder.h"

namespace sluice::intoto {
namespace {

using test::ChainBuilder;
using test::Files1;

constexpr auto kLastRule = "DISALLOW *";

// Clone, build, sign, deploy, good as it stands; each test spoils something.
struct ShopChain {
  std::map<std::string, std::pair<std::vector<std::string>, std::vector<std::string>>> rules{
      {"clone", {{kLastRule}, {"CREATE src/*", kLastRule}}},
      {"build",
       {{"MATCH src/* WITH PRODUCTS FROM clone", kLastRule},
        {"MATCH src/* WITH PRODUCTS FROM clone", "REQUIRE image/a", "CREATE image/*", kLastRule}}},
      {"sign",
       {{"MATCH image/* WITH PRODUCTS FROM build", kLastRule},
        {"MATCH image/* WITH PRODUCTS FROM build", "CREATE image.sig", kLastRule}}},
      {"deploy",
       {{"MATCH image/* WITH PRODUCTS FROM build", kLastRule},
        {"MATCH * IN production WITH PRODUCTS IN image FROM build", kLastRule}}}};
  std::map<std::string, std::pair<Files1, Files1>> did{
      {"clone", {{}, {{"src/a", '1'}}}},
      {"build", {{{"src/a", '1'}}, {{"image/a", '2'}, {"image/b", '3'}, {"src/a", '1'}}}},
      {"sign",
       {{{"image/a", '2'}, {"image/b", '3'}},
        {{"image.sig", '4'}, {"image/a", '2'}, {"image/b", '3'}}}},
      {"deploy",
       {{{"image/a", '2'}, {"image/b", '3'}}, {{"production/a", '2'}, {"production/b", '3'}}}}};

  Explanation explained() const {
    ChainBuilder chain;
    return explanation_of(chain);
  }
  Explanation explanation_of(ChainBuilder& chain) const {
    fill(chain);
    const auto text = chain.signed_layout(json::write(chain.layout()));
    auto options = chain.options;
    options.owners.emplace_back(chain.known("owner"));
    auto out = explain_chain(chain.world.world(), text, "the shop", chain.links.path(), options);
    EXPECT_TRUE(out) << out.error().text();
    return *std::move(out);
  }
  bool passes() const {
    ChainBuilder chain;
    fill(chain);
    return chain.verify().passed();
  }
  void fill(ChainBuilder& chain) const {
    for (const std::string step : {"clone", "build", "sign", "deploy"}) {
      const auto& [materials, products] = rules.at(step);
      chain.step({.name = step, .materials = materials, .products = products});
      chain.write(ChainBuilder::link(step, did.at(step).first, did.at(step).second));
    }
  }

  // Puts all that is suggested where it says; how many rules that were.
  std::size_t take_advice() {
    std::size_t count = 0;
    for (const auto& queue : explained().queues) {
      if (!queue.suggestion) continue;
      auto& lines =
          queue.side == Side::materials ? rules.at(queue.step).first : rules.at(queue.step).second;
      lines.clear();
      for (const Rule& rule : applied(*queue.suggestion, queue.rules)) lines.push_back(rule.text());
      ++count;
    }
    return count;
  }
};

std::string text_of_chain(const ShopChain& chain, std::string_view step = "") {
  return queues_text(chain.explained(), step, false);
}

// Lines that were wrapped are one again.
void expect_parts(std::string text, const std::vector<std::string>& parts) {
  for (auto at = text.find("\n  "); at != std::string::npos; at = text.find("\n  ", at)) {
    text.replace(at, 3, " ");
  }
  for (const auto& part : parts) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(ExplainedChain, IsGoodAsItStands) {
  const ShopChain chain;
  ASSERT_TRUE(chain.passes());
  EXPECT_EQ(text_of_chain(chain).find("refused"), std::string::npos);
}

TEST(ExplainedChain, AnswersFirstAndIsBriefAboutWhatPassed) {
  ShopChain chain;
  chain.did["build"].second.emplace_back("debug.log", '7');
  const auto text = text_of_chain(chain);
  EXPECT_TRUE(
      text.starts_with("refused   the shop\n  step build made debug.log, which no rule "
                       "allows\n\nOf each step"))
      << text;
  expect_parts(text, {"step clone, products: 1 in the queue; passes\n", "FAIL  finds 1 of 1"});
  EXPECT_EQ(text.find("src/a stays"), std::string::npos);
  // A step that is named is shown whole.
  expect_parts(text_of_chain(chain, "clone"), {"CREATE src/*", "takes 1 of 1"});
}

TEST(ExplainedChain, OfAChangedFileNoRuleIsSuggested) {
  ShopChain chain;
  chain.did["sign"].first[0].second = '9';
  chain.did["sign"].second[1].second = '9';
  const auto text = text_of_chain(chain);
  expect_parts(text, {"image/a changed between the steps build and sign",
                      "step build has it with another content", "No rule should let this pass",
                      "do step sign again on what step build has"});
  EXPECT_EQ(text.find("the layout's owner would put"), std::string::npos);
  EXPECT_EQ(chain.take_advice(), 0U);
  chain.did["sign"] = ShopChain{}.did["sign"];  // done again
  EXPECT_TRUE(chain.passes());
}

TEST(ExplainedChain, ANewFileIsNamedWithWhatAllowingItMeans) {
  ShopChain chain;
  chain.did["build"].second.emplace_back("debug.log", '7');
  expect_parts(text_of_chain(chain),
               {"in front of rule 4", "CREATE debug.log",
                "That allows: step build may make debug.log, with any content.",
                "Was step build meant to do so? If not"});
  EXPECT_EQ(chain.take_advice(), 1U);
  EXPECT_TRUE(chain.passes());
}

TEST(ExplainedChain, AMatchFromTheWrongStepIsCorrected) {
  ShopChain chain;
  chain.rules["sign"].first[0] = "MATCH image/* WITH PRODUCTS FROM clone";
  const auto text = text_of_chain(chain);
  expect_parts(text, {"step clone has no such product", "in place of rule 1",
                      "MATCH image/* WITH PRODUCTS FROM build", "byte for byte"});
  EXPECT_EQ(text.find("Was step"), std::string::npos);
  EXPECT_EQ(chain.take_advice(), 1U);
  EXPECT_TRUE(chain.passes());
}

TEST(ExplainedChain, WhatWentElsewhereIsStillCompared) {
  ShopChain chain;
  chain.did["deploy"].second = {{"prod/a", '2'}, {"prod/b", '3'}};
  expect_parts(text_of_chain(chain),
               {"MATCH * IN prod WITH PRODUCTS IN image FROM build",
                "everything in prod/ as step build made it in image/, byte for byte"});
  EXPECT_EQ(chain.take_advice(), 1U);
  EXPECT_TRUE(chain.passes());
}

TEST(ExplainedChain, AnUnknownMaterialIsAllowedOnlyInSoManyWords) {
  ShopChain chain;
  chain.did["build"].first.emplace_back("secrets.env", '7');
  chain.did["build"].second.emplace_back("secrets.env", '7');
  // A later step that has it, too, proves nothing about it.
  chain.did["deploy"].second.emplace_back("production/secrets.env", '7');
  const auto text = text_of_chain(chain);
  expect_parts(text, {"step build used secrets.env, which no rule allows",
                      "step build kept secrets.env, which no rule allows", "ALLOW secrets.env",
                      "step build may use secrets.env, with any content, wherever it comes from"});
  EXPECT_EQ(text.find("FROM deploy"), std::string::npos);
}

TEST(ExplainedChain, ARequiredFileThatIsMissing) {
  ShopChain chain;
  chain.rules["build"].second[1] = "REQUIRE image/c";
  expect_parts(text_of_chain(chain), {"step build lacks image/c", "has to be done again"});
  ShopChain late;
  std::swap(late.rules["build"].second[1], late.rules["build"].second[2]);
  expect_parts(text_of_chain(late),
               {"step build has image/a, but rule 3 of its products asks for it after rule 2",
                "rule 2 took it out", "move rule 3 in front of rule 2"});
  std::swap(late.rules["build"].second[1], late.rules["build"].second[2]);
  EXPECT_TRUE(late.passes());
}

TEST(ExplainedChain, AsJsonSaysTheSame) {
  ShopChain chain;
  chain.did["build"].second.emplace_back("debug.log", '7');
  const auto value = queues_json(chain.explained(), "build");
  const auto& queue = (*value.find("queues")->array())[1];
  const auto* suggestion = queue.find("suggestion");
  ASSERT_NE(suggestion, nullptr);
  EXPECT_EQ(json::write(*suggestion),
            R"({"rules":[["CREATE","debug.log"]],"rule":4,"where":"in-front-of",)"
            R"("allows":"step build may make debug.log, with any content","compares":false})");
}

TEST(ExplainedChain, TheNextCommandIsOneWordForAStepsName) {
  for (const auto& [name, quoted] : std::vector<std::pair<std::string, std::string>>{
           {"build", "build"}, {"a; touch b", "'a; touch b'"}, {"it's", R"('it'\''s')"}}) {
    ChainBuilder chain;
    chain.options.explain = "explain";
    chain.step({.name = name, .products = {kLastRule}});
    chain.write(ChainBuilder::link(name, {}, {{"app", '1'}}));
    const auto report = chain.verify();
    ASSERT_EQ(refusal(report), "rule.products");
    EXPECT_EQ(report.first_failure()->command, "explain --step " + quoted);
  }
}

TEST(ExplainedChain, NoNameReachesTheTerminalAsItIs) {
  const std::string turned =
      "a\xe2\x80\xae"
      "b";  // what follows reads from right to left
  ChainBuilder chain;
  chain.step({.name = turned, .products = {"MATCH app WITH PRODUCTS FROM " + turned, kLastRule}});
  chain.write(ChainBuilder::link(turned, {}, {{turned, '1'}}));
  auto options = chain.options;
  options.owners.emplace_back(chain.known("owner"));
  const auto text = chain.signed_layout(json::write(chain.layout()));
  const auto out = explain_chain(chain.world.world(), text, turned, chain.links.path(), options);
  ASSERT_TRUE(out);
  ASSERT_FALSE(out->queues.empty());
  for (const std::string& step : {std::string(), turned}) {
    EXPECT_EQ(queues_text(*out, step, false).find("\xe2\x80\xae"), std::string::npos);
  }
}

// --- who signed, and what is missing

TEST(RefusedLinks, OfTheWrongKeySayWhoseItIs) {
  ChainBuilder chain;
  chain.step({.name = "clone", .by = {"developer"}, .products = {kLastRule}});
  chain.step({.name = "build", .by = {"ci"}, .products = {kLastRule}});
  chain.write(ChainBuilder::link("clone", {}, {}), "developer");
  chain.write(ChainBuilder::link("build", {}, {}), "developer");
  const auto report = chain.verify();
  const auto* failure = report.first_failure();
  ASSERT_NE(failure, nullptr);
  expect_parts(failure->detail, {"the link of step build does not count", "it is signed as Ed25519",
                                 "(of step clone), whom the step does not name"});
  expect_parts(failure->advice, {"Only if whoever holds that key is meant to do this step, too"});
}

TEST(RefusedLinks, UnderTwoFileNamesAreOneLink) {
  ChainBuilder chain;
  chain.step({.name = "build", .products = {kLastRule}});
  chain.write(ChainBuilder::link("build", {}, {}), "mallory");
  const auto known = chain.known("mallory");
  std::filesystem::copy_file(chain.links / link_file_name("build", known.python_id()),
                             chain.links / link_file_name("build", known.go_id()));
  const auto report = chain.verify();
  EXPECT_EQ(refusal(report), "link.signature");
  expect_parts(report.first_failure()->source, {link_file_name("build", known.python_id()),
                                                link_file_name("build", known.go_id())});
}

TEST(RefusedLinks, OneThatIsMissingSaysWhereItWasLookedFor) {
  ChainBuilder chain;
  chain.step({.name = "build", .products = {kLastRule}});
  const auto report = chain.verify();
  EXPECT_EQ(refusal(report), "link.present");
  expect_parts(report.first_failure()->found, {chain.links.path().native()});
}

}  // namespace
}  // namespace sluice::intoto
