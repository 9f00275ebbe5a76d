// SPDX-License-Identifier: Apache-2.0
// Two people who propose at the same time, in one folder or in clones of their own: nothing is lost
// in silence.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/text.h"
#include "support/forwarding_files.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using std::chrono::seconds;
using test::WorkFolder;

// Nobody waits for a lock, and which ones there are is known.
class Impatient final : public test::ForwardingFiles {
 public:
  Result<std::unique_ptr<FileLock>> lock(const Path& path, std::chrono::milliseconds) override {
    locks.insert(path.filename().native());
    return ForwardingFiles::lock(path, std::chrono::milliseconds(0));
  }
  std::set<std::string> locks;
};

class TwoPeople : public testing::Test {
 protected:
  TwoPeople() {
    work.init();
    work.add("app.txt", "hello");
    publish();
  }
  void publish() {
    work.sign_all({"ann", "ben", "carla"});
    ASSERT_EQ(work.publish(), "good") << work.detail;
  }
  // A target as a command adds it, without saving.
  void add(Repository& repository, const std::string& path) {
    const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(path));
    const auto store = folder_store(system_files(), work.folder);
    const std::vector<NewFile> files{{target_files(path, {digest})[0], Content::of(path)}};
    ASSERT_TRUE(store->write_new(files));
    ASSERT_TRUE(add_targets(repository, {{path, path.size(), {digest}, ""}}, std::nullopt,
                            work.clock.now()));
  }
  void expect_denied(const auto& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::denied);
    EXPECT_NE(result.error().text().find("somebody else changed the proposal of targets"),
              std::string::npos)
        << result.error().text();
  }
  std::string proposal() const { return test::read_file(work.folder / "staging/targets.json"); }
  std::vector<std::string> faults() {
    auto repository = work.open();
    std::vector<std::string> out;
    const auto proposal = examine_proposal(repository, work.clock.now());
    EXPECT_TRUE(proposal);
    for (const auto& fault : proposal->faults) out.push_back(fault.id);
    return out;
  }
  // The repository as git brings it to somebody else.
  Path clone() const {
    std::filesystem::copy(work.folder, work.temp / "clone",
                          std::filesystem::copy_options::recursive);
    return work.temp / "clone";
  }
  // What he signed, into the first folder.
  void bring_signatures(const Path& from, const Path& to) const {
    std::filesystem::copy(from / "staging/signatures", to / "staging/signatures",
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::overwrite_existing);
  }
  WorkFolder work;
};

TEST_F(TwoPeople, OfTwoFirstProposalsAtOnceTheSecondIsToldAndDoesItAgain) {
  auto first = work.open();
  auto second = work.open();
  add(first, "one");
  add(second, "two");
  ASSERT_TRUE(first.save());
  const std::string kept = proposal();
  expect_denied(second.save());
  EXPECT_EQ(proposal(), kept);
  auto again = work.open();
  add(again, "two");
  ASSERT_TRUE(again.save());
  publish();
  EXPECT_EQ(work.client("cache", {"one", "two"}), "good") << work.detail;
}

TEST_F(TwoPeople, OfTwoChangesToOneProposalTheSecondIsTold) {
  work.add("zero", "zero");
  auto first = work.open();
  auto second = work.open();
  add(first, "one");
  add(second, "two");
  ASSERT_TRUE(first.save());
  expect_denied(second.save());
  // Who saved may go on.
  add(first, "three");
  ASSERT_TRUE(first.save());
  publish();
  EXPECT_EQ(work.client("cache", {"zero", "one", "three"}), "good") << work.detail;
}

TEST_F(TwoPeople, NothingOfAChangeToSeveralRolesIsWrittenWhereOneIsAnothers) {
  auto first = work.open();
  auto second = work.open();
  add(first, "one");
  ASSERT_TRUE(renew(second, RoleName("root"), work.clock.now() + seconds(60)));
  add(second, "two");
  ASSERT_TRUE(first.save());
  expect_denied(second.save());
  EXPECT_FALSE(system_files().info(work.folder / "staging/root.json"));
}

TEST_F(TwoPeople, AProposalThatGrewIsNotGivenUp) {
  work.add("zero", "zero");
  auto first = work.open();
  ASSERT_TRUE(first.staged(RoleName("targets")));
  work.add("one", "one");
  expect_denied(first.unstage(RoleName("targets")));
  auto again = work.open();
  EXPECT_TRUE(again.unstage(RoleName("targets")));
  EXPECT_EQ(proposal(), "");
}

TEST_F(TwoPeople, AProposalThatComesWhileAnotherIsPublishedStays) {
  work.add("one", "one");
  work.sign("targets", "carla");
  auto publisher = work.open();
  ASSERT_TRUE(publisher.staged(RoleName("targets")));
  const std::string published = proposal();
  // In between: upon what is being published.
  work.add("two", "two");
  const std::string grown = proposal();
  ASSERT_NE(grown, published);
  Release release;
  release.roles.push_back({.role = RoleName("targets"), .from = 1, .to = 2, .expires = {}});
  EXPECT_TRUE(finish_release(publisher, release));
  EXPECT_EQ(proposal(), grown);
}

TEST_F(TwoPeople, WhoProposeTheSameInTheSameSecondHaveSignedTheSame) {
  const Path mine = work.folder;
  const Path his = clone();
  work.add("new", "new");
  work.folder = his;
  work.add("new", "new");
  EXPECT_EQ(proposal(), test::read_file(mine / "staging/targets.json"));
  work.sign("targets", "carla");
  work.folder = mine;
  bring_signatures(his, mine);
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(work.client("cache", {"new"}), "good") << work.detail;
}

TEST_F(TwoPeople, WhoProposeTheSameAtAnotherTimeSignAnew) {
  const Path mine = work.folder;
  const Path his = clone();
  work.add("new", "new");
  work.folder = his;
  work.clock.set(work.clock.now() + seconds(1));
  work.add("new", "new");
  work.sign("targets", "carla");
  work.folder = mine;
  bring_signatures(his, mine);
  EXPECT_EQ(faults(), std::vector<std::string>{"signature"});
  EXPECT_EQ(work.publish(), "tuf.publish.signatures");
  // His proposal, as git would take it over in whole.
  std::filesystem::remove_all(mine / "staging");
  std::filesystem::copy(his / "staging", mine / "staging",
                        std::filesystem::copy_options::recursive);
  EXPECT_EQ(work.publish(), "good") << work.detail;
}

TEST_F(TwoPeople, WhoWaitsInVainForTheOtherIsToldWhatToDo) {
  Impatient files;
  auto first = Repository::open(files, work.folder).value();
  auto second = Repository::open(files, work.folder).value();
  ASSERT_TRUE(first.hold());
  const auto held = second.hold();
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, Errc::timeout);
  EXPECT_NE(held.error().what.find("another command has been changing "), std::string::npos)
      << held.error().what;
  EXPECT_NE(held.error().hint.find("wait for it to end, and do the same again"), std::string::npos);
  add(second, "two");
  const auto saved = second.save();
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, Errc::timeout);
  EXPECT_EQ(proposal(), "");
  // Who holds it saves.
  add(first, "one");
  EXPECT_TRUE(first.save());
  EXPECT_NE(proposal(), "");
  EXPECT_EQ(files.locks, std::set<std::string>{".sluice-staging.lock"});
}

TEST_F(TwoPeople, NothingIsHeldWhileAPersonIsAsked) {
  Impatient files;
  auto first = Repository::open(files, work.folder).value();
  ASSERT_TRUE(first.hold());
  const auto answer = first.unheld([&]() -> Result<int> {
    auto second = Repository::open(files, work.folder).value();
    EXPECT_TRUE(second.hold());
    return 7;
  });
  EXPECT_EQ(answer.value(), 7);
  auto third = Repository::open(files, work.folder).value();
  EXPECT_FALSE(third.hold());  // it is held again
  // Also where nothing was answered.
  const auto none = first.unheld([]() -> Result<int> { return fail(Errc::denied, "no"); });
  EXPECT_EQ(none.error().what, "no");
  EXPECT_FALSE(third.hold());
}

TEST_F(TwoPeople, WhoWasAskedDoesNotGoOnWithAProposalThatChangedMeanwhile) {
  work.add("zero", "zero");
  auto first = work.open();
  ASSERT_TRUE(first.hold());
  ASSERT_TRUE(first.staged(RoleName("targets")));
  const auto while_asked = [&](auto change) {
    return first.unheld([&]() -> Result<int> {
      change();
      return 1;
    });
  };
  // A role that was not looked at is no matter.
  EXPECT_TRUE(while_asked([&] {
    work.change([&](Repository& other) {
      return renew(other, RoleName("root"), work.clock.now() + seconds(60));
    });
  }));
  expect_denied(while_asked([&] { work.add("one", "one"); }));
  const std::string grown = proposal();
  // Whoever goes on all the same writes nothing.
  expect_denied(first.save());
  expect_denied(first.unstage(RoleName("targets")));
  expect_denied(first.published_file(RoleName("timestamp"), 0));
  EXPECT_EQ(proposal(), grown);
}

TEST_F(TwoPeople, WhoWasAskedDoesNotBuildOnWhatIsNoLongerPublished) {
  for (const bool looked : {false, true}) {
    auto first = work.open();
    ASSERT_TRUE(first.hold());
    if (looked) {
      ASSERT_TRUE(first.version_of(RoleName("targets")));
    }
    const auto done = first.unheld([&]() -> Result<int> {
      ReleaseOptions anew;
      anew.force = true;
      EXPECT_EQ(work.publish(anew), "good") << work.detail;
      return 1;
    });
    EXPECT_EQ(done.has_value(), !looked);
    EXPECT_EQ(done ? "" : done.error().what,
              looked ? "somebody else published in this moment" : "");
  }
}

TEST_F(TwoPeople, NobodysSignatureStandsBesideWhatHeDidNotSee) {
  work.add("one", "one");
  auto signer = work.open();
  const auto staged = signer.staged(RoleName("targets"));
  ASSERT_TRUE(staged && *staged != nullptr);
  json::Value value;
  value.set("keyid", work.key("carla").keyid.str());
  value.set("sig", "00");
  const StagedSignature over{work.key("carla").keyid.str(), value, (*staged)->draft.version(),
                             (*staged)->sha256};
  ASSERT_TRUE(signer.staged(RoleName("root")));
  const auto count = [&] { return work.open().signatures(RoleName("targets"))->size(); };
  // What became of another role is no matter.
  work.change([&](Repository& other) {
    return renew(other, RoleName("root"), work.clock.now() + seconds(60));
  });
  EXPECT_TRUE(signer.add_signatures({{RoleName("targets"), over}}));
  EXPECT_EQ(count(), 1U);
  work.add("two", "two");
  EXPECT_EQ(count(), 0U);
  expect_denied(signer.add_signatures({{RoleName("targets"), over}}));
  EXPECT_EQ(count(), 0U);
}

TEST_F(TwoPeople, TheSlowerOfTwoClonesIsOutdatedAndDoesItAgain) {
  const Path mine = work.folder;
  const Path his = clone();
  work.add("mine", "mine");
  publish();
  work.folder = his;
  work.add("his", "his");
  work.sign("targets", "carla");
  // What was published comes to him.
  for (const char* const part : {"metadata", "targets"}) {
    std::filesystem::copy(mine / part, his / part,
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::overwrite_existing);
  }
  EXPECT_EQ(work.publish(), "tuf.publish.outdated");
  EXPECT_EQ(work.client("cache", {"mine"}), "good") << work.detail;
  auto repository = work.open();
  ASSERT_TRUE(repository.unstage(RoleName("targets")));
  work.add("his", "his");
  publish();
  EXPECT_EQ(work.client("cache", {"mine", "his"}), "good") << work.detail;
}

}  // namespace
}  // namespace sluice::tuf
