// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/edit.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using test::WorkFolder;
using Names = std::vector<std::string>;

class EditTest : public testing::Test {
 protected:
  EditTest() {
    work.init();
    work.add("app.txt", "hello");
    publish();
  }
  void publish() {
    work.sign_all({"ann", "ben", "carla", "dora", "eva"});
    ASSERT_EQ(work.publish(), "good") << work.detail;
  }
  NewDelegation libs(const std::string& role = "libs", const std::string& path = "libs/*") {
    return {.role = RoleName(role), .paths = {path}, .keys = work.keys({"dora"})};
  }
  void delegate(const NewDelegation& plan) {
    work.change(
        [&](Repository& repository) { return delegate_paths(repository, plan, work.clock.now()); });
  }
  void delegate_to_bins(int bits, bool succinct = true) {
    work.change([&](Repository& repository) {
      return delegate_bins(repository,
                           {.bits = bits, .succinct = succinct, .keys = work.keys({"dora"})},
                           work.clock.now());
    });
  }
  Names staged() {
    Names out;
    auto repository = work.open();
    const auto roles = repository.staged_roles();
    for (const auto& role : *roles) out.push_back(role.str());
    return out;
  }

  WorkFolder work;
};

TEST_F(EditTest, PatternsThatMeanSomethingElseToOthersAreRefused) {
  for (const std::string bad :
       {"lib-[ab]*", "{a,b}/*", "a\\*", "!a", "a/!b", "#a", "a/**", "+(a)"}) {
    delegate(libs("libs", bad));
    EXPECT_NE(work.problem.find("stands for other paths"), std::string::npos) << bad;
  }
  delegate(libs("libs", "a!/b#-?/*.tar"));
  EXPECT_EQ(work.problem, "");
}

TEST_F(EditTest, TargetPathsAreRefusedWhereTheyAreMoreThanNames) {
  for (const std::string bad : {"", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "a\\b", "./a"}) {
    EXPECT_FALSE(check_target_path(bad)) << bad;
  }
  EXPECT_FALSE(check_target_path(std::string_view("a\0b", 3)));
  EXPECT_FALSE(check_target_path("a\nb"));
  EXPECT_FALSE(check_target_path("\xff"));
  EXPECT_TRUE(check_target_path("a/b/..c"));
  EXPECT_TRUE(check_target_path("über/ñ.tar"));
}

TEST_F(EditTest, ADelegationDecidesWhoListsATarget) {
  delegate(libs());
  publish();
  work.add("libs/a", "library");
  EXPECT_EQ(staged(), Names{"libs"});
  publish();
  work.add("other", "x");
  EXPECT_EQ(staged(), Names{"targets"});
  publish();
  EXPECT_EQ(work.client("c", {"libs/a", "other", "app.txt"}), "good") << work.detail;
}

TEST_F(EditTest, ATargetStaysWhereItIsListed) {
  work.add("libs/a", "old");
  publish();
  delegate(libs());
  publish();
  work.add("libs/a", "new");
  EXPECT_EQ(staged(), Names{"targets"});
  publish();
  EXPECT_EQ(work.client("c", {"libs/a"}), "good") << work.detail;
  EXPECT_EQ(test::read_file(work.temp / "out" / "libs/a"), "new");
}

TEST_F(EditTest, ARoleThatNoClientWouldAskIsRefused) {
  delegate(libs());
  publish();
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("x"));
  auto repository = work.open();
  EXPECT_FALSE(
      add_targets(repository, {{"app/x", 1, {digest}, ""}}, RoleName("libs"), work.clock.now()));
  EXPECT_TRUE(
      add_targets(repository, {{"libs/x", 1, {digest}, ""}}, RoleName("libs"), work.clock.now()));
}

TEST_F(EditTest, CustomMetadataStaysUnlessThereIsNew) {
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("hello"));
  auto repository = work.open();
  const auto put = [&](const std::string& custom) {
    EXPECT_TRUE(add_targets(repository, {{"app.txt", 5, {digest}, custom}}, std::nullopt,
                            work.clock.now()));
    return std::string(*(*repository.latest(RoleName("targets")))->find("app.txt"));
  };
  EXPECT_NE(put(R"({"version":"1"})").find(R"("custom":{"version":"1"})"), std::string::npos);
  EXPECT_NE(put("").find(R"("custom":{"version":"1"})"), std::string::npos);
  EXPECT_NE(put(R"({"version":"2"})").find(R"("custom":{"version":"2"})"), std::string::npos);
  EXPECT_FALSE(
      add_targets(repository, {{"app.txt", 5, {digest}, "[1]"}}, std::nullopt, work.clock.now()));
  EXPECT_FALSE(add_targets(repository, {{"app.txt", 5, {digest}, R"({"v":1.5})"}}, std::nullopt,
                           work.clock.now()));
}

TEST_F(EditTest, RemovingWhatIsNotListedChangesNothing) {
  work.change([&](Repository& repository) {
    return remove_targets(repository, {"app.txt", "none"}, work.clock.now());
  });
  EXPECT_EQ(work.problem, "no role lists none");
  EXPECT_EQ(staged(), Names{});
  work.change([&](Repository& repository) {
    return remove_targets(repository, {"app.txt"}, work.clock.now());
  });
  publish();
  EXPECT_EQ(work.client("c", {"app.txt"}), "tuf.target.unknown") << work.detail;
}

TEST_F(EditTest, SuccinctBinsTakeTheTargetsOfTheirParent) {
  delegate_to_bins(4);
  ASSERT_EQ(work.problem, "");
  EXPECT_EQ(staged().size(), 17U);
  publish();
  EXPECT_EQ(work.client("c", {"app.txt"}), "good") << work.detail;
  work.add("one/more.txt", "more");
  EXPECT_EQ(staged().size(), 1U);  // one bin and nothing else
  publish();
  EXPECT_EQ(work.client("c", {"app.txt", "one/more.txt"}), "good") << work.detail;
}

TEST_F(EditTest, ExplicitBinsAreFoundByTheirHashPrefixes) {
  delegate_to_bins(5, false);
  publish();
  work.add("one/more.txt", "more");
  EXPECT_EQ(staged().size(), 1U);
  publish();
  EXPECT_EQ(work.client("c", {"app.txt", "one/more.txt"}), "good") << work.detail;
}

TEST_F(EditTest, BinsStandAlone) {
  delegate(libs());
  delegate_to_bins(4);
  EXPECT_NE(work.problem.find("succinct bins stand alone"), std::string::npos);
  delegate_to_bins(4, false);
  EXPECT_EQ(work.problem, "");
}

TEST_F(EditTest, ADelegatedKeyIsRotatedAndItsRoleSignedAgain) {
  delegate(libs());
  publish();
  work.add("libs/a", "library");
  publish();
  work.change([&](Repository& repository) {
    return rotate_key(repository, RoleName("libs"), work.key("dora").keyid.str(), work.key("eva"),
                      work.clock.now());
  });
  EXPECT_EQ(staged(), (Names{"targets", "libs"}));
  work.sign("targets", "carla");
  work.sign("libs", "dora");
  EXPECT_EQ(work.publish(), "tuf.publish.signatures");
  work.sign("libs", "eva");
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(work.client("c", {"libs/a"}), "good") << work.detail;
}

TEST_F(EditTest, KeysOfBinsAreRotatedForAllOfThem) {
  delegate_to_bins(2);
  publish();
  work.change([&](Repository& repository) {
    return rotate_key(repository, RoleName("bins"), work.key("dora").keyid.str(), work.key("eva"),
                      work.clock.now());
  });
  ASSERT_EQ(work.problem, "");
  EXPECT_EQ(staged().size(), 5U);
  publish();
  EXPECT_EQ(work.client("c", {"app.txt"}), "good") << work.detail;
}

TEST_F(EditTest, TooFewKeysForTheThresholdAreRefused) {
  work.change([&](Repository& repository) {
    return remove_key(repository, RoleName("root"), work.key("ben").keyid.str(), work.clock.now());
  });
  EXPECT_NE(work.problem.find("would have 1 key for a threshold of 2"), std::string::npos)
      << work.problem;
  work.change([&](Repository& repository) {
    return set_threshold(repository, RoleName("root"), 3, work.clock.now());
  });
  EXPECT_NE(work.problem.find("nobody could ever sign it"), std::string::npos);
  work.change([&](Repository& repository) {
    return add_key(repository, RoleName("root"), work.key("ann"), work.clock.now());
  });
  EXPECT_NE(work.problem.find("a key counts once"), std::string::npos);
  EXPECT_EQ(staged(), Names{});
}

TEST_F(EditTest, ANewTargetsKeyInRootBringsNewTargets) {
  work.change([&](Repository& repository) {
    return rotate_key(repository, RoleName("targets"), work.key("carla").keyid.str(),
                      work.key("dora"), work.clock.now());
  });
  EXPECT_EQ(staged(), (Names{"root", "targets"}));
  publish();
  EXPECT_EQ(work.client("c", {"app.txt"}), "good") << work.detail;
}

TEST_F(EditTest, ARevokedKeyGoesEverywhereAndSaysWhatElseToDo) {
  delegate({.role = RoleName("libs"), .paths = {"libs/*"}, .keys = work.keys({"ben"})});
  publish();
  auto repository = work.open();
  const auto done =
      revoke_key(repository, work.key("ben").keyid.str(), work.key("dora"), work.clock.now());
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->roles.size(), 3U);  // root, targets for its delegation, libs
  EXPECT_EQ(done->notes.size(), 2U);
  EXPECT_FALSE(revoke_key(repository, std::string(64, '0'), std::nullopt, work.clock.now()));
}

TEST_F(EditTest, AKeyThatOnlyAProposalTakesOutIsStillTrusted) {
  const auto revoke = [&](Repository& repository) {
    return revoke_key(repository, work.key("ben").keyid.str(), work.key("dora"), work.clock.now());
  };
  work.change(revoke);
  ASSERT_EQ(work.problem, "");
  work.change(revoke);
  EXPECT_NE(work.problem.find("clients trust it until that is published"), std::string::npos)
      << work.problem;
  publish();
  work.change(revoke);
  EXPECT_NE(work.problem.find("no role has the key"), std::string::npos) << work.problem;
}

TEST_F(EditTest, AKeyDoesNotReplaceItself) {
  work.change([&](Repository& repository) {
    return rotate_key(repository, RoleName("root"), work.key("ann").keyid.str(), work.key("ann"),
                      work.clock.now());
  });
  EXPECT_NE(work.problem.find("is the one that it would replace"), std::string::npos);
  work.change([&](Repository& repository) {
    return revoke_key(repository, work.key("ann").keyid.str(), work.key("ann"), work.clock.now());
  });
  EXPECT_NE(work.problem.find("is the one that it would replace"), std::string::npos);
  EXPECT_EQ(staged(), Names{});
}

TEST_F(EditTest, ADelegationThatIsTakenAwayStaysInTheSnapshot) {
  delegate(libs());
  publish();
  work.add("libs/a", "library");
  publish();
  EXPECT_EQ(work.client("c", {"libs/a"}), "good");
  work.change([&](Repository& repository) {
    return remove_delegation(repository, RoleName("targets"), RoleName("libs"), work.clock.now());
  });
  publish();
  EXPECT_EQ(work.client("c"), "good") << work.detail;
  EXPECT_EQ(work.client("c", {"libs/a"}), "tuf.target.unknown");
}

TEST_F(EditTest, RoleNamesThatMeanSomethingElseAreRefused) {
  for (const std::string bad : {"root", "a/b", "..", "", "a b", ".x"}) {
    delegate(libs(bad));
    EXPECT_NE(work.problem, "") << bad;
  }
  delegate(libs("libs-2.x_y"));
  EXPECT_EQ(work.problem, "");
}

}  // namespace
}  // namespace sluice::tuf
