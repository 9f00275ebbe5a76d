// SPDX-License-Identifier: Apache-2.0
// Repositories of others, in the layouts that they have.
#include "tufrepo/import.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "base/text.h"
#include "support/forwarding_files.h"
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

// What tuf-on-ci writes into root: periods of root and of the online roles, and whose key it is.
TEST_F(ImportTest, PeriodsAndNamesOfPeopleStay) {
  work.change([&](Repository& repository) -> Result<Edited> {
    SLUICE_TRY(auto root, repository.next(RoleName("root")));
    root.head().set("x-tuf-on-ci-expiry-period", 197);
    root.head().set("x-tuf-on-ci-signing-period", 46);
    auto* timestamp = member_in(*member_in(root.head(), "roles"), "timestamp");
    timestamp->set("x-tuf-on-ci-expiry-period", 7);
    timestamp->set("x-tuf-on-ci-signing-period", 7);  // not before its end
    for (auto& [keyid, key] : *member_in(root.head(), "keys")->object()) {
      if (keyid != work.key("carla").keyid.str()) key.set("x-tuf-on-ci-keyowner", "@ann");
    }
    SLUICE_CHECK(repository.stage(RoleName("root"), std::move(root), work.clock.now()));
    Edited out;
    out.add(RoleName("root"));
    return out;
  });
  ASSERT_EQ(work.problem, "");
  publish();
  put_versions();
  put("metadata/2.root.json", metadata("2.root.json"));
  put("metadata/3.snapshot.json", metadata("3.snapshot.json"));
  const auto done = take(false);
  ASSERT_TRUE(done) << done.error().text();
  const auto policy = parse_policy(imported("tuf-repo.yaml"), "tuf-repo.yaml");
  ASSERT_TRUE(policy);
  using std::chrono::days;
  EXPECT_EQ(policy->of(RoleName("root")).expires, days(197));
  EXPECT_EQ(policy->of(RoleName("root")).renew, days(46));
  EXPECT_EQ(policy->of(RoleName("timestamp")).expires, days(7));
  EXPECT_EQ(policy->of(RoleName("timestamp")).renew, std::chrono::hours(84));
  EXPECT_EQ(policy->of(RoleName("targets")).expires, days(90));
  // One person with three keys.
  for (const std::string name : {"@ann", "@ann-2", "@ann-3"}) {
    EXPECT_NE(imported(cat("keys/", name, ".json")), "") << name;
  }
}

TEST_F(ImportTest, WithoutConsistentSnapshotsClientsGoOnUntilTheyAre) {
  work.change([&](Repository& repository) -> Result<Edited> {
    SLUICE_TRY(auto root, repository.next(RoleName("root")));
    root.head().set("consistent_snapshot", false);
    SLUICE_CHECK(repository.stage(RoleName("root"), std::move(root), work.clock.now()));
    Edited out;
    out.add(RoleName("root"));
    return out;
  });
  // As another program published it: ours makes none of that kind.
  work.sign_all({"ann", "ben", "carla"});
  auto proposed = work.open();
  const auto staged = proposed.staged(RoleName("root"));
  ASSERT_TRUE(staged && *staged != nullptr);
  auto root = (*staged)->draft;
  const auto signatures = proposed.signatures(RoleName("root"));
  ASSERT_TRUE(signatures);
  for (const auto& one : *signatures) root.add_signature(one.signature);
  put("metadata/1.root.json", metadata("1.root.json"));
  put("metadata/2.root.json", root.document().value());
  put("metadata/targets.json", metadata("2.targets.json"));
  put("metadata/snapshot.json", metadata("2.snapshot.json"));
  put("metadata/timestamp.json", metadata("timestamp.json"));
  put("targets/dir/app.txt", "hello");
  put("targets/b.txt", "second");
  const auto done = take();
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_NE(done->notes.back().find("not consistent"), std::string::npos);
  work.folder = work.temp / "new";
  EXPECT_EQ(work.client("before", {"dir/app.txt", "b.txt"}), "good") << work.detail;
  EXPECT_EQ(imported("targets/dir/app.txt"), "hello");
  work.sign_all({"ann", "ben"});
  auto policy = parse_policy(imported("tuf-repo.yaml"), "tuf-repo.yaml").value();
  for (const std::string role : {"snapshot", "timestamp"}) policy.roles[role].online = {"online"};
  ASSERT_TRUE(system_files().replace(work.folder / kPolicyFile, write_policy(policy).value()));
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(work.client("before", {"dir/app.txt", "b.txt"}), "good") << work.detail;
  EXPECT_EQ(work.client("after", {"dir/app.txt", "b.txt"}), "good") << work.detail;
}

// --- what is in the way, and what is none

TEST_F(ImportTest, WhatIsThereAlreadyIsNotTakenForWhatIsTakenOver) {
  put_versions();
  const std::string good = metadata("1.root.json");
  const std::vector<std::pair<std::string, std::string>> planted{
      {"metadata/1.root.json", good + " "},     {"metadata/2.root.json", good},
      {"metadata/2.snapshot.json", "{}"},       {"staging/root.json", good},
      {"staging/signatures/root/a.json", "{}"}, {"keys/ann.json", "{}"}};
  for (const auto& [name, content] : planted) {
    std::filesystem::remove_all(work.temp / "new");
    std::filesystem::create_directories((work.temp / "new" / name).parent_path());
    ASSERT_TRUE(system_files().create(work.temp / "new" / name, content));
    const auto refused = take(false);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, Errc::denied);
    EXPECT_TRUE(refused.error().what.starts_with(cat(name, " is there already")))
        << refused.error().what;
    EXPECT_EQ(imported("metadata/timestamp.json"), "");
    EXPECT_EQ(imported(name), content);
  }
}

TEST_F(ImportTest, WhatAnEarlierRunLeftIsNotInTheWay) {
  put_versions();
  for (const std::string name : {"1.root.json", "2.targets.json"}) {
    std::filesystem::create_directories(work.temp / "new/metadata");
    ASSERT_TRUE(system_files().create(work.temp / "new/metadata" / name, metadata(name)));
  }
  std::filesystem::create_directories(work.temp / "new/keys");
  ASSERT_TRUE(system_files().create(work.temp / "new/keys/README.md", "whose keys these are"));
  const auto done = take(false);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(imported("metadata/timestamp.json"), metadata("timestamp.json"));
}

TEST_F(ImportTest, ATargetThatIsThereWithOtherBytesIsRefused) {
  put_versions();
  put("targets/dir/app.txt", "hello");
  put("targets/b.txt", "second");
  const std::string name = cat("targets/", hash_of("second"), ".b.txt");
  std::filesystem::create_directories(work.temp / "new/targets");
  ASSERT_TRUE(system_files().create(work.temp / "new" / name, "planted"));
  const auto refused = take();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_EQ(imported("metadata/timestamp.json"), "");
  ASSERT_TRUE(system_files().replace(work.temp / "new" / name, "second"));
  EXPECT_TRUE(take());
}

TEST_F(ImportTest, NothingIsWrittenBehindALink) {
  put_versions();
  for (const std::string name : {"metadata", "staging", "keys", "targets"}) {
    std::filesystem::remove_all(work.temp / "new");
    std::filesystem::create_directories(work.temp / "new");
    std::filesystem::create_directories(work.temp / "elsewhere");
    std::filesystem::create_directory_symlink(work.temp / "elsewhere", work.temp / "new" / name);
    const auto refused = take(false);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, Errc::denied);
    EXPECT_TRUE(std::filesystem::is_empty(work.temp / "elsewhere"));
  }
}

TEST_F(ImportTest, APipeAmongTheMetadataIsNotWaitedFor) {
  put_versions();
  ASSERT_EQ(::mkfifo((work.temp / "old/metadata/x.json").c_str(), 0600), 0);
  std::filesystem::create_symlink("nowhere", work.temp / "old/metadata/y.json");
  const auto done = take(false);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->left_out, (std::vector<std::string>{"x.json", "y.json", "1.targets.json"}));
}

TEST_F(ImportTest, AHoleAmongTheRootsIsTold) {
  put_versions();
  auto third = json::parse_strict(metadata("1.root.json")).value();
  member_in(third, "signed")->set("version", 3);
  put("metadata/3.root.json", json::write(third));
  const auto refused = take(false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what, "root 3 is there, and root 2 is not");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which hold all by themselves
TEST_F(ImportTest, WhatIsNotTakenOverIsNotHeld) {
  put_versions();
  const auto filler = [](int i) {
    return cat(R"({"signatures":[],"signed":{"_type":"targets","expires":"2030-01-01T00:00:00Z",)",
               R"("spec_version":"1.0.31","targets":{},"version":)", i + 10, R"(,"x":")",
               std::string(8U << 20, 'x'), "\"}}");
  };
  constexpr int kMany = 16;
  for (int i = 0; i < kMany; ++i) {
    std::ofstream(work.temp / "old/metadata" / cat("old", i, ".json")) << filler(i);
  }
  // A child, so that nothing else counts: its largest size is its own.
  const auto grown = [&](const std::function<void()>& work_to_do) {
    const pid_t child = ::fork();
    if (child == 0) {
      work_to_do();
      ::_exit(0);
    }
    rusage used{};
    int status = 0;
    EXPECT_EQ(::wait4(child, &status, 0, &used), child);
    return used.ru_maxrss;  // KiB
  };
  const long without = grown([] {});
  const long with = grown([&] { (void)take(false); });
  EXPECT_LT(with - without, 8L * 1024 * kMany / 2);
  std::filesystem::remove_all(work.temp / "new");
  const auto done = take(false);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->left_out.size(), static_cast<std::size_t>(kMany) + 1);
}
#endif

TEST_F(ImportTest, AFileThatChangesMeanwhileIsRefused) {
  put_versions();
  class Changing final : public test::ForwardingFiles {
   public:
    Result<std::string> read_plain(const Path& path, std::size_t max, Links links) override {
      SLUICE_TRY(auto text, ForwardingFiles::read_plain(path, max, links));
      if (path.filename() == "2.targets.json" && ++reads == 2) text += ' ';
      return text;
    }
    int reads = 0;
  } files;
  std::filesystem::create_directories(work.temp / "new");
  const auto refused = import_repository(
      files, work.temp / "new",
      {.metadata = work.temp / "old/metadata", .targets = Path(), .now = work.clock.now()});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().what.ends_with("2.targets.json changed while it was read"));
  EXPECT_EQ(imported("metadata/timestamp.json"), "");
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
