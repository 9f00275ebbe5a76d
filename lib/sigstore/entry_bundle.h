// SPDX-License-Identifier: Apache-2.0
// Bundles of a log's entries (C2SP tlog-tiles, "Log entries"): up to 256 of them in one file, each
// behind its length in 16 bits, big-endian. An entry is what the log hashes as a leaf; here it
// stays bytes.
#pragma once

#include <vector>

#include "sigstore/merkle.h"

namespace sluice::sigstore {

inline constexpr std::size_t kEntryBytes = 0xFFFF;
inline constexpr std::size_t kEntryBundleBytes = kTileWidth * (2 + kEntryBytes);

// Exactly so many entries, as views of the content. malformed: fewer, or bytes behind the last.
[[nodiscard]] Result<std::vector<ByteView>> parse_entry_bundle(unsigned width, ByteView content);

}  // namespace sluice::sigstore
