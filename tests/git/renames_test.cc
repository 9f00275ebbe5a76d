// SPDX-License-Identifier: Apache-2.0
// Renames as git's own diff finds them.
#include <gtest/gtest.h>

#include "base/text.h"
#include "git/repository.h"
#include "support/git_folder.h"

namespace sluice::git {
namespace {

using test::GitFolder;

// As git diff --name-status -z writes it, without the percentage of a rename.
std::string name_status(const std::vector<Change>& changes) {
  std::string out;
  for (const auto& change : changes) {
    constexpr std::string_view kLetters = "AMDRT";
    out += cat(kLetters[static_cast<std::size_t>(change.status)], "\n");
    if (change.status == Status::renamed) out += cat(change.old_path, "\n");
    out += cat(change.path, "\n");
  }
  return out;
}

std::string status_by_git(const GitFolder& folder, const std::string& base,
                          const std::string& head) {
  const std::string out = folder.git({"diff", "--name-status", "-z", base, head});
  std::string lines;
  for (const auto field : split(out, '\0')) {
    const bool renamed = field.size() == 4 && field[0] == 'R';
    if (!field.empty()) lines += cat(renamed ? field.substr(0, 1) : field, "\n");
  }
  return lines;
}

Changes changes_between(const GitFolder& folder, const std::string& base, const std::string& head,
                        const Limits& limits = {}) {
  const auto repository = Repository::open(folder.path(), limits);
  if (!repository) throw std::runtime_error(repository.error().text());
  const auto range = repository->range(cat(base, "..", head), Compare::trees);
  if (!range) throw std::runtime_error(range.error().text());
  auto changes = repository->changes(*range);
  if (!changes) throw std::runtime_error(changes.error().text());
  return *std::move(changes);
}

TEST(Renames, AgreeWithGitOnGeneratedChanges) {
  constexpr int kChanges = 200;
  const GitFolder folder;
  test::generate_changes(folder, kChanges);
  int renamed = 0;
  for (int i = 0; i < kChanges; ++i) {
    const std::string before = cat("a", i);
    const std::string after = cat("b", i);
    const auto changes = changes_between(folder, before, after);
    EXPECT_EQ(name_status(changes.paths), status_by_git(folder, before, after)) << i;
    EXPECT_TRUE(changes.renames_complete);
    for (const auto& change : changes.paths) renamed += change.status == Status::renamed;
  }
  EXPECT_GT(renamed, 150);  // else the generator has stopped to make any
}

std::string lines(int from, int to) {
  std::string out;
  for (int i = from; i < to; ++i) out += cat("this is line ", 1000 + i, "\n");
  return out;
}

// 18 bytes a line, and as many lines: half is 50 %.
TEST(Renames, HalfOfTheBytesIsEnoughAndALineLessIsNot) {
  const GitFolder folder;
  folder.write("old", lines(0, 20));
  folder.commit();
  folder.git({"rm", "--quiet", "old"});
  folder.write("new", lines(10, 30));
  folder.commit();
  EXPECT_EQ(name_status(changes_between(folder, "HEAD~1", "HEAD").paths), "R\nold\nnew\n");
  folder.write("new", lines(11, 31));
  folder.commit();
  EXPECT_EQ(name_status(changes_between(folder, "HEAD~2", "HEAD").paths), "A\nnew\nD\nold\n");
}

// A name of its own is worth much, but not more than clearly better contents.
TEST(Renames, ThePathWithTheSameNameIsTakenFromThreeQuartersOn) {
  const GitFolder folder;
  const auto renamed_from = [&](int common) {
    folder.write("a/same", lines(100, 120 - common) + lines(0, common));
    folder.write("b/other", lines(0, 19) + lines(200, 201));
    folder.commit();
    folder.git({"rm", "--quiet", "-r", "a", "b"});
    folder.write("c/same", lines(0, 20));
    folder.commit();
    const auto status = name_status(changes_between(folder, "HEAD~1", "HEAD").paths);
    EXPECT_EQ(status, status_by_git(folder, "HEAD~1", "HEAD"));
    folder.git({"rm", "--quiet", "-r", "c"});
    return status;
  };
  EXPECT_EQ(renamed_from(15), "D\nb/other\nR\na/same\nc/same\n");
  EXPECT_EQ(renamed_from(14), "D\na/same\nR\nb/other\nc/same\n");
}

TEST(Renames, TheLastLineCountsWithoutALineEnd) {
  const GitFolder folder;
  folder.write("old", "one line and no end\nb");
  folder.commit();
  folder.remove("old");
  folder.write("new", "other line, no end.\none line and no end\nb");
  folder.commit();
  EXPECT_EQ(name_status(changes_between(folder, "HEAD~1", "HEAD").paths), "R\nold\nnew\n");
}

TEST(Renames, BeyondALimitStayDeletedAndAddedAndItIsSaid) {
  const GitFolder folder;
  folder.write("old", lines(0, 20));
  folder.write("equal", "the same");
  folder.commit();
  folder.remove("old");
  folder.remove("equal");
  folder.write("moved/equal", "the same");
  folder.write("new", lines(1, 20));
  folder.commit();
  const auto bounded = [&](const Limits& limits) {
    const auto changes = changes_between(folder, "HEAD~1", "HEAD", limits);
    return cat(name_status(changes.paths), changes.renames_complete ? "complete" : "incomplete");
  };
  EXPECT_EQ(bounded({}), "R\nequal\nmoved/equal\nR\nold\nnew\ncomplete");
  // Equal contents cost nothing to find.
  const std::string less = "R\nequal\nmoved/equal\nA\nnew\nD\nold\nincomplete";
  EXPECT_EQ(bounded({.rename_bytes = 500}), less);
  EXPECT_EQ(bounded({.rename_pairs = 0}), less);
}

}  // namespace
}  // namespace sluice::git
