// SPDX-License-Identifier: Apache-2.0
// A client that dies, or finds the disk full, at each single operation that writes: what was
// trusted stays whole, and the next refresh succeeds.
#include <gtest/gtest.h>

#include <thread>
#include <tuple>

#include "base/text.h"
#include "support/failing_files.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"
#include "support/tuf/fake_repo.h"
#include "tuf/client.h"

namespace sluice::tuf {
namespace {

using test::FailingFiles;
using test::kTufNow;
using Fault = test::FileFault;

class Faults : public testing::TestWithParam<std::tuple<Fault, bool>> {
 protected:
  ClientOptions options() const {
    return {.folder = folder.path() / "cache",
            .metadata_urls = {"http://one/metadata/"},
            .target_urls = {"http://one/targets/"},
            .write_behind = std::get<1>(GetParam())};
  }
  static Fault fault() { return std::get<0>(GetParam()); }
  // init, refresh and download; what it came to.
  std::string run(Files& files) {
    Client client(files, clock, &http, options());
    if (const auto begun = client.init(repo.files.at("metadata/1.root.json")); !begun) {
      return begun.error().what;
    }
    const auto refreshed = client.refresh();
    if (!refreshed) return refreshed.error().what;
    if (!refreshed->passed()) return refreshed->report().first_failure()->detail;
    const auto found = client.find("libs/a");
    if (!found) return found.error().what;
    if (!found->passed()) return found->report().first_failure()->detail;
    const auto fetched = client.download({*found->value()}, folder / "out");
    if (!fetched) return fetched.error().what;
    if (const auto settled = client.settle(); !settled) return settled.error().what;
    return fetched->passed() ? "good" : fetched->report().first_failure()->detail;
  }
  void first_versions() {
    repo.delegate("targets", "libs", {"libs/*"});
    repo.add_target("libs", "libs/a", "one");
    repo.publish({"libs", "targets", "snapshot", "timestamp"});
  }
  // Everything that a client may have: new keys, a new root, a new target.
  void next_versions() {
    repo.add_target("libs", "libs/a", "two");
    repo.set_keys("timestamp", {test::make_tuf_key()}, 1);
    repo.set_version("timestamp", 3);
    repo.publish({"root", "libs", "targets", "snapshot", "timestamp"});
  }

  test::TempFolder folder;
  test::FakeRepo repo;
  test::RepoHttp http{repo};
  test::FakeClock clock;
};

TEST_P(Faults, AnInterruptedRunIsMadeGoodByTheNextOne) {
  clock.set(kTufNow);
  first_versions();
  const auto before = repo.files;
  next_versions();
  const auto after = repo.files;
  int struck = 0;
  for (int at = 0;; ++at) {
    std::filesystem::remove_all(folder / "cache");
    std::filesystem::remove_all(folder / "out");
    repo.files = before;
    // A first run, or an update.
    if (at % 2 == 1) {
      ASSERT_EQ(run(system_files()), "good");
    }
    repo.files = after;
    FailingFiles faulty(at / 2, fault());
    const std::string outcome = run(faulty);
    if (!faulty.struck()) {
      EXPECT_EQ(outcome, "good");
      if (at % 2 == 1) break;
      continue;
    }
    ++struck;
    const std::string target = test::read_file(folder / "out/libs/a");
    EXPECT_TRUE(target.empty() || target == "one" || target == "two") << at;
    EXPECT_EQ(run(system_files()), "good") << "after operation " << at / 2;
    EXPECT_EQ(test::read_file(folder / "out/libs/a"), "two");
    EXPECT_EQ(test::read_file(folder / "cache/root.json"), after.at("metadata/2.root.json"));
  }
  EXPECT_GE(struck, 16);
}

TEST_P(Faults, AFaultNeverForgetsWhatWasSeen) {
  // The timestamp that was trusted before the fault still tells a rollback after it.
  clock.set(kTufNow);
  first_versions();
  const auto old = repo.files;
  repo.publish({"targets", "snapshot", "timestamp"});
  ASSERT_EQ(run(system_files()), "good");
  repo.add_target("libs", "libs/a", "two");
  repo.publish({"libs", "targets", "snapshot", "timestamp"});
  for (int at = 0; at < 6; ++at) {
    FailingFiles faulty(at, fault());
    (void)run(faulty);
    const auto now = repo.files;
    repo.files = old;
    const std::string outcome = run(system_files());
    EXPECT_NE(outcome.find("rollback attack"), std::string::npos) << at << ": " << outcome;
    repo.files = now;
  }
}

std::string fault_name(const testing::TestParamInfo<std::tuple<Fault, bool>>& each) {
  const auto [fault, behind] = each.param;
  const std::string_view name = fault == Fault::full_disk      ? "FullDisk"
                                : fault == Fault::death_before ? "DeathBefore"
                                                               : "DeathAfter";
  return cat(name, behind ? "Behind" : "");
}

INSTANTIATE_TEST_SUITE_P(All, Faults,
                         testing::Combine(testing::Values(Fault::full_disk, Fault::death_before,
                                                          Fault::death_after),
                                          testing::Bool()),
                         fault_name);

TEST(SharedCache, TwentyClientsAtATimeAllSucceed) {
  test::TempFolder folder;
  test::FakeRepo repo;
  test::RepoHttp http(repo);
  test::FakeClock clock;
  clock.set(kTufNow);
  const ClientOptions options{.folder = folder / "cache",
                              .metadata_urls = {"http://one/metadata/"},
                              .target_urls = {"http://one/targets/"},
                              .write_behind = true};
  for (int i = 0; i < 5; ++i) repo.publish({"root"});
  ASSERT_TRUE(
      Client(system_files(), clock, &http, options).init(repo.files.at("metadata/1.root.json")));
  std::vector<std::string> outcomes(20);
  {
    std::vector<std::jthread> threads;
    for (auto& outcome : outcomes) {
      threads.emplace_back([&] {
        Client client(system_files(), clock, &http, options);
        const auto verdict = client.refresh();
        outcome = !verdict            ? verdict.error().text()
                  : verdict->passed() ? "good"
                                      : verdict->report().first_failure()->detail;
      });
    }
  }
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome, "good");
  EXPECT_EQ(test::read_file(folder / "cache/root.json"), repo.files.at("metadata/6.root.json"));
}

}  // namespace
}  // namespace sluice::tuf
