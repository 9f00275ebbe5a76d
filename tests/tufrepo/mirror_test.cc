// SPDX-License-Identifier: Apache-2.0
// A second place of a repository: how far it is, and what brings it to where we are.
#include "tufrepo/mirror.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"
#include "tufrepo/clean.h"

namespace sluice::tuf {
namespace {

using std::chrono::hours;
using test::WorkFolder;

class MirrorTest : public testing::Test {
 protected:
  void release(const std::string& path, const std::string& content) {
    work.add(path, content);
    work.sign_all({"ann", "ben", "carla", "dora", "eva"});
    ASSERT_EQ(work.publish(), "good") << work.detail;
  }
  Path place() const { return work.temp / "place"; }
  MirrorState look() {
    auto repository = work.open();
    const auto store = folder_store(system_files(), place());
    const auto seen = look_at_mirror(repository, *store);
    EXPECT_TRUE(seen);
    return seen ? seen->state : MirrorState::unknown;
  }
  // All of it, or why not.
  std::string bring(bool targets = true) {
    auto repository = work.open();
    const auto store = folder_store(system_files(), place());
    const auto seen = look_at_mirror(repository, *store);
    if (!seen) return seen.error().what;
    auto whole = whole_publication(repository, targets);
    if (!whole) return whole.error().what;
    whole->timestamp_before = seen->timestamp;
    const auto done = publish(*store, *whole, work.clock.now(), {.verify = targets});
    if (!done) return done.error().text();
    written = done->written;
    return "good";
  }
  // What is in the place, against what is here.
  void expect_the_same(const std::string& below) {
    const auto here = contents(work.folder / below);
    const auto there = contents(place() / below);
    for (const auto& [name, bytes] : there) EXPECT_EQ(bytes, here.at(name)) << name;
    EXPECT_FALSE(there.empty());
  }
  static std::map<std::string, std::string> contents(const Path& folder) {
    std::map<std::string, std::string> out;
    const auto paths = walk(system_files(), folder);
    if (!paths) return out;
    for (const auto& path : *paths) {
      out[path.lexically_relative(folder).native()] = test::read_file(path);
    }
    return out;
  }
  WorkFolder work;
  std::size_t written = 0;
};

TEST_F(MirrorTest, BeforeTheFirstReleaseBothHaveNothing) {
  work.init();
  EXPECT_EQ(look(), MirrorState::same);
  EXPECT_EQ(bring(), "nothing is published here yet");
}

TEST_F(MirrorTest, AnEmptyPlaceIsBehindAndGetsAllOfIt) {
  work.init();
  release("app.txt", "one");
  work.change([&](Repository& repository) {
    return delegate_paths(
        repository,
        {.role = RoleName("libs"), .paths = {"libs/*"}, .keys = work.keys({"dora", "eva"}, 2)},
        work.clock.now());
  });
  release("libs/a", "library");
  EXPECT_EQ(look(), MirrorState::behind);
  ASSERT_EQ(bring(), "good");
  EXPECT_EQ(look(), MirrorState::same);
  expect_the_same("metadata");
  expect_the_same("targets");
  // A client sees the same there: what is here is no longer asked.
  work.folder = place();
  EXPECT_EQ(work.client("there", {"app.txt", "libs/a"}), "good") << work.detail;
}

TEST_F(MirrorTest, APlaceWithAnEarlierReleaseGetsWhatItLacks) {
  work.init();
  release("app.txt", "one");
  ASSERT_EQ(bring(), "good");
  const auto all = written;
  release("b.txt", "two");
  EXPECT_EQ(look(), MirrorState::behind);
  ASSERT_EQ(bring(), "good");
  EXPECT_LT(written, all);
  EXPECT_EQ(look(), MirrorState::same);
  ASSERT_EQ(bring(), "good");
  EXPECT_EQ(written, 0U);
}

// Cleaning leaves what a place is known by.
TEST_F(MirrorTest, APlaceThatIsBehindIsKnownAfterItsTimestampHasExpiredAndThisFolderIsCleaned) {
  work.init();
  release("app.txt", "one");
  ASSERT_EQ(bring(), "good");
  work.clock.set(work.clock.now() + hours(24 * 70));
  ASSERT_EQ(work.refresh_online(), "good") << work.detail;
  const auto here = folder_store(system_files(), work.folder);
  const auto cleaned = clean(*here, work.clock.now());
  ASSERT_TRUE(cleaned) << cleaned.error().text();
  EXPECT_FALSE(cleaned->removed.empty());
  EXPECT_EQ(look(), MirrorState::behind);
  EXPECT_EQ(bring(), "good");
}

TEST_F(MirrorTest, EveryRootGoesAlong) {
  work.init();
  release("app.txt", "one");
  ASSERT_EQ(bring(), "good");
  for (const std::string next : {"dora", "eva"}) {
    work.change([&](Repository& repository) {
      return rotate_key(repository, RoleName("root"),
                        work.key(next == "dora" ? "ben" : "dora").keyid.str(), work.key(next),
                        work.clock.now());
    });
    release(cat("for-", next), next);
  }
  EXPECT_EQ(look(), MirrorState::behind);
  ASSERT_EQ(bring(), "good");
  EXPECT_TRUE(system_files().info(place() / "metadata/2.root.json"));
  EXPECT_TRUE(system_files().info(place() / "metadata/3.root.json"));
  work.folder = place();
  EXPECT_EQ(work.client("there", {"for-dora", "for-eva"}), "good") << work.detail;
}

TEST_F(MirrorTest, RootsThatNobodyHasAnyMoreAreNotMissed) {
  work.init();
  release("app.txt", "one");
  work.change([&](Repository& repository) {
    return renew(repository, RoleName("root"), work.clock.now());
  });
  release("b.txt", "two");
  // As a repository that was taken over from where only its latest roots were.
  ASSERT_TRUE(system_files().remove(work.folder / "metadata/1.root.json"));
  ASSERT_EQ(bring(), "good");
  EXPECT_TRUE(system_files().info(place() / "metadata/2.root.json"));
  // But one in between is.
  work.clock.set(work.clock.now() + hours(1));
  work.change([&](Repository& repository) {
    return renew(repository, RoleName("root"), work.clock.now());
  });
  release("c.txt", "three");
  ASSERT_TRUE(system_files().info(work.folder / "metadata/3.root.json"));
  std::filesystem::remove_all(place());
  std::filesystem::copy(work.folder / "metadata/2.root.json", work.folder / "metadata/1.root.json");
  ASSERT_TRUE(system_files().remove(work.folder / "metadata/2.root.json"));
  EXPECT_EQ(bring(), "metadata/2.root.json is missing, and a later one is there");
}

TEST_F(MirrorTest, WhatSomebodyElsePublishedIsUnknown) {
  work.init();
  release("app.txt", "one");
  ASSERT_EQ(bring(), "good");
  WorkFolder other;
  other.init();
  other.sign_all({"ann", "ben", "carla"});
  ASSERT_EQ(other.publish(), "good");
  const Path timestamp = place() / "metadata/timestamp.json";
  ASSERT_TRUE(
      system_files().replace(timestamp, test::read_file(other.folder / "metadata/timestamp.json")));
  EXPECT_EQ(look(), MirrorState::unknown);
  ASSERT_TRUE(system_files().replace(timestamp, "not a timestamp"));
  EXPECT_EQ(look(), MirrorState::unknown);
  // And where nothing is published here, whatever is there is.
  WorkFolder fresh;
  fresh.init();
  auto repository = fresh.open();
  EXPECT_EQ(look_at_mirror(repository, *folder_store(system_files(), place()))->state,
            MirrorState::unknown);
}

TEST_F(MirrorTest, TheSameVersionWithOtherBytesIsUnknown) {
  work.init();
  release("app.txt", "one");
  ASSERT_EQ(bring(), "good");
  const Path timestamp = place() / "metadata/timestamp.json";
  ASSERT_TRUE(system_files().replace(timestamp, test::read_file(timestamp) + "\n"));
  EXPECT_EQ(look(), MirrorState::unknown);
}

TEST_F(MirrorTest, WithoutTargetsTheyAreNotAskedFor) {
  work.init();
  release("app.txt", "one");
  std::filesystem::remove_all(work.folder / "targets");
  EXPECT_NE(bring(true), "good");
  EXPECT_FALSE(system_files().info(place() / "metadata/timestamp.json"));
  EXPECT_EQ(bring(false), "good");
  EXPECT_TRUE(system_files().info(place() / "metadata/timestamp.json"));
}

TEST_F(MirrorTest, ATargetThatChangedHereIsNotPublished) {
  work.init();
  release("app.txt", "one");
  const auto targets = contents(work.folder / "targets");
  ASSERT_EQ(targets.size(), 1U);
  ASSERT_TRUE(system_files().replace(work.folder / "targets" / targets.begin()->first, "two"));
  EXPECT_NE(bring(), "good");
  EXPECT_FALSE(system_files().info(place() / "metadata/timestamp.json"));
}

}  // namespace
}  // namespace sluice::tuf
