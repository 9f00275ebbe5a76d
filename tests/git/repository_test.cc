// SPDX-License-Identifier: Apache-2.0
// Opening, naming revisions and ranges, reading files.
#include "git/repository.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/text.h"
#include "support/git_folder.h"

namespace sluice::git {
namespace {

using test::GitFolder;

constexpr std::string_view kEmptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

Repository opened(const Path& folder) {
  auto repository = Repository::open(folder);
  if (!repository) throw std::runtime_error(repository.error().text());
  return *std::move(repository);
}

std::string base_of(const Result<Range>& range) {
  return range ? cat(range->base_name, ", ", range->origin) : range.error().text();
}

TEST(Open, FindsTheRepositoryUpwardsBareAndLinked) {
  const GitFolder folder;
  folder.write("a/b/c", "content");
  const auto head = folder.commit();
  EXPECT_EQ(opened(folder / "a/b").commit("HEAD")->hex(), head);
  EXPECT_FALSE(opened(folder.path()).bare());

  folder.git({"clone", "--quiet", "--bare", ".", "../bare.git"});
  EXPECT_EQ(opened(folder.beside("bare.git")).commit("main")->hex(), head);
  EXPECT_TRUE(opened(folder.beside("bare.git")).bare());

  folder.git({"worktree", "add", "--quiet", "../linked"});
  EXPECT_EQ(opened(folder.beside("linked")).commit("HEAD")->hex(), head);
}

TEST(Open, AFolderOutsideOfARepositoryIsNotFound) {
  const test::TempFolder folder;
  const auto repository = Repository::open(folder.path());
  ASSERT_FALSE(repository);
  EXPECT_EQ(repository.error().code, Errc::not_found);
  EXPECT_EQ(Repository::open(folder / "absent").error().code, Errc::not_found);
}

TEST(Open, ARepositoryOfAnotherUserIsDeniedWithTheWayOut) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const GitFolder folder;
  folder.commit();
  ASSERT_TRUE(Repository::open(folder.path()));
  ASSERT_EQ(::chown(folder.path().c_str(), 12'345, 12'345), 0);
  ASSERT_EQ(::chown((folder / ".git").c_str(), 12'345, 12'345), 0);
  const auto repository = Repository::open(folder.path());
  ASSERT_FALSE(repository);
  EXPECT_EQ(repository.error().code, Errc::denied);
  EXPECT_TRUE(repository.error().hint.contains("safe.directory")) << repository.error().hint;
}

TEST(Revision, ANameThatIsNoneIsNotFoundAndOneThatSearchesIsRefused) {
  const GitFolder folder;
  const auto first = folder.commit("fix the door");
  folder.git({"tag", "--annotate", "--message=v1", "v1"});
  folder.commit();
  const auto repository = opened(folder.path());
  EXPECT_EQ(repository.commit("HEAD~1")->hex(), first);
  EXPECT_EQ(repository.commit("v1")->hex(), first);
  EXPECT_EQ(repository.commit(first.substr(0, 12))->hex(), first);
  EXPECT_EQ(repository.commit("absent").error().code, Errc::not_found);
  EXPECT_EQ(repository.commit(":/fix").error().code, Errc::unsupported);
  EXPECT_EQ(repository.commit("HEAD^{/fix}").error().code, Errc::unsupported);
  EXPECT_EQ(repository.commit("--all").error().code, Errc::usage);
  EXPECT_EQ(repository.commit("HEAD^{tree}").error().code, Errc::usage);
}

TEST(Range, BothFormsAndSidesThatAreLeftOut) {
  const GitFolder folder;
  const auto first = folder.commit();
  const auto second = folder.commit();
  const auto repository = opened(folder.path());
  for (const std::string text : {"HEAD~1..HEAD", "HEAD~1...HEAD", "HEAD~1.."}) {
    const auto range = repository.range(text, Compare::merge_base);
    ASSERT_TRUE(range) << text;
    EXPECT_EQ(range->base.hex(), first);
    EXPECT_EQ(range->head.hex(), second);
  }
  EXPECT_EQ(repository.range("..HEAD~1", Compare::merge_base)->base.hex(), second);
  EXPECT_EQ(repository.range("HEAD~1", Compare::merge_base).error().code, Errc::usage);
  EXPECT_EQ(repository.range("HEAD~1...HEAD", Compare::trees).error().code, Errc::usage);
  EXPECT_EQ(repository.range("HEAD~1..HEAD..HEAD", Compare::trees).error().code, Errc::usage);
}

TEST(Range, ABaseThatCouldBeTwoCommitsIsRefused) {
  const GitFolder folder;
  const auto first = folder.commit();
  const auto second = folder.commit();
  folder.git({"branch", "trunk", second});
  folder.git({"tag", "trunk", first});
  folder.git({"update-ref", "refs/remotes/origin/trunk", second});
  folder.git({"tag", "origin/trunk", first});
  folder.git({"tag", "both", second});
  folder.git({"branch", "both", second});
  const auto repository = opened(folder.path());
  for (const std::string text : {"trunk..HEAD", "trunk~0..HEAD", "origin/trunk..HEAD"}) {
    EXPECT_EQ(repository.range(text, Compare::merge_base).error().code, Errc::usage) << text;
  }
  EXPECT_EQ(repository.range("refs/heads/trunk..HEAD", Compare::merge_base)->base.hex(), second);
  EXPECT_EQ(repository.range("refs/tags/trunk..HEAD", Compare::merge_base)->base.hex(), first);
  EXPECT_EQ(repository.range("both..HEAD", Compare::merge_base)->base.hex(), second);
}

TEST(Range, TheEmptyTreeIsABaseForTreesAlone) {
  const GitFolder folder;
  folder.write("first", "content");
  folder.commit();
  const auto repository = opened(folder.path());
  const std::string text = cat(kEmptyTree, "..HEAD");
  const auto range = repository.range(text, Compare::trees);
  ASSERT_TRUE(range) << range.error().text();
  EXPECT_EQ(repository.changes(*range)->paths.at(0).path, "first");
  EXPECT_EQ(repository.range(text, Compare::merge_base).error().code, Errc::usage);
}

TEST(DefaultRange, IsTheUpstreamThenTheRemotesDefaultThenALocalMain) {
  const GitFolder origin;
  origin.commit();
  origin.git({"branch", "release"});
  origin.git({"clone", "--quiet", ".", "../clone"});
  const auto clone = [&](const std::string& command) {
    origin.shell("cd ../clone; git " + command);
  };
  const auto chosen = [&] {
    return base_of(opened(origin.beside("clone")).default_range(Compare::merge_base));
  };
  EXPECT_EQ(chosen(), "origin/main, upstream of main");
  clone("checkout --quiet -b topic");
  EXPECT_EQ(chosen(), "origin/main, default branch of origin");
  clone("branch --quiet --set-upstream-to=origin/release");
  EXPECT_EQ(chosen(), "origin/release, upstream of topic");
  clone("checkout --quiet --detach");
  EXPECT_EQ(chosen(), "origin/main, default branch of origin");
  clone("remote rename origin other");
  EXPECT_EQ(chosen(), "other/main, default branch of other");
  clone("remote remove other");
  EXPECT_EQ(chosen(), "main, local branch");
}

TEST(DefaultRange, WithNothingToCompareWithSaysWhatToDo) {
  const GitFolder folder;
  const auto empty = opened(folder.path()).default_range(Compare::merge_base);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, Errc::not_found);
  folder.commit();
  const auto alone = opened(folder.path()).default_range(Compare::merge_base);
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().code, Errc::not_found);
  EXPECT_TRUE(alone.error().hint.contains(kEmptyTree)) << alone.error().hint;
}

TEST(NoteOf, IsTheFirstLineAndTheTime) {
  const GitFolder folder;
  folder.write("a", "1");
  folder.commit("cart: round prices\n\nA body.");
  folder.write("a", "2");
  folder.commit(std::string(2000, 'x'));
  const auto repository = opened(folder.path());
  const auto first = repository.note_of(*repository.commit("HEAD~1"));
  const auto second = repository.note_of(*repository.commit("HEAD"));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->subject, "cart: round prices");
  EXPECT_EQ(second->subject, std::string(kMaxSubject, 'x'));
  EXPECT_EQ(second->at - first->at, std::chrono::minutes(1));
  EXPECT_FALSE(repository.note_of(ObjectId{}));
}

TEST(ReadAt, IsTheFileAsItWasThen) {
  const GitFolder folder;
  folder.write("policies/sluice.yaml", "old");
  const auto first = folder.commit();
  folder.write("policies/sluice.yaml", "new");
  folder.commit();
  folder.write("policies/sluice.yaml", "not committed");
  const auto repository = opened(folder.path());
  const auto read = [&](const std::string& revision, std::size_t max = 100) {
    return repository.read_at(*repository.commit(revision), "policies/sluice.yaml", max);
  };
  EXPECT_EQ(read(first).value(), "old");
  EXPECT_EQ(read("HEAD").value(), "new");
  EXPECT_EQ(read("HEAD", 3).value(), "new");
  EXPECT_EQ(read("HEAD", 2).error().code, Errc::limit);
}

TEST(ReadAt, RefusesWhatIsNoPlainFile) {
  const GitFolder folder;
  folder.write("real/file", "content");
  std::filesystem::create_symlink("real", folder / "link");
  std::filesystem::create_symlink("real/file", folder / "direct");
  folder.commit();
  const auto repository = opened(folder.path());
  const auto code = [&](std::string_view path) {
    const auto read = repository.read_at(*repository.commit("HEAD"), path, 100);
    return read ? std::optional<Errc>() : read.error().code;
  };
  EXPECT_EQ(code("real/file"), std::nullopt);
  EXPECT_EQ(code("link/file"), Errc::denied);
  EXPECT_EQ(code("direct"), Errc::denied);
  EXPECT_EQ(code("real"), Errc::denied);
  EXPECT_EQ(code("real/file/"), Errc::not_found);
  EXPECT_EQ(code("real/../real/file"), Errc::not_found);
  EXPECT_EQ(code("/real/file"), Errc::not_found);
  EXPECT_EQ(code("absent"), Errc::not_found);
  EXPECT_EQ(code(""), Errc::usage);
  EXPECT_EQ(code(std::string_view("real\0/file", 10)), Errc::usage);
}

}  // namespace
}  // namespace sluice::git
