// SPDX-License-Identifier: Apache-2.0
// What the tests of this room share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::test {

// The text with the first such part replaced; it must be there.
inline std::string with(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at == std::string::npos) {
    ADD_FAILURE() << "no \"" << from << "\" in " << text;
    return text;
  }
  return text.replace(at, from.size(), to);
}

inline const std::string kDigestA(64, 'a');
inline const std::string kDigestB(64, 'b');

}  // namespace sluice::test
