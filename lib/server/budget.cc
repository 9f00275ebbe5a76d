// SPDX-License-Identifier: Apache-2.0
#include "server/budget.h"

#include <algorithm>

#include "server/server.h"

namespace sluice::server {

namespace {

// Less than the buffer that each connection has anyway.
constexpr std::size_t kOwn = 64U << 10;

}  // namespace

BodyBudget::Counted BodyBudget::counted(std::size_t size) const {
  if (size <= kOwn) return {};
  return {.all = size, .large = size > limits_.small_body ? size : 0};
}

bool BodyBudget::change(std::size_t from, std::size_t to) {
  const Counted before = counted(from);
  const Counted after = counted(to);
  const std::lock_guard hold(mutex_);
  const Counted then{.all = taken_.all - before.all + after.all,
                     .large = taken_.large - before.large + after.large};
  const bool fits = then.all <= limits_.bodies &&
                    (after.large == 0 || then.large + limits_.bodies_for_small <= limits_.bodies);
  if (to > from && !fits) return false;
  taken_ = then;
  return true;
}

bool BodyShare::make_room(std::string& text, std::size_t more, std::size_t announced) {
  const std::size_t size = text.size() + more;
  if (size <= text.capacity()) return true;
  std::size_t room = std::max({size, 2 * text.capacity(), std::size_t{4096}});
  if (announced != 0) room = std::max(size, std::min(room, announced));
  if (!budget_.change(held_, room)) return false;
  held_ = room;
  text.reserve(room);
  return true;
}

}  // namespace sluice::server
