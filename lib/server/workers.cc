// SPDX-License-Identifier: Apache-2.0
#include "server/workers.h"

#include <algorithm>
#include <utility>

namespace sluice::server {

Workers::Workers(unsigned threads, std::size_t queued) : queued_(queued) {
  for (unsigned i = 0; i < std::max(threads, 1U); ++i) threads_.emplace_back([this] { work(); });
}

Workers::~Workers() {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  wake_.notify_all();
}

bool Workers::take(Job job) {
  {
    const std::lock_guard hold(mutex_);
    if (stopping_ || jobs_.size() >= queued_) return false;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

void Workers::work() {
  for (;;) {
    Job job;
    {
      std::unique_lock hold(mutex_);
      wake_.wait(hold, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace sluice::server
