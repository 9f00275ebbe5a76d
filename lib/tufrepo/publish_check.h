// SPDX-License-Identifier: Apache-2.0
// A publication as a client will meet it, looked at before anything of it is written.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "tuf/trusted_set.h"
#include "tufrepo/publish_parts.h"

namespace sluice::tuf {

struct CheckedSet {
  Version timestamp = 0;
  RootOrder order = RootOrder::first;
};

// Errc::denied: what a client would refuse — signatures, versions that go back, expiry, files that
// are listed and are neither new nor in the store. Delegated roles are held against those that the
// publication, or the top-level targets, delegate from.
[[nodiscard]] Result<CheckedSet> check_publication(Store& store, const Publication& publication,
                                                   const StoredRoots& root,
                                                   const std::optional<StoredFile>& timestamp,
                                                   const TrustOptions& trust);
// The same without the verdict: for callers that have it.
[[nodiscard]] Result<CheckedSet> look_at_publication(Store& store, const Publication& publication,
                                                     const StoredRoots& root,
                                                     const std::optional<StoredFile>& timestamp,
                                                     const ForeignKeys& foreign);

}  // namespace sluice::tuf
