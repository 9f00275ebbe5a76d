// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using test::WorkFolder;

std::string try_to_init(WorkFolder& work, const NewRepository& plan) {
  const auto made = init_repository(system_files(), work.folder, plan, work.clock.now());
  return made ? "good" : made.error().what;
}

TEST(NewRepositoryTest, WhatIsRefusedLeavesNothingBehind) {
  WorkFolder work;
  NewRepository plan = work.plan();
  plan.names = {{"ann", work.key("ann")}, {"ben", work.key("ben")}, {"ann", work.key("carla")}};
  EXPECT_EQ(try_to_init(work, plan), "the name ann is another key's");
  plan.names = {{"a/b", work.key("ann")}};
  EXPECT_EQ(try_to_init(work, plan), "\"a/b\" cannot be the name of a key");
  NewRepository too_few = work.plan();
  too_few.roles[0].threshold = 9;
  EXPECT_NE(try_to_init(work, too_few), "good");
  EXPECT_FALSE(system_files().info(work.folder));
  plan.names = {{"ann", work.key("ann")}, {"ann", work.key("ann")}, {"carla", work.key("carla")}};
  EXPECT_EQ(try_to_init(work, plan), "good");
  auto repository = work.open();
  EXPECT_EQ((*repository.names())->all().size(), 2U);
}

TEST(NewRepositoryTest, ANameThatIsInTheFolderAlreadyStaysWithItsKey) {
  WorkFolder work;
  ASSERT_TRUE(system_files().make_folders(work.folder / "keys"));
  ASSERT_TRUE(system_files().replace(work.folder / "keys" / "ann.json",
                                     json::write_pretty(work.key("ben").json())));
  NewRepository plan = work.plan();
  plan.names = {{"ann", work.key("ann")}};
  EXPECT_EQ(try_to_init(work, plan), "the name ann is another key's");
  EXPECT_FALSE(system_files().info(work.folder / kPolicyFile));
  plan.names = {{"ann", work.key("ben")}};
  EXPECT_EQ(try_to_init(work, plan), "good");
}

TEST(NewRepositoryTest, WhoseRepositoryIsThereAlreadyDecidesWhatIsAdvised) {
  WorkFolder work;
  work.init();
  const auto advice = [&] {
    const auto made = init_repository(system_files(), work.folder, work.plan(), work.clock.now());
    return made ? std::string() : made.error().hint;
  };
  EXPECT_TRUE(advice().starts_with("see how it is with `sluice tuf status`")) << advice();
  work.sign_all({"ann", "ben", "carla"});
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_TRUE(advice().starts_with("see how it is with `sluice tuf status`")) << advice();
  ASSERT_TRUE(system_files().remove(work.folder / kPolicyFile));
  EXPECT_EQ(advice(), "take over one that others made with `sluice tuf import`");
}

}  // namespace
}  // namespace sluice::tuf
