// SPDX-License-Identifier: Apache-2.0
// What changed in a range: kinds of changes, names, merge bases, clones that lack something,
// limits.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "git/repository.h"
#include "support/git_folder.h"

namespace sluice::git {
namespace {

using test::GitFolder;

Result<Changes> changes_in(const Path& folder, const std::string& range,
                           Compare compare = Compare::merge_base, const Limits& limits = {}) {
  SLUICE_TRY(const auto repository, Repository::open(folder, limits));
  SLUICE_TRY(const auto sides, repository.range(range, compare));
  return repository.changes(sides);
}

std::string listed(const Result<Changes>& changes) {
  if (!changes) return changes.error().text();
  std::string out;
  for (const auto& change : changes->paths) {
    out += cat(name(change.status), " ", change.old_path, change.old_path.empty() ? "" : " -> ",
               change.path, "\n");
  }
  return out;
}

TEST(Changes, EveryKindInTheOrderOfThePaths) {
  const GitFolder folder;
  folder.write("edited", "1\n2\n3\n");
  folder.write("gone", "gone\n");
  folder.write("program", "#!/bin/sh\n");
  folder.write("becomes-link", "text\n");
  folder.write("becomes-folder", "something else\n");
  folder.write("binary", std::string("\0\x01", 2));
  folder.write("moved/from", "moved as it is\n");
  folder.write("untouched/file", "same\n");
  folder.commit();
  folder.write("edited", "1\n2\n4\n");
  folder.remove("gone");
  folder.shell("chmod +x program; rm becomes-link; ln -s edited becomes-link");
  folder.shell("rm becomes-folder; mkdir becomes-folder; echo x > becomes-folder/x");
  folder.write("binary", std::string("\0\x02", 2));
  folder.shell("git mv moved/from moved-to");
  folder.write("edited.d/new", "new\n");
  folder.commit();
  EXPECT_EQ(listed(changes_in(folder.path(), "HEAD~1..HEAD")),
            "deleted becomes-folder\n"
            "added becomes-folder/x\n"
            "type-changed becomes-link\n"
            "modified binary\n"
            "modified edited\n"
            "added edited.d/new\n"
            "deleted gone\n"
            "renamed moved/from -> moved-to\n"
            "modified program\n");
}

TEST(Changes, NamesAreTheBytesThatTheyAre) {
  const GitFolder folder;
  folder.commit();
  const std::vector<std::string> names = {"\x1b[31mred", "back\\slash", "line\nend", "\xff\xfe",
                                          "\xc3\xa4.tf", "\"quoted\"",  " blank ",   "-dash"};
  for (const auto& name : names) folder.write(name, name);
  folder.commit();
  const auto changes = changes_in(folder.path(), "HEAD~1..HEAD");
  ASSERT_TRUE(changes);
  std::vector<std::string> found;
  for (const auto& change : changes->paths) found.push_back(change.path);
  auto sorted = names;
  std::ranges::sort(sorted);
  EXPECT_EQ(found, sorted);
}

TEST(Changes, ASubmoduleIsOnePathWithItsCommit) {
  const GitFolder inner;
  const auto first = inner.commit();
  const GitFolder folder;
  folder.commit();
  folder.git({"submodule", "--quiet", "add", inner.path().native(), "vendor/inner"});
  folder.commit();
  const auto second = inner.commit();
  folder.shell("cd vendor/inner; git fetch --quiet; git checkout --quiet " + second);
  folder.commit();
  const auto changes = changes_in(folder.path(), "HEAD~1..HEAD");
  ASSERT_EQ(listed(changes), "modified vendor/inner\n");
  EXPECT_EQ(changes->paths[0].after.kind, EntryKind::submodule);
  EXPECT_EQ(changes->paths[0].before.id.hex(), first);
  EXPECT_EQ(changes->paths[0].after.id.hex(), second);
}

TEST(Changes, AnEmptyRangeHasNone) {
  const GitFolder folder;
  folder.write("file", "content");
  folder.commit();
  EXPECT_EQ(listed(changes_in(folder.path(), "HEAD..HEAD")), "");
  EXPECT_EQ(listed(changes_in(folder.path(), "HEAD..HEAD", Compare::trees)), "");
}

// What went on upstream is no part of the change, except for trees as they are.
TEST(MergeBase, LeavesOutWhatHappenedUpstream) {
  const GitFolder folder;
  folder.write("shared", "1");
  const auto fork = folder.commit();
  folder.git({"checkout", "--quiet", "-b", "topic"});
  folder.write("mine", "mine");
  folder.commit();
  folder.git({"checkout", "--quiet", "main"});
  folder.write("k8s.yaml", "theirs");
  folder.commit();
  const auto since = changes_in(folder.path(), "main..topic");
  EXPECT_EQ(listed(since), "added mine\n");
  EXPECT_EQ(since->from.hex(), fork);
  EXPECT_EQ(since->merge_bases, 1U);
  EXPECT_EQ(listed(changes_in(folder.path(), "main..topic", Compare::trees)),
            "deleted k8s.yaml\nadded mine\n");
}

TEST(MergeBase, AfterMergingUpstreamItIsTheMergedCommit) {
  const GitFolder folder;
  folder.commit();
  folder.git({"checkout", "--quiet", "-b", "topic"});
  folder.write("mine", "1");
  folder.commit();
  folder.git({"checkout", "--quiet", "main"});
  folder.write("theirs", "1");
  const auto theirs = folder.commit();
  folder.git({"checkout", "--quiet", "topic"});
  folder.git({"merge", "--quiet", "--no-edit", "main"});
  const auto changes = changes_in(folder.path(), "main..topic");
  EXPECT_EQ(changes->from.hex(), theirs);
  EXPECT_EQ(listed(changes), "added mine\n");
}

TEST(MergeBase, OfBranchesMergedIntoEachOtherThereAreTwo) {
  const GitFolder folder;
  folder.commit();
  folder.git({"checkout", "--quiet", "-b", "left"});
  folder.write("l", "1");
  folder.commit();
  folder.git({"checkout", "--quiet", "-b", "right", "main"});
  folder.write("r", "1");
  const auto newest = folder.commit();
  folder.git({"checkout", "--quiet", "-b", "one", "left"});
  folder.git({"merge", "--quiet", "--no-edit", "right"});
  folder.git({"checkout", "--quiet", "-b", "two", "right"});
  folder.git({"merge", "--quiet", "--no-edit", "left"});
  const auto changes = changes_in(folder.path(), "one..two");
  ASSERT_TRUE(changes) << changes.error().text();
  EXPECT_EQ(changes->merge_bases, 2U);
  EXPECT_EQ(changes->from.hex(), newest);
}

// Random histories, by clocks that often go backwards: the same bases as git merge-base --all.
TEST(MergeBase, AgreesWithGitOnGeneratedHistories) {
  constexpr unsigned kCommits = 60;
  const GitFolder folder;
  std::string stream;
  unsigned state = 7;
  const auto below = [&state](unsigned bound) {
    state = state * 1'103'515'245U + 12'345U;
    return (state >> 16U) % bound;
  };
  for (unsigned i = 0; i < kCommits; ++i) {
    stream += cat("commit refs/heads/c", i, "\ncommitter T <t@example.org> ",
                  1'700'000'000U + i + below(40), " +0000\ndata ", std::to_string(i).size(), "\n",
                  i, "\n");
    if (i > 0) stream += cat("from refs/heads/c", i - 1 - below(std::min(i, 6U)), "\n");
    if (i > 3 && below(2) == 0) stream += cat("merge refs/heads/c", i - 2 - below(2), "\n");
  }
  folder.git({"fast-import", "--quiet"}, stream);
  std::size_t several = 0;
  for (unsigned i = 0; i < 200; ++i) {
    const std::string one = cat("c", below(kCommits));
    const std::string two = cat("c", below(kCommits));
    const auto bases = split(folder.git({"merge-base", "--all", one, two}), '\n').size();
    const auto changes = changes_in(folder.path(), cat(one, "..", two));
    ASSERT_TRUE(changes) << changes.error().text();
    EXPECT_EQ(changes->merge_bases, bases) << one << " " << two;
    const auto all = folder.git({"merge-base", "--all", one, two});
    EXPECT_TRUE(all.contains(changes->from.hex())) << one << " " << two;
    several += bases > 1 ? 1 : 0;
  }
  EXPECT_GT(several, 5U);
}

TEST(MergeBase, OfUnrelatedHistoriesThereIsNone) {
  const GitFolder folder;
  folder.commit();
  folder.git({"checkout", "--quiet", "--orphan", "other"});
  folder.commit("another beginning");
  const auto changes = changes_in(folder.path(), "main..other");
  ASSERT_FALSE(changes);
  EXPECT_EQ(changes.error().code, Errc::not_found);
  EXPECT_TRUE(changes.error().hint.contains("--two-dot"));
}

// What a CI job checks out: some commits, and beyond them nothing.
class Shallow : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* name : {"1", "2", "3", "4"}) {
      folder_.write(name, name);
      folder_.commit();
    }
    folder_.git({"branch", "old", "HEAD~3"});
    folder_.git({"clone", "--quiet", "--depth=2", "--no-single-branch",
                 cat("file://", folder_.path().native()), "../clone"});
  }
  GitFolder folder_;
  Path clone_ = folder_.beside("clone");
};

TEST_F(Shallow, WhatIsThereCanBeCompared) {
  EXPECT_TRUE(Repository::open(clone_)->shallow());
  EXPECT_FALSE(Repository::open(folder_.path())->shallow());
  EXPECT_EQ(listed(changes_in(clone_, "HEAD~1..HEAD")), "added 4\n");
}

TEST_F(Shallow, WhatWasCutOffIsSaid) {
  const auto parted = changes_in(clone_, "origin/old..HEAD");
  ASSERT_FALSE(parted);
  EXPECT_EQ(parted.error().code, Errc::not_found);
  EXPECT_TRUE(parted.error().what.contains("shallow")) << parted.error().text();
  EXPECT_TRUE(parted.error().hint.contains("--unshallow")) << parted.error().hint;
  EXPECT_EQ(listed(changes_in(clone_, "origin/old..HEAD", Compare::trees)),
            "added 2\nadded 3\nadded 4\n");
  const auto beyond = changes_in(clone_, "HEAD~2..HEAD");
  ASSERT_FALSE(beyond);
  EXPECT_TRUE(beyond.error().hint.contains("--unshallow")) << beyond.error().hint;
}

TEST(Partial, WithoutContentsPathsAreCompleteAndRenamesMayNotBe) {
  const GitFolder folder;
  folder.git({"config", "uploadpack.allowFilter", "true"});
  folder.write("old", "one\ntwo\nthree\n");
  folder.commit();
  folder.remove("old");
  folder.write("new", "one\ntwo\nfour!\n");
  folder.commit();
  folder.git({"clone", "--quiet", "--bare", "--filter=blob:none",
              cat("file://", folder.path().native()), "../clone"});
  const auto changes = changes_in(folder.beside("clone"), "main~1..main");
  EXPECT_EQ(listed(changes), "added new\ndeleted old\n");
  EXPECT_FALSE(changes->renames_complete);
  EXPECT_TRUE(Repository::open(folder.beside("clone"))->partial());
  EXPECT_EQ(listed(changes_in(folder.path(), "main~1..main")), "renamed old -> new\n");
}

// An object whose content is not what its name says, as a pack or a disk can hand it out.
TEST(Objects, OneThatIsNotWhatItsNameSaysIsMalformed) {
  const GitFolder folder;
  folder.write("folder/file", "1");
  folder.commit();
  folder.write("folder/file", "2");
  folder.commit();
  const auto path = [&](const std::string& revision) {
    const auto id = folder.git({"rev-parse", revision});
    return folder / cat(".git/objects/", id.substr(0, 2), "/", id.substr(2));
  };
  ASSERT_EQ(listed(changes_in(folder.path(), "HEAD~1..HEAD")), "modified folder/file\n");
  std::filesystem::remove(path("HEAD:folder"));
  std::filesystem::copy(path("HEAD~1:folder"), path("HEAD:folder"));
  const auto changes = changes_in(folder.path(), "HEAD~1..HEAD");
  ASSERT_FALSE(changes);
  EXPECT_EQ(changes.error().code, Errc::malformed);
}

TEST(ChangeLimits, AreErrorsOneAboveAndNotAtThem) {
  const GitFolder folder;
  folder.commit();
  folder.write("a/b/c/1234", "1");
  folder.write("a/b/c/5678", "2");
  folder.commit();
  const auto code = [&](const Limits& limits) {
    const auto changes = changes_in(folder.path(), "HEAD~1..HEAD", Compare::merge_base, limits);
    return changes ? std::optional<Errc>() : changes.error().code;
  };
  EXPECT_EQ(code({.changed_paths = 2}), std::nullopt);
  EXPECT_EQ(code({.changed_paths = 1}), Errc::limit);
  EXPECT_EQ(code({.path_bytes = 20}), std::nullopt);
  EXPECT_EQ(code({.path_bytes = 19}), Errc::limit);
  EXPECT_EQ(code({.trees = 5}), std::nullopt);  // two roots, and three that are new
  EXPECT_EQ(code({.trees = 4}), Errc::limit);
  EXPECT_EQ(code({.depth = 4}), std::nullopt);
  EXPECT_EQ(code({.depth = 3}), Errc::limit);
  EXPECT_EQ(code({.tree_bytes = 64}), std::nullopt);  // two entries of 32 bytes
  EXPECT_EQ(code({.tree_bytes = 63}), Errc::limit);
  EXPECT_EQ(code({.commits = 2}), std::nullopt);
  EXPECT_EQ(code({.commits = 1}), Errc::limit);
}

// A few hundred bytes that unfold to ten billion folders: nothing else bounds the work.
TEST(ChangeLimits, ATreeThatUnfoldsWithoutEndIsALimit) {
  const GitFolder folder;
  folder.commit();
  std::string inner = folder.git({"mktree"});
  for (int level = 0; level < 10; ++level) {
    std::string entries;
    for (int i = 0; i < 10; ++i) entries += cat("040000 tree ", inner, "\t", i, "\n");
    inner = folder.git({"mktree"}, entries);
  }
  const auto bomb = folder.git({"commit-tree", inner, "-p", "HEAD", "-m", "bomb"});
  const auto changes =
      changes_in(folder.path(), "HEAD.." + bomb, Compare::merge_base, {.trees = 20'000});
  ASSERT_FALSE(changes);
  EXPECT_EQ(changes.error().code, Errc::limit);
}

}  // namespace
}  // namespace sluice::git
