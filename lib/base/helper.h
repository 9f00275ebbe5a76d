// SPDX-License-Identifier: Apache-2.0
// Threads that work while their maker does, from their beginning.
#pragma once

#include <cstddef>
#include <future>
#include <thread>
#include <utility>

namespace sluice {

// To be called by the maker at once, of the nth thread that it makes. A guest of a hypervisor takes
// a core that sleeps for one that is away, and leaves a new thread on its maker's core, where it
// waits for as long as the maker works. Nothing happens where there are many cores, of which some
// are awake.
void put_on_another_core(std::jthread& thread, std::size_t nth = 1);

// Work of some milliseconds. The destructor waits for its end.
template <class T>
class Helper {
 public:
  explicit Helper(std::packaged_task<T()> work)  // throws std::system_error: no thread to be had
      : result_(work.get_future()), thread_(std::move(work)) {
    put_on_another_core(thread_);
  }
  T get() { return result_.get(); }  // once; throws what the work threw

 private:
  std::future<T> result_;
  std::jthread thread_;
};

}  // namespace sluice
