// SPDX-License-Identifier: Apache-2.0
// The same work on many items, on all cores.
#pragma once

#include <cstddef>
#include <functional>

namespace sluice {

unsigned hardware_threads();  // those that this process may use; at least 1

// Calls work(i) for each i below count, on up to `threads` threads; returns when all are done.
// Items are handed out in small runs, so that uneven work spreads. The first exception of work is
// thrown again here, once all threads have ended.
void for_each_parallel(std::size_t count, unsigned threads,
                       const std::function<void(std::size_t)>& work);

}  // namespace sluice
