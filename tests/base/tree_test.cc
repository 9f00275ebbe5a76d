// SPDX-License-Identifier: Apache-2.0
#include "base/tree.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <map>
#include <mutex>
#include <set>

#include "base/text.h"
#include "support/temp_folder.h"

namespace sluice {
namespace {

using test::TempFolder;

// Keeps everything that it is told.
class KeepingVisitor : public TreeVisitor {
 public:
  bool wants(std::string_view path, bool) override {
    return unwanted.empty() || !path.ends_with(unwanted);
  }
  bool knows(unsigned, std::string_view path, const FileInfo&) override {
    const std::scoped_lock lock(mutex_);
    return known.contains(std::string(path));
  }
  Result<void> file(unsigned, std::string_view path, const FileInfo& info,
                    ByteSource& content) override {
    SLUICE_TRY(auto text, read_all(content, 1U << 20));
    SLUICE_CHECK(content.unchanged());
    EXPECT_EQ(info.size, text.size());
    const std::scoped_lock lock(mutex_);
    EXPECT_TRUE(files.emplace(path, std::move(text)).second) << path;
    return {};
  }
  void passed_over(std::string_view path, PassedOver why) override {
    const std::scoped_lock lock(mutex_);
    over.emplace(path, why);
  }
  void leads_out(std::string_view path) override {
    const std::scoped_lock lock(mutex_);
    outside.emplace(path);
  }

  std::string unwanted;
  std::set<std::string> known;
  std::map<std::string, std::string> files;
  std::map<std::string, PassedOver> over;
  std::set<std::string> outside;

 private:
  std::mutex mutex_;
};

TEST(Tree, ReadsEachFileOnceFromAllThreads) {
  const TempFolder temp;
  for (int folder = 0; folder < 7; ++folder) {
    std::filesystem::create_directories(temp / cat("a/", folder));
    for (int file = 0; file < 150; ++file)
      temp.write(cat("a/", folder, "/", file), cat(folder, file));
  }
  temp.write("a/empty", "");
  for (const unsigned threads : {1U, 2U, 8U}) {
    KeepingVisitor visitor;
    ASSERT_TRUE(read_tree({temp / "a"}, visitor, {.threads = threads}));
    EXPECT_EQ(visitor.files.size(), 7U * 150U + 1U);
    EXPECT_EQ(visitor.files.at(temp / "a/3/77"), "377");
    EXPECT_TRUE(visitor.over.empty());
  }
}

TEST(Tree, LeavesNoFileOpen) {
  const TempFolder temp;
  for (int file = 0; file < 600; ++file) temp.write(cat("f", file), "x");
  const auto open = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = open();
  for (const unsigned threads : {1U, 4U}) {
    KeepingVisitor visitor;
    ASSERT_TRUE(read_tree({temp.path()}, visitor, {.threads = threads}));
    EXPECT_EQ(visitor.files.size(), 600U);
    EXPECT_EQ(open(), before);
  }
}

TEST(Tree, RootsMayBeFilesAndFoldersWithASlash) {
  const TempFolder temp;
  std::filesystem::create_directories(temp / "a");
  temp.write("a/x", "1");
  temp.write("y", "2");
  KeepingVisitor visitor;
  ASSERT_TRUE(read_tree({(temp / "a").native() + "/", temp / "y"}, visitor));
  EXPECT_EQ(visitor.files.at(temp / "a/x"), "1");
  EXPECT_EQ(visitor.files.at(temp / "y"), "2");
  KeepingVisitor none;
  const auto missing = read_tree({temp / "z"}, none);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
}

TEST(Tree, LinksStandForWhatTheyLeadTo) {
  const TempFolder temp;
  std::filesystem::create_directories(temp / "t/in");
  std::filesystem::create_directories(temp / "away");
  temp.write("t/in/file", "inside");
  temp.write("away/file", "outside");
  std::filesystem::create_symlink("in/file", temp / "t/to_file");
  std::filesystem::create_symlink("../away/file", temp / "t/to_other_file");
  std::filesystem::create_symlink("in", temp / "t/to_in");
  std::filesystem::create_symlink("../away", temp / "t/to_away");
  std::filesystem::create_symlink("nothing", temp / "t/to_nothing");
  std::filesystem::create_symlink(".", temp / "t/in/to_itself");
  std::filesystem::create_symlink("..", temp / "t/in/to_above");
  KeepingVisitor followed;
  ASSERT_TRUE(read_tree({temp / "t"}, followed, {.follow_folder_links = true}));
  EXPECT_EQ(followed.files.at(temp / "t/to_file"), "inside");
  EXPECT_EQ(followed.files.at(temp / "t/to_other_file"), "outside");
  EXPECT_EQ(followed.files.at(temp / "t/to_in/file"), "inside");
  EXPECT_EQ(followed.files.at(temp / "t/to_away/file"), "outside");
  EXPECT_EQ(followed.files.size(), 5U);
  EXPECT_EQ(followed.over.at(temp / "t/to_nothing"), PassedOver::dangling);
  EXPECT_EQ(followed.over.at(temp / "t/in/to_itself"), PassedOver::loop);
  EXPECT_EQ(followed.over.at(temp / "t/to_in/to_above"), PassedOver::loop);
  EXPECT_EQ(followed.outside, std::set<std::string>{temp / "t/to_away"});
  KeepingVisitor stays;
  ASSERT_TRUE(read_tree({temp / "t"}, stays));
  EXPECT_EQ(stays.files.size(), 3U);
  EXPECT_EQ(stays.over.at(temp / "t/to_in"), PassedOver::folder_link);
}

TEST(Tree, NeverWaitsForAPipe) {
  const TempFolder temp;
  ASSERT_EQ(::mkfifo((temp / "pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("pipe", temp / "to_pipe");
  temp.write("file", "x");
  KeepingVisitor visitor;
  ASSERT_TRUE(read_tree({temp.path()}, visitor));
  EXPECT_EQ(visitor.files.size(), 1U);
  EXPECT_EQ(visitor.over.at(temp / "pipe"), PassedOver::special);
  EXPECT_EQ(visitor.over.at(temp / "to_pipe"), PassedOver::special);
  KeepingVisitor named;
  ASSERT_TRUE(read_tree({temp / "pipe"}, named));
  EXPECT_EQ(named.over.size(), 1U);
}

TEST(Tree, APipeThatTakesAFilesPlaceIsSeenForWhatItIs) {
  const TempFolder temp;
  temp.write("file", "x");
  // Between the look at the folder and the file's turn.
  class Swapping final : public KeepingVisitor {
   public:
    explicit Swapping(Path path) : path_(std::move(path)) {}
    bool wants(std::string_view, bool folder) override {
      if (!folder) {
        std::filesystem::remove(path_);
        EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
      }
      return true;
    }

   private:
    Path path_;
  } visitor(temp / "file");
  ASSERT_TRUE(read_tree({temp.path()}, visitor));
  EXPECT_TRUE(visitor.files.empty());
  EXPECT_EQ(visitor.over.at(temp / "file"), PassedOver::special);
}

// Renames the folder, and makes another of its name, when the first file of it is read.
class SwappingVisitor final : public KeepingVisitor {
 public:
  explicit SwappingVisitor(Path folder) : folder_(std::move(folder)) {}
  Result<void> file(unsigned worker, std::string_view path, const FileInfo& info,
                    ByteSource& content) override {
    if (files.empty()) {
      std::filesystem::rename(folder_, folder_.native() + ".old");
      std::filesystem::create_directory(folder_);
    }
    return KeepingVisitor::file(worker, path, info, content);
  }

 private:
  Path folder_;
};

TEST(Tree, AFolderThatTakesAnothersPlaceIsNotedWhereItIsLarge) {
  const TempFolder temp;
  std::filesystem::create_directory(temp / "a");
  for (int file = 0; file < 300; ++file) temp.write(cat("a/f", file), "x");
  SwappingVisitor visitor(temp / "a");
  const auto read = read_tree({temp / "a"}, visitor, {.threads = 1});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::io);
  EXPECT_NE(read.error().what.find("changed while it was read"), std::string::npos);
}

TEST(Tree, WhatIsUnwantedIsNotEntered) {
  const TempFolder temp;
  std::filesystem::create_directories(temp / "a/skip");
  temp.write("a/skip/x", "1");
  temp.write("a/y", "2");
  KeepingVisitor visitor;
  visitor.unwanted = "skip";
  ASSERT_TRUE(read_tree({temp / "a"}, visitor));
  EXPECT_EQ(visitor.files.size(), 1U);
  EXPECT_EQ(visitor.over.size(), 1U);
  EXPECT_EQ(visitor.over.at(temp / "a/skip"), PassedOver::unwanted);
}

TEST(Tree, WhatIsKnownIsNotRead) {
  const TempFolder temp;
  temp.write("x", "1");
  temp.write("y", "2");
  KeepingVisitor visitor;
  visitor.known.insert(temp / "x");
  ASSERT_TRUE(read_tree({temp.path()}, visitor));
  EXPECT_EQ(visitor.files.size(), 2U);  // nobody looks before it is asked for
  KeepingVisitor looking;
  looking.known.insert(temp / "x");
  ASSERT_TRUE(read_tree({temp.path()}, looking, {.look_first = true}));
  EXPECT_EQ(looking.files.size(), 1U);
}

TEST(Tree, EndsWithAnErrorOfTheVisitorAndItsBounds) {
  const TempFolder temp;
  std::filesystem::create_directories(temp / "a/b");
  temp.write("a/b/x", "1");
  temp.write("a/y", "2");
  KeepingVisitor visitor;
  EXPECT_TRUE(read_tree({temp / "a"}, visitor, {.max_entries = 3, .max_depth = 1}));
  KeepingVisitor too_many;
  EXPECT_EQ(read_tree({temp / "a"}, too_many, {.max_entries = 2}).error().code, Errc::limit);
  KeepingVisitor too_deep;
  EXPECT_EQ(read_tree({temp / "a"}, too_deep, {.max_depth = 0}).error().code, Errc::limit);
  class Refusing final : public KeepingVisitor {
    Result<void> file(unsigned, std::string_view, const FileInfo&, ByteSource&) override {
      return fail(Errc::unsupported, "no");
    }
  } refusing;
  EXPECT_EQ(read_tree({temp / "a"}, refusing).error().code, Errc::unsupported);
}

}  // namespace
}  // namespace sluice
