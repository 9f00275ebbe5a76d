// SPDX-License-Identifier: Apache-2.0
// Every bound on untrusted input that more than one place relies on, named once.
#pragma once

#include <cstddef>

namespace sluice::limits {

inline constexpr std::size_t kKeyFile = 64U << 10;
inline constexpr std::size_t kBundleFile = 16U << 20;
inline constexpr std::size_t kConfigFile = 1U << 20;
inline constexpr std::size_t kPasswordFile = 4U << 10;
inline constexpr std::size_t kPayload = 11U << 20;  // of an envelope: as base64 it fits a bundle
inline constexpr std::size_t kWholeMessage = 256U << 20;  // what pure Ed25519 must hold in memory
inline constexpr int kJsonDepth = 64;

}  // namespace sluice::limits
