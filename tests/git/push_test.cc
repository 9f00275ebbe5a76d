// SPDX-License-Identifier: Apache-2.0
// What a push brings, by the lines that git hands to a pre-push hook.
#include <gtest/gtest.h>

#include "base/text.h"
#include "git/repository.h"
#include "support/git_folder.h"

namespace sluice::git {
namespace {

const std::string kNone(40, '0');

class PushRange : public testing::Test {
 protected:
  // A remote with main at one commit, and a work tree that has fetched it.
  void SetUp() override {
    folder_.git({"init", "--quiet", "--bare", "--initial-branch=main", "../remote.git"});
    folder_.git({"remote", "add", "origin", "../remote.git"});
    base_ = change("README");
    folder_.git({"push", "--quiet", "--set-upstream", "origin", "main"});
  }
  std::string change(const std::string& name) const {
    folder_.write(name, name);
    return folder_.commit();
  }
  std::string id(const std::string& revision) const { return folder_.git({"rev-parse", revision}); }
  Result<Push> push(const std::string& local, const std::string& there,
                    const std::string& remote = "origin") const {
    const auto repository = Repository::open(folder_.path());
    if (!repository) throw std::runtime_error(repository.error().text());
    return repository->push({"refs/heads/x", local, "refs/heads/x", there}, remote);
  }
  // The paths that the push changes.
  std::string paths(const Result<Push>& push) const {
    if (!push) return push.error().text();
    if (!push->range) return "no range";
    const auto changes = Repository::open(folder_.path())->changes(*push->range);
    if (!changes) return changes.error().text();
    std::vector<std::string> out;
    for (const auto& each : changes->paths) out.push_back(each.path);
    return join(out, " ");
  }

  test::GitFolder folder_;
  std::string base_;
};

TEST_F(PushRange, WhatIsAddedToABranch) {
  change("a");
  const auto pushed = push(id("HEAD"), base_);
  EXPECT_EQ(paths(pushed), "a");
  EXPECT_EQ(pushed->kind, PushKind::forwarded);
  EXPECT_EQ(pushed->range->base.hex(), base_);
}

TEST_F(PushRange, ANewBranchBringsWhatNoBranchOfTheRemoteHas) {
  folder_.git({"checkout", "--quiet", "-b", "one"});
  change("a");
  folder_.git({"push", "--quiet", "origin", "one"});
  folder_.git({"checkout", "--quiet", "-b", "two"});
  change("b");
  const auto stacked = push(id("HEAD"), kNone);
  EXPECT_EQ(paths(stacked), "b") << "a is on the remote's branch one";
  EXPECT_EQ(stacked->kind, PushKind::created);
  EXPECT_EQ(paths(push(id("one"), kNone)), "");
}

TEST_F(PushRange, TagsLeadToTheirCommits) {
  change("a");
  folder_.git({"tag", "--annotate", "--message", "v1", "v1"});
  EXPECT_EQ(paths(push(id("v1"), kNone)), "a");
  const auto blob = push(id("HEAD:README"), kNone);
  ASSERT_TRUE(blob) << blob.error().text();
  EXPECT_EQ(blob->kind, PushKind::other);
  EXPECT_FALSE(blob->range);
}

TEST_F(PushRange, ADeletionBringsNothing) {
  const auto pushed = push(kNone, base_);
  ASSERT_TRUE(pushed);
  EXPECT_EQ(pushed->kind, PushKind::deleted);
  EXPECT_FALSE(pushed->range);
}

TEST_F(PushRange, ARebasedBranchBringsItsOwnCommitsAndNotThoseOfMain) {
  folder_.git({"checkout", "--quiet", "-b", "topic"});
  change("a");
  folder_.git({"push", "--quiet", "origin", "topic"});
  const auto old = id("HEAD");
  folder_.git({"checkout", "--quiet", "main"});
  change("k8s/of-others");
  folder_.git({"push", "--quiet", "origin", "main"});
  folder_.git({"checkout", "--quiet", "topic"});
  folder_.git({"rebase", "--quiet", "main"});
  const auto pushed = push(id("HEAD"), old);
  EXPECT_EQ(paths(pushed), "a");
  EXPECT_EQ(pushed->kind, PushKind::rewritten);
}

TEST_F(PushRange, WhatIsTakenBackCounts) {
  change("k8s/a");
  folder_.git({"push", "--quiet", "origin", "main"});
  const auto pushed = push(base_, id("HEAD"));
  EXPECT_EQ(paths(pushed), "k8s/a");
  EXPECT_EQ(pushed->kind, PushKind::taken_back);
}

TEST_F(PushRange, ACommitOfTheRemoteThatIsNotHereIsReplaced) {
  change("a");
  const auto pushed = push(id("HEAD"), std::string(40, '1'));
  EXPECT_EQ(paths(pushed), "a");
  EXPECT_EQ(pushed->kind, PushKind::rewritten);
}

TEST_F(PushRange, AnUnrelatedBranchBringsAllOfIt) {
  folder_.git({"checkout", "--quiet", "--orphan", "pages"});
  change("index.html");
  EXPECT_EQ(paths(push(id("HEAD"), kNone)), "README index.html");
}

TEST_F(PushRange, AnUnknownRemoteIsComparedWithAllOfThem) {
  change("a");
  EXPECT_EQ(paths(push(id("HEAD"), kNone, "https://example.org/x")), "a");
  folder_.git({"update-ref", "-d", "refs/remotes/origin/main"});
  const auto unknown = push(id("HEAD"), kNone);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::not_found);
  EXPECT_EQ(push(id("HEAD"), base_)->kind, PushKind::forwarded) << "it says itself what it has";
}

TEST_F(PushRange, IdsAreIds) {
  for (const auto& id : {std::string("HEAD"), std::string(), std::string(39, 'a'),
                         std::string(40, 'g'), std::string(64, 'a')}) {
    const auto pushed = push(id, kNone);
    ASSERT_FALSE(pushed) << id;
    EXPECT_EQ(pushed.error().code, Errc::malformed) << id;
  }
}

TEST_F(PushRange, WhatAShallowCloneLacksIsAnErrorAndNotNothing) {
  change("a");
  change("b");
  folder_.git({"push", "--quiet", "origin", "main"});
  folder_.git({"push", "--quiet", "origin", "main~2:refs/heads/old"});
  folder_.shell("git clone --quiet --depth 1 \"file://$(realpath ../remote.git)\" ../shallow");
  const auto repository = Repository::open(folder_.beside("shallow"));
  ASSERT_TRUE(repository);
  const auto head = repository->commit("HEAD")->hex();
  // The remote's branch is known only by its id: no history leads there.
  const auto pushed = repository->push({"x", head, "refs/heads/old", base_}, "nowhere");
  ASSERT_TRUE(pushed) << pushed.error().text();
  EXPECT_EQ(pushed->range->base.hex(), head);
  folder_.shell(
      "git -C ../shallow checkout --quiet --orphan other && "
      "git -C ../shallow commit --quiet --allow-empty --message x");
  const auto other = repository->commit("HEAD")->hex();
  const auto orphan = repository->push({"x", other, "refs/heads/new", kNone}, "origin");
  ASSERT_FALSE(orphan);
  EXPECT_NE(orphan.error().hint.find("--unshallow"), std::string::npos);
}

TEST_F(PushRange, TheDefaultBranchOfARemote) {
  const auto repository = Repository::open(folder_.path());
  change("a");
  EXPECT_EQ(repository->default_branch("origin")->hex(), base_);
  EXPECT_EQ(repository->default_branch("https://example.org/x")->hex(), base_) << "the only one";
  folder_.git({"update-ref", "-d", "refs/remotes/origin/main"});
  EXPECT_FALSE(repository->default_branch("origin"));
}

}  // namespace
}  // namespace sluice::git
