// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice::cli {

inline constexpr std::string_view kVersion = SLUICE_VERSION;

}  // namespace sluice::cli
