// SPDX-License-Identifier: Apache-2.0
// The name of an object in a repository.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace sluice::git {

// SHA-1, as every repository has it that this room opens. All zero: no object.
struct ObjectId {
  std::array<std::uint8_t, 20> bytes{};

  std::string hex() const;
  std::string brief() const { return hex().substr(0, 7); }  // for people, not for programs
  bool none() const { return *this == ObjectId{}; }
  auto operator<=>(const ObjectId&) const = default;
};

}  // namespace sluice::git
