// SPDX-License-Identifier: Apache-2.0
// Removes what no client can reach any more.
//
// A client, or a cache on its way, may hold any timestamp that has not expired. Publishing keeps
// each as metadata/N.timestamp.json, so that it is known which they are; before the first one that
// is known there may have been others, and as long as that first one has not expired everything
// older is kept too. What an unexpired timestamp reaches stays: its snapshot, the metadata that
// this lists, and the targets that those list. The published timestamp counts even when it has
// expired. Roots stay for good: clients walk over all of them (TUF 5.3). The last 100
// timestamps stay, and all for 30 days after they expired: mirror.h knows a place that is behind by
// the one that it has.
//
// Only files that are understood are removed: metadata whose name, type and version agree, and
// targets whose name begins with the hash of what they hold. Everything else is reported and kept.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "tufrepo/store.h"

namespace sluice::tuf {

struct CleanOptions {
  bool dry_run = false;
  bool single_writer = false;  // as in PublishOptions
  std::chrono::milliseconds lock_wait{10'000};
  std::size_t max_target = 4ULL << 30;  // larger ones are kept where they must be read to be known
};

struct Cleaned {
  std::vector<ListedFile> removed;          // with dry_run: would be
  std::vector<std::string> not_understood;  // kept
  std::size_t kept = 0;                     // reachable
  std::uint64_t bytes = 0;                  // of those removed
};

// Errc::denied where the repository is not whole, or a publication was interrupted.
[[nodiscard]] Result<Cleaned> clean(Store& store, Time now, const CleanOptions& options = {});

}  // namespace sluice::tuf
