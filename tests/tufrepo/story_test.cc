// SPDX-License-Identifier: Apache-2.0
// A year of a repository with a set clock: releases, delegations, expiries, rotation, a stolen key
// and what follows. Each state is read by a client that has seen every state before it, and by one
// that begins with the first root.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"
#include "tufrepo/audit.h"

namespace sluice::tuf {
namespace {

using std::chrono::days;
using std::chrono::hours;
using test::WorkFolder;
using Names = std::vector<std::string>;

class Story : public testing::Test {
 protected:
  // What all clients must see now.
  void everybody_reads(const Names& targets) {
    EXPECT_EQ(work.client("faithful", targets), "good") << work.detail;
    EXPECT_EQ(work.client(cat("new-", ++newcomers_), targets), "good") << work.detail;
    const ReadMetadata read = [&](const std::string& name,
                                  std::size_t max) -> Result<std::optional<std::string>> {
      auto text = system_files().read(work.folder / "metadata" / name, max);
      if (!text) return std::nullopt;
      return *std::move(text);
    };
    const auto seen = audit(read, {.now = work.clock.now()});
    ASSERT_TRUE(seen);
    EXPECT_TRUE(seen->report.passed()) << seen->report.first_failure()->detail;
  }
  void nobody_reads(const std::string& id) {
    EXPECT_EQ(work.client("faithful"), id) << work.detail;
    EXPECT_EQ(work.client(cat("new-", ++newcomers_)), id) << work.detail;
  }
  void publish(const Names& people) {
    work.sign_all(people);
    EXPECT_EQ(work.publish(), "good") << work.detail;
  }
  template <class Edit>
  void change(Edit edit) {
    work.change(edit);
    EXPECT_EQ(work.problem, "");
  }
  void pass(std::chrono::seconds time) { work.clock.set(work.clock.now() + time); }
  // A cron job each six hours.
  void days_go_by(int count) {
    for (int i = 0; i < count * 4; ++i) {
      pass(hours(6));
      const auto done = work.refresh_online();
      EXPECT_TRUE(done == "good" || done == "nothing") << done << " " << work.detail;
    }
  }
  Version version(const std::string& role) {
    auto repository = work.open();
    return repository.version_of(RoleName(role)).value();
  }

  WorkFolder work;
  int newcomers_ = 0;
};

TEST_F(Story, AYear) {
  work.init();
  work.add("app/1.0", "one");
  publish({"ann", "ben", "carla"});
  everybody_reads({"app/1.0"});

  days_go_by(20);
  everybody_reads({"app/1.0"});
  work.add("app/1.1", "one point one");
  publish({"carla"});
  everybody_reads({"app/1.0", "app/1.1"});

  // A team of its own.
  change([&](Repository& repository) {
    return delegate_paths(
        repository,
        {.role = RoleName("libs"), .paths = {"libs/*"}, .keys = work.keys({"dora", "eva"}, 2)},
        work.clock.now());
  });
  publish({"carla", "dora", "eva"});
  work.add("libs/a", "library");
  publish({"dora", "eva"});
  everybody_reads({"app/1.1", "libs/a"});

  // Nobody renews targets: clients stop, and go on when somebody does.
  days_go_by(100);
  nobody_reads("tuf.targets.expired");
  change([&](Repository& repository) -> Result<Edited> {
    SLUICE_TRY(auto done, renew(repository, RoleName("targets"), work.clock.now()));
    SLUICE_TRY(const auto libs, renew(repository, RoleName("libs"), work.clock.now()));
    done.add(libs);
    return done;
  });
  publish({"carla", "dora", "eva"});
  everybody_reads({"libs/a"});

  // Ben leaves; the new root is signed by old and new keys.
  change([&](Repository& repository) {
    return rotate_key(repository, RoleName("root"), work.key("ben").keyid.str(), work.key("finn"),
                      work.clock.now());
  });
  work.sign("root", "finn");
  EXPECT_EQ(work.publish(), "tuf.publish.signatures tuf.publish.signatures");
  publish({"ann", "ben"});
  EXPECT_EQ(version("root"), 2);
  everybody_reads({"app/1.0", "libs/a"});

  // The cron job is down for two days.
  pass(days(2));
  nobody_reads("tuf.timestamp.expired");
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  everybody_reads({"libs/a"});

  // The online key is stolen: it goes, and clients forget the versions that it may have raised.
  change([&](Repository& repository) {
    return revoke_key(repository, work.key("online").keyid.str(), work.key("online-2"),
                      work.clock.now());
  });
  publish({"ann", "finn"});
  EXPECT_EQ(version("root"), 3);
  everybody_reads({"app/1.0", "libs/a"});

  // The targets key is stolen: what it listed goes with it.
  change([&](Repository& repository) -> Result<Edited> {
    SLUICE_TRY(auto done, revoke_key(repository, work.key("carla").keyid.str(), work.key("gwen"),
                                     work.clock.now()));
    SLUICE_TRY(const auto removed, remove_targets(repository, {"app/1.1"}, work.clock.now()));
    done.add(removed);
    return done;
  });
  publish({"ann", "finn", "gwen"});
  everybody_reads({"app/1.0", "libs/a"});
  EXPECT_EQ(work.client("faithful", {"app/1.1"}), "tuf.target.unknown");

  // Many targets: bins, which the online key signs.
  change([&](Repository& repository) {
    return remove_delegation(repository, RoleName("targets"), RoleName("libs"), work.clock.now());
  });
  publish({"gwen"});
  change([&](Repository& repository) {
    return delegate_bins(repository, {.bits = 3, .keys = work.keys({"dora"})}, work.clock.now());
  });
  publish({"gwen", "dora"});
  everybody_reads({"app/1.0"});
  work.add("app/2.0", "two");
  publish({"dora"});
  everybody_reads({"app/1.0", "app/2.0"});

  // Root before it expires, and the end of the year.
  change([&](Repository& repository) {
    return renew(repository, RoleName("root"), work.clock.now());
  });
  publish({"ann", "finn"});
  days_go_by(30);
  everybody_reads({"app/2.0"});
}

}  // namespace
}  // namespace sluice::tuf
