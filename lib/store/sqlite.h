// SPDX-License-Identifier: Apache-2.0
// Decisions in one SQLite file: write-ahead log, synced in full at each append.
//
// The schema's version stands in user_version. An older one is brought up to date when it is opened
// for writing, and read as it is when opened for reading; a newer one is refused by name. A file
// that is some other program's database is refused.
#pragma once

#include <chrono>
#include <memory>

#include "base/files.h"
#include "store/store.h"

namespace sluice::store {

inline constexpr int kSchemaVersion = 3;

enum class Access : std::uint8_t { read, write };  // write makes the file where there is none

// `wait` bounds how long one call waits for another writer; then Errc::timeout.
[[nodiscard]] Result<std::unique_ptr<DecisionStore>> open_sqlite(
    const Path& path, Access access, std::chrono::milliseconds wait = std::chrono::seconds(10));

}  // namespace sluice::store
