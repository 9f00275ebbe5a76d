// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/fake_world.h"
#include "support/forwarding_files.h"
#include "support/temp_folder.h"
#include "tufrepo/store.h"

namespace sluice::tuf {
namespace {

class FolderStoreTest : public testing::Test {
 protected:
  Put write(const std::string& name, const std::string& bytes) {
    const NewFile file{name, Content::of(bytes)};
    const auto put = store->write_new({&file, 1});
    EXPECT_TRUE(put) << put.error().text();
    return put ? put->front() : Put::other;
  }
  std::string read(const std::string& name) {
    const auto file = store->read(name, 100);
    return file && *file ? (*file)->bytes : "-";
  }
  test::TempFolder folder;
  std::unique_ptr<Store> store = folder_store(system_files(), folder / "store");
};

TEST_F(FolderStoreTest, WritesANameOnceAndTakesTheSameBytesAgain) {
  ASSERT_TRUE(store->hold(std::chrono::milliseconds(0)));
  EXPECT_EQ(write("metadata/1.root.json", "one"), Put::written);
  EXPECT_EQ(write("metadata/1.root.json", "one"), Put::present);
  EXPECT_EQ(write("metadata/1.root.json", "two"), Put::other);
  EXPECT_EQ(write("metadata/1.root.json", "on"), Put::other);
  EXPECT_EQ(write("metadata/1.root.json", "ones"), Put::other);
  EXPECT_EQ(read("metadata/1.root.json"), "one");
  EXPECT_TRUE(store->sync());
}

TEST_F(FolderStoreTest, WhatIsExpectedIsThereOnceItIsAskedFor) {
  const auto large = std::make_shared<const std::string>(300'000, 'x');
  const std::string name = "metadata/2.snapshot.json";
  const NewFile file{name, Content::of(large)};
  const std::span<const NewFile> one(&file, 1);
  store->expect(one);  // there is no folder yet
  EXPECT_EQ(write("metadata/1.root.json", "one"), Put::written);
  const auto files = [&] { return system_files().list(folder / "store" / "metadata")->size(); };
  for (int i = 0; i < 2; ++i) {
    folder_store(system_files(), folder / "store")->expect(one);
    EXPECT_EQ(files(), 1U);
  }
  store->expect(one);
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(store->write_new(one)->front(), Put::written);
  EXPECT_EQ(store->read(name, 1U << 20).value()->bytes, *large);
  EXPECT_EQ(store->write_new(one)->front(), Put::present);
  EXPECT_TRUE(store->sync());
  ASSERT_TRUE(store->remove({name}));
  EXPECT_EQ(store->write_new(one)->front(), Put::written);
  ASSERT_TRUE(store->remove({name}));
  store->expect(one);
  EXPECT_EQ(write(name, "another one"), Put::written);
  EXPECT_EQ(store->write_new(one)->front(), Put::other);
  EXPECT_EQ(read(name), "another one");
}

TEST_F(FolderStoreTest, SyncsFewAndManyFilesInNewFolders) {
  ASSERT_TRUE(store->hold(std::chrono::milliseconds(0)));
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(write("targets/" + std::to_string(i % 7) + "/" + std::to_string(i), "x"),
              Put::written);
    if (i == 3) {
      EXPECT_TRUE(store->sync());
    }
  }
  const auto synced = store->sync();
  EXPECT_TRUE(synced) << synced.error().text();
  EXPECT_EQ(store->list("targets/")->size(), 40U);
}

TEST_F(FolderStoreTest, ReplacesOnlyWhatWasRead) {
  const std::string name = "metadata/timestamp.json";
  EXPECT_EQ(store->replace(name, "1", std::nullopt).value(), Put::written);
  EXPECT_EQ(store->replace(name, "2", std::nullopt).value(), Put::other);
  const StoreTag tag = store->read(name, 10).value()->tag;
  EXPECT_EQ(store->replace(name, "2", tag).value(), Put::written);
  EXPECT_EQ(store->replace(name, "3", tag).value(), Put::other);
  EXPECT_EQ(store->replace(name, "2", tag).value(), Put::present);
  EXPECT_EQ(read(name), "2");
}

TEST_F(FolderStoreTest, ListsWhatIsThereButNotItsOwnFiles) {
  EXPECT_EQ(store->list("").value().size(), 0U);
  const auto lock = store->hold(std::chrono::milliseconds(0)).value();
  (void)write("metadata/1.root.json", "one");
  (void)write("targets/a/b", "four");
  (void)write(".sluice-note.json", "{}");
  ASSERT_TRUE(system_files().create(folder / "store/metadata/.sluice-0011.tmp", "left"));
  const auto all = store->list("").value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].name, "targets/a/b");
  EXPECT_EQ(all[1].size, 4U);
  EXPECT_EQ(store->list("metadata/").value().size(), 1U);
  EXPECT_EQ(store->list("meta").value().size(), 1U);
  EXPECT_EQ(store->sweep().value(), 1U);
  EXPECT_EQ(store->sweep().value(), 0U);
}

TEST_F(FolderStoreTest, RefusesNamesThatLeaveIt) {
  for (const char* name : {"../x", "/x", "a/../b", "a/.sluice-x"}) {
    const NewFile file{name, Content::of("x")};
    EXPECT_FALSE(store->write_new({&file, 1})) << name;
    EXPECT_FALSE(store->read(name, 10)) << name;
    EXPECT_FALSE(store->replace(name, "x", std::nullopt)) << name;
    EXPECT_FALSE(store->remove({name})) << name;
  }
}

// A folder that came by git may have any link in it.
class LinkedFolders : public FolderStoreTest {
 protected:
  LinkedFolders() {
    (void)folder.write("victim/precious.txt", "mine");
    (void)folder.write("victim/sub/1.root.json", "mine");
    std::filesystem::create_directories(folder / "store/targets");
    std::filesystem::create_symlink("../victim", folder / "store/metadata");
    std::filesystem::create_symlink(folder / "victim", folder / "store/targets/dist");
    std::filesystem::create_symlink("../../victim/precious.txt", folder / "store/targets/x");
  }
  template <class T>
  static void expect_refused(const Result<T>& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::denied) << result.error().text();
    EXPECT_NE(result.error().text().find("link"), std::string::npos) << result.error().text();
  }
};

TEST_F(LinkedFolders, AreNeitherReadNorWrittenNorEmptied) {
  for (const char* name : {"metadata/precious.txt", "metadata/sub/1.root.json",
                           "targets/dist/precious.txt", "targets/dist/sub/new"}) {
    const NewFile file{name, Content::of("x")};
    expect_refused(store->write_new({&file, 1}));
    expect_refused(store->read(name, 100));
    expect_refused(store->replace(name, "x", std::nullopt));
    expect_refused(store->remove({name}));
  }
  expect_refused(store->list("metadata/"));
  expect_refused(store->list("targets/dist/"));
  EXPECT_EQ(store->list("targets/")->size(), 0U);
  EXPECT_EQ(system_files().list(folder / "victim")->size(), 2U);
  EXPECT_EQ(test::read_file(folder / "victim/precious.txt"), "mine");
}

TEST_F(LinkedFolders, ALinkedFileIsNotReadAndNotTakenForTheSame) {
  expect_refused(store->read("targets/x", 100));
  const NewFile same{"targets/x", Content::of("mine")};
  const auto put = store->write_new({&same, 1});
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Errc::denied);
  EXPECT_FALSE(store->replace("targets/x", "x", std::nullopt));
  EXPECT_EQ(test::read_file(folder / "victim/precious.txt"), "mine");
  // The link itself may go.
  ASSERT_TRUE(store->remove({"targets/x"}));
  EXPECT_EQ(store->write_new({&same, 1})->front(), Put::written);
  EXPECT_EQ(test::read_file(folder / "victim/precious.txt"), "mine");
}

TEST_F(LinkedFolders, NoFileIsPreparedBehindALink) {
  const NewFile large{"metadata/2.snapshot.json", Content::of(std::string(300'000, 'x'))};
  class Watching final : public test::ForwardingFiles {
   public:
    Result<std::unique_ptr<Prepared>> create_ahead(const Path& path, std::string_view content,
                                                   unsigned mode) override {
      ++asked;
      return ForwardingFiles::create_ahead(path, content, mode);
    }
    int asked = 0;
  };
  Watching files;
  store = folder_store(files, folder / "store");
  store->expect({&large, 1});
  EXPECT_EQ(files.asked, 0);
  ASSERT_TRUE(system_files().remove(folder / "store/metadata"));
  std::filesystem::create_directory(folder / "store/metadata");
  store->expect({&large, 1});
  EXPECT_EQ(files.asked, 1);
}

TEST_F(LinkedFolders, APlaceItselfMayBeOne) {
  std::filesystem::create_directories(folder / "disk/tuf");
  std::filesystem::create_symlink(folder / "disk/tuf", folder / "mounted");
  store = folder_store(system_files(), folder / "mounted");
  ASSERT_TRUE(store->hold(std::chrono::milliseconds(0)));
  EXPECT_EQ(write("targets/a/b", "x"), Put::written);
  EXPECT_EQ(read("targets/a/b"), "x");
  EXPECT_EQ(store->list("targets/")->size(), 1U);
  EXPECT_TRUE(store->sync());
}

TEST_F(FolderStoreTest, WhatIsNoFileIsNotWaitedFor) {
  std::filesystem::create_directories(folder / "store/targets");
  ASSERT_EQ(::mkfifo((folder / "store/targets/pipe").c_str(), 0600), 0);
  const NewFile file{"targets/pipe", Content::of("x")};
  EXPECT_EQ(store->write_new({&file, 1}).error().code, Errc::denied);
  EXPECT_EQ(store->read("targets/pipe", 10).error().code, Errc::denied);
}

TEST_F(FolderStoreTest, LetsOnePublisherInAtATime) {
  auto lock = store->hold(std::chrono::milliseconds(0));
  ASSERT_TRUE(lock);
  const auto other = folder_store(system_files(), folder / "store");
  const auto refused = other->hold(std::chrono::milliseconds(0));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::timeout);
  EXPECT_NE(refused.error().what.find("another publisher"), std::string::npos);
  lock->reset();
  EXPECT_TRUE(other->hold(std::chrono::milliseconds(0)));
}

TEST_F(FolderStoreTest, TellsThatItIsReadOnly) {
  // A folder that no process can write to, whoever it is.
  const auto proc = folder_store(system_files(), "/proc/self/fdinfo");
  const auto held = proc->hold(std::chrono::milliseconds(0));
  ASSERT_FALSE(held);
  class ReadOnly final : public test::ForwardingFiles {
   public:
    Result<void> replace(const Path&, std::string_view, unsigned) override { return refuse(); }
    Result<void> create(const Path&, std::string_view, unsigned) override { return refuse(); }
    Result<void> make_folders(const Path&) override { return {}; }
    Result<void> remove(const Path&) override { return refuse(); }
    Result<std::unique_ptr<FileLock>> lock(const Path&, std::chrono::milliseconds) override {
      return fail(Errc::denied, "cannot open the lock x: Read-only file system");
    }

   private:
    static std::unexpected<Error> refuse() { return fail(Errc::denied, "Read-only file system"); }
  };
  ReadOnly files;
  const auto closed = folder_store(files, folder / "store");
  const NewFile file{"metadata/1.root.json", Content::of("x")};
  for (const auto& error :
       {closed->hold(std::chrono::milliseconds(0)).error(), closed->write_new({&file, 1}).error(),
        closed->remove({"metadata/1.root.json"}).error()}) {
    EXPECT_EQ(error.code, Errc::denied);
    EXPECT_NE(error.hint.find("read-only"), std::string::npos) << error.text();
  }
}

TEST_F(FolderStoreTest, TakesItsFolderInAnySpelling) {
  ASSERT_TRUE(store->hold(std::chrono::milliseconds(0)));
  EXPECT_EQ(write("targets/a/b", "x"), Put::written);
  for (const char* spelled : {"store/", "store//", "./store", "store/../store/."}) {
    store = folder_store(system_files(), folder / spelled);
    EXPECT_EQ(store->list("").value().at(0).name, "targets/a/b") << spelled;
    EXPECT_EQ(write("targets/a/b", "x"), Put::present) << spelled;
    const std::string other = std::string("targets/") + std::to_string(std::string(spelled).size());
    EXPECT_NE(write(other + "/c", "y"), Put::other) << spelled;
    EXPECT_TRUE(store->sync()) << spelled;
    EXPECT_TRUE(store->remove({other + "/c"}));
  }
}

TEST(OpenStore, TellsFoldersAndBucketsApart) {
  test::FakeWorld world;
  const auto open = [&](const std::string& where) {
    return open_store(where, {}, world.world(), nullptr);
  };
  EXPECT_EQ(open("/srv/tuf").value()->describe(), "the folder /srv/tuf");
  EXPECT_EQ(open("file:///srv/tuf").value()->describe(), "the folder /srv/tuf");
  for (const char* where : {"", "s3://bucket", "file://srv", "gs://bucket"}) {
    const auto store = open(where);
    ASSERT_FALSE(store) << where;
    EXPECT_EQ(store.error().code, Errc::usage) << where;
  }
}

}  // namespace
}  // namespace sluice::tuf
