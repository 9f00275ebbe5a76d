// SPDX-License-Identifier: Apache-2.0
// Repositories of others, in the layouts that they have.
#include "tufrepo/import.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using test::WorkFolder;

class ImportTest : public testing::Test {
 protected:
  ImportTest() {
    work.init();
    work.add("dir/app.txt", "hello");
    publish();
    work.add("b.txt", "second");
    publish();
  }
  void publish() {
    work.sign_all({"ann", "ben", "carla"});
    EXPECT_EQ(work.publish(), "good") << work.detail;
  }
  std::string metadata(const std::string& name) const {
    return test::read_file(work.folder / "metadata" / name);
  }
  void put(const std::string& name, const std::string& content) {
    const Path path = work.temp / "old" / name;
    ASSERT_TRUE(system_files().make_folders(path.parent_path()));
    ASSERT_TRUE(system_files().replace(path, content));
  }
  // With versions in names, as python-tuf and tuftool write it.
  void put_versions() {
    for (const std::string name :
         {"1.root.json", "1.targets.json", "2.targets.json", "2.snapshot.json", "timestamp.json"}) {
      put("metadata/" + name, metadata(name));
    }
  }
  static std::string hash_of(const std::string& content) {
    return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(content)).hex();
  }
  Result<Imported> take(bool targets = true) {
    EXPECT_TRUE(system_files().make_folders(work.temp / "new"));
    return import_repository(system_files(), work.temp / "new",
                             {.metadata = work.temp / "old/metadata",
                              .targets = targets ? work.temp / "old/targets" : Path(),
                              .now = work.clock.now()});
  }
  std::string imported(const std::string& name) const {
    return test::read_file(work.temp / "new" / name);
  }
  void expect_whole() {
    for (const std::string name :
         {"1.root.json", "2.targets.json", "2.snapshot.json", "timestamp.json"}) {
      EXPECT_EQ(imported("metadata/" + name), metadata(name)) << name;
    }
    EXPECT_EQ(imported(cat("targets/dir/", hash_of("hello"), ".app.txt")), "hello");
    EXPECT_EQ(imported(cat("targets/", hash_of("second"), ".b.txt")), "second");
  }

  WorkFolder work;
};

TEST_F(ImportTest, VersionsInNamesAndHashesBeforeThem) {
  put_versions();
  put(cat("targets/dir/", hash_of("hello"), ".app.txt"), "hello");
  put(cat("targets/", hash_of("second"), ".b.txt"), "second");
  const auto done = take();
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->targets, 2U);
  EXPECT_TRUE(done->missing.empty());
  EXPECT_EQ(done->left_out, std::vector<std::string>{"1.targets.json"});
  expect_whole();
}

TEST_F(ImportTest, PlainNamesAndAHistoryOfRoots) {
  put("metadata/root.json", metadata("1.root.json"));
  put("metadata/root_history/1.root.json", metadata("1.root.json"));
  put("metadata/targets.json", metadata("2.targets.json"));
  put("metadata/snapshot.json", metadata("2.snapshot.json"));
  put("metadata/timestamp.json", metadata("timestamp.json"));
  put("targets/dir/app.txt", "hello");
  put("targets/b.txt", "second");
  const auto done = take();
  ASSERT_TRUE(done) << done.error().text();
  expect_whole();
}

TEST_F(ImportTest, TheHashBeforeTheWholePath) {
  put_versions();
  put(cat("targets/", hash_of("hello"), ".dir%2Fapp.txt"), "hello");
  put(cat("targets/", hash_of("second"), ".b.txt"), "second");
  ASSERT_TRUE(take());
  expect_whole();
}

TEST_F(ImportTest, WhatIsMissingIsNamed) {
  put_versions();
  put("targets/dir/app.txt", "another content");
  put("targets/b.txt", "second");
  const auto done = take();
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->missing, std::vector<std::string>{"dir/app.txt"});
}

TEST_F(ImportTest, WhatAClientWouldRefuseIsNotTakenOver) {
  put_versions();
  std::string wrong = metadata("2.targets.json");
  wrong.replace(wrong.find("b.txt"), 5, "c.txt");
  put("metadata/2.targets.json", wrong);
  const auto refused = take(false);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("a client would refuse it"), std::string::npos);
  EXPECT_EQ(imported("tuf-repo.yaml"), "");
  EXPECT_EQ(imported("metadata/timestamp.json"), "");
}

TEST_F(ImportTest, WithoutItsSnapshotItIsNone) {
  put("metadata/1.root.json", metadata("1.root.json"));
  put("metadata/timestamp.json", metadata("timestamp.json"));
  EXPECT_FALSE(take(false));
}

TEST_F(ImportTest, AnExpiredOneIsTakenOverAndSaysSo) {
  put_versions();
  work.clock.set(work.clock.now() + std::chrono::days(3));
  const auto done = take(false);
  ASSERT_TRUE(done) << done.error().text();
  ASSERT_FALSE(done->notes.empty());
  EXPECT_NE(done->notes[0].find("expired at"), std::string::npos);
}

TEST_F(ImportTest, AFolderWithARepositoryStays) {
  put_versions();
  ASSERT_TRUE(take(false));
  const auto again = take(false);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::denied);
}

}  // namespace
}  // namespace sluice::tuf
