// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/published_check.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/text.h"
#include "support/forwarding_files.h"
#include "support/program.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

// Somebody who never signed anything.
class Stranger final : public crypto::SignatureVerifier {
 public:
  crypto::Scheme scheme() const override {
    return {crypto::SchemeKind::ecdsa, crypto::HashAlgorithm::sha256};
  }
  std::string describe() const override { return "a stranger"; }
  Result<crypto::Match> verify(const crypto::Message&, ByteView) const override {
    return crypto::Match::no;
  }
};

using test::WorkFolder;
using Standing = PublishedCheck::Standing;

// What is published has a snapshot so large that two threads check it.
class PublishedCheckTest : public testing::Test {
 protected:
  PublishedCheckTest() {
    work.init();
    work.add("app.txt", "hello");
    work.sign_all({"ann", "ben", "carla"});
    EXPECT_EQ(work.publish(), "good") << work.detail;
    work.swell_snapshot();
  }
  void change_snapshot(char to) {
    const Path path = work.folder / "metadata" / "1.snapshot.json";
    auto text = system_files().read(path, 1U << 20).value();
    text[text.find("xxx") + 1'000] = to;
    ASSERT_TRUE(system_files().replace(path, text));
  }
  static std::string answer(PublishedCheck& check, const std::string& role) {
    const auto found = check.of(RoleName(role));
    if (!found) return found.error().what;
    if (found->standing == Standing::holds) return "holds";
    return found->standing == Standing::nobodys ? "nobody's" : found->why;
  }
  // With and without a beginning.
  std::string both(const std::string& role, const ForeignKeys& foreign = {}) {
    auto begun_of = Repository::open(system_files(), work.folder, foreign);
    auto late_of = Repository::open(system_files(), work.folder, foreign);
    PublishedCheck begun(*begun_of);
    EXPECT_TRUE(begun.begin());
    PublishedCheck late(*late_of);
    const std::string out = answer(begun, role);
    EXPECT_EQ(out, answer(late, role));
    return out;
  }
  WorkFolder work;
};

TEST_F(PublishedCheckTest, FindsTheSameWhetherItWasBegunOrNot) {
  for (const std::string role : {"targets", "snapshot", "root"}) EXPECT_EQ(both(role), "holds");
  EXPECT_EQ(both("stranger"), "nobody's");
  change_snapshot('y');
  EXPECT_TRUE(test::has(both("targets"), "signed by 0 of the 1 key"));
  EXPECT_EQ(both("root"), "holds");
  change_snapshot('x');
  EXPECT_EQ(both("targets"), "holds");
}

TEST_F(PublishedCheckTest, ASnapshotIsReadOnceForTheCheckAndTheChange) {
  auto repository = work.open();
  PublishedCheck check(repository);
  ASSERT_TRUE(check.begin());
  // From here on it is somebody else's file.
  const auto document = repository.published_document(RoleName("snapshot"));
  change_snapshot('y');
  const auto* draft = repository.published(RoleName("snapshot")).value();
  EXPECT_EQ(draft->source(), *document);
  EXPECT_EQ(repository.published_document(RoleName("snapshot")).value(), *document);
  EXPECT_EQ(answer(check, "targets"), "holds");
}

TEST_F(PublishedCheckTest, MayBeGivenUpBeforeItEnds) {
  for (int i = 0; i < 20; ++i) {
    auto repository = work.open();
    PublishedCheck check(repository);
    EXPECT_TRUE(check.begin());
    EXPECT_TRUE(check.begin());
  }
}

// The other thread waits for a file that never comes.
TEST_F(PublishedCheckTest, ASnapshotThatCannotBeReadIsToldAndNobodyWaits) {
  class Refusing final : public test::ForwardingFiles {
   public:
    Result<std::string> read_plain(const Path& path, std::size_t max, Links links) override {
      if (path.filename() != "1.snapshot.json") {
        return ForwardingFiles::read_plain(path, max, links);
      }
      return fail(Errc::io, "the disk is gone");
    }
  } files;
  auto repository = Repository::open(files, work.folder);
  PublishedCheck check(*repository);
  const auto begun = check.begin();
  ASSERT_FALSE(begun);
  EXPECT_TRUE(test::has(begun.error().text(), "the disk is gone"));
  EXPECT_TRUE(test::has(answer(check, "targets"), "the disk is gone"));
}

TEST_F(PublishedCheckTest, KeysThatAreNotOursAreAskedForWhereTheCallerWaits) {
  const auto caller = std::this_thread::get_id();
  std::atomic<int> here = 0;
  std::atomic<int> elsewhere = 0;
  const ForeignKeys foreign =
      [&](const ForeignKey&) -> std::shared_ptr<const crypto::SignatureVerifier> {
    ++(std::this_thread::get_id() == caller ? here : elsewhere);
    return std::make_shared<Stranger>();
  };
  {
    auto repository = Repository::open(system_files(), work.folder, foreign);
    const auto key = identity_key("ann@example.org", "https://issuer.example");
    const auto edited = add_key(*repository, RoleName("timestamp"), *key, work.clock.now());
    ASSERT_TRUE(edited) << edited.error().text();
    WorkFolder::save(*repository);
  }
  work.sign_all({"ann", "ben"});
  ASSERT_EQ(work.publish(), "good") << work.detail;
  here = elsewhere = 0;
  auto repository = Repository::open(system_files(), work.folder, foreign);
  PublishedCheck check(*repository);
  ASSERT_TRUE(check.begin());
  EXPECT_EQ(answer(check, "targets"), "holds");
  EXPECT_GT(here, 0);
  EXPECT_EQ(elsewhere, 0);
}

}  // namespace
}  // namespace sluice::tuf
