// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/publish.h"

#include "json/value.h"
#include "support/forwarding_files.h"
#include "tufrepo/tufrepo_support.h"

namespace sluice::tuf {
namespace {

class Publishing : public testing::Test {
 protected:
  Publishing() { make_first(repo); }
  Path place() const { return folder / "store"; }
  StoredFiles stored() const { return files_below(place()); }
  Publication next() const { return publication_of(repo.files, stored()); }
  Result<Published> run(const Publication& publication, const PublishOptions& options = {}) {
    return publish(*store, publication, test::kTufNow, options);
  }
  void publish_good(const Publication& publication) {
    const auto done = run(publication);
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(state(*store)->condition, StoreCondition::whole) << state(*store)->says;
  }
  void expect_refused(const Publication& publication, std::string_view why) {
    const StoredFiles before = stored();
    const auto done = run(publication);
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().text().find(why), std::string::npos) << done.error().text();
    StoredFiles after = stored();
    if (!before.contains(".sluice-lock")) after.erase(".sluice-lock");
    EXPECT_EQ(before, after);
  }

  test::TempFolder folder;
  test::FakeRepo repo;
  std::unique_ptr<Store> store = folder_store(system_files(), place());
  Reader reader{repo};
};

TEST_F(Publishing, PutsAWholeRepositoryIntoAnEmptyFolder) {
  EXPECT_EQ(state(*store)->condition, StoreCondition::empty);
  publish_good(next());
  EXPECT_EQ(reader.look_fresh(stored()), "one");
  EXPECT_EQ(state(*store)->timestamp, 2);
  // The timestamp is kept under its version, too: that tells later what clients may still hold.
  EXPECT_EQ(stored().at("metadata/2.timestamp.json"), stored().at("metadata/timestamp.json"));
}

TEST_F(Publishing, GoesOnFromWhatIsPublished) {
  publish_good(next());
  const test::TempFolder cache;
  EXPECT_EQ(reader.look(stored(), cache.path()), "one");
  make_second(repo);
  publish_good(next());
  EXPECT_EQ(reader.look(stored(), cache.path()), "two");
  EXPECT_EQ(reader.look_fresh(stored()), "two");
}

TEST_F(Publishing, TheSameAgainIsNothingToDo) {
  const Publication first = next();
  publish_good(first);
  const StoredFiles before = stored();
  const auto again = run(first);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_TRUE(again->nothing_to_do);
  EXPECT_EQ(before, stored());
}

TEST_F(Publishing, OfTwoPublishersOneWins) {
  publish_good(next());
  test::FakeRepo other = repo;
  make_second(repo);
  other.add_target("libs", "libs/a", "three");
  other.publish({"libs", "snapshot", "timestamp"});
  const Publication ours = next();
  const Publication theirs = publication_of(other.files, stored());
  publish_good(theirs);
  expect_refused(ours, "another publisher was first");
  EXPECT_EQ(reader.look_fresh(stored()), "three");
}

TEST_F(Publishing, RefusesASetThatIsNotComplete) {
  publish_good(next());
  make_second(repo);
  Publication set = next();
  for (const auto& [role, version] : {std::pair("libs", 2), std::pair("snapshot", 3)}) {
    Publication less = set;
    std::erase_if(less.metadata,
                  [&](const NewFile& file) { return file.name == metadata_file(role, version); });
    expect_refused(less, "not complete");
  }
  publish_good(set);
}

TEST_F(Publishing, RefusesWhatClientsWouldRefuse) {
  publish_good(next());
  const auto keys = repo.signers("snapshot");
  repo.signers("snapshot") = {test::make_tuf_key()};
  make_second(repo);
  expect_refused(next(), "tuf.snapshot.signature");
  repo.signers("snapshot") = keys;
  repo.set_version("snapshot", 2);
  repo.set_version("timestamp", 2);
  repo.publish({"snapshot", "timestamp"});
  publish_good(next());
}

TEST_F(Publishing, RefusesADelegatedRoleThatItsKeysDidNotSign) {
  publish_good(next());
  repo.signers("libs") = {test::make_tuf_key()};
  make_second(repo);
  expect_refused(next(), "2.libs.json is signed by 0 of 1");
}

TEST_F(Publishing, RefusesVersionsThatGoBackAndExpiredOnes) {
  make_second(repo);
  publish_good(next());
  repo.set_version("snapshot", 1);
  repo.publish({"snapshot", "timestamp"});
  Publication back = next();
  back.metadata.clear();
  expect_refused(back, "rollback");
  repo.set_version("snapshot", 3);
  repo.set_expires("timestamp", test::kTufNow - std::chrono::hours(1));
  repo.publish({"snapshot", "timestamp"});
  expect_refused(next(), "tuf.timestamp.expired");
}

TEST_F(Publishing, RefusesRepositoriesWhoseFilesAreReplaced) {
  repo.part("root").set("consistent_snapshot", false);
  repo.publish({"root"});
  Publication set = next();
  expect_refused(set, "consistent");
}

TEST_F(Publishing, RefusesNamesThatAreNotASets) {
  for (const char* name : {"metadata/snapshot.json", "metadata/1.root.json", "metadata/x/../y",
                           "metadata/2.timestamp.json", "index.html"}) {
    Publication set = next();
    set.metadata.push_back({name, Content::of("x")});
    const auto done = run(set);
    ASSERT_FALSE(done) << name;
  }
  Publication set = next();
  set.targets.push_back({"targets/plain", Content::of("x")});
  expect_refused(set, "targets/HASH.NAME");
}

TEST_F(Publishing, ATargetThatChangedSinceItWasAddedStopsItAndLeavesTheOldRepository) {
  publish_good(next());
  make_second(repo);
  Publication set = next();
  ASSERT_EQ(set.targets.size(), 1U);
  const Path path = folder.write("a", "two");
  set.targets[0].content = Content::of_file(system_files(), path, 3, sha256_of("two"));
  (void)folder.write("a", "2wo");
  const auto done = run(set);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().text().find("not what it was when it was added"), std::string::npos);
  EXPECT_EQ(reader.look_fresh(stored()), "one");
  EXPECT_EQ(state(*store)->condition, StoreCondition::interrupted);
  (void)folder.write("a", "two");
  publish_good(set);
  EXPECT_EQ(reader.look_fresh(stored()), "two");
}

TEST_F(Publishing, TellsWhatAnInterruptedOneLeftAndTheSameGoesOn) {
  publish_good(next());
  make_second(repo);
  Publication set = next();
  Publication dies = set;
  dies.metadata.push_back({"metadata/9.late.json", Content::made_by([]() -> Result<std::string> {
                             return fail(Errc::io, "the power fails");
                           })});
  // The names are the same set's; only its last file cannot be made.
  ASSERT_FALSE(run(dies, {.verify = false}));
  const auto found = state(*store);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->condition, StoreCondition::interrupted);
  EXPECT_EQ(found->timestamp, 2);
  EXPECT_EQ(found->files_written, 3U);  // a target, libs and snapshot
  EXPECT_EQ(found->files_planned, 6U);
  EXPECT_NE(found->says.find("the old repository is published"), std::string::npos);
  EXPECT_EQ(reader.look_fresh(stored()), "one");
  publish_good(set);
  EXPECT_EQ(reader.look_fresh(stored()), "two");
}

TEST_F(Publishing, AbandonRemovesWhatAnInterruptedOneWroteAndNothingElse) {
  publish_good(next());
  const StoredFiles before = stored();
  make_second(repo);
  Publication dies = next();
  dies.metadata.push_back({"metadata/9.late.json", Content::made_by([]() -> Result<std::string> {
                             return fail(Errc::io, "the power fails");
                           })});
  ASSERT_FALSE(run(dies, {.verify = false}));
  EXPECT_NE(before, stored());
  ASSERT_TRUE(abandon(*store));
  EXPECT_EQ(before, stored());
  EXPECT_EQ(state(*store)->condition, StoreCondition::whole);
  EXPECT_EQ(abandon(*store).value(), 0U);
}

TEST_F(Publishing, AnotherSetTakesThePlaceOfAnInterruptedOne) {
  publish_good(next());
  test::FakeRepo other = repo;
  make_second(other);
  Publication dies = publication_of(other.files, stored());
  dies.metadata.push_back({"metadata/9.late.json", Content::made_by([]() -> Result<std::string> {
                             return fail(Errc::io, "the power fails");
                           })});
  ASSERT_FALSE(run(dies, {.verify = false}));
  repo.add_target("libs", "libs/a", "three");
  repo.publish({"libs", "snapshot", "timestamp"});
  publish_good(publication_of(
      repo.files,
      stored().contains("metadata/1.libs.json")
          ? StoredFiles{{"metadata/timestamp.json", stored().at("metadata/timestamp.json")}}
          : StoredFiles{}));
  EXPECT_EQ(reader.look_fresh(stored()), "three");
}

// What somebody committed to a repository that was cloned.
class ForeignNotes : public Publishing {
 protected:
  ForeignNotes() {
    const auto first = run(next());
    EXPECT_TRUE(first) << first.error().text();
    make_second(repo);
    set = next();
    published = stored();
  }
  void leave(const std::string& text) {
    write_below(place(), published);
    ASSERT_TRUE(system_files().create(place() / kStoreNote, text));
  }
  static StoreNote note_of(std::vector<std::string> files) {
    StoreNote out;
    out.begun = test::kTufNow;
    out.after = sha256_of("something");
    out.files = std::move(files);
    return out;
  }
  // All that was there is there still, and the new ones are.
  void expect_all_there(const StoredFiles& before) {
    const StoredFiles after = stored();
    for (const auto& [name, bytes] : before) {
      if (name == kTimestampFile || name == kStoreNote) continue;
      ASSERT_TRUE(after.contains(name)) << name;
      EXPECT_EQ(after.at(name), bytes) << name;
    }
    EXPECT_FALSE(after.contains(std::string(kStoreNote)));
  }
  Publication set;
  StoredFiles published;
};

TEST_F(ForeignNotes, ThatNameOtherFilesAreTakenAwayAndNothingElseIs) {
  published["keys/ann.json"] = "ann";
  published["tuf-repo.yaml"] = "kind";
  published["targets/precious.txt"] = "mine";
  for (const char* name : {"keys/ann.json", "tuf-repo.yaml", "targets/precious.txt",
                           "metadata/1.root.json", "metadata/timestamp.json"}) {
    leave(write_note(note_of({name})));
    const auto found = state(*store);
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_EQ(found->condition, StoreCondition::whole);
    EXPECT_NE(found->says.find("is not heeded"), std::string::npos) << found->says;
    EXPECT_NE(found->next.find("takes it away"), std::string::npos);
    publish_good(set);
    expect_all_there(published);
    leave(write_note(note_of({name})));
    EXPECT_EQ(abandon(*store).value(), 0U);
    expect_all_there(published);
  }
  for (const char* text : {"{}", "no note", "", "{\"_type\":\"sluice.publishing/v9\"}"}) {
    leave(text);
    EXPECT_EQ(abandon(*store).value(), 0U) << text;
    expect_all_there(published);
    leave(text);
    publish_good(set);
  }
}

TEST_F(ForeignNotes, RemoveNothingThatIsPublishedOrWasBefore) {
  // Version 2 of all is published; what only version 1 reached is there for those who hold it.
  publish_good(set);
  published = stored();
  std::vector<std::string> all;
  for (const auto& [name, bytes] : published) {
    const auto parsed = metadata_name(name);
    if (parsed ? parsed->role != "root" : name.starts_with("targets/")) all.push_back(name);
  }
  ASSERT_GE(all.size(), 8U);
  published["metadata/1.snapshot.json"] = "of a time before all timestamps";
  all.emplace_back("metadata/1.snapshot.json");
  leave(write_note(note_of(all)));
  EXPECT_EQ(abandon(*store).value(), 0U);
  expect_all_there(published);
  // What is newer goes: that is what one that was interrupted leaves.
  published["metadata/3.libs.json"] = "x";
  all.emplace_back("metadata/3.libs.json");
  leave(write_note(note_of(all)));
  EXPECT_EQ(abandon(*store).value(), 1U);
  EXPECT_FALSE(stored().contains("metadata/3.libs.json"));
}

TEST_F(ForeignNotes, WhereTheTimestampWasSetBackLaterOnesKeepWhatTheyReach) {
  publish_good(set);
  repo.add_target("libs", "libs/a", "three");
  repo.publish({"libs", "snapshot", "timestamp"});
  publish_good(next());
  published = stored();
  std::vector<std::string> all;
  for (const auto& [name, bytes] : published) {
    const auto parsed = metadata_name(name);
    if (parsed ? parsed->role != "root" : name.starts_with("targets/")) all.push_back(name);
  }
  published[std::string(kTimestampFile)] = published.at("metadata/2.timestamp.json");
  leave(write_note(note_of(all)));
  EXPECT_EQ(abandon(*store).value(), 0U);
  expect_all_there(published);
}

TEST_F(ForeignNotes, InTheFolderOfARepositoryProposedTargetsStay) {
  const std::string proposed = cat("targets/libs/", sha256_of("new").hex(), ".b");
  published[proposed] = "new";
  leave(write_note(note_of({proposed})));
  EXPECT_EQ(abandon(*store).value(), 1U);  // of a place that is only published to
  EXPECT_FALSE(stored().contains(proposed));
  published["tuf-repo.yaml"] = "kind: sluice.tuf-repo/v1";
  leave(write_note(note_of({proposed})));
  EXPECT_EQ(abandon(*store).value(), 0U);
  expect_all_there(published);
}

TEST_F(ForeignNotes, OfRootsThatAreThereStopNobody) {
  StoreNote note = note_of({"metadata/9.libs.json"});
  note.order = RootOrder::between;
  note.roots = {"metadata/1.root.json"};
  leave(write_note(note));
  EXPECT_EQ(state(*store)->condition, StoreCondition::interrupted) << state(*store)->says;
  EXPECT_TRUE(abandon(*store));
  leave(write_note(note));
  publish_good(set);
  // As if the present timestamp waited for a root.
  note.after = sha256_of(published.at("metadata/timestamp.json"));
  note.roots = {"metadata/99.root.json"};
  leave(write_note(note));
  EXPECT_TRUE(abandon(*store));
  leave(write_note(note));
  publish_good(set);
  expect_all_there(published);
}

TEST_F(Publishing, BetweenRootAndTimestampAnotherSetHealsAndNothingCanBeTakenBack) {
  publish_good(next());
  test::FakeRepo other = repo;
  repo.set_keys("timestamp", {test::make_tuf_key()}, 1);
  repo.publish({"root", "timestamp"});
  const Publication dies = next();
  class DiesAtTheTimestamp final : public test::ForwardingFiles {
   public:
    Result<void> replace(const Path& path, std::string_view content, unsigned mode) override {
      if (path.filename() == "timestamp.json") return fail(Errc::io, "the power fails");
      return ForwardingFiles::replace(path, content, mode);
    }
  };
  DiesAtTheTimestamp files;
  ASSERT_FALSE(publish(*folder_store(files, place()), dies, test::kTufNow, {}));
  EXPECT_EQ(state(*store)->condition, StoreCondition::between);
  const auto back = abandon(*store);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Errc::denied);
  // Made again a second later, it is never the same.
  repo.add_target("libs", "libs/a", "two");
  repo.publish({"libs", "snapshot", "timestamp"});
  publish_good(next());
  EXPECT_EQ(reader.look_fresh(stored()), "two");
}

TEST_F(Publishing, AFileThatIsNoRootEndsTheRowOfThem) {
  publish_good(next());
  ASSERT_TRUE(system_files().create(place() / "metadata/2.root.json", "{}"));
  EXPECT_EQ(latest_root(*store).error().code, Errc::malformed);
  EXPECT_EQ(state(*store)->condition, StoreCondition::broken);
  ASSERT_TRUE(system_files().replace(place() / "metadata/2.root.json",
                                     stored().at("metadata/1.root.json")));
  EXPECT_EQ(latest_root(*store).error().code, Errc::malformed);
  ASSERT_TRUE(system_files().remove(place() / "metadata/2.root.json"));
  EXPECT_EQ(latest_root(*store)->latest, 1);
}

TEST_F(Publishing, AFileThatACrashCutShortIsWrittenAnew) {
  publish_good(next());
  make_second(repo);
  const Publication set = next();
  for (const char* name : {"metadata/2.libs.json", "metadata/3.timestamp.json"}) {
    ASSERT_TRUE(system_files().create(place() / name, ""));
  }
  ASSERT_TRUE(system_files().create(place() / set.targets[0].name, "t"));
  publish_good(set);
  EXPECT_EQ(reader.look_fresh(stored()), "two");
}

TEST_F(Publishing, RotatedKeysGoLiveWithoutAHalfState) {
  publish_good(next());
  const auto old_key = repo.signers("timestamp");
  repo.set_keys("timestamp", {test::make_tuf_key()}, 1);
  repo.signers("timestamp").push_back(old_key[0]);  // signed for the old root, too
  repo.add_target("libs", "libs/a", "two");
  repo.publish({"root", "libs", "snapshot", "timestamp"});
  const Publication set = next();
  StoredFiles without_root;
  class Watching final : public test::ForwardingFiles {
   public:
    explicit Watching(std::function<void()> seen) : seen_(std::move(seen)) {}
    Result<void> replace(const Path& p, std::string_view c, unsigned m) override {
      auto done = ForwardingFiles::replace(p, c, m);
      seen_();
      return done;
    }
    Result<void> create(const Path& p, std::string_view c, unsigned m) override {
      auto done = ForwardingFiles::create(p, c, m);
      seen_();
      return done;
    }

   private:
    std::function<void()> seen_;
  };
  std::vector<std::string> seen;
  Watching files([&] { seen.push_back(reader.look_fresh(stored())); });
  store = folder_store(files, place());
  publish_good(set);
  ASSERT_GE(seen.size(), 5U);
  bool changed = false;
  for (const auto& each : seen) {
    if (each == "two") changed = true;
    EXPECT_EQ(each, changed ? "two" : "one");
  }
  EXPECT_TRUE(changed);
}

TEST_F(Publishing, StateTellsOfFilesThatAreMissingOrDamaged) {
  repo.state_hashes = true;
  repo.publish({"targets", "snapshot", "timestamp"});
  publish_good(next());
  make_second(repo);
  publish_good(next());
  const StoredFiles good = stored();
  for (const char* name : {"metadata/4.snapshot.json", "metadata/3.targets.json"}) {
    StoredFiles bad = good;
    bad.erase(name);
    write_below(place(), bad);
    EXPECT_EQ(state(*store)->condition, StoreCondition::broken) << name;
    bad[name] = good.at(name) + " ";
    write_below(place(), bad);
    EXPECT_EQ(state(*store)->condition, StoreCondition::broken) << name;
  }
  write_below(place(), good);
  EXPECT_EQ(state(*store)->condition, StoreCondition::whole);
}

TEST(MetadataNames, AreVersionsAndRoles) {
  EXPECT_EQ(metadata_name("metadata/12.a.b.json")->role, "a.b");
  EXPECT_EQ(metadata_name("metadata/12.a.json")->version, 12);
  for (const char* name : {"metadata/timestamp.json", "metadata/01.a.json", "metadata/1..json",
                           "metadata/1.json", "metadata/0.a.json", "targets/1.a.json",
                           "metadata/1.a", "metadata/.json", "metadata/-1.a.json"}) {
    const auto parsed = metadata_name(name);
    EXPECT_FALSE(parsed && !parsed->role.empty() && parsed->role != ".") << name;
  }
}

TEST(StoreNotes, AreReadAsTheyWereWritten) {
  StoreNote note;
  note.begun = test::kTufNow;
  note.before = sha256_of("a");
  note.after = sha256_of("b");
  note.order = RootOrder::between;
  note.files = {"metadata/7.a%2Fb.json", cat("targets/a/", sha256_of("c").hex(), ".x"),
                "metadata/9.timestamp.json"};
  note.roots = {"metadata/2.root.json"};
  const auto read = parse_note(write_note(note));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->after, note.after);
  EXPECT_EQ(read->order, note.order);
  EXPECT_EQ(read->files, note.files);
  EXPECT_EQ(read->roots, note.roots);
  EXPECT_FALSE(parse_note("{}"));
}

TEST(StoreNotes, NameNothingButFilesOfAPublication) {
  StoreNote note;
  note.begun = test::kTufNow;
  note.after = sha256_of("b");
  const std::string hash = sha256_of("c").hex();
  const auto reads = [&](const std::string& file, const std::string& root) {
    note.files = {file};
    note.roots = {root};
    return parse_note(write_note(note)).has_value();
  };
  const std::string good_file = "metadata/2.libs.json";
  const std::string good_root = "metadata/2.root.json";
  EXPECT_TRUE(reads(good_file, good_root));
  EXPECT_TRUE(reads(cat("targets/", hash, ".x"), good_root));
  const std::vector<std::string> others{"../x",
                                        "keys/ann.json",
                                        "tuf-repo.yaml",
                                        ".git/config",
                                        "metadata/1.root.json",
                                        "metadata/timestamp.json",
                                        "metadata/2.a/b.json",
                                        "targets/precious.txt",
                                        cat("keys/", hash, ".x"),
                                        cat("targets/", hash),
                                        cat("targets/", hash.substr(2), ".x"),
                                        cat("targets/../", hash, ".x"),
                                        ".sluice-note.json",
                                        ""};
  for (const auto& bad : others) EXPECT_FALSE(reads(bad, good_root)) << bad;
  for (const char* bad : {"metadata/2.libs.json", "metadata/root.json", "2.root.json",
                          "metadata/../metadata/2.root.json"}) {
    EXPECT_FALSE(reads(good_file, bad)) << bad;
  }
  note.roots = {};
  note.after.reset();
  EXPECT_FALSE(parse_note(write_note(note)));
}

TEST(StoreNotes, MembersThatNobodyKnowsArePassedOverAndOrdersAreNot) {
  StoreNote note;
  note.begun = test::kTufNow;
  note.after = sha256_of("b");
  note.files = {"metadata/2.libs.json"};
  auto value = *json::parse_strict(write_note(note));
  value.set("more", "x");
  EXPECT_TRUE(parse_note(json::write(value)));
  value.set("order", "backwards");
  EXPECT_FALSE(parse_note(json::write(value)));
  value.set("order", "first");
  value.set("_type", "sluice.cleaning/v1");
  const auto cleaning = parse_note(json::write(value));
  ASSERT_TRUE(cleaning);
  EXPECT_TRUE(cleaning->files.empty());
}

}  // namespace
}  // namespace sluice::tuf
