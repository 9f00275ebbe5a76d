// SPDX-License-Identifier: Apache-2.0
// What refresh-online renews, whatever waits for people, and what it says of that.
#include "tufrepo/due.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::WorkFolder;

class DueTest : public testing::Test {
 protected:
  void start() { start(work.plan()); }
  void start(const NewRepository& plan) {
    work.init(plan);
    work.add("app.txt", "hello");
    publish();
  }
  void publish(const std::string& expected = "good") {
    work.sign_all({"ann", "ben", "carla", "dora", "snap"});
    EXPECT_EQ(work.publish(), expected) << work.detail;
  }
  // A role of the online key, or of those keys.
  void delegate_nightly(const RoleKeySet& keys) {
    work.change([&](Repository& repository) {
      return delegate_paths(
          repository, {.role = RoleName("nightly"), .paths = {"nightly/*"}, .keys = keys}, now());
    });
    EXPECT_EQ(work.problem, "");
    publish();
  }
  NewRepository plan_with_nightly() {
    auto plan = work.plan();
    auto of = plan.policy.of(RoleName("nightly"));
    of.online = {"online"};
    plan.policy.roles["nightly"] = of;
    return plan;
  }
  static void by_people(NewRepository& plan, RoleType type) {
    plan.policy.roles[std::string(name(type))].online.clear();
  }
  void pass(seconds time) { work.clock.set(now() + time); }
  Time now() const { return work.clock.now(); }
  Version version(const std::string& role) {
    auto repository = work.open();
    return repository.version_of(RoleName(role)).value();
  }
  void renew_and_sign(const std::string& role) {
    work.change([&](Repository& repository) { return renew(repository, RoleName(role), now()); });
    work.sign_all({"ann", "ben", "carla", "dora", "snap"});
  }
  bool staged(const std::string& role) const {
    return system_files().info(work.folder / "staging" / cat(role, ".json")).has_value();
  }
  std::string why(std::size_t at = 0) const {
    return at < work.waiting.size() ? work.waiting[at].why : "nothing";
  }
  std::string next(std::size_t at = 0) const {
    return at < work.waiting.size() ? work.waiting[at].next : "nothing";
  }
  WorkFolder work;
};

TEST_F(DueTest, RolesOfPeopleAreToldTwoWeeksBeforeTheyExpire) {
  start();
  pass(days(76));
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(work.waits(), "");
  pass(seconds(1));
  EXPECT_EQ(work.refresh_online(), "nothing");
  EXPECT_EQ(work.waits(), "targets 1");
  EXPECT_EQ(next(), "sluice tuf propose --renew targets");
  EXPECT_TRUE(work.waiting[0].says(now()).starts_with("version 1 is good until "));
  renew_and_sign("targets");
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(work.refresh_online(), "nothing");
  EXPECT_EQ(work.waits(), "");
}

// Renewing it again would drop what was signed.
TEST_F(DueTest, WhereARenewalIsProposedItsSignaturesAreNext) {
  start();
  pass(days(80));
  work.change(
      [&](Repository& repository) { return renew(repository, RoleName("targets"), now()); });
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(work.waits(), "targets 1");
  EXPECT_EQ(next(), "sluice tuf status");
}

TEST_F(DueTest, ExpiredTargetsKeepNothingElseFromBeingRenewed) {
  start(plan_with_nightly());
  delegate_nightly(work.keys({"online"}));
  pass(days(91));
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(version("nightly"), 2);
  EXPECT_EQ(version("snapshot"), 3);
  EXPECT_EQ(version("timestamp"), 3);
  EXPECT_EQ(work.waits(), "targets 2!");
  EXPECT_NE(work.waiting[0].says(now()).find("clients refuse everything"), std::string::npos);
  EXPECT_EQ(work.client("c"), "tuf.targets.expired");
  renew_and_sign("targets");
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(work.client("c", {"app.txt"}), "good") << work.detail;
}

TEST_F(DueTest, NeitherDoesARootThatExpired) {
  start();
  pass(days(366));
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(work.waits(), "root 1!, targets 1!");
  EXPECT_EQ(version("timestamp"), 2);
  EXPECT_EQ(work.client("c"), "tuf.root.expired");
}

// Whoever delegates to an online role, and to which role it does.
TEST_F(DueTest, NorDoesATeamWhoseRoleExpired) {
  start(plan_with_nightly());
  work.change([&](Repository& repository) -> Result<Edited> {
    SLUICE_TRY(
        auto done,
        delegate_paths(repository,
                       {.role = RoleName("libs"), .paths = {"libs/*"}, .keys = work.keys({"dora"})},
                       now()));
    SLUICE_TRY(const auto below, delegate_paths(repository,
                                                {.parent = RoleName("libs"),
                                                 .role = RoleName("nightly"),
                                                 .paths = {"libs/nightly/*"},
                                                 .keys = work.keys({"online"})},
                                                now()));
    done.add(below);
    return done;
  });
  EXPECT_EQ(work.problem, "");
  publish();
  pass(days(60));
  renew_and_sign("targets");
  EXPECT_EQ(work.publish(), "good") << work.detail;
  pass(days(31));
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(version("nightly"), 2);
  EXPECT_EQ(work.waits(), "libs 1!");
  EXPECT_NE(work.waiting[0].says(now()).find("clients refuse what it lists"), std::string::npos);
  EXPECT_EQ(work.client("c", {"app.txt"}), "good") << work.detail;
}

TEST_F(DueTest, ATimestampWithoutAnOnlineKeyIsToldWhenItIsDue) {
  auto plan = work.plan();
  by_people(plan, RoleType::timestamp);
  plan.roles[static_cast<std::size_t>(RoleType::timestamp)] = work.keys({"snap"});
  work.init(plan);
  publish("tuf.publish.signatures");
  publish();
  pass(hours(12));
  EXPECT_EQ(work.refresh_online(), "nothing");
  EXPECT_EQ(work.waits(), "");
  pass(hours(8));
  EXPECT_EQ(work.refresh_online(), "nothing");
  EXPECT_EQ(work.waits(), "timestamp 1");
  EXPECT_EQ(why(), "tuf-repo.yaml names no online key for it");
  EXPECT_EQ(next(), "sluice tuf propose --renew timestamp");
  renew_and_sign("timestamp");
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(version("timestamp"), 2);
  EXPECT_FALSE(staged("timestamp"));
  EXPECT_EQ(work.client("c"), "good") << work.detail;
}

TEST_F(DueTest, NothingIsProposedByARefresh) {
  auto plan = plan_with_nightly();
  by_people(plan, RoleType::timestamp);
  by_people(plan, RoleType::snapshot);
  plan.roles[static_cast<std::size_t>(RoleType::snapshot)] = work.keys({"snap"});
  plan.roles[static_cast<std::size_t>(RoleType::timestamp)] = work.keys({"snap"});
  work.init(plan);
  for (const std::string each : {"tuf.publish.signatures", "tuf.publish.signatures", "good"}) {
    publish(each);
  }
  pass(hours(26));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(work.refresh_online(), "nothing") << work.detail;
    EXPECT_EQ(work.waits(), "timestamp 1!");
    EXPECT_FALSE(staged("timestamp"));
  }
}

TEST_F(DueTest, WhatPeopleSignASnapshotOrATimestampForWaitsForThem) {
  for (const auto type : {RoleType::snapshot, RoleType::timestamp}) {
    WorkFolder other;
    other.clock.set(now());
    auto plan = other.plan();
    plan.policy.roles["root"] = plan.policy.of(RoleName("root"));
    for (const std::string role : {"root", "targets"}) {
      auto of = plan.policy.of(RoleName(role));
      of.online = {"online"};
      plan.policy.roles[role] = of;
    }
    plan.roles[static_cast<std::size_t>(RoleType::root)] = other.keys({"online"});
    plan.roles[static_cast<std::size_t>(RoleType::targets)] = other.keys({"online"});
    by_people(plan, type);
    plan.roles[static_cast<std::size_t>(type)] = other.keys({"snap"});
    other.init(plan);
    EXPECT_EQ(other.publish(), "tuf.publish.signatures");
    other.sign_all({"snap"});
    EXPECT_EQ(other.publish(), "good") << other.detail;
    other.clock.set(now() + days(200));
    EXPECT_EQ(other.refresh_online(), type == RoleType::snapshot ? "good" : "nothing");
    EXPECT_EQ(other.waits(), type == RoleType::snapshot
                                 ? "targets 1!, snapshot 1!"
                                 : "root 1, targets 1!, snapshot 1!, timestamp 1!");
    EXPECT_EQ(other.waiting[0].why, cat("people sign ", name(type), ", which comes after it"));
    auto repository = other.open();
    EXPECT_EQ(repository.version_of(RoleName("root")).value(), type == RoleType::snapshot ? 2 : 1);
  }
}

TEST_F(DueTest, RootIsRenewedWhereItsKeysAreOnline) {
  auto plan = work.plan();
  plan.roles[static_cast<std::size_t>(RoleType::root)] = work.keys({"online"});
  auto of = plan.policy.of(RoleName("root"));
  of.online = {"online"};
  plan.policy.roles["root"] = of;
  start(plan);
  EXPECT_EQ(work.client("c"), "good") << work.detail;
  pass(days(366));
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(version("root"), 2);
  EXPECT_EQ(work.waits(), "targets 1!");
  renew_and_sign("targets");
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(work.client("c", {"app.txt"}), "good") << work.detail;
}

TEST_F(DueTest, AKeyThatCannotBeOpenedIsTheReasonAndKeepsOthersFromNothing) {
  start(plan_with_nightly());
  delegate_nightly(work.keys({"online-2"}));
  pass(days(50));
  work.broken = {"online-2"};
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(version("nightly"), 1);
  EXPECT_EQ(version("timestamp"), 3);
  EXPECT_EQ(work.waits(), "nightly 1");
  EXPECT_EQ(why(), "the password does not open the key, while signing nightly");
  EXPECT_EQ(next(), "sluice tuf refresh-online");
  work.broken.clear();
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(version("nightly"), 2);
  EXPECT_EQ(work.waits(), "");
}

TEST_F(DueTest, WithoutASnapshotOnlyTheTimestampIsRenewed) {
  auto plan = plan_with_nightly();
  plan.roles[static_cast<std::size_t>(RoleType::snapshot)] = work.keys({"online-2"});
  start(plan);
  delegate_nightly(work.keys({"online"}));
  pass(days(50));
  work.broken = {"online-2"};
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(version("nightly"), 1);
  EXPECT_EQ(version("snapshot"), 2);
  EXPECT_EQ(version("timestamp"), 3);
  EXPECT_EQ(work.waits(), "snapshot 2!, nightly 1");
  EXPECT_EQ(why(1), "snapshot could not be signed");
}

TEST_F(DueTest, WithoutATimestampNothingIs) {
  start();
  pass(hours(20));
  work.broken = {"online"};
  EXPECT_EQ(work.refresh_online(),
            "error: the password does not open the key, while signing timestamp");
  EXPECT_EQ(work.publish({.force = true}),
            "error: the password does not open the key, while signing timestamp");
}

TEST_F(DueTest, AKeyThatCannotBeOpenedIsNotMissedWhereOthersAreEnough) {
  auto plan = work.plan();
  plan.roles[static_cast<std::size_t>(RoleType::timestamp)] = work.keys({"online", "online-2"});
  start(plan);
  pass(hours(20));
  work.broken = {"online-2"};
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(version("timestamp"), 2);
}

TEST_F(DueTest, AnOnlineKeyThatIsNotEnoughLeavesTheRestToPeople) {
  start(plan_with_nightly());
  delegate_nightly(work.keys({"online", "dora"}, 2));
  pass(days(50));
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(work.waits(), "nightly 1");
  EXPECT_TRUE(why().starts_with("version 2 has 1 of 2 signatures of ")) << why();
  EXPECT_EQ(next(), "sluice tuf propose --renew nightly");
  renew_and_sign("nightly");
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(version("nightly"), 2);
}

TEST_F(DueTest, AClockBehindWhatIsPublishedIsTold) {
  start();
  const Time made = now();
  work.clock.set(made - minutes(10));
  EXPECT_EQ(work.publish({.force = true}), "good") << work.detail;
  EXPECT_EQ(work.warning, "");
  work.clock.set(made - days(2));
  EXPECT_EQ(work.refresh_online(), "nothing");
  EXPECT_NE(work.warning.find("the clock is behind"), std::string::npos);
  EXPECT_EQ(work.publish({.force = true}), "good") << work.detail;
  EXPECT_NE(work.warning.find("the clock is behind"), std::string::npos);
}

TEST_F(DueTest, BeforeTheFirstPublicationThereIsNothingToRenew) {
  work.init();
  EXPECT_EQ(work.refresh_online(), "error: nothing is published yet");
}

}  // namespace
}  // namespace sluice::tuf
