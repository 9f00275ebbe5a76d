// SPDX-License-Identifier: Apache-2.0
#include "base/environment.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace sluice {

namespace {
class SystemEnvironment final : public Environment {
 public:
  std::optional<std::string> get(const std::string& name) const override {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
      const std::string_view variable(*each);
      out.emplace_back(variable.substr(0, variable.find('=')));
    }
    return out;
  }
};
}  // namespace

Environment& system_environment() {
  static SystemEnvironment environment;
  return environment;
}

}  // namespace sluice
