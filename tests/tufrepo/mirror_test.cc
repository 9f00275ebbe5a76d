// SPDX-License-Identifier: Apache-2.0
// A second place of a repository: how far it is, and what brings it to where we are.
#include "tufrepo/mirror.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"
#include "tufrepo/clean.h"
#include "tufrepo/publish_parts.h"

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
    if (const auto good = check_for_place(*store, *whole, {}); !good) return good.error().text();
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

TEST_F(MirrorTest, ATimestampThatWasSetBackHereLeavesThePlaceAlone) {
  work.init();
  release("app.txt", "one");
  const Path timestamp = work.folder / "metadata/timestamp.json";
  const std::string first = test::read_file(timestamp);
  release("app.txt", "two");
  ASSERT_EQ(bring(), "good");
  const std::string second = test::read_file(timestamp);
  ASSERT_TRUE(system_files().replace(timestamp, first));
  EXPECT_EQ(look(), MirrorState::ahead);
  EXPECT_NE(bring().find("was set back"), std::string::npos) << bring();
  EXPECT_EQ(test::read_file(place() / "metadata/timestamp.json"), second);
  // Nor does a new place get it, nor one whose timestamp is older still.
  std::filesystem::remove_all(place());
  EXPECT_NE(bring().find("was set back"), std::string::npos) << bring();
  EXPECT_FALSE(system_files().info(place() / "metadata/timestamp.json"));
  ASSERT_TRUE(system_files().replace(timestamp, second));
  EXPECT_EQ(bring(), "good");
}

// Files of metadata/ that somebody edited, who has no key.
class TamperedFolder : public MirrorTest {
 protected:
  TamperedFolder() {
    work.init();
    release("app.txt", "one");
    work.change([&](Repository& repository) {
      return delegate_paths(
          repository,
          {.role = RoleName("libs"), .paths = {"libs/*"}, .keys = work.keys({"dora"}, 1)},
          work.clock.now());
    });
    release("libs/a", "library");
    good = contents(work.folder / "metadata");
  }
  void put(const std::string& name, const std::string& text) {
    const Path path = work.folder / "metadata" / name;
    std::filesystem::remove(path);
    ASSERT_TRUE(system_files().create(path, text));
  }
  void expect_not_brought(const std::string& name, const std::string& text) {
    put(name, text);
    const std::string told = bring();
    EXPECT_NE(told.find("is not what a client accepts"), std::string::npos) << name << told;
    EXPECT_FALSE(system_files().info(place() / "metadata/timestamp.json")) << name;
    put(name, good.at(name));
  }
  std::string edited(const std::string& name, const std::string& from, const std::string& to) {
    std::string text = good.at(name);
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << name;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
  }
  std::map<std::string, std::string> good;
};

TEST_F(TamperedFolder, IsNotBroughtToAnyPlace) {
  expect_not_brought("timestamp.json",
                     edited("timestamp.json", "\"expires\":\"20", "\"expires\":\"21"));
  expect_not_brought("2.snapshot.json", edited("2.snapshot.json", "\"meta\"", "\"x\":1,\"meta\""));
  expect_not_brought("2.targets.json", edited("2.targets.json", "app.txt", "bad.txt"));
  expect_not_brought("1.libs.json", edited("1.libs.json", "libs/a", "libs/b"));
  expect_not_brought("1.root.json", edited("1.root.json", "\"threshold\":2", "\"threshold\":1"));
  EXPECT_EQ(bring(), "good");
}

TEST_F(TamperedFolder, WhatHasExpiredIsBroughtAllTheSame) {
  work.clock.set(work.clock.now() + hours(24 * 4000));
  EXPECT_EQ(bring(false), "good");
}

TEST_F(TamperedFolder, ATargetOfAnotherLengthThanListedIsNotBrought) {
  const auto targets = contents(work.folder / "targets");
  for (const auto& [name, bytes] : targets) {
    ASSERT_TRUE(system_files().replace(work.folder / "targets" / name, bytes + "more"));
    EXPECT_NE(bring().find("not as long as listed"), std::string::npos);
    ASSERT_TRUE(system_files().replace(work.folder / "targets" / name, bytes));
  }
  EXPECT_EQ(bring(), "good");
}

TEST_F(MirrorTest, APlaceWithAnotherRootIsAnotherRepositorys) {
  work.init();
  release("app.txt", "one");
  ASSERT_EQ(bring(), "good");
  release("app.txt", "two");
  WorkFolder other;
  other.init();
  const Path root = place() / "metadata/1.root.json";
  const std::string ours = test::read_file(root);
  other.sign_all({"ann", "ben", "carla"});
  ASSERT_EQ(other.publish(), "good");
  ASSERT_TRUE(system_files().replace(root, test::read_file(other.folder / "metadata/1.root.json")));
  EXPECT_NE(bring().find("another root 1"), std::string::npos);
  ASSERT_TRUE(system_files().replace(root, ours));
  EXPECT_EQ(bring(), "good");
}

// A publication to the place, and then nothing more.
class PlaceIsAhead : public MirrorTest {
 protected:
  PlaceIsAhead() {
    work.init();
    release("app.txt", "one");
    EXPECT_EQ(bring(), "good");
    before = contents(work.folder);
    release("app.txt", "two");
    EXPECT_EQ(bring(), "good");
    after = contents(work.folder);
    restore();
  }
  void restore() const {
    std::filesystem::remove_all(work.folder / "metadata");
    for (const auto& [name, bytes] : before) {
      std::filesystem::create_directories((work.folder / name).parent_path());
      std::ofstream(work.folder / name) << bytes;
    }
  }
  void leave_note() {
    StoreNote note;
    note.begun = work.clock.now();
    note.after = sha256_of(after.at("metadata/timestamp.json"));
    note.files = {"metadata/2.timestamp.json"};
    std::ofstream(work.folder / kStoreNote) << write_note(note);
  }
  // Whether it took over, and the folder has what it would have had.
  bool finish() {
    auto repository = work.open();
    const auto store = folder_store(system_files(), place());
    const auto done = finish_here(repository, *store);
    problem = done ? "" : done.error().text();
    if (!done || !*done) return false;
    const auto version = repository.version_of(RoleName("timestamp"));
    EXPECT_EQ(*version, 2);
    for (const auto& [name, bytes] : after) {
      if (!name.starts_with("metadata/")) continue;
      EXPECT_EQ(test::read_file(work.folder / name), bytes) << name;
    }
    EXPECT_FALSE(system_files().info(work.folder / kStoreNote));
    return true;
  }
  std::map<std::string, std::string> before;
  std::map<std::string, std::string> after;
  std::string problem;
};

TEST_F(PlaceIsAhead, TheFolderTakesOverWhatItWasAboutToPublish) {
  leave_note();
  EXPECT_TRUE(finish()) << problem;
  EXPECT_FALSE(finish());  // there is nothing more
  EXPECT_EQ(look(), MirrorState::same);
  restore();
  std::ofstream(work.folder / "metadata/2.timestamp.json") << after.at("metadata/2.timestamp.json");
  EXPECT_TRUE(finish()) << problem;
}

TEST_F(PlaceIsAhead, WhatWasNotOnItsWayIsSomebodyElses) {
  EXPECT_FALSE(finish());
  EXPECT_EQ(problem, "");
  EXPECT_EQ(look(), MirrorState::unknown);
}

TEST_F(PlaceIsAhead, WhatIsNotSignedThereIsNotTakenOver) {
  for (const char* name : {"metadata/2.snapshot.json", "metadata/2.targets.json"}) {
    restore();
    leave_note();
    const std::string good = test::read_file(place() / name);
    std::string bad = good;
    bad.replace(bad.find("\"version\":2"), 11, "\"version\":2,\"x\":1");
    ASSERT_TRUE(system_files().replace(place() / name, bad));
    EXPECT_FALSE(finish()) << name;
    EXPECT_NE(problem.find("is not what a client accepts"), std::string::npos) << problem;
    EXPECT_EQ(contents(work.folder / "metadata").size(), 5U) << name;
    ASSERT_TRUE(system_files().replace(place() / name, good));
  }
  EXPECT_TRUE(finish()) << problem;
}

TEST_F(PlaceIsAhead, ANoteOfAnEarlierDeathDoesNotHideWhatIsOnItsWay) {
  StoreNote old;
  old.begun = work.clock.now();
  old.after = sha256_of("never published");
  old.files = {"metadata/2.targets.json"};
  std::ofstream(work.folder / kStoreNote) << write_note(old);
  const auto here = folder_store(system_files(), work.folder);
  Publication set;
  set.timestamp = after.at("metadata/2.timestamp.json");
  set.timestamp_before = sha256_of(set.timestamp);
  const auto store = folder_store(system_files(), place());
  ASSERT_TRUE(publish_to_place(*here, *store, set, work.clock.now(), {.verify = false}));
  EXPECT_EQ((*read_note(*here))->after, sha256_of(set.timestamp));
  EXPECT_TRUE(finish()) << problem;
}

TEST_F(PlaceIsAhead, WhereThePlaceRefusesTheNoteIsGone) {
  const auto here = folder_store(system_files(), work.folder);
  const auto store = folder_store(system_files(), place());
  Publication set;
  set.timestamp = before.at("metadata/timestamp.json");
  set.timestamp_before = sha256_of("another one");
  const auto done = publish_to_place(*here, *store, set, work.clock.now(), {.verify = false});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::denied);
  EXPECT_FALSE(system_files().info(work.folder / kStoreNote));
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
