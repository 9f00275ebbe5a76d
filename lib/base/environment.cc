// SPDX-License-Identifier: Apache-2.0
#include "base/environment.h"

#include <cstdlib>

namespace sluice {

namespace {
class SystemEnvironment final : public Environment {
 public:
  std::optional<std::string> get(const std::string& name) const override {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  }
};
}  // namespace

Environment& system_environment() {
  static SystemEnvironment environment;
  return environment;
}

}  // namespace sluice
