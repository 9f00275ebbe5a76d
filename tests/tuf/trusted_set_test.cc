// SPDX-License-Identifier: Apache-2.0
#include "tuf/trusted_set.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/text.h"
#include "support/tuf/fake_repo.h"

namespace sluice::tuf {
namespace {

using std::chrono::days;
using test::FakeRepo;
using test::kTufNow;
using test::make_tuf_key;

template <class T>
std::string refusal(const Verdict<T>& verdict) {
  const Check* failure = verdict.report().first_failure();
  return failure == nullptr ? "none" : failure->id;
}

template <class T>
std::string words(const Verdict<T>& verdict) {
  const Check* failure = verdict.report().first_failure();
  return failure == nullptr ? "" : failure->detail;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

class TrustedSetTest : public testing::Test {
 protected:
  const std::string& file(const std::string& name) { return repo.files.at("metadata/" + name); }

  TrustedSet at_root(Time now = kTufNow) {
    auto verdict = TrustedSet::start(file("1.root.json"), {.now = now});
    EXPECT_EQ(refusal(verdict), "none");
    return *verdict.value();
  }
  TrustedSet at_timestamp() {
    auto set = at_root();
    EXPECT_TRUE(set.finish_root().passed());
    EXPECT_EQ(refusal(set.update_timestamp(file("timestamp.json"), Origin::repository)), "none");
    return set;
  }
  TrustedSet at_snapshot(const std::string& name = "1.snapshot.json") {
    auto set = at_timestamp();
    EXPECT_EQ(refusal(set.update_snapshot(file(name), Origin::repository)), "none");
    return set;
  }
  std::string timestamp_refusal() {
    auto set = at_root();
    EXPECT_TRUE(set.finish_root().passed());
    return refusal(set.update_timestamp(file("timestamp.json"), Origin::repository));
  }

  FakeRepo repo;
};

TEST_F(TrustedSetTest, TakesWhatIsSignedAndInOrder) {
  repo.add_target("targets", "a.txt", "hello");
  repo.publish({"targets", "snapshot", "timestamp"});
  auto set = at_snapshot("2.snapshot.json");
  EXPECT_TRUE(set.snapshot_current());
  const auto verdict = set.update_targets(file("2.targets.json"), RoleName("targets"), nullptr);
  ASSERT_EQ(refusal(verdict), "none");
  EXPECT_EQ(verdict.value()->version, 2);
  const Targets* targets = set.targets(RoleName("targets"), nullptr);
  ASSERT_NE(targets, nullptr);
  const auto found = targets->find("a.txt");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->length, 5U);
}

TEST_F(TrustedSetTest, CallsOutOfOrderAreRefused) {
  auto set = at_root();
  EXPECT_EQ(refusal(set.update_timestamp(file("timestamp.json"), Origin::repository)),
            "tuf.timestamp.order");
  EXPECT_EQ(refusal(set.update_snapshot(file("1.snapshot.json"), Origin::repository)),
            "tuf.snapshot.order");
  EXPECT_EQ(refusal(set.update_targets(file("1.targets.json"), RoleName("targets"), nullptr)),
            "tuf.targets.order");
  EXPECT_TRUE(set.finish_root().passed());
  repo.publish({"root"});
  EXPECT_EQ(refusal(set.update_root(file("2.root.json"))), "tuf.root.order");
}

TEST_F(TrustedSetTest, StartsFromAnExpiredRootAndRefusesOneThatDoesNotSignItself) {
  EXPECT_TRUE(TrustedSet::start(file("1.root.json"), {.now = kTufNow + days(900)}).passed());
  const std::string other = FakeRepo::sign(repo.part("root"), {make_tuf_key()});
  EXPECT_EQ(refusal(TrustedSet::start(other, {.now = kTufNow})), "tuf.root.signature");
}

TEST_F(TrustedSetTest, ARootThatNoneCanFollowIsNoRoot) {
  constexpr auto kLargest = std::numeric_limits<Version>::max();
  repo.part("root").set("version", kLargest - 1);
  EXPECT_TRUE(TrustedSet::start(repo.sign("root"), {.now = kTufNow}).passed());
  repo.part("root").set("version", kLargest);
  EXPECT_EQ(refusal(TrustedSet::start(repo.sign("root"), {.now = kTufNow})), "tuf.root.format");
}

TEST_F(TrustedSetTest, ANewRootNeedsTheOldKeysAndItsOwn) {
  const auto old_key = repo.signers("root")[0];
  const auto new_key = make_tuf_key();
  repo.set_keys("root", {new_key}, 1);
  repo.set_version("root", 2);
  repo.part("root").set("version", std::int64_t{2});
  auto set = at_root();
  EXPECT_EQ(refusal(set.update_root(FakeRepo::sign(repo.part("root"), {new_key}))),
            "tuf.root.signature");
  EXPECT_EQ(refusal(set.update_root(FakeRepo::sign(repo.part("root"), {old_key}))),
            "tuf.root.signature");
  EXPECT_EQ(set.root().header.version, 1);
  EXPECT_EQ(refusal(set.update_root(FakeRepo::sign(repo.part("root"), {old_key, new_key}))),
            "none");
  EXPECT_EQ(set.root().header.version, 2);
}

TEST_F(TrustedSetTest, TheVersionInsideANewRootIsTheNextOne) {
  for (const std::int64_t version : {1, 3}) {
    auto set = at_root();
    repo.part("root").set("version", version);
    const auto verdict = set.update_root(repo.sign("root"));
    EXPECT_EQ(refusal(verdict), "tuf.root.version");
    EXPECT_NE(words(verdict).find("rollback attack: 2.root.json"), std::string::npos);
    EXPECT_NE(words(verdict).find("TUF 5.3.5"), std::string::npos);
  }
  auto set = at_root();
  repo.part("root").set("version", std::int64_t{2});
  EXPECT_EQ(refusal(set.update_root(repo.sign("root"))), "none");
}

TEST_F(TrustedSetTest, AnExpiredRootInBetweenLeadsOnAndAtTheEndIsAFreeze) {
  repo.set_expires("root", kTufNow - days(1));
  repo.publish({"root"});
  auto set = at_root();
  EXPECT_EQ(refusal(set.update_root(file("2.root.json"))), "none");
  EXPECT_EQ(refusal(set.finish_root()), "tuf.root.expired");
  repo.set_expires("root", kTufNow + days(1));
  repo.publish({"root"});
  EXPECT_EQ(refusal(set.update_root(file("3.root.json"))), "none");
  EXPECT_EQ(refusal(set.finish_root()), "none");
}

TEST_F(TrustedSetTest, ExpiryIsTheSecondItself) {
  repo.set_expires("timestamp", kTufNow);
  repo.publish({"timestamp"});
  EXPECT_EQ(timestamp_refusal(), "tuf.timestamp.expired");
  repo.set_expires("timestamp", kTufNow + std::chrono::seconds(1));
  repo.publish({"timestamp"});
  EXPECT_EQ(timestamp_refusal(), "none");
}

TEST_F(TrustedSetTest, TellsWhenTimestampOrSnapshotLoseAKey) {
  auto set = at_root();
  repo.publish({"root"});
  auto same = set.update_root(file("2.root.json"));
  ASSERT_TRUE(same.passed());
  EXPECT_FALSE(same.value()->rotated);
  // One more key takes none away.
  auto keys = repo.signers("snapshot");
  keys.push_back(make_tuf_key());
  repo.set_keys("snapshot", keys, 1);
  repo.publish({"root"});
  auto more = set.update_root(file("3.root.json"));
  ASSERT_TRUE(more.passed());
  EXPECT_FALSE(more.value()->rotated);
  repo.set_keys("snapshot", {keys[1]}, 1);
  repo.publish({"root"});
  auto fewer = set.update_root(file("4.root.json"));
  ASSERT_TRUE(fewer.passed());
  EXPECT_TRUE(fewer.value()->rotated);
}

TEST_F(TrustedSetTest, RefusesATimestampOlderThanTheTrustedOne) {
  repo.publish({"timestamp"});
  auto set = at_timestamp();
  repo.set_version("timestamp", 1);
  repo.publish({"timestamp"});
  const auto verdict = set.update_timestamp(file("timestamp.json"), Origin::repository);
  EXPECT_EQ(refusal(verdict), "tuf.timestamp.rollback");
  EXPECT_EQ(words(verdict),
            "rollback attack: timestamp.json: it has version 1, version 2 was seen (TUF 5.4.3.1)");
  EXPECT_EQ(set.timestamp()->header.version, 2);
}

TEST_F(TrustedSetTest, ATimestampOfTheSameVersionChangesNothing) {
  auto set = at_timestamp();
  repo.publish({"snapshot"});
  repo.set_version("timestamp", 1);
  repo.publish({"timestamp"});
  const auto verdict = set.update_timestamp(file("timestamp.json"), Origin::repository);
  ASSERT_EQ(refusal(verdict), "none");
  EXPECT_TRUE(verdict.value()->kept);
  EXPECT_EQ(set.timestamp()->snapshot.version, 1);
}

TEST_F(TrustedSetTest, RefusesATimestampThatTakesTheSnapshotBack) {
  repo.publish({"snapshot", "timestamp"});
  auto set = at_timestamp();
  repo.set_version("snapshot", 1);
  repo.publish({"snapshot", "timestamp"});
  EXPECT_EQ(refusal(set.update_timestamp(file("timestamp.json"), Origin::repository)),
            "tuf.timestamp.snapshot-rollback");
  EXPECT_EQ(set.timestamp()->header.version, 2);
}

TEST_F(TrustedSetTest, AnExpiredTimestampOfTheCacheStillTellsARollback) {
  repo.set_expires("timestamp", kTufNow - days(1));
  repo.publish({"timestamp"});
  auto set = at_root();
  EXPECT_TRUE(set.finish_root().passed());
  EXPECT_EQ(refusal(set.update_timestamp(file("timestamp.json"), Origin::cache)), "none");
  EXPECT_FALSE(set.timestamp_fresh());
  EXPECT_EQ(refusal(set.update_timestamp(file("timestamp.json"), Origin::repository)),
            "tuf.timestamp.expired");
  EXPECT_EQ(refusal(set.update_snapshot(file("1.snapshot.json"), Origin::cache)),
            "tuf.timestamp.expired");
  repo.set_expires("timestamp", kTufNow + days(1));
  repo.set_version("timestamp", 1);
  repo.publish({"timestamp"});
  EXPECT_EQ(refusal(set.update_timestamp(file("timestamp.json"), Origin::repository)),
            "tuf.timestamp.rollback");
}

TEST_F(TrustedSetTest, ASnapshotIsTheOneThatTheTimestampStates) {
  auto set = at_timestamp();
  repo.publish({"snapshot"});
  EXPECT_EQ(refusal(set.update_snapshot(file("2.snapshot.json"), Origin::repository)),
            "tuf.snapshot.mix-and-match");
  EXPECT_EQ(refusal(set.update_snapshot(file("1.snapshot.json"), Origin::repository)), "none");
}

TEST_F(TrustedSetTest, ASnapshotHasTheHashAndLengthThatTheTimestampStates) {
  repo.state_hashes = true;
  repo.publish({"targets", "snapshot", "timestamp"});
  auto set = at_timestamp();
  EXPECT_EQ(refusal(set.update_snapshot(file("2.snapshot.json") + " ", Origin::repository)),
            "tuf.snapshot.hash");
  std::string changed = file("2.snapshot.json");
  changed[changed.size() / 2] ^= 1;
  EXPECT_EQ(refusal(set.update_snapshot(changed, Origin::repository)), "tuf.snapshot.hash");
  EXPECT_EQ(refusal(set.update_snapshot(file("2.snapshot.json"), Origin::repository)), "none");
}

class SnapshotRollback : public TrustedSetTest {
 protected:
  // What the client knew, and the snapshot that comes now.
  std::string second_snapshot() {
    auto set = at_root();
    EXPECT_TRUE(set.finish_root().passed());
    EXPECT_TRUE(set.update_timestamp(file("timestamp.json"), Origin::repository).passed());
    EXPECT_EQ(refusal(set.update_snapshot(known, Origin::cache)), "none");
    EXPECT_FALSE(set.snapshot_current());
    return refusal(set.update_snapshot(file("3.snapshot.json"), Origin::repository));
  }
  SnapshotRollback() {
    repo.delegate("targets", "libs", {"libs/*"});
    repo.publish({"libs", "libs", "targets", "snapshot"});
    known = file("2.snapshot.json");
  }
  json::Value& meta() {
    for (auto& [name, value] : *repo.part("snapshot").object()) {
      if (name == "meta") return value;
    }
    throw std::logic_error("no meta");
  }
  std::string known;
};

TEST_F(SnapshotRollback, TakesOneThatKeepsItsVersions) {
  repo.publish({"snapshot", "timestamp"});
  EXPECT_EQ(second_snapshot(), "none");
}

TEST_F(SnapshotRollback, RefusesTargetsThatGoBack) {
  repo.set_version("targets", 1);
  repo.publish({"targets", "snapshot", "timestamp"});
  EXPECT_EQ(second_snapshot(), "tuf.snapshot.rollback");
}

TEST_F(SnapshotRollback, RefusesADelegatedRoleThatGoesBack) {
  repo.set_version("libs", 1);
  repo.publish({"libs", "snapshot", "timestamp"});
  EXPECT_EQ(second_snapshot(), "tuf.snapshot.rollback");
}

TEST_F(SnapshotRollback, RefusesToLoseADelegatedRole) {
  json::Object kept;
  for (auto& [name, value] : *meta().object()) {
    if (name != "libs.json") kept.emplace_back(name, value);
  }
  meta() = json::Value(std::move(kept));
  repo.publish({"snapshot", "timestamp"});
  EXPECT_EQ(second_snapshot(), "tuf.snapshot.rollback");
}

TEST_F(TrustedSetTest, TargetsAreWhatTheSnapshotStates) {
  auto set = at_snapshot();
  repo.publish({"targets"});
  const RoleName targets("targets");
  EXPECT_EQ(refusal(set.update_targets(file("2.targets.json"), targets, nullptr)),
            "tuf.targets.mix-and-match");
  EXPECT_EQ(refusal(set.update_targets(FakeRepo::sign(repo.part("targets"), {make_tuf_key()}),
                                       targets, nullptr)),
            "tuf.targets.signature");
  EXPECT_EQ(set.targets(targets, nullptr), nullptr);
  EXPECT_EQ(refusal(set.update_targets(file("1.targets.json"), targets, nullptr)), "none");
}

TEST_F(TrustedSetTest, LargeTargetsAreJudgedLikeSmallOnes) {
  // Large enough to be read while their signatures are checked.
  repo.part("targets").set("x-filler", std::string(5U << 20, 'x'));
  repo.publish({"targets", "snapshot", "timestamp"});
  auto set = at_snapshot("2.snapshot.json");
  const RoleName targets("targets");
  const std::string good = file("2.targets.json");
  EXPECT_EQ(refusal(set.update_targets(FakeRepo::sign(repo.part("targets"), {make_tuf_key()}),
                                       targets, nullptr)),
            "tuf.targets.signature");
  std::string changed = good;
  changed[changed.find("xxx") + 1000] = 'y';
  EXPECT_EQ(refusal(set.update_targets(changed, targets, nullptr)), "tuf.targets.signature");
  repo.part("targets").set("targets", std::int64_t{1});
  EXPECT_EQ(refusal(set.update_targets(repo.sign("targets"), targets, nullptr)),
            "tuf.targets.format");
  EXPECT_EQ(set.targets(targets, nullptr), nullptr);
  EXPECT_EQ(refusal(set.update_targets(good, targets, nullptr)), "none");
}

// What is written in another way than usual, and what tries to have something else checked than
// what counts.
TEST_F(TrustedSetTest, LargeTargetsOfAnyShapeAreJudgedLikeSmallOnes) {
  for (const std::size_t size : {10U, 5U << 20}) {
    repo.part("targets").set("x-filler", std::string(size, 'x'));
    repo.publish({"targets", "snapshot", "timestamp"});
    const Version version = repo.part("targets").find("version")->integer().value_or(0);
    const std::string& published = file(cat(version, ".targets.json"));
    ASSERT_TRUE(published.starts_with("{\"signatures\":"));
    const std::string signatures = published.substr(1, published.find("\"signed\":") - 2);
    const std::string part = cat("\"signed\":", json::canonical_olpc(repo.part("targets")).value());
    const std::string good = cat("{", signatures, ",", part, "}");
    const std::string other = replaced(part, "\"version\":", "\"version\":1");
    const auto outcome = [&](const std::string& text) {
      auto set = at_snapshot(cat(version, ".snapshot.json"));
      return refusal(set.update_targets(text, RoleName("targets"), nullptr));
    };
    EXPECT_EQ(outcome(good), "none");
    EXPECT_EQ(outcome(good + "\n"), "none");
    EXPECT_EQ(outcome(cat("{", part, ",", signatures, "}")), "none");
    EXPECT_EQ(outcome(cat("{", signatures, ",", part, ",\"x\":{\"y\":{}}}")), "none");
    EXPECT_EQ(outcome(cat("{", signatures, ",\"signed\": ", part.substr(9), "}")), "none");
    EXPECT_EQ(outcome(replaced(good, "\"signed\":{", "\"signed\":{ ")), "none");
    EXPECT_EQ(outcome(cat("{", signatures, ",", other, "}")), "tuf.targets.signature");
    EXPECT_EQ(outcome(cat("{", signatures, ",", part, ",", other, "}")), "tuf.targets.format");
    EXPECT_EQ(outcome(cat("{", signatures, ",", other, ",", part, "}")), "tuf.targets.format");
    EXPECT_EQ(outcome(cat("{", signatures, ",", part, ",\"signatures\":[]}")),
              "tuf.targets.format");
    EXPECT_EQ(outcome(cat("{\"signatures\":[],", part, ",", signatures, "}")),
              "tuf.targets.format");
    EXPECT_EQ(outcome(good + "}"), "tuf.targets.format");
    EXPECT_EQ(outcome(replaced(good, "\"_type\":\"targets\"", "\"_type\":\"snapshot\"")),
              "tuf.targets.type");
  }
}

TEST_F(TrustedSetTest, LargeSnapshotsAreJudgedLikeSmallOnes) {
  repo.state_hashes = true;
  for (const std::size_t size : {10U, 1U << 20}) {
    repo.part("snapshot").set("x-filler", std::string(size, 'x'));
    repo.publish({"snapshot", "timestamp"});
    const Version version = repo.part("snapshot").find("version")->integer().value_or(0);
    const std::string published = file(cat(version, ".snapshot.json"));
    const std::string part =
        cat("\"signed\":", json::canonical_olpc(repo.part("snapshot")).value());
    const std::string signatures = published.substr(1, published.find("\"signed\":") - 2);
    const std::string good = cat("{", signatures, ",", part, "}");
    const std::string other = replaced(part, "\"version\":", "\"version\":1");
    // What the timestamp states of it is not asked of what a cache holds.
    const auto outcome = [&](const std::string& text, Origin origin = Origin::cache) {
      auto set = at_timestamp();
      return refusal(set.update_snapshot(text, origin));
    };
    EXPECT_EQ(outcome(published, Origin::repository), "none");
    EXPECT_EQ(outcome(published + "\n", Origin::repository), "tuf.snapshot.hash");
    EXPECT_EQ(outcome(good), "none");
    EXPECT_EQ(outcome(good + "\n"), "none");
    EXPECT_EQ(outcome(cat("{", part, ",", signatures, "}")), "none");
    EXPECT_EQ(outcome(replaced(good, "\"signed\":{", "\"signed\":{ ")), "none");
    EXPECT_EQ(outcome(cat("{", signatures, ",", other, "}")), "tuf.snapshot.signature");
    EXPECT_EQ(outcome(cat("{", signatures, ",", part, ",", other, "}")), "tuf.snapshot.format");
    EXPECT_EQ(outcome(cat("{", signatures, ",", other, ",", part, "}")), "tuf.snapshot.format");
    EXPECT_EQ(outcome(cat("{\"signatures\":[],", part, ",", signatures, "}")),
              "tuf.snapshot.format");
    EXPECT_EQ(outcome(FakeRepo::sign(repo.part("snapshot"), {make_tuf_key()})),
              "tuf.snapshot.signature");
    EXPECT_EQ(outcome(repo.sign("targets")), "tuf.snapshot.type");
    auto broken = repo.part("snapshot");
    broken.set("meta", std::int64_t{1});
    EXPECT_EQ(outcome(FakeRepo::sign(broken, repo.signers("snapshot"))), "tuf.snapshot.format");
  }
}

TEST_F(TrustedSetTest, EachExpiryIsToldOnceUnderItsOwnName) {
  auto set = at_timestamp();
  const auto verdict = set.update_snapshot(file("1.snapshot.json"), Origin::repository);
  std::vector<std::string> told;
  for (const auto& row : verdict.report().checks()) {
    if (row.id.ends_with(".expired")) told.push_back(cat(row.id, " ", row.detail));
  }
  EXPECT_EQ(told, std::vector{cat("tuf.snapshot.expired good until ",
                                  human_time(set.snapshot()->header().expires))});
}

TEST_F(TrustedSetTest, ExpiredSnapshotsAndTargetsAreRefused) {
  repo.set_expires("targets", kTufNow - days(2));
  repo.publish({"targets", "snapshot", "timestamp"});
  {
    auto set = at_snapshot("2.snapshot.json");
    EXPECT_EQ(refusal(set.update_targets(file("2.targets.json"), RoleName("targets"), nullptr)),
              "tuf.targets.expired");
  }
  repo.set_expires("snapshot", kTufNow - days(2));
  repo.publish({"snapshot", "timestamp"});
  auto set = at_timestamp();
  EXPECT_EQ(refusal(set.update_snapshot(file("3.snapshot.json"), Origin::repository)),
            "tuf.snapshot.expired");
  EXPECT_FALSE(set.snapshot());
}

TEST_F(TrustedSetTest, TheTypeIsPartOfWhatIsChecked) {
  // A snapshot that the timestamp's key signed as well, served as a timestamp.
  repo.set_keys("snapshot", {repo.signers("timestamp")[0]}, 1);
  auto set = at_root();
  repo.publish({"root"});
  ASSERT_TRUE(set.update_root(file("2.root.json")).passed());
  ASSERT_TRUE(set.finish_root().passed());
  EXPECT_EQ(refusal(set.update_timestamp(repo.sign("snapshot"), Origin::repository)),
            "tuf.timestamp.type");
}

TEST_F(TrustedSetTest, TrustGoesByDelegatorAndRole) {
  // Two delegators, two sets of keys for one role; signed by the first one's only.
  repo.delegate("targets", "a", {"a/*"});
  repo.delegate("targets", "b", {"b/*"});
  repo.delegate("a", "shared", {"a/*"});
  const auto key_of_a = repo.signers("shared");
  repo.signers("shared") = {make_tuf_key()};
  repo.delegate("b", "shared", {"b/*"});
  repo.signers("shared") = key_of_a;
  repo.publish({"shared", "a", "b", "targets", "snapshot", "timestamp"});
  auto set = at_snapshot("2.snapshot.json");
  ASSERT_TRUE(set.update_targets(file("2.targets.json"), RoleName("targets"), nullptr).passed());
  const Targets* top = set.targets(RoleName("targets"), nullptr);
  ASSERT_TRUE(set.update_targets(file("1.a.json"), RoleName("a"), top).passed());
  ASSERT_TRUE(set.update_targets(file("1.b.json"), RoleName("b"), top).passed());
  const Targets* a = set.targets(RoleName("a"), top);
  const Targets* b = set.targets(RoleName("b"), top);
  const RoleName shared("shared");
  EXPECT_EQ(refusal(set.update_targets(file("1.shared.json"), shared, a)), "none");
  EXPECT_EQ(refusal(set.update_targets(file("1.shared.json"), shared, b)),
            "tuf.delegated.signature");
  EXPECT_NE(set.targets(shared, a), nullptr);
  EXPECT_EQ(set.targets(shared, b), nullptr);
  EXPECT_EQ(refusal(set.update_targets(file("1.shared.json"), shared, top)),
            "tuf.delegated.delegation");
}

TEST_F(TrustedSetTest, ARoleThatTheSnapshotDoesNotListIsRefused) {
  repo.publish({"snapshot", "timestamp"});
  repo.delegate("targets", "late", {"*"});
  repo.publish({"targets"});
  repo.publish({"snapshot", "timestamp"});
  repo.publish({"late"});
  auto set = at_snapshot("3.snapshot.json");
  ASSERT_TRUE(set.update_targets(file("2.targets.json"), RoleName("targets"), nullptr).passed());
  EXPECT_EQ(refusal(set.update_targets(file("1.late.json"), RoleName("late"),
                                       set.targets(RoleName("targets"), nullptr))),
            "tuf.delegated.unlisted");
}

// Thresholds: what counts once, and what does not count.
class Threshold : public TrustedSetTest {
 protected:
  // Root 2 gives the timestamp these keys; then comes a timestamp that `signers` signed.
  std::string with(const std::vector<test::TufKey>& keys, int threshold,
                   const std::vector<test::TufKey>& signers) {
    auto set = at_root();
    repo.set_keys("timestamp", keys, threshold);
    repo.set_version("root", 2);
    repo.publish({"root"});
    const auto root = set.update_root(file("2.root.json"));
    if (!root.passed()) return refusal(root);
    EXPECT_TRUE(set.finish_root().passed());
    return refusal(
        set.update_timestamp(FakeRepo::sign(repo.part("timestamp"), signers), Origin::repository));
  }
  test::TufKey one = make_tuf_key();
  test::TufKey two = make_tuf_key();
  test::TufKey stranger = make_tuf_key();
};

TEST_F(Threshold, CountsDifferentKeysOfTheRole) {
  EXPECT_EQ(with({one, two}, 2, {one, two}), "none");
  EXPECT_EQ(with({one, two}, 2, {one}), "tuf.timestamp.signature");
  EXPECT_EQ(with({one, two}, 2, {one, stranger}), "tuf.timestamp.signature");
  EXPECT_EQ(with({one, two}, 1, {stranger, two}), "none");
}

TEST_F(Threshold, OneKeyUnderTwoKeyidsCountsOnce) {
  const auto alias = with_keyid(one, "another-name");
  EXPECT_EQ(with({one, alias}, 2, {one, alias}), "tuf.timestamp.signature");
  EXPECT_EQ(with({one, alias}, 1, {one, alias}), "none");
  // The keyid need not be the hash of the key.
  EXPECT_EQ(with({alias}, 1, {alias}), "none");
}

TEST_F(Threshold, MoreThanThereAreKeysIsNeverReached) {
  EXPECT_EQ(with({one, two}, 3, {one, two}), "tuf.timestamp.signature");
}

TEST_F(Threshold, BelowOneIsRefusedWithTheRootThatSaysSo) {
  EXPECT_EQ(with({one}, 0, {one}), "tuf.root.format");
  EXPECT_EQ(with({one}, -1, {one}), "tuf.root.format");
  EXPECT_EQ(with({one}, 1, {one}), "none");
}

TEST_F(Threshold, AKeyOfAnUnknownKindStaysAndNeverCounts) {
  auto unknown = stranger;
  unknown.value.set("keytype", "ml-dsa");
  unknown.value.set("scheme", "ml-dsa-44/1");
  EXPECT_EQ(with({one, unknown}, 1, {one, unknown}), "none");
  EXPECT_EQ(with({one, unknown}, 2, {one, unknown}), "tuf.timestamp.signature");
}

TEST_F(Threshold, EveryKindOfKeyCounts) {
  for (const auto type : {crypto::KeyType::ecdsa_p256, crypto::KeyType::ecdsa_p384,
                          crypto::KeyType::rsa, crypto::KeyType::ed25519}) {
    const auto key = make_tuf_key(type);
    EXPECT_EQ(with({key}, 1, {key}), "none") << crypto::name(type);
    EXPECT_EQ(with({key}, 1, {one}), "tuf.timestamp.signature");
  }
}

// A key that the room does not know, known to whoever wires it in.
class Foreign final : public crypto::SignatureVerifier {
 public:
  crypto::Scheme scheme() const override {
    return {crypto::SchemeKind::ecdsa, crypto::HashAlgorithm::sha256};
  }
  Result<crypto::Match> verify(const crypto::Message&, ByteView signature) const override {
    return text_of(signature) == R"({"a":1})" ? crypto::Match::yes : crypto::Match::no;
  }
  std::string describe() const override { return "someone@example.org"; }
};

TEST_F(Threshold, AForeignKeyIsAskedForItsSignature) {
  auto identity = stranger;
  identity.value.set("keytype", "sigstore-oidc");
  identity.value.set("scheme", "Fulcio");
  identity.value.set("keyval", json::Value(json::Object{{"identity", json::Value("someone")}}));
  repo.set_keys("timestamp", {identity}, 1);
  repo.set_keys("root", repo.signers("root"), 1);
  const std::string root = repo.sign("root");
  std::string asked;
  const ForeignKeys known = [&](const ForeignKey& key) {
    asked = key.keyval;
    return key.keytype == "sigstore-oidc" ? std::make_shared<Foreign>() : nullptr;
  };
  const auto outcome = [&](const std::string& bundle) {
    auto verdict = TrustedSet::start(root, {.now = kTufNow, .limits = {}, .foreign = known});
    TrustedSet set = *verdict.value();
    EXPECT_TRUE(set.finish_root().passed());
    const std::string text =
        cat(R"({"signatures":[{"bundle":)", bundle, R"(,"keyid":")", identity.keyid,
            R"(","sig":""}],"signed":)", json::write(repo.part("timestamp")), "}");
    return refusal(set.update_timestamp(text, Origin::repository));
  };
  EXPECT_EQ(outcome(R"({"a":1})"), "none");
  EXPECT_EQ(asked, R"({"identity":"someone"})");
  EXPECT_EQ(outcome(R"({"a":2})"), "tuf.timestamp.signature");
}

}  // namespace
}  // namespace sluice::tuf
