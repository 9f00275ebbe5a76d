// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <sodium.h>

#include <array>
#include <cstring>

namespace sluice {

namespace {
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override { randombytes_buf(out.data(), out.size()); }
};
}  // namespace

std::uint32_t Random::below(std::uint32_t bound) {
  if (bound == 0) return 0;
  // The part of the range that does not divide evenly is drawn again.
  const std::uint32_t smallest = (0U - bound) % bound;
  for (;;) {
    std::array<std::uint8_t, 4> raw{};
    fill(raw);
    std::uint32_t value = 0;
    std::memcpy(&value, raw.data(), raw.size());
    if (value >= smallest) return value % bound;
  }
}

Random& system_random() {
  static SystemRandom random;
  return random;
}

}  // namespace sluice
