// SPDX-License-Identifier: Apache-2.0
// The environment variables that this process was given.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sluice {

class Environment {
 public:
  virtual ~Environment() = default;
  // An unset and an empty variable are the same: no value.
  virtual std::optional<std::string> get(const std::string& name) const = 0;
  virtual std::vector<std::string> names() const = 0;  // of all variables
};

Environment& system_environment();

}  // namespace sluice
