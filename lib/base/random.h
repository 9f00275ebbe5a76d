// SPDX-License-Identifier: Apache-2.0
// Random bytes, and the jitter of retries.
#pragma once

#include <cstdint>
#include <span>

namespace sluice {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;  // fit for keys
  std::uint32_t below(std::uint32_t bound);            // uniform in [0, bound); 0 for bound 0
};

Random& system_random();

}  // namespace sluice
