// SPDX-License-Identifier: Apache-2.0
#include "base/helper.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <latch>
#include <stdexcept>
#include <string>

#include "base/parallel.h"

namespace sluice {
namespace {

cpu_set_t cores_of_this_thread() {
  cpu_set_t out;
  CPU_ZERO(&out);
  EXPECT_EQ(sched_getaffinity(0, sizeof out, &out), 0);
  return out;
}

TEST(Helper, HasWhatTheWorkGives) {
  Helper<std::string> work(std::packaged_task<std::string()>([] { return std::string("done"); }));
  EXPECT_EQ(work.get(), "done");
}

TEST(Helper, ThrowsWhatTheWorkThrew) {
  Helper<int> work(
      std::packaged_task<int()>([]() -> int { throw std::runtime_error("it failed"); }));
  EXPECT_THROW((void)work.get(), std::runtime_error);
}

TEST(Helper, IsOverOnceItIsGone) {
  bool over = false;
  {
    const Helper<void> work(std::packaged_task<void()>([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      over = true;
    }));
  }
  EXPECT_TRUE(over);
}

// Where it begins is chosen; where it may go on is not.
TEST(Helper, ItsThreadMayUseEveryCoreThatItsMakerMay) {
  std::latch placed(1);
  Helper<cpu_set_t> work(std::packaged_task<cpu_set_t()>([&] {
    placed.wait();
    return cores_of_this_thread();
  }));
  placed.count_down();
  const cpu_set_t theirs = work.get();
  const cpu_set_t ours = cores_of_this_thread();
  EXPECT_TRUE(CPU_EQUAL(&theirs, &ours));
}

// A maker that may use one core alone, as in a container of one.
TEST(Helper, WorksOnOneCore) {
  const cpu_set_t before = cores_of_this_thread();
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(hardware_threads(), 1U);
  Helper<cpu_set_t> work(std::packaged_task<cpu_set_t()>{cores_of_this_thread});
  const cpu_set_t theirs = work.get();
  EXPECT_TRUE(CPU_EQUAL(&theirs, &one));
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

}  // namespace
}  // namespace sluice
