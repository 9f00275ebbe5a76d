// SPDX-License-Identifier: Apache-2.0
// The memory that bodies of requests may take, all together: the one place that says yes or no.
//
// What a body takes counts as it arrives, never because it was announced. The first bytes of each
// come with its connection and are never refused, so an ordinary review always fits; beyond that,
// large bodies leave a part of the whole to small ones.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>

namespace sluice::server {

struct Limits;

class BodyBudget {
 public:
  explicit BodyBudget(const Limits& limits) : limits_(limits) {}
  // From so many bytes of one body to so many. False: there is no room, and nothing has changed.
  [[nodiscard]] bool change(std::size_t from, std::size_t to);

 private:
  struct Counted {
    std::size_t all = 0;
    std::size_t large = 0;
  };
  Counted counted(std::size_t size) const;

  const Limits& limits_;
  std::mutex mutex_;
  Counted taken_;
};

// What one body holds of it, given back when it goes.
class BodyShare {
 public:
  explicit BodyShare(BodyBudget& budget) : budget_(budget) {}
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  ~BodyShare() { (void)budget_.change(held_, 0); }
  // For so many bytes more than there are in the text: twice as much each time, but no more than
  // was announced (0: nothing was). False: there is none.
  [[nodiscard]] bool make_room(std::string& text, std::size_t more, std::size_t announced);

 private:
  BodyBudget& budget_;
  std::size_t held_ = 0;
};

}  // namespace sluice::server
