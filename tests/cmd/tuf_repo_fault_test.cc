// SPDX-License-Identifier: Apache-2.0
// The commands that keep a repository, on a disk that is full, in a place that is read-only, and
// killed on their way: a client reads what it read before or what was to come, and the same command
// again ends well.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cmd/served_sigstore.h"
#include "crypto/private_key.h"
#include "support/failing_files.h"
#include "support/killed.h"

namespace sluice {
namespace {

using std::chrono::days;
using test::FailingFiles;
using test::FileFault;
using test::Told;
using Words = std::vector<std::string>;

constexpr int kMostOperations = 200;  // more than one of these commands ever makes

class TufRepoFaults : public testing::Test {
 protected:
  // Every key is online, so that one command does it all. Two releases, then a month.
  TufRepoFaults() {
    for (const std::string name : {"ROOT", "TARGETS", "ONLINE"}) {
      const auto key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
      const auto pem = key->to_pkcs8_pem();
      environment.values[name] = std::string(pem->reveal_text());
    }
    EXPECT_EQ(tuf({"init", "--root-signer", "env:ROOT", "--targets-signer", "env:TARGETS",
                   "--online-signer", "env:ONLINE", repo()})
                  .code,
              0);
    expect_good({"publish", "--repo", repo()});
    for (const std::string content : {"one", "two"}) {
      std::filesystem::create_directories(folder / "in");
      std::ofstream(folder / "in/app.txt") << content;
      expect_good({"add", "--publish", "--repo", repo(), (folder / "in").native()});
    }
    clock.set(clock.now() + days(30));
    expect_good({"refresh-online", "--repo", repo()});
    std::ofstream(folder / "in/app.txt") << "three";
    std::filesystem::copy(repo(), folder / "base", std::filesystem::copy_options::recursive);
  }
  std::string repo() const { return (folder / "repo").native(); }
  void again() const {
    std::filesystem::remove_all(repo());
    std::filesystem::copy(folder / "base", repo(), std::filesystem::copy_options::recursive);
  }
  Told tuf(Words words, Files& files = system_files()) {
    words.insert(words.begin(), "tuf");
    test::KeptConsole console;
    const World world{clock, files, environment, random, system_processes()};
    const int code = cli::run_program(console, world, "sluice", words);
    return {code, std::move(console.out), std::move(console.err)};
  }
  void expect_good(const Words& words) {
    const Told told = tuf(words);
    EXPECT_EQ(told.code, 0) << join(words, " ") << "\n" << told.all();
  }
  void a_client_accepts_it(int at) {
    const Told told = tuf({"verify", "--deep", repo()});
    EXPECT_EQ(told.code, 0) << at << "\n" << told.all();
  }
  std::size_t count() const {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "repo")) {
      files += entry.is_regular_file() ? 1 : 0;
    }
    return files;
  }
  // Each operation that writes finds the disk full; how many there were.
  int fill_the_disk(const Words& words) {
    for (int at = 0; at < kMostOperations; ++at) {
      again();
      FailingFiles files(at, FileFault::full_disk);
      const Told told = tuf(words, files);
      if (!files.struck()) {
        EXPECT_EQ(told.code, 0) << told.all();
        return at;
      }
      EXPECT_EQ(told.code, 3) << at << "\n" << told.all();
      EXPECT_NE(told.err.find("No space left"), std::string::npos) << at << "\n" << told.all();
      a_client_accepts_it(at);
      expect_good(words);
      a_client_accepts_it(at);
    }
    ADD_FAILURE() << "it never ended";
    return 0;
  }
  // Killed as it enters each system call that writes; how many there were.
  int kill(const Words& words) {
    for (int at = 0; at < kMostOperations; ++at) {
      again();
      const auto ran = test::work_killed_at(at, [&] { return tuf(words).code; });
      if (!ran) return -1;
      a_client_accepts_it(at);
      expect_good(words);
      a_client_accepts_it(at);
      if (ran->killed) continue;
      EXPECT_EQ(ran->exit_code, 0);
      return at;
    }
    ADD_FAILURE() << "it never ended";
    return 0;
  }

  test::TempFolder folder;
  test::FakeClock clock;
  test::FakeEnvironment environment;
  test::FakeRandom random;
};

TEST_F(TufRepoFaults, FullDiskWhileAddingAndPublishing) {
  EXPECT_GE(fill_the_disk({"add", "--publish", "--repo", repo(), (folder / "in").native()}), 8);
}

TEST_F(TufRepoFaults, FullDiskWhileRenewing) {
  clock.set(clock.now() + std::chrono::hours(20));
  EXPECT_GE(fill_the_disk({"refresh-online", "--repo", repo()}), 4);
}

TEST_F(TufRepoFaults, AFullDiskIsCleanedAllTheSame) {
  const std::size_t before = count();
  FailingFiles files(0, FileFault::full_disk);
  const Told told = tuf({"clean", "--repo", repo()}, files);
  EXPECT_EQ(told.code, 0) << told.all();
  EXPECT_TRUE(files.struck());
  EXPECT_LT(count(), before);
  a_client_accepts_it(0);
}

TEST_F(TufRepoFaults, FullDiskWhileProposing) {
  EXPECT_GE(fill_the_disk({"add", "--repo", repo(), (folder / "in").native()}), 4);
  EXPECT_GE(fill_the_disk({"propose", "--renew", "targets", "--repo", repo()}), 2);
}

TEST_F(TufRepoFaults, KilledWhileCleaningItRemovesNothingThatIsReached) {
  const std::size_t before = count();
  const int calls = kill({"clean", "--repo", repo()});
  if (calls < 0) GTEST_SKIP() << "this machine does not allow to trace a process";
  EXPECT_GE(calls, 8);
  EXPECT_LT(count(), before);
}

TEST_F(TufRepoFaults, KilledWhileRenewing) {
  clock.set(clock.now() + std::chrono::hours(20));
  const int calls = kill({"refresh-online", "--repo", repo()});
  if (calls < 0) GTEST_SKIP() << "this machine does not allow to trace a process";
  EXPECT_GE(calls, 8);
}

// A place that is published to first: killed in between, the folder is behind it, and never the
// other way round.
class TufPlaceFaults : public TufRepoFaults {
 protected:
  TufPlaceFaults() {
    clock.set(clock.now() + days(1));
    std::filesystem::remove_all(folder / "base");
    again_from(folder / "repo");
  }
  std::string place() const { return (folder / "place").native(); }
  Words to_place(Words words) const {
    words.insert(words.end(), {"--to", place(), "--repo", repo()});
    return words;
  }
  void again_from(const Path& from) {
    std::filesystem::copy(from, folder / "base", std::filesystem::copy_options::recursive);
  }
  std::int64_t version_of(const std::string& of) {
    const auto text = system_files().read(Path(of) / "metadata/timestamp.json", 1U << 20);
    if (!text) return 0;
    const auto at = text->rfind("\"version\":");
    return at == std::string::npos ? 0 : std::stoll(text->substr(at + 10));
  }
  void expect_accepted(const std::string& where, int at) {
    const Told told = tuf({"verify", where});
    EXPECT_EQ(told.code, 0) << at << where << "\n" << told.all();
  }
  // Each kill, then the same a minute later: its timestamp is another one by then.
  int kill_each(const Words& words) {
    std::filesystem::copy(place(), folder / "base-place", std::filesystem::copy_options::recursive);
    for (int at = 0; at < 2 * kMostOperations; ++at) {
      again();
      std::filesystem::remove_all(place());
      std::filesystem::copy(folder / "base-place", place(),
                            std::filesystem::copy_options::recursive);
      const auto ran = test::work_killed_at(at, [&] { return tuf(words).code; });
      if (!ran) return -1;
      const auto seen = version_of(place());
      expect_accepted(repo(), at);
      expect_accepted(place(), at);
      EXPECT_GE(seen, version_of(repo())) << at;
      const Time now = clock.now();
      clock.set(now + std::chrono::minutes(1));
      expect_good(words);
      clock.set(now);
      EXPECT_GE(version_of(place()), seen) << at;
      EXPECT_EQ(version_of(place()), version_of(repo())) << at;
      expect_accepted(repo(), at);
      expect_accepted(place(), at);
      if (!ran->killed) return at;
    }
    ADD_FAILURE() << "it never ended";
    return 0;
  }
};

TEST_F(TufPlaceFaults, KilledWhilePublishingToAPlaceTheSameAgainEndsWell) {
  expect_good(to_place({"refresh-online"}));
  std::filesystem::remove_all(folder / "base");
  again_from(folder / "repo");
  clock.set(clock.now() + std::chrono::hours(20));
  const int calls = kill_each(to_place({"publish", "--new-timestamp"}));
  if (calls < 0) GTEST_SKIP() << "this machine does not allow to trace a process";
  EXPECT_GE(calls, 20);
}

TEST_F(TufPlaceFaults, KilledWhileANewRootIsPublishedToAPlace) {
  expect_good(to_place({"refresh-online"}));
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  environment.values["OTHER"] = std::string(other->to_pkcs8_pem()->reveal_text());
  expect_good({"propose", "--renew", "root", "--repo", repo()});
  std::filesystem::remove_all(folder / "base");
  again_from(folder / "repo");
  const int calls = kill_each(to_place({"publish"}));
  if (calls < 0) GTEST_SKIP() << "this machine does not allow to trace a process";
  EXPECT_GE(calls, 20);
}

TEST_F(TufRepoFaults, AReadOnlyPlaceCanBeLookedAtAndSaysWhyItCannotBeChanged) {
  for (const Words& words : {Words{"status", "--repo", repo()}, Words{"verify", repo()}}) {
    FailingFiles files(0, FileFault::read_only);
    const Told told = tuf(words, files);
    EXPECT_EQ(told.code, 0) << join(words, " ") << "\n" << told.all();
  }
  clock.set(clock.now() + std::chrono::hours(20));
  for (const Words& words :
       {Words{"add", "--repo", repo(), (folder / "in").native()},
        Words{"propose", "--renew", "targets", "--repo", repo()},
        Words{"publish", "--new-timestamp", "--repo", repo()},
        Words{"refresh-online", "--repo", repo()}, Words{"clean", "--repo", repo()}}) {
    FailingFiles files(0, FileFault::read_only);
    const Told told = tuf(words, files);
    EXPECT_EQ(told.code, 3) << join(words, " ") << "\n" << told.all();
    EXPECT_NE(told.err.find("Read-only file system"), std::string::npos) << told.all();
    EXPECT_TRUE(files.struck());
  }
}

}  // namespace
}  // namespace sluice
