// SPDX-License-Identifier: Apache-2.0
// The pre-push hook as a developer meets it: a real git, pushing to a real bare repository.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/text.h"
#include "json/value.h"
#include "support/git_folder.h"
#include "support/program.h"

namespace sluice {
namespace {

using test::has;
using test::Ran;

constexpr std::string_view kStrict =
    "apiVersion: sluice/v1\nkind: Policy\n"
    "environments:\n  production: {signals: [risk], risk: {block_at: medium}}\n";
constexpr std::string_view kLoose =
    "apiVersion: sluice/v1\nkind: Policy\n"
    "environments:\n  production: {signals: [risk], risk: {block_at: never, condition_at: "
    "never}}\n";

class Hook : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_.beside("bin"));
    std::filesystem::create_directories(folder_.beside("empty"));
    std::filesystem::create_symlink(test::sluice_path(), folder_.beside("bin") / "sluice");
    folder_.git({"init", "--quiet", "--bare", "--initial-branch=main", "../remote.git"});
    folder_.git({"remote", "add", "origin", "../remote.git"});
  }
  // The remote has main, with this policy; the hook is in place.
  void start(std::string_view policy = "") const {
    folder_.write("README", "1");
    if (!policy.empty()) folder_.write("sluice.yaml", policy);
    folder_.commit();
    folder_.git({"push", "--quiet", "--set-upstream", "origin", "main"});
    const Ran ran = init();
    ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  }
  Ran run(std::vector<std::string> arguments) const {
    return test::sluice().in(folder_.path()).with("HOME", home())(arguments);
  }
  Ran init(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"ci", "init", "hook"});
    return run(more);
  }
  std::string home() const { return folder_.beside("home"); }
  // git as the developer calls it, with sluice on PATH unless `bin` is another folder.
  Ran git(std::vector<std::string> arguments, const std::string& skip = "-",
          const std::string& bin = "bin", const Path& where = {}) const {
    arguments.insert(
        arguments.begin(),
        {"-c", "PATH=\"$BIN:$PATH\" exec git -c protocol.file.allow=always \"$@\"", "git"});
    test::Program program("/bin/sh");
    program.in(where.empty() ? folder_.path() : where)
        .with("BIN", folder_.beside(bin))
        .with("HOME", home())
        .with("GIT_CONFIG_NOSYSTEM", "1")
        .with("GIT_COMMITTER_NAME", "Ada")
        .with("GIT_COMMITTER_EMAIL", "ada@example.org");
    if (skip != "-") program.with("SLUICE_SKIP", skip);
    return program(arguments);
  }
  Ran push(const std::string& what = "main", const std::string& skip = "-") const {
    return git({"push", "origin", what}, skip);
  }
  void change(const std::vector<std::string>& names) const {
    for (const auto& name : names) folder_.write(name, name);
    folder_.commit();
  }
  std::string on_remote(const std::string& branch) const {
    return folder_.git({"ls-remote", "origin", branch}).substr(0, 40);
  }
  std::string head() const { return folder_.git({"rev-parse", "HEAD"}); }
  json::Value decisions() const {
    const auto history = json::parse_strict(run({"gate", "history", "--output", "json"}).out);
    const auto* rows = history ? history->find("decisions") : nullptr;
    return rows == nullptr ? json::Value(json::Array{}) : *rows;  // there may be no store yet
  }
  const std::vector<std::string> risky_ = {"k8s/1", "k8s/2", "k8s/3", "k8s/4"};  // 12: high
  const std::vector<std::string> medium_ = {"schema.sql", "k8s/1"};              // 8

  test::GitFolder folder_;
};

TEST_F(Hook, LetsAHarmlessPushThroughInOneLine) {
  start();
  change({"src/main.cc"});
  const Ran ran = push();
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(on_remote("main"), head());
  EXPECT_TRUE(ran.err.starts_with("sluice: approve  push of main ")) << ran.err;
  EXPECT_EQ(decisions().array()->size(), 1U);
}

TEST_F(Hook, RefusesARiskyPushAndSaysWhy) {
  start();
  const auto before = head();
  change(risky_);
  const Ran ran = push();
  EXPECT_NE(ran.exit_code, 0);
  EXPECT_EQ(on_remote("main"), before);
  EXPECT_TRUE(has(ran.err, "BLOCK   push of main ")) << ran.err;
  EXPECT_TRUE(has(ran.err, "score 12, 4 infrastructure")) << ran.err;
  EXPECT_TRUE(has(ran.err, "k8s/3  3 points")) << ran.err;
  EXPECT_TRUE(has(ran.err, "SLUICE_SKIP=\"the reason\" git push")) << ran.err;
  for (const auto line : split(ran.err, '\n')) EXPECT_LE(line.size(), 90U) << line;  // "…" is 3
}

TEST_F(Hook, ASkipGoesThroughAndIsOnRecordWithWhoAndWhy) {
  start();
  change(risky_);
  const Ran ran = push("main", "hotfix for the checkout");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(on_remote("main"), head());
  EXPECT_TRUE(has(ran.err, "skipped by Ada <ada@example.org>: hotfix for the")) << ran.err;
  const Ran history = run({"gate", "history"});
  EXPECT_TRUE(history.out.starts_with("block ")) << "the decision stays what it is" << history.out;
  EXPECT_TRUE(has(history.out, "skipped by Ada <ada@example.org>: hotfix for the checkout\n"))
      << history.out;
  EXPECT_TRUE(has(run({"gate", "explain"}).out, "Skipped by Ada <ada@example.org>: hotfix"));
  const auto rows = decisions();
  ASSERT_EQ(rows.array()->size(), 1U);
  const auto* skipped = (*rows.array())[0].find("skipped");
  ASSERT_NE(skipped, nullptr);
  EXPECT_EQ(*skipped->find("reason")->string(), "hotfix for the checkout");
  EXPECT_EQ(run({"gate", "replay"}).exit_code, 0);
}

TEST_F(Hook, ASkipWantsAReason) {
  start();
  change(risky_);
  for (const auto* none : {"1", "yes", "   true  "}) {
    const Ran ran = push("main", none);
    EXPECT_NE(ran.exit_code, 0) << none;
    EXPECT_TRUE(has(ran.err, "SLUICE_SKIP wants a reason in words")) << ran.err;
  }
}

TEST_F(Hook, ASkipThatCannotBeRecordedIsNone) {
  start();
  change(risky_);
  std::filesystem::create_directories(home());
  folder_.shell(
      "mkdir -p ../home/.local/state/sluice && echo none > "
      "../home/.local/state/sluice/decisions.db");
  const Ran ran = push("main", "hotfix for the checkout");
  EXPECT_NE(ran.exit_code, 0);
  EXPECT_TRUE(has(ran.err, "a skip has to be recorded")) << ran.err;
  folder_.git({"reset", "--quiet", "--hard", "HEAD~1"});
  change({"src/main.cc"});
  const Ran harmless = push();
  EXPECT_EQ(harmless.exit_code, 0) << "a store that is broken stops no harmless push";
  EXPECT_TRUE(has(harmless.err, "sluice: not recorded: ")) << harmless.err;
}

TEST_F(Hook, ANewBranchIsJudgedByWhatTheRemoteDoesNotHave) {
  start();
  change(medium_);
  ASSERT_EQ(push().exit_code, 0);
  folder_.git({"checkout", "--quiet", "-b", "topic"});
  change({"src/a"});
  const Ran ran = push("topic");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.err, "approve  push of new topic ")) << ran.err;
  EXPECT_TRUE(has(ran.err, ": score 0")) << ran.err;
}

TEST_F(Hook, ADeletionIsNotJudged) {
  start();
  folder_.git({"push", "--quiet", "--no-verify", "origin", "main:refs/heads/old"});
  const Ran ran = git({"push", "origin", "--delete", "old"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(on_remote("old"), "");
  EXPECT_EQ(decisions().array()->size(), 0U);
}

TEST_F(Hook, AForcePushThatTakesBackCountsWhatIsLost) {
  start();
  const auto before = head();
  change(risky_);
  folder_.git({"push", "--quiet", "--no-verify", "origin", "main"});
  folder_.git({"reset", "--quiet", "--hard", before});
  const Ran ran = git({"push", "--force", "origin", "main"});
  EXPECT_NE(ran.exit_code, 0);
  EXPECT_TRUE(has(ran.err, "BLOCK")) << ran.err;
  EXPECT_TRUE(has(ran.err, "takes back")) << ran.err;
  EXPECT_NE(on_remote("main"), before);
}

TEST_F(Hook, OfSeveralReferencesOneRefusalStopsAll) {
  start();
  folder_.git({"checkout", "--quiet", "-b", "safe"});
  change({"src/a"});
  folder_.git({"checkout", "--quiet", "-b", "risky", "main"});
  change(risky_);
  folder_.git({"tag", "v1"});
  const Ran ran = git({"push", "origin", "safe", "risky", "v1"});
  EXPECT_NE(ran.exit_code, 0);
  EXPECT_TRUE(has(ran.err, "approve  push of new safe")) << ran.err;
  EXPECT_TRUE(has(ran.err, "BLOCK   push of new risky")) << ran.err;
  EXPECT_EQ(on_remote("safe"), "");
  EXPECT_EQ(decisions().array()->size(), 2U) << "the tag leads to the commit of the branch";
  EXPECT_NE(push("v1").exit_code, 0) << "a tag brings its commits, too";
}

TEST_F(Hook, NamesOfFilesAndBranchesReachTheTerminalAsText) {
  start();
  for (const auto* name : {"k8s/\x1b[31mred", "k8s/a\nsluice: approve", "k8s/\xff\xfe",
                           "k8s/\xe2\x80\xae"
                           "cod"}) {
    folder_.write(name, "x");
  }
  folder_.commit();
  folder_.git({"checkout", "--quiet", "-b", "x\xe2\x80\xaey;$(id)`id`"});
  const Ran ran = git({"push", "origin", "HEAD"});
  EXPECT_NE(ran.exit_code, 0);
  EXPECT_TRUE(has(ran.err, "k8s/\\x1B[31mred") || has(ran.err, "k8s/\\x1b[31mred")) << ran.err;
  EXPECT_FALSE(has(ran.err, "\x1b")) << ran.err;
  EXPECT_FALSE(has(ran.err, "\nsluice: approve")) << ran.err;
  EXPECT_FALSE(has(ran.err, "\xff")) << ran.err;
  EXPECT_FALSE(has(ran.err.substr(0, ran.err.find("error:")), "\xe2\x80\xae")) << ran.err;
}

TEST_F(Hook, APolicyThatTheChangeLoosensIsNotUsed) {
  start(kStrict);
  folder_.write("sluice.yaml", kLoose);
  change(medium_);
  const Ran ran = push();
  EXPECT_NE(ran.exit_code, 0);
  EXPECT_TRUE(has(ran.err, "BLOCK   push of main")) << ran.err;
  EXPECT_TRUE(has(ran.err, "-> production")) << ran.err;
}

TEST_F(Hook, NorOneThatAnEarlierPushLoosenedOnTheBranch) {
  start(kStrict);
  folder_.git({"checkout", "--quiet", "-b", "topic"});
  folder_.write("sluice.yaml", kLoose);
  folder_.commit();
  ASSERT_EQ(push("topic").exit_code, 0) << "that alone is no risk by the model";
  change(medium_);
  const Ran ran = push("topic");
  EXPECT_NE(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.err, "BLOCK")) << ran.err;
}

TEST_F(Hook, TheEnvironmentIsTheOneForPushesElseTheFirst) {
  start(
      "apiVersion: sluice/v1\nkind: Policy\nenvironments:\n"
      "  production: {signals: [risk], risk: {block_at: never}}\n"
      "  push: {signals: [risk], risk: {block_at: medium}}\n");
  change(medium_);
  EXPECT_TRUE(has(push().err, "-> push")) << push().err;
  folder_.git({"config", "sluice.hook.environment", "production"});
  EXPECT_EQ(push().exit_code, 0);
  folder_.git({"config", "sluice.hook.environment", "prodution"});
  change({"src/a"});
  EXPECT_TRUE(has(push().err, "which the policy does not have")) << push().err;
}

TEST_F(Hook, WhatIsDelayedOrUndecidedGoesThroughUnlessItShallNot) {
  start(
      "apiVersion: sluice/v1\nkind: Policy\n"
      "environments:\n  production: {signals: [risk, health]}\n");
  change({"src/a"});
  const Ran loose = push();
  EXPECT_EQ(loose.exit_code, 0) << loose.err;
  EXPECT_TRUE(has(loose.err, "sluice: undecided  push of main")) << loose.err;
  EXPECT_TRUE(has(loose.err, "health")) << loose.err;
  folder_.git({"config", "sluice.hook.failOn", "undecided"});
  change({"src/b"});
  EXPECT_NE(push().exit_code, 0);
  folder_.git({"config", "sluice.hook.failOn", "blok"});
  const Ran wrong = push();
  EXPECT_NE(wrong.exit_code, 0);
  EXPECT_TRUE(has(wrong.err, "goes with block, undecided or delay")) << wrong.err;
}

TEST_F(Hook, TheRiskModelIsTheOneThatTheRemotesPolicyNames) {
  folder_.write("ops/risk.yaml",
                "apiVersion: sluice/v1\nkind: RiskModel\n"
                "rules: [{id: source, pattern: ^src/, weight: 20}]\n");
  start(
      "apiVersion: sluice/v1\nkind: Policy\nsources: {risk: {model: ops/risk.yaml}}\n"
      "environments: {production: {signals: [risk]}}\n");
  folder_.write("ops/risk.yaml",
                "apiVersion: sluice/v1\nkind: RiskModel\n"
                "rules: [{id: nothing, pattern: ^nothing, weight: 0}]\n");
  change({"src/a"});
  const Ran ran = push();
  EXPECT_NE(ran.exit_code, 0);
  EXPECT_TRUE(has(ran.err, "score 20, 1 source")) << ran.err;
}

TEST_F(Hook, ABrokenPolicyIsSaidAndLeavesItUndecided) {
  start("apiVersion: sluice/v1\nkind: Policy\nenvironments: {production: {signals: [rsk]}}\n");
  change({"src/a"});
  const Ran ran = push();
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.err, "undecided")) << ran.err;
  EXPECT_TRUE(has(ran.err, "sluice.yaml:3")) << ran.err;
}

TEST_F(Hook, TheFirstPushOfAllHasNothingToCompareWith) {
  folder_.write("k8s/1", "x");
  change(risky_);
  ASSERT_EQ(init().exit_code, 0);
  const Ran ran = push();
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.err, "undecided")) << ran.err;
  EXPECT_TRUE(has(ran.err, "nothing to compare with")) << ran.err;
}

TEST_F(Hook, AShallowCloneIsJudgedAndItsGapsAreSaid) {
  start();
  change({"src/a"});
  folder_.git({"push", "--quiet", "--no-verify", "origin", "main"});
  folder_.shell("git clone --quiet --depth 1 \"file://$(realpath ../remote.git)\" ../shallow");
  const Path shallow = folder_.beside("shallow");
  ASSERT_EQ(run({"ci", "init", "hook", "--repo", shallow.native()}).exit_code, 0);
  folder_.shell(
      "cd ../shallow; mkdir k8s; for i in 1 2 3 4; do echo $i > k8s/$i; done;"
      "git add .; git commit --quiet --message risky");
  const Ran risky = git({"push", "origin", "main"}, "-", "bin", shallow);
  EXPECT_NE(risky.exit_code, 0);
  EXPECT_TRUE(has(risky.err, "score 12")) << risky.err;
  folder_.shell("cd ../shallow; git checkout --quiet --orphan other; git commit --quiet -m x");
  const Ran orphan = git({"push", "origin", "other"}, "-", "bin", shallow);
  EXPECT_TRUE(has(orphan.err, "shallow clone")) << orphan.err;
  EXPECT_TRUE(has(orphan.err, "git fetch --unshallow")) << orphan.err;
}

TEST_F(Hook, WithoutSluiceAPushGoesOnLoudlyUnlessItIsRequired) {
  start();
  change(risky_);
  folder_.git({"config", "sluice.hook.required", "true"});
  const Ran required = git({"push", "origin", "main"}, "-", "empty");
  if (test::find_program("sluice")) GTEST_SKIP() << "this machine has a sluice on PATH";
  EXPECT_NE(required.exit_code, 0);
  EXPECT_TRUE(has(required.err, "sluice.hook.required is set")) << required.err;
  folder_.git({"config", "sluice.hook.required", "false"});
  const Ran ran = git({"push", "origin", "main"}, "-", "empty");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.err, "not on PATH: this push is not judged")) << ran.err;
}

TEST_F(Hook, GoesIntoTheFolderThatGitUses) {
  folder_.write("README", "1");
  folder_.commit();
  folder_.git({"push", "--quiet", "--set-upstream", "origin", "main"});
  folder_.git({"worktree", "add", "--quiet", "-b", "linked", "../linked"});
  ASSERT_EQ(run({"ci", "init", "hook", "--repo", folder_.beside("linked")}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / ".git/hooks/pre-push"));
  folder_.shell(
      "cd ../linked; mkdir k8s; for i in 1 2 3 4; do echo $i > k8s/$i; done;"
      "git add .; git commit --quiet --message risky");
  const Ran linked = git({"push", "origin", "linked"}, "-", "bin", folder_.beside("linked"));
  EXPECT_NE(linked.exit_code, 0);
  EXPECT_TRUE(has(linked.err, "BLOCK   push of new linked")) << linked.err;

  folder_.git({"config", "core.hooksPath", ".githooks"});
  const Ran ran = init();
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, ".githooks/pre-push")) << ran.out;
  EXPECT_TRUE(has(ran.out, "core.hooksPath is set")) << ran.out;
  folder_.git({"config", "core.hooksPath", folder_.beside("all hooks")});
  std::filesystem::create_directories(folder_ / "sub");
  ASSERT_EQ(run({"ci", "init", "hook", "--repo", folder_ / "sub"}).exit_code, 0);
  change(risky_);
  EXPECT_TRUE(has(run({"ci", "init", "hook", "--repo", folder_ / "sub"}).out, "hooksPath is set"));
  EXPECT_TRUE(has(push().err, "BLOCK")) << "a folder with a blank in its name";
  EXPECT_EQ(run({"ci", "init", "hook", "--repo", folder_.beside("bin")}).exit_code, 2);
}

TEST_F(Hook, RunAgainItChangesNothingAndBringsItsOlderSelfUpToDate) {
  start();
  const Path hook = folder_ / ".git/hooks/pre-push";
  const auto text = test::read_file(hook);
  EXPECT_TRUE(has(init().out, "unchanged"));
  EXPECT_EQ(test::read_file(hook), text);
  const auto write = [&](std::string_view content) { std::ofstream(hook) << content; };
  write("#!/bin/sh\n# sluice-hook: pre-push 0\nexit 0\n");
  EXPECT_TRUE(has(init().out, "replaced"));
  EXPECT_EQ(test::read_file(hook), text);
  ::chmod(hook.c_str(), 0644);
  EXPECT_TRUE(has(init().out, "replaced")) << "git passes over a hook that may not be run";
  EXPECT_TRUE(has(init().out, "unchanged"));

  write("#!/bin/sh\n# sluice-hook: pre-push 2\nexit 0\n");
  EXPECT_TRUE(has(init().err, "written by a newer sluice"));
  write(text + "echo mine\n");
  const Ran edited = init();
  EXPECT_EQ(edited.exit_code, 2);
  EXPECT_TRUE(has(edited.err, "was changed by somebody")) << edited.err;
  EXPECT_EQ(init({"--force"}).exit_code, 0);
  EXPECT_EQ(test::read_file(hook), text);
}

TEST_F(Hook, AnotherHookIsKeptAndRunsAfterwardsWithTheSameInput) {
  folder_.write("README", "1");
  folder_.commit();
  folder_.git({"push", "--quiet", "--set-upstream", "origin", "main"});
  const Path hook = folder_ / ".git/hooks/pre-push";
  folder_.shell(
      "printf '#!/bin/sh\\ncat > ../seen; echo \"$1\" >> ../seen\\n' > .git/hooks/pre-push;"
      "chmod +x .git/hooks/pre-push");
  const auto other = test::read_file(hook);
  const Ran refused = init();
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_TRUE(has(refused.err, "another hook already")) << refused.err;
  EXPECT_TRUE(has(refused.err, "--chain")) << refused.err;
  EXPECT_EQ(test::read_file(hook), other);
  ASSERT_EQ(init({"--chain"}).exit_code, 0);
  change({"src/a"});
  EXPECT_EQ(push().exit_code, 0);
  EXPECT_EQ(test::read_file(folder_.beside("seen")),
            cat("refs/heads/main ", head(), " refs/heads/main ",
                folder_.git({"rev-parse", "HEAD~1"}), "\norigin\n"));
  std::filesystem::remove(folder_.beside("seen"));
  change(risky_);
  EXPECT_NE(push().exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.beside("seen"))) << "ours comes first";
}

TEST_F(Hook, APasswordInAUrlIsNotShown) {
  start();
  change(risky_);
  const Path hook = folder_ / ".git/hooks/pre-push";
  const Ran ran =
      test::sluice()
          .in(folder_.path())
          .with("HOME", home())
          .input(cat("refs/heads/main ", head(), " refs/heads/main ", std::string(40, '0'), "\n"))(
              {"ci", "hook", "pre-push", "https://u:secret@example.org/x",
               "https://u:secret@example.org/x"});
  EXPECT_EQ(ran.exit_code, 1) << ran.err;
  EXPECT_FALSE(has(ran.err, "secret")) << ran.err;
  EXPECT_FALSE(has(run({"gate", "explain", "--output", "json"}).out, "secret"));
}

TEST_F(Hook, LinesThatAreNotGitsAreAWrongCall) {
  start();
  const auto hook = [&](const std::string& input) {
    return test::sluice()
        .in(folder_.path())
        .with("HOME", home())
        .input(input)({"ci", "hook", "pre-push", "origin", "url"});
  };
  EXPECT_EQ(hook("one two\n").exit_code, 2);
  EXPECT_EQ(hook("").exit_code, 0) << "nothing is pushed";
  EXPECT_EQ(hook("a x b y\n").exit_code, 0) << "not judged, and said so";
  EXPECT_TRUE(has(hook("a x b y\n").err, "is no id of an object")) << hook("a x b y\n").err;
}

}  // namespace
}  // namespace sluice
