// SPDX-License-Identifier: Apache-2.0
// Chains that hold, and each way in which one does not.
#include "intoto/verify.h"

#include <gtest/gtest.h>

#include "intoto/chain_builder.h"
#include "intoto/explain.h"

namespace sluice::intoto {
namespace {

using test::ChainBuilder;
using test::digest_text;
using test::refusal;

constexpr auto kEnd = "DISALLOW *";

// clone -> build, which holds.
struct Good : ChainBuilder {
  Good() {
    step({.name = "clone", .materials = {kEnd}, .products = {"CREATE src/*", kEnd}});
    step({.name = "build",
          .by = {"builder"},
          .materials = {"MATCH src/* WITH PRODUCTS FROM clone", kEnd},
          .products = {"CREATE app", "MATCH src/* WITH PRODUCTS FROM clone", kEnd}});
    write(link("clone", {}, {{"src/a", '1'}, {"src/b", '2'}}));
    write(link("build", {{"src/a", '1'}, {"src/b", '2'}}, {{"app", '3'}}), "builder");
  }
};

TEST(VerifyChain, AcceptsAChainThatHolds) {
  Good chain;
  const auto report = chain.verify();
  EXPECT_EQ(refusal(report), "") << report.first_failure()->detail;
  EXPECT_EQ(report.facts().front().second, "2, 5 artifacts");
}

TEST(VerifyChain, NamesStepRuleArtifactAndBothDigestsOfATamperedLink) {
  Good chain;
  chain.write(ChainBuilder::link("build", {{"src/a", '1'}, {"src/b", 'f'}}, {{"app", '3'}}),
              "builder");
  const auto report = chain.verify();
  ASSERT_EQ(refusal(report), "rule.materials");
  const auto& failure = *report.first_failure();
  EXPECT_EQ(failure.title, "step build");
  EXPECT_EQ(failure.detail, "src/b changed between the steps clone and build");
  EXPECT_EQ(failure.expected, "sha256:" + digest_text('2') + ", made by clone");
  EXPECT_EQ(failure.found, "sha256:" + digest_text('f') + ", used by build");
  EXPECT_EQ(failure.source,
            "rule 1 of 2: MATCH src/* WITH PRODUCTS FROM clone; refused by rule 2: DISALLOW *");
}

TEST(VerifyChain, RefusesALayoutThatItsOwnerDidNotSign) {
  Good chain;
  const auto payload = json::write(chain.layout());
  EXPECT_EQ(refusal(chain.verify_text(chain.signed_layout(payload, "mallory"))),
            "layout.signature");
  EXPECT_EQ(refusal(chain.verify_text(chain.signed_layout(payload))), "");
}

TEST(VerifyChain, RefusesALayoutThatChangedAfterItWasSigned) {
  Good chain;
  auto text = chain.signed_layout(json::write(chain.layout()));
  text.replace(text.find("src/*"), 5, "srd/*");
  const auto report = chain.verify_text(text);
  EXPECT_EQ(refusal(report), "layout.signature");
  EXPECT_NE(report.first_failure()->detail.find("changed after it was signed"), std::string::npos);
}

TEST(VerifyChain, SaysOfABareLayoutThatItIsNotSigned) {
  Good chain;
  const auto report = chain.verify_text(json::write(chain.layout()));
  EXPECT_EQ(refusal(report), "layout.envelope");
  EXPECT_EQ(report.first_failure()->detail, "the layout is not signed");
}

TEST(VerifyChain, EachOwnerHasToHaveSigned) {
  Good chain;
  chain.options.owners = {chain.known("owner"), chain.known("second")};
  const auto payload = json::write(chain.layout());
  EXPECT_EQ(refusal(chain.verify_text(chain.signed_layout(payload))), "layout.signature");
  const auto both =
      sign_metadata(Wrapping::metablock, payload, {&chain.key("owner"), &chain.key("second")});
  EXPECT_EQ(refusal(chain.verify_text(*both)), "");
}

TEST(VerifyChain, RefusesALayoutThatExpired) {
  Good chain;
  chain.expires = "2026-11-28T12:00:00Z";
  EXPECT_EQ(refusal(chain.verify()), "");
  chain.expires = "2026-11-28T11:59:59Z";
  EXPECT_EQ(refusal(chain.verify()), "layout.time");
}

TEST(VerifyChain, RefusesAStepWithoutALink) {
  Good chain;
  ASSERT_TRUE(system_files().remove(chain.links / link_file_name("build", chain.id("builder"))));
  EXPECT_EQ(refusal(chain.verify()), "link.present");
}

TEST(VerifyChain, RefusesALinkOfSomebodyElse) {
  Good chain;
  const auto text = sign_metadata(Wrapping::metablock,
                                  write_link(ChainBuilder::link("build", {}, {{"app", '3'}})),
                                  {&chain.key("mallory")});
  ASSERT_TRUE(
      system_files().replace(chain.links / link_file_name("build", chain.id("builder")), *text));
  EXPECT_EQ(refusal(chain.verify()), "link.signature");
}

TEST(VerifyChain, RefusesALinkOfAnotherStepUnderThisOnesName) {
  Good chain;
  chain.write(ChainBuilder::link("test", {{"src/a", '1'}, {"src/b", '2'}}, {{"app", '3'}}),
              "builder", "build");
  EXPECT_EQ(refusal(chain.verify()), "link.name");
}

TEST(VerifyChain, FindsLinksUnderTheIdsOfPythonAndOfGo) {
  Good chain;
  const auto python = chain.links / link_file_name("build", chain.known("builder").python_id());
  const auto go = chain.links / link_file_name("build", chain.known("builder").go_id());
  std::filesystem::rename(python, go);
  EXPECT_EQ(refusal(chain.verify()), "");
}

struct Threshold : ChainBuilder {
  explicit Threshold(int threshold) {
    step({.name = "build",
          .by = {"a", "b", "c"},
          .products = {"CREATE app", kEnd},
          .threshold = threshold});
  }
  void by(const std::string& who, char fill = '3') {
    write(link("build", {}, {{"app", fill}}), who);
  }
};

TEST(VerifyChain, AThresholdIsMetByDifferentFunctionaries) {
  Threshold chain(2);
  chain.by("a");
  EXPECT_EQ(refusal(chain.verify()), "link.threshold");
  chain.by("b");
  EXPECT_EQ(refusal(chain.verify()), "");
}

TEST(VerifyChain, OneKeyUnderTwoIdsIsOneFunctionary) {
  Threshold chain(2);
  auto layout = chain.layout();
  const auto known = chain.known("a");
  json::Value keys{json::Object{}};
  keys.set(known.python_id(), known.to_json(known.python_id()));
  keys.set(known.go_id(), known.to_json(known.go_id()));
  const auto other = chain.known("b");
  keys.set(other.python_id(), other.to_json(other.python_id()));
  layout.set("keys", keys);
  json::Value step = (*layout.find("steps")->array())[0];
  step.set("pubkeys", json::Array{known.python_id(), known.go_id(), other.python_id()});
  layout.set("steps", json::Array{step});
  chain.by("a");
  const auto both =
      system_files().read(chain.links / link_file_name("build", known.python_id()), 1U << 20);
  ASSERT_TRUE(system_files().replace(chain.links / link_file_name("build", known.go_id()), *both));
  EXPECT_EQ(refusal(chain.verify_payload(json::write(layout))), "link.threshold");
  chain.by("b");
  EXPECT_EQ(refusal(chain.verify_payload(json::write(layout))), "");
}

TEST(VerifyChain, LinksThatDisagreeAreRefusedAlsoAtAThresholdOfOne) {
  for (const int threshold : {1, 2}) {
    Threshold chain(threshold);
    chain.by("a", '3');
    chain.by("b", '4');
    const auto report = chain.verify();
    EXPECT_EQ(refusal(report), "link.agreement");
    // Which of the two comes first depends on the keys' ids.
    const auto& failure = *report.first_failure();
    const std::string both = failure.expected + failure.found;
    EXPECT_NE(both.find(digest_text('3')), std::string::npos);
    EXPECT_NE(both.find(digest_text('4')), std::string::npos);
    chain.by("b", '3');
    EXPECT_EQ(refusal(chain.verify()), "");
  }
}

TEST(VerifyChain, WhatDoesNotParseDoesNotCount) {
  Threshold chain(2);
  chain.by("a");
  chain.by("b");
  chain.links.write(link_file_name("build", chain.id("c")), "junk");
  EXPECT_EQ(refusal(chain.verify()), "");
  chain.links.write(link_file_name("build", chain.id("b")), "junk");
  EXPECT_EQ(refusal(chain.verify()), "link.threshold");
}

TEST(VerifyChain, TriesEverySignatureWithAKeyId) {
  Good chain;
  const auto path = chain.links / link_file_name("build", chain.id("builder"));
  auto value = *json::parse_strict(*system_files().read(path, 1U << 20));
  json::Value bad;
  bad.set("keyid", chain.id("builder"));
  bad.set("sig", std::string(128, '0'));
  json::Array signatures{bad};
  for (const auto& each : *value.find("signatures")->array()) signatures.push_back(each);
  value.set("signatures", signatures);
  ASSERT_TRUE(system_files().replace(path, json::write(value)));
  EXPECT_EQ(refusal(chain.verify()), "");
}

TEST(VerifyChain, TellsAnotherCommandAndRefusesItWhereThatIsDemanded) {
  Good chain;
  auto layout = chain.layout();
  json::Value step = (*layout.find("steps")->array())[1];
  step.set("expected_command", json::Array{"make", "all"});
  layout.set("steps", json::Array{(*layout.find("steps")->array())[0], step});
  const auto payload = json::write(layout);
  EXPECT_EQ(refusal(chain.verify_payload(payload)), "");
  chain.options.exact_commands = true;
  EXPECT_EQ(refusal(chain.verify_payload(payload)), "step.command");
  auto link = ChainBuilder::link("build", {{"src/a", '1'}, {"src/b", '2'}}, {{"app", '3'}});
  link.command = {"make", "all"};
  chain.write(link, "builder");
  EXPECT_EQ(refusal(chain.verify_payload(payload)), "");
}

TEST(VerifyChain, RefusesAFailedCommandWhereSuccessIsDemanded) {
  Good chain;
  auto link = ChainBuilder::link("build", {{"src/a", '1'}, {"src/b", '2'}}, {{"app", '3'}});
  link.byproducts.set("return-value", 1);
  chain.write(link, "builder");
  EXPECT_EQ(refusal(chain.verify()), "");
  chain.extension = *json::parse_strict(R"({"name":"shop","steps":{"build":{"success":true}}})");
  EXPECT_EQ(refusal(chain.verify()), "step.success");
  chain.extension = {};
  chain.options.success = true;
  EXPECT_EQ(refusal(chain.verify()), "step.success");
}

TEST(VerifyChain, ParametersAreNeededAndSayWhich) {
  ChainBuilder chain;
  chain.step({.name = "build", .products = {"CREATE app-{VERSION}", kEnd}});
  chain.write(ChainBuilder::link("build", {}, {{"app-1.2", '1'}}));
  EXPECT_EQ(refusal(chain.verify()), "layout.parameters");
  chain.options.parameters = {{"VERSION", "1.3"}};
  EXPECT_EQ(refusal(chain.verify()), "rule.products");
  chain.options.parameters = {{"VERSION", "*"}};
  EXPECT_EQ(refusal(chain.verify()), "layout.parameters");
  chain.options.parameters = {{"VERSION", "1.2"}};
  EXPECT_EQ(refusal(chain.verify()), "");
}

// Freshness -----------------------------------------------------------------------------------

struct Fresh : ChainBuilder {
  Fresh() {
    step({.name = "build", .products = {"CREATE app", kEnd}});
    extension = *json::parse_strict(R"({"name":"shop","run":"{RUN}","max_age":"24h"})");
    options.parameters = {{"RUN", "7"}};
  }
  void made(const std::string& run, const std::string& at) {
    auto link = ChainBuilder::link("build", {}, {{"app", '1'}});
    set_origin(link, {.run = run, .finished = *parse_rfc3339(at)});
    write(link);
  }
};

TEST(VerifyChain, RefusesTheReplayOfAnOlderCompleteSet) {
  Fresh chain;
  chain.made("6", "2026-11-28T11:00:00Z");
  EXPECT_EQ(refusal(chain.verify()), "fresh.run");
  chain.made("7", "2026-11-26T11:00:00Z");
  EXPECT_EQ(refusal(chain.verify()), "fresh.age");
  chain.made("7", "2026-11-28T13:00:00Z");
  EXPECT_EQ(refusal(chain.verify()), "fresh.age");
  chain.write(ChainBuilder::link("build", {}, {{"app", '1'}}));
  EXPECT_EQ(refusal(chain.verify()), "fresh.run");
  chain.made("7", "2026-11-28T11:00:00Z");
  EXPECT_EQ(refusal(chain.verify()), "");
  chain.options.freshness.commit = "abc";
  EXPECT_EQ(refusal(chain.verify()), "fresh.commit");
}

TEST(VerifyChain, RemembersTheHighestLayoutVersion) {
  Good chain;
  test::TempFolder memory;
  chain.options.memory = memory / "state";
  EXPECT_EQ(refusal(chain.verify()), "layout.version");
  const auto version = [&chain](int number) {
    chain.extension = *json::parse_strict(cat(R"({"name":"shop","version":)", number, "}"));
    return refusal(chain.verify());
  };
  EXPECT_EQ(version(3), "");
  EXPECT_EQ(version(2), "layout.version");
  EXPECT_EQ(version(3), "");
  EXPECT_EQ(version(4), "");
  EXPECT_EQ(version(3), "layout.version");
}

TEST(VerifyChain, ARefusedChainIsNotRemembered) {
  Good chain;
  test::TempFolder memory;
  chain.options.memory = memory / "state";
  chain.extension = *json::parse_strict(R"({"name":"shop","version":9})");
  const auto path = chain.links / link_file_name("build", chain.id("builder"));
  const auto kept = *system_files().read(path, 1U << 20);
  ASSERT_TRUE(system_files().remove(path));
  EXPECT_EQ(refusal(chain.verify()), "link.present");
  ASSERT_TRUE(system_files().replace(path, kept));
  chain.extension = *json::parse_strict(R"({"name":"shop","version":8})");
  EXPECT_EQ(refusal(chain.verify()), "");
}

// Sublayouts ----------------------------------------------------------------------------------

struct Delegated : Good {
  ChainBuilder inner;
  explicit Delegated(const std::string& inner_products = "CREATE app") {
    inner.step({.name = "compile", .by = {"worker"}, .products = {inner_products, kEnd}});
  }
  // In place of the builder's link: a layout by the builder, and its worker's link.
  std::string hand_over() {
    write_text(json::write(inner.layout()), "builder", "build");
    const Path folder = links.path() / cat("build.", id("builder").substr(0, 8));
    EXPECT_TRUE(system_files().make_folders(folder));
    const auto text =
        sign_metadata(Wrapping::metablock,
                      write_link(link("compile", {{"src/a", '1'}, {"src/b", '2'}}, {{"app", '3'}})),
                      {&inner.key("worker")});
    EXPECT_TRUE(
        system_files().replace(folder / link_file_name("compile", inner.id("worker")), *text));
    return refusal(verify());
  }
};

TEST(VerifyChain, AStepMayBeDelegatedToALayout) {
  Delegated chain;
  EXPECT_EQ(chain.hand_over(), "");
}

TEST(VerifyChain, TheLayoutBelowHasToHold) {
  Delegated chain("CREATE other");
  EXPECT_EQ(chain.hand_over(), "rule.products");
  Delegated expired;
  expired.inner.expires = "2020-01-01T00:00:00Z";
  EXPECT_EQ(expired.hand_over(), "layout.time");
}

TEST(VerifyChain, ADelegatesCommandsAreAllowedApart) {
  Delegated chain;
  test::TempFolder here;
  chain.inner.inspection("look", {"true"}, {"ALLOW *"});
  chain.options.inspections.folder = here.path();
  chain.options.inspections.scratch = here.path().parent_path();
  EXPECT_EQ(chain.hand_over(), "not-run:inspection.run");
  chain.options.inspections.commands = true;
  EXPECT_EQ(chain.hand_over(), "not-run:inspection.run");
  chain.options.delegated_commands = true;
  EXPECT_EQ(chain.hand_over(), "");
}

TEST(VerifyChain, ALayoutThatIsItsOwnSublayoutComesToAnEnd) {
  ChainBuilder chain;
  chain.step({.name = "build"});
  const auto payload = json::write(chain.layout());
  Path below;
  for (int i = 0; i < 12; ++i) {
    chain.write_text(payload, "ci", "build", below);
    below /= cat("build.", chain.id("ci").substr(0, 8));
  }
  EXPECT_EQ(refusal(chain.verify()), "link.sublayout");
}

// Inspections ---------------------------------------------------------------------------------

struct Inspecting : ChainBuilder {
  test::TempFolder delivered;
  explicit Inspecting(const std::vector<std::string>& run) {
    step({.name = "build", .products = {"CREATE app", kEnd}});
    DigestSet digests =
        DigestSet::of(crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("the app")));
    Link made = link("build", {}, {});
    made.products = *Artifacts::of({{"app", digests}});
    write(made);
    inspection("look", run, {"MATCH app WITH PRODUCTS FROM build", kEnd});
    delivered.write("app", "the app");
    options.inspections.folder = delivered.path();
    options.inspections.scratch = delivered.path().parent_path();
  }
};

TEST(VerifyChain, CommandsOfInspectionsRunOnlyWhereThatIsAllowed) {
  Inspecting chain({"true"});
  EXPECT_EQ(refusal(chain.verify()), "not-run:inspection.run");
  chain.options.inspections.commands = true;
  EXPECT_EQ(refusal(chain.verify()), "");
  chain.delivered.write("app", "another app");
  EXPECT_EQ(refusal(chain.verify()), "inspection.materials");
}

TEST(VerifyChain, AnInspectionHasItsOwnFolderAndTime) {
  Inspecting chain({"sh", "-c", "echo spoiled > app"});
  chain.options.inspections.commands = true;
  EXPECT_EQ(refusal(chain.verify()), "");
  EXPECT_EQ(test::read_file(chain.delivered / "app"), "the app");
  Inspecting failing({"false"});
  failing.options.inspections.commands = true;
  EXPECT_EQ(refusal(failing.verify()), "inspection.run");
  Inspecting slow({"sleep", "30"});
  slow.options.inspections.commands = true;
  slow.options.inspections.time_limit = std::chrono::milliseconds(200);
  EXPECT_EQ(refusal(slow.verify()), "inspection.run");
}

TEST(VerifyChain, BuiltInInspectionsRunNothing) {
  for (const auto& run : {std::vector<std::string>{}, {"sluice:files"}}) {
    Inspecting chain(run);
    EXPECT_EQ(refusal(chain.verify()), "");
    chain.delivered.write("more", "x");
    EXPECT_EQ(refusal(chain.verify()), "inspection.materials");
  }
  Inspecting named({"sluice:artifacts"});
  EXPECT_EQ(refusal(named.verify()), "inspection.run");
  named.options.inspections.artifacts = {
      {"app",
       DigestSet::of(crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("the app")))}};
  EXPECT_EQ(refusal(named.verify()), "");
  named.options.inspections.artifacts = {
      {"app", DigestSet::of(crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("no app")))}};
  EXPECT_EQ(refusal(named.verify()), "inspection.materials");
  Inspecting unknown({"sluice:everything"});
  EXPECT_EQ(refusal(unknown.verify()), "inspection.run");
}

TEST(VerifyChain, ALinkToAFolderHidesNothing) {
  for (const char* const target : {"/usr", "/nowhere"}) {
    Inspecting chain({"sluice:files"});
    EXPECT_EQ(refusal(chain.verify()), "");
    std::filesystem::create_symlink(target, chain.delivered / "hidden");
    EXPECT_EQ(refusal(chain.verify()), "inspection.run") << target;
  }
}

TEST(VerifyChain, AnInspectionThatIsNotThereIsARefusal) {
  Inspecting chain({"no-such-program-as-this"});
  chain.options.inspections.commands = true;
  EXPECT_EQ(refusal(chain.verify()), "inspection.run");
}

// Explanation ---------------------------------------------------------------------------------

TEST(ExplainChain, ShowsTheQueueRuleByRuleAndWhatWouldMakeItPass) {
  Good chain;
  chain.write(
      ChainBuilder::link("build", {{"src/a", '1'}, {"src/b", '2'}}, {{"app", '3'}, {"log/x", '4'}}),
      "builder");
  auto asked = chain.options;
  asked.owners.emplace_back(chain.known("owner"));
  const auto explained =
      explain_chain(chain.world.world(), chain.signed_layout(json::write(chain.layout())), "test",
                    chain.links.path(), asked);
  ASSERT_TRUE(explained);
  EXPECT_EQ(explained->queues.size(), 4U);
  const auto text = queues_text(*explained, "build", false);
  EXPECT_NE(text.find("step build, products: 2 in the queue"), std::string::npos) << text;
  EXPECT_NE(text.find("FAIL  finds 1 of 1"), std::string::npos) << text;
  EXPECT_NE(text.find("CREATE log/x"), std::string::npos) << text;
  const auto value = queues_json(*explained, "");
  EXPECT_EQ(value.find("queues")->array()->size(), 4U);
}

}  // namespace
}  // namespace sluice::intoto
