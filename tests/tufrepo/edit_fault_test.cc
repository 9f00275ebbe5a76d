// SPDX-License-Identifier: Apache-2.0
// Whoever is killed while he adds, signs or publishes leaves a proposal that holds or none, and the
// old repository or the new one; the same again ends well.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/killed.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using test::WorkFolder;

constexpr int kMostCalls = 400;  // more than one of these ever makes

class EditFault : public testing::Test {
 protected:
  static void start(WorkFolder& work) {
    work.init();
    work.add("a.txt", "a");
    work.sign_all({"ann", "ben", "carla"});
    ASSERT_EQ(work.publish(), "good") << work.detail;
  }
  static std::string blocking(WorkFolder& work) {
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
  static void ends_well(WorkFolder& work) {
    EXPECT_EQ(work.client("before"), "good") << work.detail;
    work.add("b.txt", "b");
    work.sign("targets", "carla");
    EXPECT_EQ(work.publish(), "good") << work.detail;
    EXPECT_EQ(work.client("before", {"a.txt", "b.txt"}), "good") << work.detail;
    EXPECT_EQ(work.client("after", {"a.txt", "b.txt"}), "good") << work.detail;
  }
};

TEST_F(EditFault, KilledWhileAdding) {
  for (int nth = 1; nth < kMostCalls; ++nth) {
    WorkFolder work;
    start(work);
    work.add("c.txt", "what was proposed before");
    const auto done = test::work_killed_at(nth, [&] {
      work.add("b.txt", "b");
      return 0;
    });
    if (!done) GTEST_SKIP() << "this machine does not allow to trace";
    EXPECT_EQ(blocking(work), "") << nth;
    ends_well(work);
    if (!done->killed) return;
  }
  FAIL() << "it never ended";
}

TEST_F(EditFault, KilledWhileSigningAndPublishing) {
  for (int nth = 1; nth < kMostCalls; ++nth) {
    WorkFolder work;
    start(work);
    work.add("c.txt", "what is on its way");
    const auto done = test::work_killed_at(nth, [&] {
      work.sign("targets", "carla");
      return work.publish() == "good" ? 0 : 1;
    });
    if (!done) GTEST_SKIP() << "this machine does not allow to trace";
    EXPECT_EQ(blocking(work), "") << nth;
    EXPECT_EQ(work.client("seen"), "good") << nth << work.detail;
    ends_well(work);
    if (!done->killed) {
      EXPECT_EQ(done->exit_code, 0);
      return;
    }
  }
  FAIL() << "it never ended";
}

}  // namespace
}  // namespace sluice::tuf
