// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/role_list.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using test::WorkFolder;
using Names = std::vector<std::string>;

class RoleListTest : public testing::Test {
 protected:
  RoleListTest() {
    work.init();
    work.add("app.txt", "hello");
    publish();
  }
  void publish() {
    work.sign_all({"ann", "ben", "carla", "dora", "eva"});
    ASSERT_EQ(work.publish(), "good") << work.detail;
  }
  void bins(int bits, bool succinct) {
    work.change([&](Repository& repository) {
      return delegate_bins(repository,
                           {.bits = bits, .succinct = succinct, .keys = work.keys({"dora"})},
                           work.clock.now());
    });
    ASSERT_EQ(work.problem, "");
  }
  void delegate(const std::string& role) {
    work.change([&](Repository& repository) {
      return delegate_paths(repository,
                            {.role = RoleName(role), .paths = {"x/*"}, .keys = work.keys({"eva"})},
                            work.clock.now());
    });
    ASSERT_EQ(work.problem, "");
  }
  // Of delegated roles: the name, and of bins how many there are.
  Names delegated() {
    auto repository = work.open();
    const auto listed = listed_roles(repository);
    EXPECT_TRUE(listed);
    Names out;
    for (std::size_t i = 4; i < listed->size(); ++i) {
      const auto& each = (*listed)[i];
      out.push_back(each.bins() ? cat(each.role.str(), " x", each.roles().size())
                                : each.role.str());
    }
    return out;
  }
  std::size_t staged() {
    auto repository = work.open();
    return repository.staged_roles()->size();
  }

  WorkFolder work;
};

TEST_F(RoleListTest, BinsAreOneEntryHoweverTheyAreListed) {
  bins(5, false);
  delegate("libs");
  EXPECT_EQ(delegated(), (Names{"bins x32", "libs"}));
}

TEST_F(RoleListTest, SuccinctBinsAreOneEntry) {
  bins(3, true);
  EXPECT_EQ(delegated(), Names{"bins x8"});
}

TEST_F(RoleListTest, KeysOfExplicitBinsAreRotatedForAllOfThem) {
  bins(2, false);
  publish();
  work.change([&](Repository& repository) {
    return rotate_key(repository, RoleName("bins"), work.key("dora").keyid.str(), work.key("eva"),
                      work.clock.now());
  });
  ASSERT_EQ(work.problem, "");
  EXPECT_EQ(staged(), 5U);
  work.sign("targets", "carla");
  work.sign("bins-2", "dora");
  EXPECT_EQ(work.publish().substr(0, 22), "tuf.publish.signatures") << work.detail;
  publish();
  EXPECT_EQ(work.client("c", {"app.txt"}), "good") << work.detail;
}

TEST_F(RoleListTest, ARevokedKeyIsGoneFromAllExplicitBins) {
  bins(8, false);
  publish();
  work.change([&](Repository& repository) {
    return revoke_key(repository, work.key("dora").keyid.str(), work.key("eva"), work.clock.now());
  });
  ASSERT_EQ(work.problem, "");
  EXPECT_EQ(staged(), 257U);
  auto repository = work.open();
  const auto* delegations = repository.delegations(RoleName("targets")).value();
  for (const auto& each : delegations->roles()) {
    EXPECT_EQ(each.keys.keyids, Names{work.key("eva").keyid.str()}) << each.role.str();
  }
  EXPECT_FALSE(delegations->keys().contains(work.key("dora").keyid.str()));
  publish();
  EXPECT_EQ(work.client("c", {"app.txt"}), "good") << work.detail;
}

TEST_F(RoleListTest, ABinWithOtherKeysStandsForItself) {
  bins(2, false);
  publish();
  work.change([&](Repository& repository) {
    return add_key(repository, RoleName("bins-1"), work.key("eva"), work.clock.now());
  });
  ASSERT_EQ(work.problem, "");
  EXPECT_EQ(delegated(), (Names{"bins x3", "bins-1"}));
  EXPECT_EQ(staged(), 1U);  // who signed still suffices
}

TEST_F(RoleListTest, ARoleKeepsItsNameBesideBinsThatBeginWithIt) {
  bins(1, false);
  delegate("bins");
  EXPECT_EQ(delegated(), (Names{"bins-0", "bins-1", "bins"}));
}

}  // namespace
}  // namespace sluice::tuf
