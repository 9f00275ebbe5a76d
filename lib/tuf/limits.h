// SPDX-License-Identifier: Apache-2.0
// Every bound on what a TUF repository may ask of its clients. The specification leaves the numbers
// to the application (W, X, Y and Z of section 5).
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::tuf {

struct Limits {
  // Bytes of a file. Snapshot and targets may be larger where what is trusted states their length.
  std::size_t root = 1U << 20;
  std::size_t timestamp = 64U << 10;
  std::size_t snapshot = 8U << 20;
  std::size_t targets = 32U << 20;
  std::size_t stated = 256U << 20;
  std::uint64_t target = 4ULL << 30;
  int roots = 256;  // new ones in one run
  int roles = 32;   // that one search visits
};

inline constexpr std::size_t kMaxSignatures = 256;  // of one file
inline constexpr std::size_t kMaxKeys = 32'768;     // of one file
inline constexpr std::size_t kMaxKeyids = 256;      // of one role
inline constexpr std::size_t kMaxRoles = 65'536;    // that one file delegates to
inline constexpr std::size_t kMaxPaths = 65'536;    // of one delegation
// Of all in one file. A short one takes ten times its bytes in memory, and a large file is read
// while its signatures are checked.
inline constexpr std::size_t kMaxAllPaths = 1U << 20;
inline constexpr std::size_t kMaxHashes = 16;   // of one file
inline constexpr std::size_t kMaxName = 1'024;  // bytes of a role's name
inline constexpr std::size_t kMaxTargetPath = 4'096;
inline constexpr int kMaxBinBits = 32;  // TAP 15

}  // namespace sluice::tuf
