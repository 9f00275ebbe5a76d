// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/clean.h"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "json/value.h"
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

// Whoever can write files there, and cannot sign.
class CleaningAfterTampering : public Cleaning {
 protected:
  // Timestamp 2, 3 and 4, of which the first has expired a day later.
  CleaningAfterTampering() {
    version("one", now + hours(20));
    put();
    version("two", now + hours(48));
    put();
    version("three", now + hours(72));
    put();
    good = stored();
  }
  // The signed part changed, with the signatures that were there.
  std::string edited(const std::string& name, const std::function<void(json::Value&)>& edit) {
    auto file = *json::parse_strict(good.at(name));
    json::Value part = *file.find("signed");
    edit(part);
    file.set("signed", std::move(part));
    return json::write(file);
  }
  std::string with_member(const std::string& name, const std::string& member, json::Value value) {
    return edited(name, [&](json::Value& part) { part.set(member, std::move(value)); });
  }
  void expect_nothing_removed(const StoredFiles& changed) {
    StoredFiles bad = good;
    for (const auto& [name, bytes] : changed) bad[name] = bytes;
    write_below(place(), bad);
    const auto done = clean(*store, now + hours(24), {});
    ASSERT_FALSE(done) << changed.begin()->first;
    EXPECT_EQ(done.error().code, Errc::denied) << done.error().text();
    StoredFiles after = stored();
    std::erase_if(after, [](const auto& file) { return file.first.starts_with(".sluice-"); });
    std::erase_if(bad, [](const auto& file) { return file.first.starts_with(".sluice-"); });
    EXPECT_EQ(after, bad);
    write_below(place(), good);
    EXPECT_FALSE(cleaned(now + hours(24)).empty());  // as it was signed
  }
  StoredFiles good;
};

TEST_F(CleaningAfterTampering, RemovesNothingBySnapshotsAndRolesThatAreNotSigned) {
  const auto meta =
      *json::parse_strict(R"({"targets.json":{"version":1},"libs.json":{"version":2}})");
  expect_nothing_removed(
      {{"metadata/5.snapshot.json", with_member("metadata/5.snapshot.json", "meta", meta)}});
  // Of a timestamp that has not expired, and is not the published one.
  expect_nothing_removed(
      {{"metadata/4.snapshot.json", with_member("metadata/4.snapshot.json", "meta", meta)}});
  expect_nothing_removed(
      {{"metadata/4.libs.json", with_member("metadata/4.libs.json", "targets", json::Object{})}});
  expect_nothing_removed(
      {{"metadata/3.libs.json", with_member("metadata/3.libs.json", "targets", json::Object{})}});
}

TEST_F(CleaningAfterTampering, RemovesNothingByATimestampThatIsNotSignedOrWasSetBack) {
  const std::string name(kTimestampFile);
  expect_nothing_removed({{name, with_member(name, "expires", "2040-01-01T00:00:00Z")}});
  expect_nothing_removed({{name, good.at("metadata/4.timestamp.json")}});
}

TEST_F(CleaningAfterTampering, RemovesNothingWhereARootIsNotSigned) {
  auto root = edited("metadata/1.root.json", [](json::Value& part) { part.set("version", 2); });
  expect_nothing_removed({{"metadata/2.root.json", root}});
}

TEST_F(CleaningAfterTampering, AnEarlierTimestampThatIsNotSignedDoesNotSayThatItExpired) {
  const auto all_of_two = [&] {
    const StoredFiles left = stored();
    return left.contains("metadata/4.timestamp.json") &&
           left.contains("metadata/4.snapshot.json") && left.contains("metadata/3.libs.json") &&
           left.contains(target("two"));
  };
  const std::string name = "metadata/4.timestamp.json";
  ASSERT_TRUE(good.contains(name));
  (void)cleaned(now + hours(24));
  EXPECT_TRUE(all_of_two());
  write_below(place(), good);
  (void)cleaned(now + hours(49));
  EXPECT_FALSE(all_of_two());
  // Somebody says that it has expired, and what it leads to.
  for (const bool other_snapshot : {false, true}) {
    StoredFiles bad = good;
    bad[name] = edited(name, [&](json::Value& part) {
      part.set("expires", "2030-01-01T00:00:00Z");
      if (!other_snapshot) return;
      part.set("meta", *json::parse_strict(R"({"snapshot.json":{"version":3}})"));
    });
    write_below(place(), bad);
    const auto done = clean(*store, now + hours(24), {});
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(done->not_understood, std::vector<std::string>{name});
    EXPECT_TRUE(all_of_two());
  }
}

TEST_F(CleaningAfterTampering, WhereRolesAreNotWellSignedByOneOfTheirDelegatorsAnotherOneWillDo) {
  repo.delegate("targets", "team", {"team/*"});
  repo.publish({"team", "targets"});
  repo.delegate("team", "libs", {"libs/*"});
  version("four", now + hours(96));
  repo.part("team").set("x", 1);
  repo.publish({"team", "targets", "snapshot", "timestamp"});
  put();
  const auto done = clean(*store, now + hours(24), {});
  EXPECT_TRUE(done) << done.error().text();
  EXPECT_TRUE(stored().contains(target("four")));
}

TEST_F(CleaningAfterTampering, KeysThatWereRotatedSinceDidSignWhatTheySigned) {
  repo.set_keys("timestamp", {test::make_tuf_key()}, 1);
  repo.set_keys("snapshot", {test::make_tuf_key()}, 1);
  repo.publish({"root"});
  version("four", now + hours(96));
  put();
  repo.set_keys("snapshot", {test::make_tuf_key()}, 1);
  repo.publish({"root"});
  version("five", now + hours(120));
  put();
  const auto gone = cleaned(now + hours(24));
  EXPECT_TRUE(std::ranges::count(gone, target("one")) == 1);
  for (const char* kept : {"two", "three", "four", "five"}) {
    EXPECT_TRUE(stored().contains(target(kept))) << kept;
  }
}

TEST_F(CleaningAfterTampering, NothingIsRemovedThroughALink) {
  for (const char* name : {"metadata", "targets"}) {
    write_below(place(), good);
    std::filesystem::rename(place() / name, folder / "elsewhere");
    std::filesystem::create_symlink(folder / "elsewhere", place() / name);
    const StoredFiles before = files_below(folder / "elsewhere");
    const auto done = clean(*store, now + hours(24), {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::denied);
    EXPECT_NE(done.error().text().find("is a link"), std::string::npos) << done.error().text();
    EXPECT_EQ(files_below(folder / "elsewhere"), before);
    std::filesystem::remove_all(folder / "elsewhere");
  }
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
