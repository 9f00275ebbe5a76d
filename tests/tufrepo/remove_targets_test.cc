// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using test::WorkFolder;
using Names = std::vector<std::string>;

class RemoveTargets : public testing::Test {
 protected:
  RemoveTargets() { work.init(); }
  void publish(const Names& paths) {
    for (const auto& path : paths) work.add(path, path);
    work.sign_all({"ann", "ben", "carla", "dora", "eva"});
    ASSERT_EQ(work.publish(), "good") << work.detail;
  }
  void delegate(const std::string& parent, const std::string& role, const std::string& path) {
    work.change([&](Repository& repository) {
      return delegate_paths(repository,
                            {.parent = RoleName(parent),
                             .role = RoleName(role),
                             .paths = {path},
                             .keys = work.keys({"dora"})},
                            work.clock.now());
    });
    ASSERT_EQ(work.problem, "");
  }
  // The notes; what went wrong.
  std::string remove(const Names& names) {
    std::string out;
    work.change([&](Repository& repository) {
      auto done = remove_targets(repository, names, work.clock.now());
      if (done) out = join(done->notes, "; ");
      return done;
    });
    return work.problem.empty() ? out : work.problem;
  }
  // Everything that some role lists, sorted.
  std::string listed() {
    auto repository = work.open();
    Names out;
    for (const std::string role :
         {"targets", "libs", "deep", "bins-0", "bins-1", "bins-2", "bins-3"}) {
      const auto draft = repository.latest(RoleName(role));
      if (!draft || *draft == nullptr) continue;
      EXPECT_TRUE((*draft)->each([&](std::string_view path, std::string_view) -> Result<void> {
        out.emplace_back(path);
        return {};
      }));
    }
    std::ranges::sort(out);
    return join(out, " ");
  }
  Names staged() {
    Names out;
    const auto roles = work.open().staged_roles();
    for (const auto& role : *roles) out.push_back(role.str());
    return out;
  }

  WorkFolder work;
};

TEST_F(RemoveTargets, AFolderGoesWithEverythingBelowItAndNothingBesideIt) {
  publish({"v1", "v1/a", "v1/b/c", "v1.1/a", "v11", "x/v1/a"});
  EXPECT_EQ(remove({"v1/"}), "2 targets; 2 below v1/");
  EXPECT_EQ(listed(), "v1 v1.1/a v11 x/v1/a");
  publish({});
  EXPECT_EQ(work.client("c", {"v1/a"}), "tuf.target.unknown");
  EXPECT_EQ(work.client("d", {"v1", "x/v1/a"}), "good") << work.detail;
}

TEST_F(RemoveTargets, AFolderIsLookedForInEveryRole) {
  publish({"libs/x/old", "app"});
  delegate("targets", "libs", "libs/*/*");
  publish({"libs/x/a", "libs/y/a"});
  delegate("libs", "deep", "libs/z/*");
  publish({"libs/z/a"});
  EXPECT_EQ(remove({"libs/"}), "4 targets; 4 below libs/");
  EXPECT_EQ(staged(), (Names{"targets", "deep", "libs"}));
  EXPECT_EQ(listed(), "app");
}

TEST_F(RemoveTargets, AFolderIsLookedForInEveryBin) {
  for (const bool succinct : {true, false}) {
    WorkFolder fresh;
    std::swap(work.folder, fresh.folder);
    work.init();
    work.change([&](Repository& repository) {
      return delegate_bins(repository,
                           {.bits = 2, .succinct = succinct, .keys = work.keys({"dora"})},
                           work.clock.now());
    });
    publish({"v1/a", "v1/b", "v1/c", "v1/d", "v1/e", "v1/f", "v2/a"});
    EXPECT_EQ(remove({"v1/"}), "6 targets; 6 below v1/");
    EXPECT_EQ(listed(), "v2/a");
  }
}

TEST_F(RemoveTargets, NamesAndFoldersMayMeet) {
  publish({"v1/a", "v1/b/c", "x", "y"});
  EXPECT_EQ(remove({"v1/a", "v1/", "v1/b/", "x", "x"}), "3 targets; 2 below v1/; 1 below v1/b/");
  EXPECT_EQ(listed(), "y");
}

TEST_F(RemoveTargets, WhatIsNotListedIsNamedAndNothingGoes) {
  publish({"v1/a", "b"});
  EXPECT_EQ(remove({"b", "v1", "none", "v2/"}), "no role lists v1, none, v2/");
  EXPECT_EQ(staged(), Names{});
  Names many{"b"};
  for (int i = 10; i < 35; ++i) many.push_back(cat("x", i));
  const std::string told = remove(many);
  EXPECT_TRUE(told.starts_with("no role lists x10, x11, ")) << told;
  EXPECT_TRUE(told.ends_with(", x28, x29 and 5 more")) << told;
  EXPECT_EQ(remove({"b"}), "1 target");
}

}  // namespace
}  // namespace sluice::tuf
