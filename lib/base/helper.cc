// SPDX-License-Identifier: Apache-2.0
#include "base/helper.h"

#include <pthread.h>
#include <sched.h>

namespace sluice {

namespace {
constexpr int kManyCores = 9;
}

void put_on_another_core(std::jthread& thread, std::size_t nth) {
  cpu_set_t all;
  CPU_ZERO(&all);
  if (sched_getaffinity(0, sizeof all, &all) != 0) return;
  const int count = CPU_COUNT(&all);
  int core = sched_getcpu();
  if (core < 0 || count < 2 || count >= kManyCores) return;
  for (std::size_t left = nth % static_cast<std::size_t>(count); left > 0;) {
    core = (core + 1) % CPU_SETSIZE;
    if (CPU_ISSET(core, &all)) --left;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  // It begins there, and may go where it likes.
  (void)pthread_setaffinity_np(thread.native_handle(), sizeof one, &one);
  (void)pthread_setaffinity_np(thread.native_handle(), sizeof all, &all);
}

}  // namespace sluice
