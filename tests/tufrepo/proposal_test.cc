// SPDX-License-Identifier: Apache-2.0
// Who must sign what and why, and everything that may be wrong with a proposal.
#include "tufrepo/proposal.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using std::chrono::days;
using test::WorkFolder;

class ProposalTest : public testing::Test {
 protected:
  void start() {
    work.init();
    work.add("app.txt", "hello");
    work.sign_all({"ann", "ben", "carla"});
    ASSERT_EQ(work.publish(), "good") << work.detail;
  }
  Proposal examine() {
    auto repository = work.open();
    return examine_proposal(repository, work.clock.now()).value();
  }
  static std::vector<std::string> ids(const Proposal& proposal) {
    std::vector<std::string> out;
    for (const auto& fault : proposal.faults) out.push_back(fault.id);
    return out;
  }
  std::string staged(const std::string& role) {
    return test::read_file(work.folder / "staging" / (role + ".json"));
  }
  void overwrite(const std::string& name, const std::string& content) {
    ASSERT_TRUE(system_files().replace(work.folder / name, content));
  }

  WorkFolder work;
};

// The file of a target that was just added.
class ProposedFiles : public ProposalTest {
 protected:
  ProposedFiles() {
    start();
    work.add("lib/a.txt", "library");
    const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("library"));
    file = cat("targets/lib/", digest.hex(), ".a.txt");
  }
  std::vector<Fault> faults() {
    auto repository = work.open();
    return examine_files(repository).value();
  }
  std::string file;
};

TEST_F(ProposedFiles, ThatAreWhatIsListedAreGood) { EXPECT_TRUE(faults().empty()); }

TEST_F(ProposedFiles, OneThatIsMissingIsNamed) {
  std::filesystem::remove(work.folder / file);
  const auto found = faults();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].id, "target");
  EXPECT_EQ(found[0].role.str(), "targets");
  EXPECT_EQ(found[0].what, cat(file, ": there is no such file"));
  EXPECT_TRUE(found[0].blocks);
}

TEST_F(ProposedFiles, OneOfTheSameLengthWithOtherBytesIsNamed) {
  overwrite(file, "librarY");
  ASSERT_EQ(faults().size(), 1U);
  EXPECT_TRUE(faults()[0].what.ends_with("its hash is another one")) << faults()[0].what;
}

TEST_F(ProposedFiles, WhatIsPublishedAlreadyIsNotReadAgain) {
  const auto app = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("hello"));
  std::filesystem::remove(work.folder / cat("targets/", app.hex(), ".app.txt"));
  EXPECT_TRUE(faults().empty());
}

TEST_F(ProposedFiles, OfManyThatAreWrongSomeAreNamedAndTheOthersCounted) {
  for (int i = 0; i < 30; ++i) {
    work.add(cat("lib/", i), cat("number ", i));
    const auto digest =
        crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(cat("number ", i)));
    std::filesystem::remove(work.folder / cat("targets/lib/", digest.hex(), ".", i));
  }
  const auto found = faults();
  ASSERT_EQ(found.size(), 21U);
  EXPECT_EQ(found.back().what, "and 10 files more");
}

TEST_F(ProposedFiles, OnlyWhoAsksForItHasThemRead) {
  std::filesystem::remove(work.folder / file);
  EXPECT_TRUE(examine().faults.empty());
  auto repository = work.open();
  EXPECT_EQ(ids(examine_proposal(repository, work.clock.now(), {.files = true}).value()),
            std::vector<std::string>{"target"});
  work.sign_all({"carla"});
  EXPECT_EQ(work.publish({.now = work.clock.now(), .read_targets = true}), "tuf.publish.target");
}

TEST_F(ProposalTest, TheFirstRootAsksForItsOwnKeys) {
  work.init();
  const auto proposal = examine();
  ASSERT_EQ(proposal.roles.size(), 2U);
  EXPECT_EQ(proposal.roles[0].role.str(), "root");
  ASSERT_EQ(proposal.roles[0].quorums.size(), 1U);
  EXPECT_EQ(proposal.roles[0].quorums[0].who, "the keys of root 1, which is proposed");
  EXPECT_EQ(proposal.roles[0].quorums[0].threshold, 2);
  EXPECT_FALSE(proposal.ready());
}

TEST_F(ProposalTest, ARootThatFollowsAsksForTheKeysOfBefore) {
  start();
  work.change([&](Repository& repository) {
    return rotate_key(repository, RoleName("root"), work.key("ben").keyid.str(), work.key("dora"),
                      work.clock.now());
  });
  const auto proposal = examine();
  ASSERT_EQ(proposal.roles.size(), 1U);
  const auto& root = proposal.roles[0];
  EXPECT_EQ(root.from, 1);
  EXPECT_EQ(root.to, 2);
  ASSERT_EQ(root.quorums.size(), 2U);
  EXPECT_EQ(root.quorums[0].who, "the keys of root 1, which is published");
  EXPECT_EQ(root.quorums[1].who, "the keys of root 2, which is proposed");
  const auto told = [&](std::string_view kind) {
    return std::ranges::any_of(root.changes, [&](const Change& c) { return c.kind == kind; });
  };
  EXPECT_TRUE(told("key-added"));
  EXPECT_TRUE(told("key-removed"));
}

TEST_F(ProposalTest, SignaturesComeInAnyOrder) {
  start();
  work.change([&](Repository& repository) {
    return rotate_key(repository, RoleName("root"), work.key("ben").keyid.str(), work.key("dora"),
                      work.clock.now());
  });
  for (const std::string person : {"dora", "ben"}) work.sign("root", person);
  EXPECT_FALSE(examine().ready());  // ann is in both
  work.sign("root", "ann");
  EXPECT_TRUE(examine().ready());
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(work.client("c", {"app.txt"}), "good") << work.detail;
}

TEST_F(ProposalTest, ASignatureOverAnotherVersionIsNamed) {
  start();
  work.add("b.txt", "one");
  work.sign("targets", "carla");
  const Path signature = work.folder / "staging" / "signatures" / "targets" /
                         cat(work.key("carla").keyid.str(), ".json");
  const std::string old = test::read_file(signature);
  ASSERT_EQ(work.publish(), "good") << work.detail;
  work.add("c.txt", "two");
  overwrite(signature.lexically_relative(work.folder).native(), old);
  const auto proposal = examine();
  ASSERT_EQ(ids(proposal), std::vector<std::string>{"signature"});
  EXPECT_NE(proposal.faults[0].what.find("it is over version 2, not over version 3"),
            std::string::npos)
      << proposal.faults[0].what;
  EXPECT_EQ(work.publish(), "tuf.publish.signatures");
}

TEST_F(ProposalTest, AChangeAfterASignatureDropsIt) {
  start();
  work.add("b.txt", "one");
  work.sign("targets", "carla");
  EXPECT_TRUE(examine().ready());
  work.add("c.txt", "two");
  EXPECT_FALSE(examine().ready());
  work.sign("targets", "carla");
  EXPECT_EQ(work.publish(), "good") << work.detail;
}

TEST_F(ProposalTest, AStagedFileThatSomebodyEditedIsNamedAndNotPublished) {
  start();
  work.add("b.txt", "one");
  work.sign("targets", "carla");
  std::string text = staged("targets");
  const auto at = text.find("\"length\": 3");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 11, "\"length\": 4");
  overwrite("staging/targets.json", text);
  EXPECT_EQ(ids(examine()), (std::vector<std::string>{"edited", "signature"}));
  EXPECT_EQ(work.publish(), "tuf.publish.edited");
  EXPECT_EQ(test::read_file(work.folder / "metadata" / "2.targets.json"), "");
}

TEST_F(ProposalTest, AProposalThatAnotherOneOvertookIsNamed) {
  start();
  work.add("b.txt", "one");
  // Meanwhile another folder published targets 2.
  const std::string mine = staged("targets");
  const std::string record = test::read_file(work.folder / "staging/made-from/targets.json");
  work.sign("targets", "carla");
  ASSERT_EQ(work.publish(), "good");
  work.change([&](Repository& repository) {
    return renew(repository, RoleName("targets"), work.clock.now() + days(1));
  });
  overwrite("staging/targets.json", mine);
  overwrite("staging/made-from/targets.json", record);
  // The very same is published: left over, and tidied away.
  EXPECT_TRUE(examine().roles[0].published);
  EXPECT_EQ(work.publish(), "nothing");
  EXPECT_TRUE(examine().roles.empty());
  std::string other = mine;
  other.replace(other.find("b.txt"), 5, "z.txt");
  auto draft = Draft::parse(other);
  overwrite("staging/targets.json", other);
  std::string other_record = record;
  const auto sha = other_record.rfind("\"sha256\": \"") + 11;
  other_record.replace(sha, 64, draft->digest()->hex());
  overwrite("staging/made-from/targets.json", other_record);
  EXPECT_EQ(ids(examine()), std::vector<std::string>{"outdated"});
  EXPECT_EQ(work.publish(), "tuf.publish.outdated");
}

TEST_F(ProposalTest, AKeyThatIsNoKeyOfTheRoleDoesNotCount) {
  start();
  work.add("b.txt", "one");
  work.sign("targets", "ann");
  const auto proposal = examine();
  EXPECT_EQ(ids(proposal), std::vector<std::string>{"signature"});
  EXPECT_FALSE(proposal.ready());
  EXPECT_EQ(work.publish(), "tuf.publish.signatures");
  work.sign("targets", "carla");
  EXPECT_EQ(work.publish(), "good") << work.detail;
}

TEST_F(ProposalTest, WhatExpiredWhileItWaitedIsNotPublished) {
  start();
  work.add("b.txt", "one");
  work.sign("targets", "carla");
  work.clock.set(work.clock.now() + days(91));
  EXPECT_EQ(ids(examine()), std::vector<std::string>{"expired"});
  EXPECT_EQ(work.publish(), "tuf.publish.expired");
}

TEST_F(ProposalTest, ThresholdsAboveTheNumberOfKeysAreRefused) {
  auto plan = work.plan();
  plan.roles[static_cast<std::size_t>(RoleType::root)].threshold = 3;
  work.init(plan);
  EXPECT_NE(work.problem.find("the threshold of root is 3, and it has 2 different keys"),
            std::string::npos)
      << work.problem;
  EXPECT_FALSE(system_files().info(work.folder / kPolicyFile));
}

TEST_F(ProposalTest, AKeyCountsOnceInARole) {
  auto plan = work.plan();
  plan.roles[static_cast<std::size_t>(RoleType::targets)] = work.keys({"carla", "carla"}, 2);
  work.init(plan);
  EXPECT_NE(work.problem.find("a second time in targets"), std::string::npos) << work.problem;
}

TEST_F(ProposalTest, AThresholdThatSomebodyWroteIntoTheFileIsNamed) {
  start();
  work.change([&](Repository& repository) {
    return add_key(repository, RoleName("root"), work.key("dora"), work.clock.now());
  });
  auto repository = work.open();
  auto draft = repository.next(RoleName("root")).value();
  member_in(*member_in(draft.head(), "roles"), "targets")->set("threshold", 2);
  ASSERT_TRUE(repository.stage(RoleName("root"), draft, work.clock.now()));
  ASSERT_TRUE(repository.stage(RoleName("targets"), repository.next(RoleName("targets")).value(),
                               work.clock.now()));
  WorkFolder::save(repository);
  EXPECT_EQ(ids(examine()), std::vector<std::string>{"threshold"});
}

}  // namespace
}  // namespace sluice::tuf
