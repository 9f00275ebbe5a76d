// SPDX-License-Identifier: Apache-2.0
// Text with a meaning: a KeyId is no RoleName, and neither is a bare string.
#pragma once

#include <compare>
#include <string>
#include <utility>

namespace sluice {

template <class Tag>
class StrongString {
 public:
  explicit StrongString(std::string value) : value_(std::move(value)) {}
  const std::string& str() const { return value_; }
  auto operator<=>(const StrongString&) const = default;

 private:
  std::string value_;
};

using KeyId = StrongString<struct KeyIdTag>;
using MediaType = StrongString<struct MediaTypeTag>;

}  // namespace sluice
