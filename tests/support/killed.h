// SPDX-License-Identifier: Apache-2.0
// A piece of work in a process of its own, which is killed as it enters its n-th system call that
// changes the file system.
#pragma once

#include <functional>
#include <optional>

namespace sluice::test {

struct KilledWork {
  bool killed = false;
  int exit_code = -1;  // what the work returned
};
// Nothing where this machine does not allow to trace. The caller must have no other threads.
std::optional<KilledWork> work_killed_at(int nth, const std::function<int()>& work);

}  // namespace sluice::test
