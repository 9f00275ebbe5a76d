// SPDX-License-Identifier: Apache-2.0
#include "intoto/record.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "crypto/digest.h"
#include "support/temp_folder.h"

namespace sluice::intoto {
namespace {

using test::TempFolder;

DigestSet digest(std::string_view text) {
  return DigestSet::of(crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(text)));
}

std::vector<std::string> names(const Artifacts& artifacts) {
  std::vector<std::string> out;
  for (const auto& each : artifacts) out.push_back(each.name);
  return out;
}

// a/x, a/b/y and z, below a folder.
class Recording : public testing::Test {
 protected:
  Recording() {
    std::filesystem::create_directories(temp / "a/b");
    temp.write("a/x", "x");
    temp.write("a/b/y", "y");
    temp.write("z", "z");
    options.base = temp.path();
  }
  std::vector<std::string> recorded(const std::vector<std::string>& named) const {
    const auto out = record_artifacts(named, options);
    if (!out) return {out.error().text()};
    return names(out->artifacts);
  }

  TempFolder temp;
  RecordOptions options;
};

TEST_F(Recording, HashesWhatItWalks) {
  const auto out = record_artifacts({"."}, options);
  ASSERT_TRUE(out) << out.error().text();
  EXPECT_EQ(names(out->artifacts), (std::vector<std::string>{"a/b/y", "a/x", "z"}));
  EXPECT_EQ(out->artifacts.find("a/x")->digests, digest("x"));
  EXPECT_EQ(out->bytes, 3U);
  EXPECT_TRUE(out->left_out.empty());
}

// Names that come between those of a folder and those of its folders, many files in one folder, and
// folders that are done in any order.
TEST_F(Recording, NamesAreInOrderHoweverTheTreeIs) {
  std::vector<std::string> all;
  for (const std::string folder : {"t", "t/b", "t/b/b", "t/b0", "t/b.d", "t/c"}) {
    std::filesystem::create_directories(temp / folder);
    for (int i = 0; i < (folder == "t/b" ? 1500 : 40); ++i) {
      for (const std::string_view front : {"", "a", "b1", "c", "z-"}) {
        all.push_back(cat(folder, "/", front, i, front.empty() ? "" : "."));
        temp.write(all.back(), all.back());
      }
    }
  }
  std::ranges::sort(all);
  for (const unsigned threads : {1U, 3U}) {
    options.threads = threads;
    const auto out = record_artifacts({"t"}, options);
    ASSERT_TRUE(out) << out.error().text();
    EXPECT_EQ(names(out->artifacts), all);
    for (const auto& each : out->artifacts) EXPECT_EQ(each.digests, digest(each.name));
  }
  options.strip = {"t/b/"};
  for (auto& name : all) {
    if (name.starts_with("t/b/")) name.erase(0, 4);
  }
  std::ranges::sort(all);
  EXPECT_EQ(recorded({"t"}), all);
}

TEST_F(Recording, NamesAreWhatWasWrittenWithoutDotsAndDoubleSlashes) {
  EXPECT_EQ(recorded({"./a//b/", "z"}), (std::vector<std::string>{"a/b/y", "z"}));
  EXPECT_EQ(recorded({"a/../z"}), std::vector<std::string>{"z"});
  EXPECT_EQ(recorded({temp / "z"}), std::vector<std::string>{temp / "z"});
  options.base = temp / "a";
  EXPECT_EQ(recorded({"../z", "x"}), (std::vector<std::string>{"../z", "x"}));
}

TEST_F(Recording, WhatIsNamedTwiceIsThereOnce) {
  EXPECT_EQ(recorded({"a", "a/x", "a/b", "a"}), (std::vector<std::string>{"a/b/y", "a/x"}));
  const auto out = record_artifacts({"a/b", "a", "./a/b/y"}, options);
  EXPECT_EQ(out->bytes, 2U);
  options.folder_links = FolderLinks::left_out;
  EXPECT_EQ(recorded({"a", "a/b"}), (std::vector<std::string>{"a/b/y", "a/x"}));
}

TEST_F(Recording, PrefixesAreTakenOff) {
  options.strip = {"a/b/", "z"};
  EXPECT_EQ(recorded({"a"}), (std::vector<std::string>{"a/x", "y"}));
  EXPECT_EQ(recorded({"a", "a/b"}), (std::vector<std::string>{"a/x", "y"}));
  EXPECT_EQ(recorded({"z"}).size(), 1U);  // nothing would be left of it: an error
  EXPECT_NE(recorded({"z"})[0].find("nothing is left"), std::string::npos);
  options.strip = {"a/", "a/b/"};
  EXPECT_NE(recorded({"a"})[0].find("begins with"), std::string::npos);
}

TEST_F(Recording, TwoFilesOfOneNameAreRefused) {
  std::filesystem::create_directories(temp / "c");
  temp.write("c/x", "another");
  options.strip = {"a/"};
  EXPECT_EQ(recorded({"a", "c"}), (std::vector<std::string>{"b/y", "c/x", "x"}));
  options.strip = {"a/", "c/"};
  EXPECT_NE(recorded({"a", "c"})[0].find("two files come out"), std::string::npos);
}

TEST_F(Recording, WhatIsExcludedIsCountedAndNamed) {
  options.excludes = Excludes::of({"b", "z"}).value();
  const auto out = record_artifacts({"."}, options);
  ASSERT_TRUE(out);
  EXPECT_EQ(names(out->artifacts), std::vector<std::string>{"a/x"});
  const auto& left = out->left_out.at("excluded by a pattern");
  EXPECT_EQ(left.count, 2U);
  EXPECT_EQ(left.examples.size(), 2U);
  // Named itself, below an excluded folder, it is excluded, too.
  EXPECT_TRUE(recorded({"a/b/y"}).empty());
}

TEST_F(Recording, LinksArePassedOverOnlyAloud) {
  std::filesystem::create_symlink("nothing", temp / "a/dangling");
  std::filesystem::create_symlink(".", temp / "a/loop");
  std::filesystem::create_symlink("b", temp / "a/folder");
  std::filesystem::create_symlink("x", temp / "a/file");
  ASSERT_EQ(::mkfifo((temp / "a/pipe").c_str(), 0600), 0);
  auto out = record_artifacts({"a"}, options);
  ASSERT_TRUE(out) << out.error().text();
  EXPECT_EQ(names(out->artifacts),
            (std::vector<std::string>{"a/b/y", "a/file", "a/folder/y", "a/x"}));
  EXPECT_EQ(out->left_out.at("links to nothing").examples, std::vector<std::string>{"a/dangling"});
  EXPECT_EQ(out->left_out.at("links back into their own folder").count, 1U);
  EXPECT_EQ(out->left_out.at("pipes, sockets and devices").count, 1U);
  options.folder_links = FolderLinks::left_out;
  out = record_artifacts({"a"}, options);
  EXPECT_EQ(out->left_out.at("links to folders").count, 2U);
}

TEST_F(Recording, WhatIsNotThereIsRefusedOrNamed) {
  EXPECT_NE(recorded({"nothing"})[0].find("there is no"), std::string::npos);
  options.missing = Missing::left_out;
  const auto out = record_artifacts({"nothing", "z"}, options);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->artifacts.size(), 1U);
  EXPECT_EQ(out->left_out.at("not there").examples, std::vector<std::string>{"nothing"});
}

TEST_F(Recording, ANameThatIsNoUtf8IsRefusedByName) {
  temp.write("a/\xff", "1");
  const auto out = record_artifacts({"a"}, options);
  ASSERT_FALSE(out);
  EXPECT_NE(out.error().what.find("\\xff"), std::string::npos) << out.error().text();
  options.excludes = Excludes::of({"\xff"}).value();
  EXPECT_TRUE(record_artifacts({"a"}, options));
}

TEST_F(Recording, AFolderHasOneDigestOverItsList) {
  const auto out = record_artifacts({"dir:a", "z"}, options);
  ASSERT_TRUE(out) << out.error().text();
  const auto line = [](std::string_view content, std::string_view name) {
    return cat(digest(content).text().substr(7), "  ", name, "\n");
  };
  ASSERT_NE(out->artifacts.find("dir:a"), nullptr);
  EXPECT_EQ(out->artifacts.find("dir:a")->digests, digest(line("y", "b/y") + line("x", "x")));
  EXPECT_NE(recorded({"dir:z"})[0].find("there is no folder"), std::string::npos);
}

TEST_F(Recording, WhatOthersKnowIsAskedOfThem) {
  class Answering final : public ArtifactResolver {
   public:
    std::string_view scheme() const override { return "test"; }
    Result<std::vector<Artifact>> resolve(std::string_view reference, const Path&) override {
      if (reference == "bad") return fail(Errc::not_found, "no such thing");
      return std::vector<Artifact>{{cat("test:", reference), digest("r")}};
    }
  } resolver;
  EXPECT_NE(recorded({"test:x"})[0].find("there is no"), std::string::npos);  // a path
  options.resolvers = {&resolver};
  EXPECT_EQ(recorded({"test:x", "z"}), (std::vector<std::string>{"test:x", "z"}));
  EXPECT_NE(recorded({"test:bad"})[0].find("no such thing"), std::string::npos);
  EXPECT_EQ(recorded({"file:z"}), std::vector<std::string>{"z"});
}

TEST_F(Recording, ADigestIsReusedOnlyWhereTheFileProvablyDidNotChange) {
  constexpr std::int64_t kLater = std::int64_t{4'000'000'000} * 1'000'000'000;
  KnownDigests known;
  ASSERT_TRUE(record_artifacts({"."}, options, {.keep = &known, .now = kLater}));
  EXPECT_EQ(known.size(), 3U);
  auto again = record_artifacts({"."}, options, {.reuse = &known});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->reused, 3U);
  EXPECT_EQ(again->bytes, 0U);
  EXPECT_EQ(again->artifacts.find("z")->digests, digest("z"));
  // Of the same size, with the time of its content set back: the time of the change tells.
  const auto before = std::filesystem::last_write_time(temp / "z");
  temp.write("z", "Z");
  std::filesystem::last_write_time(temp / "z", before);
  again = record_artifacts({"."}, options, {.reuse = &known});
  EXPECT_EQ(again->reused, 2U);
  EXPECT_EQ(again->artifacts.find("z")->digests, digest("Z"));
}

TEST_F(Recording, WhatChangedAMomentBeforeItWasHashedIsHashedAgain) {
  const std::int64_t now = system_files().info(temp / "z")->changed + 1'000'000'000;
  KnownDigests known;
  ASSERT_TRUE(record_artifacts({"z"}, options, {.keep = &known, .now = now}));
  EXPECT_EQ(known.size(), 0U);
  ASSERT_TRUE(record_artifacts({"z"}, options, {.keep = &known, .now = now + 1'000'000'000}));
  EXPECT_EQ(known.size(), 1U);
}

TEST(NormalName, IsWhatPythonMakesOfIt) {
  EXPECT_EQ(normal_name("."), ".");
  EXPECT_EQ(normal_name("./"), ".");
  EXPECT_EQ(normal_name("./a//b/../c/"), "a/c");
  EXPECT_EQ(normal_name("../a"), "../a");
  EXPECT_EQ(normal_name("//a"), "/a");
  EXPECT_EQ(normal_name("a/.."), ".");
}

}  // namespace
}  // namespace sluice::intoto
