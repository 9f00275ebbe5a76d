// SPDX-License-Identifier: Apache-2.0
#include "base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/helper.h"

namespace sluice {

unsigned hardware_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1U, static_cast<unsigned>(CPU_COUNT(&set)));
}

void for_each_parallel(std::size_t count, unsigned threads,
                       const std::function<void(std::size_t)>& work) {
  const auto wanted = std::min<std::size_t>(std::max(threads, 1U), count);
  const std::size_t run =
      std::clamp<std::size_t>(count / (std::max<std::size_t>(wanted, 1) * 8), 1, 64);
  std::atomic<std::size_t> next{0};
  std::exception_ptr fault;
  std::mutex fault_mutex;
  const auto drain = [&] {
    for (;;) {
      const std::size_t from = next.fetch_add(run, std::memory_order_relaxed);
      if (from >= count) return;
      for (std::size_t i = from; i < std::min(from + run, count); ++i) work(i);
    }
  };
  const auto body = [&] {
    try {
      drain();
    } catch (...) {
      next.store(count, std::memory_order_relaxed);  // nobody begins anything more
      const std::scoped_lock lock(fault_mutex);
      if (!fault) fault = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    others.reserve(wanted);
    try {
      for (std::size_t i = 1; i < wanted; ++i) {
        put_on_another_core(others.emplace_back(body), i);
      }
    } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch)
      // No more threads to be had: those that there are do the work.
    }
    body();
  }
  if (fault) std::rethrow_exception(fault);
}

}  // namespace sluice
