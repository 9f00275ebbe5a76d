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

// Of ours none is made so.
TEST_F(RoleListTest, ARoleKeepsItsNameBesideBinsThatBeginWithIt) {
  bins(1, false);
  delegate("libs");
  auto repository = work.open();
  Draft draft = repository.next(RoleName("targets")).value();
  auto& roles = *member_in(*member_in(draft.head(), "delegations"), "roles")->array();
  roles.back().set("name", "bins");
  ASSERT_TRUE(repository.stage(RoleName("targets"), std::move(draft), work.clock.now()));
  WorkFolder::save(repository);
  EXPECT_EQ(delegated(), (Names{"bins-0", "bins-1", "bins"}));
}

class BinsTest : public RoleListTest, public testing::WithParamInterface<bool> {
 protected:
  BinsTest() {
    for (int i = 0; i < 20; ++i) work.add(cat("many/", i), cat("content ", i));
    publish();
    bins(2, GetParam());
    publish();
  }
  void all_is_there(const std::string& cache) {
    EXPECT_EQ(work.client(cache, {"app.txt", "many/0", "many/7", "many/19"}), "good")
        << work.detail;
  }
  std::size_t count_of(const std::string& role) {
    auto repository = work.open();
    const auto* draft = repository.published(RoleName(role)).value();
    return draft == nullptr ? 0 : draft->count();
  }
};

TEST_P(BinsTest, AreSpreadOverAnotherNumberWithTheKeysThatTheyHave) {
  all_is_there("c");
  for (const int bits : {5, 1}) {
    work.change([&](Repository& repository) {
      return delegate_bins(repository, {.bits = bits, .succinct = GetParam(), .keys = {}},
                           work.clock.now());
    });
    ASSERT_EQ(work.problem, "");
    EXPECT_EQ(delegated(), Names{cat("bins x", 1 << bits)});
    publish();
    all_is_there("c");
    all_is_there(cat("fresh", bits));
  }
  EXPECT_EQ(count_of("bins-0") + count_of("bins-1"), 21U);
  EXPECT_EQ(count_of("targets"), 0U);
}

TEST_P(BinsTest, BecomeOfTheOtherKind) {
  bins(2, !GetParam());
  publish();
  all_is_there("c");
  auto repository = work.open();
  EXPECT_EQ(repository.delegations(RoleName("targets")).value()->bins().has_value(), !GetParam());
}

TEST_P(BinsTest, AreTakenAwayAndTheirTargetsGoBack) {
  work.change([&](Repository& repository) {
    return remove_delegation(repository, RoleName("targets"), RoleName("bins"), work.clock.now());
  });
  ASSERT_EQ(work.problem, "");
  EXPECT_EQ(staged(), 1U);
  publish();
  EXPECT_EQ(delegated(), Names{});
  EXPECT_EQ(count_of("targets"), 21U);
  all_is_there("c");
  all_is_there("fresh");
}

TEST_P(BinsTest, AreRenewedTogether) {
  work.change([&](Repository& repository) {
    return renew(repository, RoleName("bins"), work.clock.now());
  });
  ASSERT_EQ(work.problem, "");
  EXPECT_EQ(staged(), 4U);
  publish();
  all_is_there("c");
}

TEST_P(BinsTest, HaveTheirNameForThemselves) {
  work.change([&](Repository& repository) {
    return delegate_paths(repository,
                          {.role = RoleName("bins"), .paths = {"x/*"}, .keys = work.keys({"eva"})},
                          work.clock.now());
  });
  EXPECT_NE(work.problem.find("bins of targets are called bins"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, BinsTest, testing::Bool(),
                         [](const auto& each) { return each.param ? "Succinct" : "Explicit"; });

}  // namespace
}  // namespace sluice::tuf
