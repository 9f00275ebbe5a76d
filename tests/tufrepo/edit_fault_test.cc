// SPDX-License-Identifier: Apache-2.0
// Whoever is killed while he adds, signs or publishes leaves a proposal that holds or none, and the
// old repository or the new one; the same again ends well.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/text.h"
#include "support/killed.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using test::WorkFolder;

constexpr int kMostCalls = 400;  // more than one of these ever makes

class EditFault : public testing::Test {
 protected:
  // A release, and a proposal that waits.
  EditFault() {
    work.init();
    work.add("a.txt", "a");
    work.sign_all({"ann", "ben", "carla"});
    EXPECT_EQ(work.publish(), "good") << work.detail;
    work.add("c.txt", "what was proposed before");
    std::filesystem::copy(work.folder, work.temp / "base",
                          std::filesystem::copy_options::recursive);
  }
  void again() {
    for (const char* const name : {"repo", "before", "after", "seen", "out"}) {
      std::filesystem::remove_all(work.temp / name);
    }
    std::filesystem::copy(work.temp / "base", work.folder,
                          std::filesystem::copy_options::recursive);
  }
  std::string blocking() {
    auto repository = work.open();
    const auto proposal = examine_proposal(repository, work.clock.now());
    if (!proposal) return proposal.error().text();
    std::string out;
    for (const auto& fault : proposal->faults) {
      if (fault.blocks) out += cat(fault.id, ": ", fault.what, "; ");
    }
    return out;
  }
  // From wherever it was left to a release of both.
  void ends_well() {
    EXPECT_EQ(work.client("before"), "good") << work.detail;
    work.add("b.txt", "b");
    work.sign("targets", "carla");
    EXPECT_EQ(work.publish(), "good") << work.detail;
    EXPECT_EQ(work.client("before", {"a.txt", "b.txt"}), "good") << work.detail;
    EXPECT_EQ(work.client("after", {"a.txt", "b.txt"}), "good") << work.detail;
  }
  WorkFolder work;
};

TEST_F(EditFault, KilledWhileAdding) {
  for (int nth = 1; nth < kMostCalls; ++nth) {
    again();
    const auto done = test::work_killed_at(nth, [&] {
      work.add("b.txt", "b");
      return 0;
    });
    if (!done) GTEST_SKIP() << "this machine does not allow to trace";
    EXPECT_EQ(blocking(), "") << nth;
    ends_well();
    if (!done->killed) return;
  }
  FAIL() << "it never ended";
}

TEST_F(EditFault, KilledWhileSigningAndPublishing) {
  for (int nth = 1; nth < kMostCalls; ++nth) {
    again();
    const auto done = test::work_killed_at(nth, [&] {
      work.sign("targets", "carla");
      return work.publish() == "good" ? 0 : 1;
    });
    if (!done) GTEST_SKIP() << "this machine does not allow to trace";
    EXPECT_EQ(blocking(), "") << nth;
    EXPECT_EQ(work.client("seen"), "good") << nth << work.detail;
    ends_well();
    if (!done->killed) {
      EXPECT_EQ(done->exit_code, 0);
      return;
    }
  }
  FAIL() << "it never ended";
}

}  // namespace
}  // namespace sluice::tuf
