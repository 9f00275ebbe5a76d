// SPDX-License-Identifier: Apache-2.0
// The folder of evidence: what is taken from it, and what lies in it to no effect.
#include "admission/folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "admission/builders.h"
#include "support/temp_folder.h"

namespace sluice {
namespace {

using admission::Evidence;
using admission::EvidenceFolder;
using test::Gate;
using test::TempFolder;
using namespace std::chrono_literals;

class EvidenceScan : public testing::Test {
 protected:
  Evidence scan(const Evidence& before = {}, const admission::EvidenceLimits& limits = {}) const {
    auto found = admission::scan_evidence(system_files(), folder_.path(), before, limits);
    EXPECT_TRUE(found) << found.error().text();
    return found.value_or(Evidence{});
  }
  std::string bundle(const std::string& name) const { return gate_.bundle({.images = {name}}); }
  static std::size_t about(const Evidence& evidence, std::string_view name) {
    const auto at = evidence.by_image.find(test::digest_of(name).text());
    return at == evidence.by_image.end() ? 0 : at->second.size();
  }

  TempFolder folder_;
  Gate gate_;
};

TEST_F(EvidenceScan, FindsBundlesByImage) {
  folder_.write("a.json", bundle("web"));
  folder_.write("b.json", gate_.bundle({.images = {"web", "init"}}));
  const auto evidence = scan();
  EXPECT_EQ(evidence.bundles, 2U);
  EXPECT_EQ(evidence.ignored, 0U);
  EXPECT_EQ(about(evidence, "web"), 2U);
  EXPECT_EQ(about(evidence, "init"), 1U);
  EXPECT_EQ(about(evidence, "other"), 0U);
}

TEST_F(EvidenceScan, TheNewestClaimIsTriedFirst) {
  folder_.write("a.json", gate_.bundle({.images = {"web"}, .at = test::kNow - 3h}));
  folder_.write("b.json", gate_.bundle({.images = {"web"}, .at = test::kNow - 1h}));
  folder_.write("c.json", gate_.bundle({.images = {"web"}, .at = test::kNow - 2h}));
  const auto evidence = scan();
  std::vector<std::string> names;
  for (const auto& each : evidence.by_image.at(test::digest_of("web").text()))
    names.push_back(each->name());
  EXPECT_EQ(names, (std::vector<std::string>{"b.json", "c.json", "a.json"}));
}

TEST_F(EvidenceScan, RubbishNeitherStopsNorHarmsIt) {
  folder_.write("web.json", bundle("web"));
  folder_.write("empty", "");
  folder_.write("text", "no bundle");
  folder_.write("json", "{}");
  folder_.write("cut.json", bundle("cut").substr(0, 200));
  folder_.write("deep", std::string(100'000, '['));
  folder_.write("large", std::string((1U << 20) + 1, ' '));
  folder_.write(".hidden", bundle("hidden"));
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  std::filesystem::create_directory(folder_ / "folder");
  std::filesystem::create_symlink("nowhere", folder_ / "dangling");
  std::filesystem::create_symlink("loop", folder_ / "loop");
  std::filesystem::create_symlink("/dev/zero", folder_ / "zero");
  std::filesystem::create_symlink("pipe", folder_ / "to-pipe");
  const auto unreadable = folder_.write("locked", bundle("locked"));
  ASSERT_EQ(::chmod(unreadable.c_str(), 0), 0);
  const auto evidence = scan();
  EXPECT_EQ(about(evidence, "web"), 1U);
  EXPECT_EQ(about(evidence, "hidden"), 0U);
  EXPECT_GE(evidence.ignored, 11U);
}

TEST_F(EvidenceScan, FollowsTheLinksOfAKubernetesMount) {
  const TempFolder elsewhere;
  const auto target = elsewhere.write("a.json", bundle("web"));
  std::filesystem::create_symlink(target, folder_ / "a.json");
  EXPECT_EQ(about(scan(), "web"), 1U);
}

TEST_F(EvidenceScan, KeepsWhatHasNotChanged) {
  folder_.write("a.json", bundle("web"));
  const auto first = scan();
  folder_.write("b.json", bundle("init"));
  const auto second = scan(first);
  EXPECT_EQ(first.files.at("a.json").bundle, second.files.at("a.json").bundle);
  EXPECT_EQ(second.bundles, 2U);
  std::filesystem::remove(folder_ / "a.json");
  const auto third = scan(second);
  EXPECT_EQ(about(third, "web"), 0U);
  EXPECT_EQ(about(third, "init"), 1U);
}

TEST_F(EvidenceScan, ReadsAgainWhatWasReplaced) {
  folder_.write("a.json", bundle("web"));
  const auto first = scan();
  ASSERT_TRUE(system_files().replace(folder_ / "a.json", bundle("init")));
  const auto second = scan(first);
  EXPECT_EQ(about(second, "web"), 0U);
  EXPECT_EQ(about(second, "init"), 1U);
}

TEST_F(EvidenceScan, KeepsToItsLimits) {
  for (int i = 0; i < 5; ++i) folder_.write(cat("b", i, ".json"), bundle(cat("app", i)));
  EXPECT_EQ(scan({}, {.files = 3}).bundles, 3U);
  const auto size = bundle("app0").size();
  EXPECT_EQ(scan({}, {.bytes = 2 * size + size / 2}).bundles, 2U);
  EXPECT_EQ(scan({}, {.file = size / 2}).bundles, 0U);
  folder_.write("many.json", gate_.bundle({.images = {"x", "y", "z"}}));
  EXPECT_EQ(about(scan({}, {.claims = 3}), "x"), 1U);
  EXPECT_EQ(about(scan({}, {.claims = 2}), "x"), 0U);
}

TEST_F(EvidenceScan, AFolderThatIsNotThereIsAnError) {
  const auto missing = admission::scan_evidence(system_files(), folder_ / "missing", {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
}

TEST_F(EvidenceScan, TheThreadSeesANewBundleAtTheFirstMiss) {
  EvidenceFolder watched(system_files(), system_clock(), folder_.path());
  EXPECT_EQ(about(*watched.now(), "web"), 0U);
  folder_.write("a.json", bundle("web"));
  const auto found = watched.look_again(20s);
  EXPECT_EQ(about(*found, "web"), 1U);
  EXPECT_EQ(about(*watched.now(), "web"), 1U);
}

TEST_F(EvidenceScan, TheThreadSeesANewBundleByItself) {
  EvidenceFolder watched(system_files(), system_clock(), folder_.path());
  folder_.write("a.json", bundle("web"));
  for (int i = 0; i < 1000 && about(*watched.now(), "web") == 0; ++i)
    std::this_thread::sleep_for(10ms);
  EXPECT_EQ(about(*watched.now(), "web"), 1U);
}

TEST_F(EvidenceScan, AFolderThatVanishesIsToldAndWhatWasReadStays) {
  const Path folder = folder_ / "evidence";
  std::filesystem::create_directory(folder);
  folder_.write("evidence/a.json", bundle("web"));
  EvidenceFolder watched(system_files(), system_clock(), folder);
  EXPECT_FALSE(watched.trouble());
  std::filesystem::remove_all(folder);
  EXPECT_EQ(about(*watched.look_again(20s), "web"), 1U);
  EXPECT_TRUE(watched.trouble());
  std::filesystem::create_directory(folder);
  EXPECT_EQ(about(*watched.look_again(20s), "web"), 0U);
  EXPECT_FALSE(watched.trouble());
}

// A disk that hangs: nobody who answers reviews waits for it longer than they said.
class HangingFiles final : public Files {
 public:
  std::atomic<bool> hang{false};
  Result<FileInfo> info(const Path& path) override {
    for (int i = 0; i < 300 && hang; ++i) std::this_thread::sleep_for(10ms);
    return system_files().info(path);
  }
  Result<std::vector<FolderEntry>> list(const Path& path) override {
    return system_files().list(path);
  }
  Result<std::string> read(const Path&, std::size_t) override { return none(); }
  Result<std::string> read_plain(const Path&, std::size_t, Links) override { return none(); }
  Result<std::unique_ptr<ByteSource>> open(const Path&) override { return none(); }
  Result<void> replace(const Path&, std::string_view, unsigned) override { return none(); }
  Result<void> create(const Path&, std::string_view, unsigned) override { return none(); }
  Result<void> make_folders(const Path&) override { return none(); }
  Result<void> remove(const Path&) override { return none(); }
  Result<std::unique_ptr<FileLock>> lock(const Path&, std::chrono::milliseconds) override {
    return none();
  }

 private:
  static std::unexpected<Error> none() { return fail(Errc::io, "not in this test"); }
};

TEST_F(EvidenceScan, ADiskThatHangsHoldsNobodyUp) {
  HangingFiles files;
  EvidenceFolder watched(files, system_clock(), folder_.path());
  files.hang = true;
  const auto began = std::chrono::steady_clock::now();
  (void)watched.look_again(100ms);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  files.hang = false;
}

}  // namespace
}  // namespace sluice
