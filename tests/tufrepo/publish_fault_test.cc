// SPDX-License-Identifier: Apache-2.0
// A publisher that dies, is killed, or finds the disk full, at each single operation that writes:
// readers see the old repository or the new one, the state tells which, and the same again ends
// well.
#include <array>

#include "support/failing_files.h"
#include "support/killed.h"
#include "tufrepo/clean.h"
#include "tufrepo/tufrepo_support.h"

namespace sluice::tuf {
namespace {

using test::FailingFiles;
using test::FileFault;

// From version 1 to version 2 of a repository, in several ways.
enum class Step : std::uint8_t {
  target,
  large_metadata,
  new_root,
  rotation_signed_twice,
  rotation
};

class PublishFaults : public testing::TestWithParam<Step> {
 protected:
  PublishFaults() {
    make_first(repo);
    const auto first = publish(*folder_store(system_files(), place()),
                               publication_of(repo.files, {}), test::kTufNow, {});
    EXPECT_TRUE(first) << first.error().text();
    before = files_below(place());
    const test::TempFolder cache_made;
    EXPECT_EQ(reader.look(before, old_cache()), "one");
    cached = files_below(old_cache());
    advance();
    set = publication_of(repo.files, before);
  }

  void advance() {
    const auto old_key = repo.signers("timestamp");
    repo.add_target("libs", "libs/a", "two");
    if (GetParam() == Step::large_metadata)
      repo.part("libs").set("x-filler", std::string(200'000, 'x'));
    if (keeps_keys()) return repo.publish({"libs", "snapshot", "timestamp"});
    if (GetParam() == Step::new_root) {
      repo.set_keys("root", repo.signers("root"), 1);
    } else {
      repo.set_keys("timestamp", {test::make_tuf_key()}, 1);
      if (GetParam() == Step::rotation_signed_twice) {
        repo.signers("timestamp").push_back(old_key[0]);
      }
    }
    repo.publish({"root", "libs", "snapshot", "timestamp"});
  }

  static bool keeps_keys() {
    return GetParam() == Step::target || GetParam() == Step::large_metadata;
  }
  // As a release does: large files are on their way before they are asked for.
  Result<Published> run(Store& store) {
    store.expect(set.metadata);
    return publish(store, set, test::kTufNow, {});
  }

  Path place() const { return folder / "store"; }
  Path old_cache() const { return folder / "cache"; }

  void check_after(int at) {
    const auto store = folder_store(system_files(), place());
    const StoredFiles now = files_below(place());
    const auto found = state(*store);
    ASSERT_TRUE(found) << at << found.error().text();
    const std::string fresh = reader.look_fresh(now);
    std::string old = fresh;
    if (GetParam() == Step::target || at % 3 == 0) {  // a client costs a tenth of a second
      write_below(old_cache(), cached);
      old = reader.look(now, old_cache());
    }
    const auto again = publish(*store, set, test::kTufNow, {});
    ASSERT_TRUE(again) << at << ": " << again.error().text();
    EXPECT_EQ(state(*store)->condition, StoreCondition::whole) << at;
    EXPECT_EQ(reader.look_fresh(files_below(place())), "two") << at;
    EXPECT_FALSE(files_below(place()).contains(std::string(kStoreNote)));
    if (found->condition == StoreCondition::between && GetParam() == Step::rotation) {
      ++between;  // the one window that is told about
      EXPECT_NE(fresh, "two") << at;
      return;
    }
    const bool is_new = now.at("metadata/timestamp.json") == set.timestamp;
    EXPECT_EQ(fresh, is_new ? "two" : "one") << at << found->says;
    EXPECT_EQ(old, is_new ? "two" : "one") << at << found->says;
    const auto condition = found->condition;
    if (is_new) {
      EXPECT_TRUE(condition == StoreCondition::whole || condition == StoreCondition::published ||
                  condition == StoreCondition::between)
          << at << name(condition);
    } else {
      EXPECT_TRUE(condition == StoreCondition::whole || condition == StoreCondition::interrupted)
          << at << name(condition);
    }
  }

  test::TempFolder folder;
  test::FakeRepo repo;
  Reader reader{repo};
  StoredFiles before;
  StoredFiles cached;
  Publication set;
  int between = 0;
};

TEST_P(PublishFaults, AtEachOperationThatWrites) {
  for (const auto fault : {FileFault::full_disk, FileFault::death_before, FileFault::death_after}) {
    if (fault == FileFault::death_before && GetParam() != Step::target) continue;
    int struck = 0;
    for (int at = 0;; ++at) {
      write_below(place(), before);
      FailingFiles files(at, fault);
      const auto store = folder_store(files, place());
      const auto done = run(*store);
      if (!files.struck()) {
        EXPECT_TRUE(done) << done.error().text();
        break;
      }
      ++struck;
      EXPECT_FALSE(done) << at;
      check_after(at);
    }
    EXPECT_GE(struck, 6);
  }
  if (GetParam() == Step::rotation) {
    EXPECT_GE(between, 1);
  }
}

TEST_P(PublishFaults, KilledAtEachSystemCallThatWrites) {
  int killed = 0;
  for (int at = 0;; ++at) {
    write_below(place(), before);
    const auto ran = test::work_killed_at(at, [&] {
      const auto store = folder_store(system_files(), place());
      return run(*store) ? 0 : 1;
    });
    if (!ran) GTEST_SKIP() << "this machine does not allow to trace a process";
    if (!ran->killed) {
      EXPECT_EQ(ran->exit_code, 0);
      break;
    }
    ++killed;
    check_after(at);
  }
  EXPECT_GE(killed, 15);
}

std::string step_name(const testing::TestParamInfo<Step>& step) {
  constexpr std::array kNames{"target", "large_metadata", "new_root", "rotation_signed_twice",
                              "rotation"};
  return kNames.at(static_cast<std::size_t>(step.param));
}
INSTANTIATE_TEST_SUITE_P(Steps, PublishFaults,
                         testing::Values(Step::target, Step::large_metadata, Step::new_root,
                                         Step::rotation_signed_twice, Step::rotation),
                         step_name);

TEST(CleanFaults, KilledAtEachSystemCallItRemovesNothingThatIsReached) {
  const test::TempFolder folder;
  test::FakeRepo repo;
  make_first(repo);
  Reader reader(repo);
  const auto put = [&](Time now) {
    const auto store = folder_store(system_files(), folder / "store");
    const auto done =
        publish(*store, publication_of(repo.files, files_below(folder / "store")), now, {});
    ASSERT_TRUE(done) << done.error().text();
  };
  put(test::kTufNow);
  make_second(repo);
  put(test::kTufNow);
  const StoredFiles before = files_below(folder / "store");
  const Time later = test::kTufNow + std::chrono::hours(24 * 4000);
  const auto clean_later = [&] {
    const auto store = folder_store(system_files(), folder / "store");
    return clean(*store, later, {});
  };
  int killed = 0;
  for (int at = 0;; ++at) {
    write_below(folder / "store", before);
    const auto ran = test::work_killed_at(at, [&] { return clean_later() ? 0 : 1; });
    if (!ran) GTEST_SKIP() << "this machine does not allow to trace a process";
    EXPECT_EQ(reader.look_fresh(files_below(folder / "store")), "two") << at;
    const auto store = folder_store(system_files(), folder / "store");
    EXPECT_EQ(state(*store)->condition, StoreCondition::whole) << at;
    const auto again = clean_later();
    ASSERT_TRUE(again) << at << again.error().text();
    EXPECT_EQ(files_below(folder / "store").size(), before.size() - 5) << at;
    if (!ran->killed) break;
    ++killed;
  }
  EXPECT_GE(killed, 5);
}

}  // namespace
}  // namespace sluice::tuf
