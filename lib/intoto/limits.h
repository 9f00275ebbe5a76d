// SPDX-License-Identifier: Apache-2.0
// The bounds of this room on what it reads.
#pragma once

#include <cstddef>

namespace sluice::intoto::limits {

inline constexpr std::size_t kMetadataFile = 256U << 20;  // a link of two million artifacts
inline constexpr std::size_t kArtifacts = 4'000'000;      // materials, and as many products
inline constexpr std::size_t kDigests = 16;               // of one artifact
inline constexpr std::size_t kSignatures = 64;
inline constexpr std::size_t kStepName = 200;  // bytes: with a keyid it fits a file's name
inline constexpr std::size_t kCommandWords = 100'000;
inline constexpr std::size_t kArtifactName = 16U << 10;  // bytes

}  // namespace sluice::intoto::limits
