// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>

#include "base/text.h"
#include "support/temp_folder.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using test::read_file;
using test::TempFolder;

std::size_t entries(const TempFolder& folder) { return system_files().list(folder.path())->size(); }

TEST(Files, ReadKeepsToItsLimit) {
  const TempFolder folder;
  const Path path = folder.write("f", "12345");
  EXPECT_EQ(system_files().read(path, 5), "12345");
  const auto over = system_files().read(path, 4);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::limit);
}

TEST(Files, ReadKeepsToItsLimitWhereTheSizeIsNotKnownBefore) {
  const auto endless = system_files().read("/dev/zero", 1U << 20);
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().code, Errc::limit);
}

TEST(Files, ANameWithANulIsNoFiles) {
  const TempFolder folder;
  const Path whole = folder.write("a", "secret");
  const Path cut = whole.native() + std::string("\0.txt", 5);
  ASSERT_TRUE(system_files().read(whole, 10));
  EXPECT_EQ(system_files().read(cut, 10).error().code, Errc::malformed);
  EXPECT_EQ(system_files().open(cut).error().code, Errc::malformed);
  EXPECT_EQ(system_files().info(cut).error().code, Errc::malformed);
  EXPECT_EQ(system_files().replace(cut, "x").error().code, Errc::malformed);
  EXPECT_EQ(system_files().create(cut, "x").error().code, Errc::malformed);
  EXPECT_EQ(*system_files().read(whole, 10), "secret");
}

TEST(Files, TellsWhyAFileCannotBeRead) {
  const TempFolder folder;
  EXPECT_EQ(system_files().read(folder / "absent", 1).error().code, Errc::not_found);
  EXPECT_EQ(system_files().read(folder.path(), 1).error().code, Errc::io);
}

TEST(Files, ReplaceLeavesNothingBeside) {
  const TempFolder folder;
  ASSERT_TRUE(system_files().replace(folder / "f", "one", 0600));
  ASSERT_TRUE(system_files().replace(folder / "f", "two", 0600));
  EXPECT_EQ(read_file(folder / "f"), "two");
  EXPECT_EQ(system_files().info(folder / "f")->mode, 0600U);
  EXPECT_EQ(entries(folder), 1U);
}

TEST(Files, ReplaceRefusesLinksDevicesAndPipes) {
  const TempFolder folder;
  folder.write("target", "kept");
  ASSERT_EQ(::symlink("target", (folder / "link").c_str()), 0);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  for (const auto* name : {"link", "pipe"}) {
    const auto result = system_files().replace(folder / name, "new");
    ASSERT_FALSE(result) << name;
    EXPECT_EQ(result.error().code, Errc::denied);
  }
  EXPECT_EQ(system_files().replace("/dev/null", "new").error().code, Errc::denied);
  EXPECT_EQ(read_file(folder / "target"), "kept");
}

TEST(Files, ReplaceIntoAFolderThatIsNotThereSaysSo) {
  const TempFolder folder;
  const auto result = system_files().replace(folder / "absent/f", "x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::not_found);
}

TEST(Files, CreateNeverOverwrites) {
  const TempFolder folder;
  ASSERT_TRUE(system_files().create(folder / "f", "one"));
  const auto again = system_files().create(folder / "f", "two");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::denied);
  EXPECT_EQ(read_file(folder / "f"), "one");
  EXPECT_EQ(entries(folder), 1U);
}

// A limit on file size stands in for a full disk: the write fails half way.
TEST(Files, AFailedWriteLeavesTheOldContentAndNoRemains) {
  const TempFolder folder;
  folder.write("f", "old");
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const auto result = system_files().replace(folder / "f", std::string(100'000, 'x'));
    ::_exit(!result && result.error().code == Errc::io ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_file(folder / "f"), "old");
  EXPECT_EQ(entries(folder), 1U);
}

// Killed at any moment, a replaced file is the old or the new one, whole.
TEST(Files, ReplaceSurvivesKill) {
  const TempFolder folder;
  const std::array<std::string, 2> content{std::string(200'000, 'a'), std::string(200'000, 'b')};
  folder.write("f", content[0]);
  for (int round = 0; round < 40; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (std::size_t i = 1;; ++i) (void)system_files().replace(folder / "f", content[i % 2]);
    }
    ::usleep(static_cast<useconds_t>(500 + round * 137));  // anywhere in the loop
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const std::string now = read_file(folder / "f");
    ASSERT_TRUE(now == content[0] || now == content[1]) << "round " << round;
  }
}

TEST(Files, ReplacesSeveralTogether) {
  const TempFolder folder;
  folder.write("f0", "old");
  std::vector<Replacement> all;
  for (int i = 0; i < 100; ++i) all.push_back({folder / cat("f", i), i == 0 ? "new" : "more"});
  all.push_back({folder / "f0", "newest", 0600});
  for (const Lasting lasting : {Lasting::yes, Lasting::whole}) {
    ASSERT_TRUE(system_files().replace_all(all, lasting));
    EXPECT_EQ(read_file(folder / "f0"), "newest");
    EXPECT_EQ(read_file(folder / "f99"), "more");
    EXPECT_EQ(entries(folder), 100U);
  }
  EXPECT_TRUE(system_files().replace_all({}, Lasting::yes));
}

TEST(Files, OneThatCannotBeWrittenLeavesAllAsTheyWere) {
  const TempFolder folder;
  folder.write("f", "old");
  folder.write("target", "kept");
  ASSERT_EQ(::symlink("target", (folder / "link").c_str()), 0);
  for (const Path& bad : {folder / "link", folder / "absent/f"}) {
    const std::array<Replacement, 2> all{Replacement{folder / "f", "new"}, Replacement{bad, "new"}};
    EXPECT_FALSE(system_files().replace_all(all, Lasting::yes));
    EXPECT_EQ(read_file(folder / "f"), "old");
    EXPECT_EQ(entries(folder), 3U);
  }
  EXPECT_EQ(read_file(folder / "target"), "kept");
}

TEST(Files, WhatIsPreparedShowsOnceItIsPutInPlace) {
  const TempFolder folder;
  folder.write("f", "old");
  {
    const auto dropped = system_files().prepare({folder / "f", "bad"});
    ASSERT_TRUE(dropped);
  }
  EXPECT_EQ(read_file(folder / "f"), "old");
  EXPECT_EQ(entries(folder), 1U);
  const auto kept = system_files().prepare({folder / "f", "new"});
  ASSERT_TRUE(kept);
  EXPECT_EQ(read_file(folder / "f"), "old");
  ASSERT_TRUE((*kept)->put_in_place());
  EXPECT_EQ(read_file(folder / "f"), "new");
  EXPECT_EQ(entries(folder), 1U);
}

TEST(Files, WhatIsCreatedAheadHasNoNameBefore) {
  const TempFolder folder;
  const std::string content(300'000, 'x');
  {
    const auto dropped = system_files().create_ahead(folder / "f", content);
    ASSERT_TRUE(dropped && *dropped);
    EXPECT_EQ(entries(folder), 0U);
  }
  EXPECT_EQ(entries(folder), 0U);
  const auto kept = system_files().create_ahead(folder / "f", content);
  const auto late = system_files().create_ahead(folder / "f", "late");
  ASSERT_TRUE(kept && *kept && late && *late);
  ASSERT_TRUE((*kept)->put_in_place());
  EXPECT_EQ(read_file(folder / "f"), content);
  const auto refused = (*late)->put_in_place();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_EQ(read_file(folder / "f"), content);
  EXPECT_TRUE(system_files().sync({folder / "f"}));
  EXPECT_EQ(entries(folder), 1U);
  const auto nowhere = system_files().create_ahead(folder / "none" / "f", content);
  EXPECT_TRUE(nowhere && *nowhere == nullptr);
  EXPECT_FALSE(system_files().create_ahead(std::string("f\0g", 3), content));
}

// Killed at any moment, each is the old or the new one, and none is new behind one that is old.
TEST(Files, ReplacingSeveralSurvivesKill) {
  const TempFolder folder;
  const std::array<std::string, 2> content{std::string(60'000, 'a'), std::string(60'000, 'b')};
  constexpr int kFiles = 5;
  for (int i = 0; i < kFiles; ++i) folder.write(cat("f", i), content[0]);
  for (int round = 0; round < 40; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      const bool was_a = read_file(folder / cat("f", kFiles - 1)) == content[0];
      for (std::size_t turn = was_a ? 1 : 0;; ++turn) {
        std::vector<Replacement> all;
        for (int i = 0; i < kFiles; ++i) all.push_back({folder / cat("f", i), content[turn % 2]});
        (void)system_files().replace_all(all, Lasting::whole);
      }
    }
    ::usleep(static_cast<useconds_t>(500 + round * 137));  // anywhere in the loop
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    int changes = 0;
    std::string before;
    for (int i = 0; i < kFiles; ++i) {
      const std::string now = read_file(folder / cat("f", i));
      ASSERT_TRUE(now == content[0] || now == content[1]) << "round " << round;
      changes += i > 0 && now != before ? 1 : 0;
      before = now;
    }
    EXPECT_LE(changes, 1) << "round " << round;
  }
}

TEST(Files, WritesManyFilesThatAreSyncedTogether) {
  const TempFolder folder;
  std::vector<Path> paths;
  for (int i = 0; i < 20; ++i) {
    paths.push_back(folder / cat("f", i));
    ASSERT_TRUE(system_files().create_later(paths.back(), [](const auto& put) -> Result<void> {
      SLUICE_CHECK(put(bytes_of("one ")));
      return put(bytes_of("two"));
    }));
    EXPECT_EQ(read_file(paths.back()), "one two");
  }
  EXPECT_TRUE(system_files().sync({}));
  EXPECT_TRUE(system_files().sync({paths[0], folder.path()}));
  EXPECT_TRUE(system_files().sync(paths));
  EXPECT_FALSE(system_files().sync({folder / "none"}));
}

TEST(Files, AFileWrittenLaterIsThereInWholeOrNotAtAll) {
  const TempFolder folder;
  const auto broken =
      system_files().create_later(folder / "f", [](const auto& put) -> Result<void> {
        SLUICE_CHECK(put(bytes_of("half")));
        return fail(Errc::denied, "the source changed");
      });
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Errc::denied);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  const auto whole = [](const auto& put) { return put(bytes_of("whole")); };
  EXPECT_TRUE(system_files().create_later(folder / "f", whole));
  const auto again = system_files().create_later(folder / "f", whole);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::denied);
  EXPECT_EQ(read_file(folder / "f"), "whole");
}

TEST(Files, ASourceNoticesThatItsFileChanged) {
  const TempFolder folder;
  const Path path = folder.write("f", "before");
  std::array<std::uint8_t, 64> buffer{};
  const auto calm = system_files().open(path);
  ASSERT_TRUE((*calm)->read(buffer));
  EXPECT_TRUE((*calm)->unchanged());

  const auto source = system_files().open(path);
  ASSERT_TRUE((*source)->read(buffer));
  std::ofstream(path, std::ios::app) << "more";
  EXPECT_FALSE((*source)->unchanged());
}

TEST(Files, OneHolderOfALockAtATime) {
  const TempFolder folder;
  auto first = system_files().lock(folder / "lock", 0ms);
  ASSERT_TRUE(first);
  const auto second = system_files().lock(folder / "lock", 20ms);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::timeout);
  first->reset();
  EXPECT_TRUE(system_files().lock(folder / "lock", 0ms));
}

TEST(Files, WalkListsPlainFilesSortedAndEntersNoLinks) {
  const TempFolder folder;
  folder.write("b/2", "");
  folder.write("a", "");
  folder.write("b/1\xFF", "");  // not UTF-8
  ASSERT_EQ(::symlink("/", (folder / "root").c_str()), 0);
  const auto found = walk(system_files(), folder.path());
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (std::vector<Path>{folder / "a", folder / "b/1\xFF", folder / "b/2"}));
  EXPECT_EQ(shown((*found)[1]), (folder / "b/1\\xff").native());
}

TEST(Files, WalkIsBounded) {
  const TempFolder folder;
  folder.write("a/b/c", "");
  EXPECT_TRUE(walk(system_files(), folder.path(), {.max_entries = 3, .max_depth = 2}));
  EXPECT_EQ(walk(system_files(), folder.path(), {.max_entries = 2}).error().code, Errc::limit);
  EXPECT_EQ(walk(system_files(), folder.path(), {.max_depth = 1}).error().code, Errc::limit);
}

TEST(NoLinks, NoPartBelowTheRootIsALinkAndTheRootMayBeOne) {
  const TempFolder folder;
  const Path root = folder / "root";
  ASSERT_TRUE(system_files().make_folders(root / "a/b"));
  ASSERT_TRUE(system_files().create(root / "a/b/file", "x"));
  std::filesystem::create_symlink(folder.path(), root / "out");
  std::filesystem::create_symlink("b", root / "a/in");
  std::filesystem::create_symlink("nowhere", root / "a/b/dangling");
  std::filesystem::create_symlink(root, folder / "mounted");
  const auto check = [&](const Path& below, const Path& at) {
    return check_no_links(system_files(), at, at / below);
  };
  for (const Path& at : {root, folder / "mounted", root / "", folder / "root/../root/."}) {
    for (const char* good : {"a", "a/b", "a/b/file", "a/b/absent", "absent/b/c", "a/b/file/c"}) {
      EXPECT_TRUE(check(good, at)) << at << good;
    }
    for (const char* bad : {"out", "out/x", "out/../a", "a/in", "a/in/file", "a/b/dangling"}) {
      const auto refused = check(bad, at);
      ASSERT_FALSE(refused) << at << bad;
      EXPECT_EQ(refused.error().code, Errc::denied);
      EXPECT_NE(refused.error().what.find(" is a link"), std::string::npos);
    }
    EXPECT_TRUE(check_no_links(system_files(), at, at));
  }
  EXPECT_EQ(check_no_links(system_files(), root, folder / "other/x").error().code, Errc::internal);
}

TEST(NoLinks, InfoOfALinkItself) {
  const TempFolder folder;
  const Path file = folder.write("file", "x");
  std::filesystem::create_symlink(file, folder / "link");
  EXPECT_EQ(system_files().info_unfollowed(folder / "link")->kind, FileKind::link);
  EXPECT_EQ(system_files().info(folder / "link")->kind, FileKind::file);
  EXPECT_EQ(system_files().info_unfollowed(file)->kind, FileKind::file);
  EXPECT_EQ(system_files().info_unfollowed(folder / "absent").error().code, Errc::not_found);
}

TEST(PathBelow, KeepsUntrustedNamesUnderTheirRoot) {
  EXPECT_EQ(path_below("/r", "a/b.json"), Path("/r/a/b.json"));
  EXPECT_EQ(path_below("/r", "..a"), Path("/r/..a"));
  EXPECT_EQ(path_below("/r", std::string(255, 'n')), Path("/r") / std::string(255, 'n'));
  for (const std::string& name :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string(".."),
        std::string("a/../b"), std::string("."), std::string("a\\b"), std::string("a\0b", 3),
        std::string(256, 'n')}) {
    EXPECT_FALSE(path_below("/r", name)) << printable(name);
  }
}

}  // namespace
}  // namespace sluice
