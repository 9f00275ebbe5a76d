// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/clean.h"

#include <algorithm>

#include "tufrepo/tufrepo_support.h"

namespace sluice::tuf {
namespace {

using std::chrono::hours;

class Cleaning : public testing::Test {
 protected:
  Cleaning() {
    make_first(repo);
    // What nothing speaks of any more.
    repo.files.erase("metadata/1.snapshot.json");
    repo.files.erase("metadata/1.targets.json");
  }
  Path place() const { return folder / "store"; }
  StoredFiles stored() const { return files_below(place()); }
  void put() {
    const auto done = publish(*store, publication_of(repo.files, stored()), now, {});
    ASSERT_TRUE(done) << done.error().text();
  }
  // A version of libs with this content, whose timestamp is good for so long.
  void version(const std::string& content, Time expires) {
    repo.add_target("libs", "libs/a", content);
    repo.set_expires("timestamp", expires);
    repo.publish({"libs", "snapshot", "timestamp"});
  }
  std::vector<std::string> cleaned(Time when, const CleanOptions& options = {}) {
    const auto done = clean(*store, when, options);
    EXPECT_TRUE(done) << done.error().text();
    std::vector<std::string> names;
    if (!done) return names;
    for (const auto& file : done->removed) names.push_back(file.name);
    std::ranges::sort(names);
    return names;
  }
  static std::string target(const std::string& content) {
    return cat("targets/libs/", sha256_of(content).hex(), ".a");
  }

  test::TempFolder folder;
  test::FakeRepo repo;
  std::unique_ptr<Store> store = folder_store(system_files(), place());
  const Time now = test::kTufNow;
};

TEST_F(Cleaning, KeepsWhatAnEarlierTimestampThatIsNotExpiredReaches) {
  repo.set_expires("timestamp", now + hours(24));
  repo.publish({"timestamp"});
  put();
  version("two", now + hours(48));
  put();
  EXPECT_TRUE(cleaned(now).empty());
  EXPECT_TRUE(cleaned(now + hours(23)).empty());
  // The first known timestamp is version 3: of those before nothing is known until that expires.
  std::vector<std::string> gone{"metadata/1.libs.json", "metadata/2.snapshot.json", target("one")};
  EXPECT_EQ(cleaned(now + hours(25), {.dry_run = true}), gone);
  EXPECT_TRUE(stored().contains(target("one")));
  EXPECT_EQ(cleaned(now + hours(25)), gone);
  EXPECT_FALSE(stored().contains(target("one")));
  EXPECT_TRUE(stored().contains(target("two")));
  EXPECT_TRUE(cleaned(now + hours(25)).empty());
}

// By its timestamp a place that is behind is known as ours.
TEST_F(Cleaning, KeepsTheLastTimestampsAndThoseThatExpiredAMonthAgo) {
  repo.set_expires("timestamp", now + hours(24));
  for (int version = 3; version <= 104; ++version) {
    repo.publish({"timestamp"});
    repo.files[cat("metadata/", version, ".timestamp.json")] =
        repo.files.at("metadata/timestamp.json");
  }
  write_below(place(), StoredFiles(repo.files.begin(), repo.files.end()));
  EXPECT_TRUE(cleaned(now + hours(24 * 31 - 1)).empty());
  EXPECT_EQ(cleaned(now + hours(24 * 31)),
            (std::vector<std::string>{"metadata/3.timestamp.json", "metadata/4.timestamp.json"}));
  EXPECT_TRUE(cleaned(now + hours(24 * 4000)).empty());
  EXPECT_TRUE(stored().contains("metadata/5.timestamp.json"));
}

TEST_F(Cleaning, KeepsWhatIsPublishedEvenWhenItHasExpired) {
  put();
  EXPECT_TRUE(cleaned(now + hours(24 * 4000)).empty());
  EXPECT_EQ(state(*store)->condition, StoreCondition::whole);
}

TEST_F(Cleaning, KeepsWhatTimestampsReachedThatNobodyKept) {
  // As a repository that was imported: of its earlier timestamps there is no trace.
  version("two", now + hours(24));
  version("three", now + hours(48));
  StoredFiles imported(repo.files.begin(), repo.files.end());
  write_below(place(), imported);
  EXPECT_TRUE(cleaned(now).empty());
  EXPECT_TRUE(cleaned(now + hours(47)).empty());
  const auto gone = cleaned(now + hours(49));
  EXPECT_EQ(gone.size(), 6U);
  EXPECT_TRUE(stored().contains(target("three")));
  EXPECT_FALSE(stored().contains(target("one")));
}

TEST_F(Cleaning, NeverRemovesWhatItDoesNotUnderstand) {
  put();
  const StoredFiles odd{{"index.html", "x"},
                        {"metadata/readme.json", "{}"},
                        {"metadata/7.libs.json", "{}"},
                        {"metadata/8.libs.json", repo.files.at("metadata/1.libs.json")},
                        {"metadata/9.snapshot.json", repo.files.at("metadata/1.libs.json")},
                        {"targets/readme", "x"},
                        {cat("targets/", sha256_of("one").hex(), ".b"), "not one"}};
  for (const auto& [name, bytes] : odd) {
    ASSERT_TRUE(system_files().create(place() / name, bytes));
  }
  const StoredFiles before = stored();
  const auto done = clean(*store, now + hours(24 * 4000), {});
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_TRUE(done->removed.empty());
  EXPECT_EQ(done->not_understood.size(), odd.size() - 1);  // index.html is not looked at
  EXPECT_EQ(stored(), before);
  // The smallest neighbours that are understood.
  ASSERT_TRUE(
      system_files().create(place() / cat("targets/", sha256_of("two").hex(), ".b"), "two"));
  EXPECT_EQ(cleaned(now), std::vector<std::string>{cat("targets/", sha256_of("two").hex(), ".b")});
}

TEST_F(Cleaning, KeepsAllRoots) {
  put();
  repo.set_keys("timestamp", {test::make_tuf_key()}, 1);
  repo.publish({"root", "timestamp"});
  put();
  (void)cleaned(now + hours(24 * 4000));
  EXPECT_TRUE(stored().contains("metadata/1.root.json"));
  EXPECT_TRUE(stored().contains("metadata/2.root.json"));
}

TEST_F(Cleaning, RefusesWhileARepositoryIsNotWhole) {
  EXPECT_EQ(clean(*store, now, {}).error().code, Errc::denied);
  put();
  make_second(repo);
  Publication dies = publication_of(repo.files, stored());
  dies.metadata.push_back({"metadata/9.late.json", Content::made_by([]() -> Result<std::string> {
                             return fail(Errc::io, "the power fails");
                           })});
  ASSERT_FALSE(publish(*store, dies, now, {.verify = false}));
  const auto refused = clean(*store, now + hours(24 * 4000), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_NE(refused.error().text().find("a publication was begun"), std::string::npos);
  ASSERT_TRUE(abandon(*store));
  EXPECT_TRUE(clean(*store, now, {}));
}

}  // namespace
}  // namespace sluice::tuf
