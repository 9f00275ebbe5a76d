// SPDX-License-Identifier: Apache-2.0
// The folder of a repository in the hands of somebody who wants something signed that nobody saw,
// published that nobody signed, or gone that others need.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using test::WorkFolder;

class AttackTest : public testing::Test {
 protected:
  AttackTest() {
    work.init();
    work.add("app.txt", "hello");
    work.sign_all({"ann", "ben", "carla"});
    EXPECT_EQ(work.publish(), "good") << work.detail;
  }
  Proposal examine() {
    auto repository = work.open();
    return examine_proposal(repository, work.clock.now()).value();
  }
  std::vector<std::string> faults() {
    std::vector<std::string> out;
    for (const auto& fault : examine().faults) out.push_back(fault.id);
    return out;
  }
  std::string file(const std::string& name) const { return test::read_file(work.folder / name); }
  void overwrite(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((work.folder / name).parent_path());
    ASSERT_TRUE(system_files().replace(work.folder / name, content));
  }
  // Staging as somebody's branch has it, and later again over what was published meanwhile.
  std::map<std::string, std::string> staging() const {
    std::map<std::string, std::string> out;
    const auto paths = walk(system_files(), work.folder / "staging");
    if (!paths) return out;
    for (const auto& path : *paths) {
      const auto name = path.lexically_relative(work.folder).native();
      out[name] = file(name);
    }
    return out;
  }
  std::string signature_file(const std::string& role, const std::string& person) {
    return cat("staging/signatures/", role, "/", work.key(person).keyid.str(), ".json");
  }

  WorkFolder work;
};

using Names = std::vector<std::string>;

TEST_F(AttackTest, AChangeOnTopOfAnOvertakenProposalIsRefusedAndTakesNothingBack) {
  work.add("theirs.txt", "theirs");
  const auto theirs = staging();
  auto repository = work.open();
  ASSERT_TRUE(repository.unstage(RoleName("targets")));
  work.add("ours.txt", "ours");
  work.sign_all({"carla"});
  ASSERT_EQ(work.publish(), "good") << work.detail;

  for (const auto& [name, text] : theirs) overwrite(name, text);
  ASSERT_EQ(faults(), Names{"outdated"});
  work.add("more.txt", "more");
  EXPECT_EQ(
      work.problem,
      "what is proposed of targets was made from version 1, and version 2 is published by now");
  work.change([&](Repository& r) { return renew(r, RoleName("targets"), work.clock.now()); });
  EXPECT_NE(work.problem, "");
  EXPECT_EQ(faults(), Names{"outdated"});

  auto again = work.open();
  ASSERT_TRUE(again.unstage(RoleName("targets")));
  work.add("more.txt", "more");
  EXPECT_EQ(work.problem, "");
  work.sign_all({"carla"});
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(work.client("c", {"ours.txt", "more.txt"}), "good") << work.detail;
}

TEST_F(AttackTest, AChangeOnTopOfAnEditedProposalIsRefused) {
  work.add("b.txt", "b");
  std::string text = file("staging/targets.json");
  overwrite("staging/targets.json", text.replace(text.find("b.txt"), 5, "e.txt"));
  ASSERT_EQ(faults(), Names{"edited"});
  work.add("c.txt", "c");
  EXPECT_EQ(work.problem, "what is proposed of targets was edited");
  EXPECT_EQ(faults(), Names{"edited"});
}

TEST_F(AttackTest, WhatIsPublishedAlreadyIsNoHindrance) {
  work.add("b.txt", "b");
  work.sign_all({"carla"});
  const auto before = staging();
  ASSERT_EQ(work.publish(), "good") << work.detail;
  for (const auto& [name, text] : before) overwrite(name, text);  // died before it tidied up
  work.add("c.txt", "c");
  EXPECT_EQ(work.problem, "");
}

TEST_F(AttackTest, ASignatureFolderThatIsALinkLosesNothingOfWhatItLeadsTo) {
  work.add("b.txt", "b");
  const Path elsewhere = work.temp / "diary";
  std::filesystem::create_directories(elsewhere);
  const std::string keyid = work.key("carla").keyid.str();
  for (const std::string name : {"monday.json", "tuesday.txt"}) {
    ASSERT_TRUE(system_files().create(elsewhere / name, R"({"dear": "diary"})"));
  }
  ASSERT_TRUE(system_files().create(elsewhere / cat(keyid, ".json"), "half a signature"));
  std::filesystem::create_directories(work.folder / "staging/signatures");
  std::filesystem::remove_all(work.folder / "staging/signatures/targets");
  std::filesystem::create_symlink(elsewhere, work.folder / "staging/signatures/targets");
  work.add("c.txt", "c");
  EXPECT_EQ(work.problem, "");
  EXPECT_TRUE(system_files().info(elsewhere / "monday.json"));
  EXPECT_TRUE(system_files().info(elsewhere / "tuesday.txt"));
  EXPECT_FALSE(system_files().info(elsewhere / cat(keyid, ".json")));
  auto repository = work.open();
  EXPECT_TRUE(repository.unstage(RoleName("targets")));
  EXPECT_TRUE(system_files().info(elsewhere / "monday.json"));
}

TEST_F(AttackTest, ASecondSignatureOfAKeyDoesNotStandBeforeItsGoodOne) {
  work.add("b.txt", "b");
  work.sign("targets", "carla");
  const std::string good = file(signature_file("targets", "carla"));
  std::string bad = good;
  const auto at = bad.find("\"sig\": \"") + 8;
  bad[at] = bad[at] == '0' ? '1' : '0';
  overwrite("staging/signatures/targets/0.json", bad);
  EXPECT_TRUE(examine().ready());
  EXPECT_EQ(work.publish(), "good") << work.detail;
}

TEST_F(AttackTest, AStagedFileThatIsALinkIsNotFollowed) {
  ASSERT_TRUE(system_files().create(work.temp / "secret.json", "{}"));
  std::filesystem::create_directories(work.folder / "staging");
  std::filesystem::create_symlink(work.temp / "secret.json", work.folder / "staging/targets.json");
  auto repository = work.open();
  const auto staged = repository.staged(RoleName("targets"));
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().code, Errc::denied) << staged.error().text();
}

}  // namespace
}  // namespace sluice::tuf
