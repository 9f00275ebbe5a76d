// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/release.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using std::chrono::days;
using std::chrono::hours;
using test::WorkFolder;

class ReleaseTest : public testing::Test {
 protected:
  void start() {
    work.init();
    work.add("app.txt", "hello");
    publish();
  }
  void publish() {
    work.sign_all({"ann", "ben", "carla", "snap"});
    ASSERT_EQ(work.publish(), "good") << work.detail;
  }
  Version version(const std::string& role) {
    auto repository = work.open();
    return repository.version_of(RoleName(role)).value();
  }
  void delegate_without_metadata() {
    work.change([&](Repository& repository) -> Result<Edited> {
      SLUICE_TRY(auto done,
                 delegate_paths(
                     repository,
                     {.role = RoleName("libs"), .paths = {"libs/*"}, .keys = work.keys({"dora"})},
                     work.clock.now()));
      SLUICE_CHECK(repository.unstage(RoleName("libs")));
      return done;
    });
    work.sign("targets", "carla");
  }
  WorkFolder work;
};

TEST_F(ReleaseTest, NothingIsPublishedBeforeAllHaveSigned) {
  work.init();
  EXPECT_EQ(work.publish(), "tuf.publish.signatures tuf.publish.signatures");
  work.sign("root", "ann");
  work.sign("targets", "carla");
  EXPECT_EQ(work.publish(), "tuf.publish.signatures");
  EXPECT_FALSE(system_files().info(work.folder / "metadata" / "timestamp.json"));
  work.sign("root", "ben");
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(work.client("c"), "good") << work.detail;
}

TEST_F(ReleaseTest, SnapshotAndTimestampFollow) {
  start();
  EXPECT_EQ(version("snapshot"), 1);
  work.add("b.txt", "b");
  publish();
  EXPECT_EQ(version("targets"), 2);
  EXPECT_EQ(version("snapshot"), 2);
  EXPECT_EQ(version("timestamp"), 2);
  EXPECT_EQ(work.publish(), "nothing");
}

TEST_F(ReleaseTest, RefreshSignsWhatIsDueAndNothingElse) {
  start();
  EXPECT_EQ(work.refresh_online(), "nothing");
  work.clock.set(work.clock.now() + hours(13));
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(version("timestamp"), 2);
  EXPECT_EQ(version("snapshot"), 1);
  EXPECT_EQ(work.refresh_online(), "nothing");
  work.clock.set(work.clock.now() + days(4));
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(version("snapshot"), 2);
  EXPECT_EQ(version("targets"), 1);
  EXPECT_EQ(work.client("c", {"app.txt"}), "good") << work.detail;
}

TEST_F(ReleaseTest, RefreshLeavesAProposalAlone) {
  start();
  work.add("b.txt", "b");
  work.sign("targets", "carla");
  work.clock.set(work.clock.now() + hours(13));
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(version("targets"), 1);
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(version("targets"), 2);
}

TEST_F(ReleaseTest, ARefreshAfterEverythingOnlineExpiredBringsItBack) {
  start();
  work.clock.set(work.clock.now() + days(30));
  EXPECT_NE(work.client("c"), "good");
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(work.client("c"), "good") << work.detail;
}

// To a client it looks like an attack.
TEST_F(ReleaseTest, WhatExpiredAndIsNoPartOfItIsRefusedInAPublishersWords) {
  start();
  work.clock.set(work.clock.now() + days(91));
  work.change([&](Repository& repository) {
    return delegate_paths(
        repository, {.role = RoleName("libs"), .paths = {"libs/*"}, .keys = work.keys({"dora"})},
        work.clock.now());
  });
  work.sign_all({"carla", "dora"});
  ASSERT_EQ(work.publish(), "good") << work.detail;
  work.clock.set(work.clock.now() + days(80));
  work.change([&](Repository& repository) {
    return renew(repository, RoleName("libs"), work.clock.now());
  });
  work.sign("libs", "dora");
  ASSERT_EQ(work.publish(), "good") << work.detail;
  work.clock.set(work.clock.now() + days(11));
  work.add("libs/a", "library");
  work.sign("libs", "dora");
  EXPECT_EQ(work.publish(), "tuf.publish.expired");
  EXPECT_NE(work.detail.find("targets: version 2 expired 24 h ago, at "), std::string::npos)
      << work.detail;
  EXPECT_NE(work.detail.find("; sluice tuf propose --renew targets"), std::string::npos)
      << work.detail;
}

TEST_F(ReleaseTest, AnExpiredRootIsRefusedByName) {
  start();
  work.clock.set(work.clock.now() + days(366));
  EXPECT_EQ(work.publish({.force = true}), "tuf.publish.expired");
  EXPECT_NE(work.detail.find("root: version 1 expired"), std::string::npos) << work.detail;
}

TEST_F(ReleaseTest, ExpiredTargetsDoNotKeepRootFromBeingPublishedAndAreTold) {
  start();
  work.clock.set(work.clock.now() + days(91));
  work.change([&](Repository& repository) {
    return renew(repository, RoleName("root"), work.clock.now());
  });
  publish();
  EXPECT_EQ(version("root"), 2);
  EXPECT_EQ(work.waits(), "targets 1!");
}

// Nobody could sign it: it stands in memory only.
TEST_F(ReleaseTest, WhatIsPublishedAtOnceIsNotStagedForPeople) {
  start();
  const auto refused = [&](const std::string& role) {
    EXPECT_EQ(work.publish_at_once("b.txt"), "tuf.publish.signatures");
    EXPECT_TRUE(work.detail.starts_with(cat(role, ": "))) << work.detail;
    EXPECT_NE(work.detail.find("leave --publish out"), std::string::npos) << work.detail;
    EXPECT_EQ(work.detail.find("sluice tuf sign"), std::string::npos) << work.detail;
    EXPECT_FALSE(system_files().info(work.folder / "staging" / cat(role, ".json")));
  };
  refused("targets");
  work.change([&](Repository& repository) {
    return rotate_key(repository, RoleName("targets"), work.key("carla").keyid.str(),
                      work.key("online"), work.clock.now());
  });
  publish();
  const Path policy = work.folder / kPolicyFile;
  const std::string text = test::read_file(policy);
  ASSERT_TRUE(system_files().replace(
      policy, cat("kind: sluice.tuf-repo/v1\nroles:\n", "  timestamp: {online: \"online\"}\n")));
  refused("snapshot");
  ASSERT_TRUE(system_files().replace(policy, text));
  EXPECT_EQ(work.publish_at_once("b.txt"), "good") << work.detail;
}

TEST_F(ReleaseTest, ANewOnlineKeyInRootIsUsedAtOnce) {
  start();
  EXPECT_EQ(work.client("c"), "good");
  for (const std::string role : {"snapshot", "timestamp"}) {
    work.change([&](Repository& repository) {
      return rotate_key(repository, RoleName(role), work.key("online").keyid.str(),
                        work.key("online-2"), work.clock.now());
    });
  }
  publish();
  EXPECT_EQ(version("snapshot"), 2);
  EXPECT_EQ(version("timestamp"), 2);
  EXPECT_EQ(work.client("c"), "good") << work.detail;
  EXPECT_EQ(work.client("new"), "good") << work.detail;
}

TEST_F(ReleaseTest, PeopleMaySignTheSnapshotToo) {
  auto plan = work.plan();
  plan.roles[static_cast<std::size_t>(RoleType::snapshot)] = work.keys({"snap"});
  plan.policy.roles["snapshot"].online.clear();
  work.init(plan);
  work.sign_all({"ann", "ben", "carla"});
  EXPECT_EQ(work.publish(), "tuf.publish.signatures");
  work.sign("snapshot", "snap");
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(work.client("c"), "good") << work.detail;
}

TEST_F(ReleaseTest, ADelegatedRoleWithoutMetadataIsRefused) {
  start();
  delegate_without_metadata();
  EXPECT_EQ(work.publish(), "tuf.publish.missing");
}

// Who publishes at once looks at no staging, and takes nothing out of it that came meanwhile.
TEST_F(ReleaseTest, WhatSomebodyProposesWhileOthersPublishAtOnceStays) {
  start();
  work.clock.set(work.clock.now() + hours(20));
  auto mine = work.open();
  mine.ignore_staging();
  ASSERT_TRUE(
      mine.stage(RoleName("timestamp"), *mine.next(RoleName("timestamp")), work.clock.now()));
  work.change([&](Repository& repository) -> Result<Edited> {
    SLUICE_TRY(auto draft, repository.next(RoleName("timestamp")));
    SLUICE_CHECK(repository.stage(RoleName("timestamp"), std::move(draft), work.clock.now()));
    return Edited{};
  });
  const Path proposal = work.folder / "staging" / "timestamp.json";
  ASSERT_TRUE(system_files().info(proposal));
  ASSERT_TRUE(mine.unstage(RoleName("timestamp")));
  EXPECT_EQ(mine.staged(RoleName("timestamp")).value(), nullptr);
  EXPECT_TRUE(system_files().info(proposal));
  ASSERT_TRUE(work.open().unstage(RoleName("timestamp")));
  EXPECT_FALSE(system_files().info(proposal));
}

// A large snapshot is on its way to the disk before it is accepted.
TEST_F(ReleaseTest, OfALargeSnapshotThatIsRefusedNothingIsLeft) {
  start();
  work.swell_snapshot();
  const auto files = [&] { return walk(system_files(), work.folder / "metadata").value(); };
  const auto before = files();
  delegate_without_metadata();
  EXPECT_EQ(work.publish(), "tuf.publish.missing");
  EXPECT_EQ(files(), before);
  work.change([&](Repository& repository) -> Result<Edited> {
    SLUICE_CHECK(repository.unstage(RoleName("targets")));
    return Edited{};
  });
  work.add("b.txt", "b");
  publish();
  const auto size = system_files().info(work.folder / "metadata" / "2.snapshot.json")->size;
  EXPECT_GT(size, 300U << 10);
  EXPECT_EQ(files().size(), before.size() + 3);
  EXPECT_EQ(work.client("c", {"b.txt"}), "good") << work.detail;
}

TEST_F(ReleaseTest, AStagedFileOfARoleThatNobodyDelegatesToIsRefused) {
  start();
  auto repository = work.open();
  ASSERT_TRUE(
      repository.stage(RoleName("stray"), Draft::fresh(RoleType::targets), work.clock.now()));
  WorkFolder::save(repository);
  EXPECT_EQ(work.publish(), "tuf.publish.unlisted");
}

}  // namespace
}  // namespace sluice::tuf
