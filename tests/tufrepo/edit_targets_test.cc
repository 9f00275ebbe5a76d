// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using test::WorkFolder;
using Names = std::vector<std::string>;

// What was listed: by whom, and how many of it had been there.
struct Batched {
  Names roles;
  std::size_t count = 0;
  std::size_t unchanged = 0;
  std::string problem;
};

class EditTargets : public testing::Test {
 protected:
  EditTargets() {
    work.init();
    work.change([&](Repository& repository) {
      return delegate_paths(
          repository, {.role = RoleName("libs"), .paths = {"libs/*"}, .keys = work.keys({"dora"})},
          work.clock.now());
    });
    add({{target("app", "1"), target("libs/a", "1")}});
    work.sign_all({"ann", "ben", "carla", "dora"});
    EXPECT_EQ(work.publish(), "good") << work.detail;
  }
  static NewTarget target(const std::string& path, const std::string& content,
                          const std::string& custom = "") {
    return {path,
            content.size(),
            {crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(content))},
            custom};
  }
  // In as many pieces as are given.
  Batched add(const std::vector<std::vector<NewTarget>>& pieces) {
    auto repository = work.open();
    TargetBatch batch(repository, std::nullopt);
    Batched out;
    for (const auto& piece : pieces) {
      TargetBatch::Ready ready;
      for (const auto& each : piece) EXPECT_TRUE(ready.add(each));
      EXPECT_TRUE(batch.add(std::move(ready)));
    }
    const auto done = batch.stage(work.clock.now(), [](std::size_t n) { return cat("#", n); });
    if (!done) {
      out.problem = done.error().what;
      return out;
    }
    WorkFolder::save(repository);
    for (const auto& role : done->roles) out.roles.push_back(role.str());
    out.count = batch.count();
    out.unchanged = batch.unchanged();
    return out;
  }
  Names staged() {
    Names out;
    const auto roles = work.open().staged_roles();
    for (const auto& role : *roles) out.push_back(role.str());
    return out;
  }

  WorkFolder work;
};

TEST_F(EditTargets, TwoTargetsOfOnePathAreRefusedAndBothAreNamed) {
  const auto refused = add({{target("b", "1"), target("a", "1"), target("c", "1")},
                            {target("d", "1")},
                            {target("e", "1"), target("a", "2")}});
  EXPECT_EQ(refused.problem, "two different targets would be called a: #1, and #5");
  EXPECT_EQ(staged(), Names{});
  EXPECT_EQ(add({{target("a", "1"), target("A", "2")}}).count, 2U);
}

TEST_F(EditTargets, OtherCustomMetadataOrAnotherPieceIsAnotherTargetToo) {
  EXPECT_EQ(add({{target("a", "1")}, {target("a", "1", R"({"v":"1"})")}}).problem,
            "two different targets would be called a: #0, and #1");
  // Also where what was listed before has custom metadata to be kept.
  EXPECT_EQ(add({{target("x", "1", R"({"v":"1"})")}}).problem, "");
  EXPECT_EQ(add({{target("w", "1"), target("x", "2"), target("x", "3")}}).problem,
            "two different targets would be called x: #1, and #2");
}

TEST_F(EditTargets, TheSameTargetTwiceIsOne) {
  const auto added =
      add({{target("a", "1"), target("b", "1"), target("a", "1")}, {target("a", "1")}});
  EXPECT_EQ(added.problem, "");
  EXPECT_EQ(added.count, 2U);
  EXPECT_EQ(added.roles, Names{"targets"});
}

TEST_F(EditTargets, WhereNothingChangesNothingIsProposed) {
  const auto again = add({{target("app", "1"), target("libs/a", "1")}});
  EXPECT_EQ(again.roles, Names{});
  EXPECT_EQ(again.count, 2U);
  EXPECT_EQ(again.unchanged, 2U);
  EXPECT_EQ(staged(), Names{});
  const auto other = add({{target("app", "1", R"({"v":"1"})")}});
  EXPECT_EQ(other.roles, Names{"targets"});
  EXPECT_EQ(other.unchanged, 0U);
}

TEST_F(EditTargets, OnlyRolesInWhichSomethingChangesAreProposed) {
  const auto added = add({{target("app", "1"), target("libs/a", "1"), target("libs/b", "1")}});
  EXPECT_EQ(added.roles, Names{"libs"});
  EXPECT_EQ(added.count, 3U);
  EXPECT_EQ(added.unchanged, 2U);
  EXPECT_EQ(staged(), Names{"libs"});
}

TEST_F(EditTargets, CustomMetadataThatIsKeptIsNoChange) {
  add({{target("app", "1", R"({"v":"1"})")}});
  work.sign_all({"carla"});
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(add({{target("app", "1")}}).unchanged, 1U);
  EXPECT_EQ(add({{target("app", "1", R"({"v":"2"})")}}).unchanged, 0U);
}

TEST_F(EditTargets, WhatIsProposedSoAlreadyKeepsItsSignatures) {
  add({{target("new", "1")}});
  work.sign("targets", "carla");
  EXPECT_EQ(add({{target("new", "1")}}).roles, Names{});
  EXPECT_EQ(work.publish(), "good") << work.detail;
  add({{target("newer", "1")}});
  work.sign("targets", "carla");
  EXPECT_EQ(add({{target("newer", "2")}}).roles, Names{"targets"});
  EXPECT_EQ(work.publish(), "tuf.publish.signatures");
}

TEST_F(EditTargets, FilesOfAProposalAreCountedWhereThePublishedVersionDoesNotListThem) {
  work.add("app", "1");
  EXPECT_EQ(*count_proposed_files(*std::make_unique<Repository>(work.open()), RoleName("targets")),
            0U);
  work.add("app", "2");
  work.add("new", "1");
  add({{target("without a file", "1")}});
  auto repository = work.open();
  EXPECT_EQ(*count_proposed_files(repository, RoleName("targets")), 2U);
  EXPECT_EQ(*count_proposed_files(repository, RoleName("libs")), 0U);
  EXPECT_EQ(*count_proposed_files(repository, RoleName("root")), 0U);
}

}  // namespace
}  // namespace sluice::tuf
