// SPDX-License-Identifier: Apache-2.0
// Threads that run handlers, and a bounded queue before them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::server {

class Workers {
 public:
  using Job = std::move_only_function<void()>;  // must not throw

  Workers(unsigned threads, std::size_t queued);
  ~Workers();  // waits for what runs; what still waits is dropped
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False: the queue is full.
  [[nodiscard]] bool take(Job job);

 private:
  void work();

  const std::size_t queued_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;  // last: the rest is there before they start
};

}  // namespace sluice::server
