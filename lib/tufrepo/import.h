// SPDX-License-Identifier: Apache-2.0
// Repositories that others made — python-tuf, tuf-on-ci, tuftool — taken over as they are: files of
// metadata keep their bytes, and with them every signature that holds.
//
// Read are metadata files in one folder (and roots in its root_history/, as tuf-on-ci keeps them),
// with or without versions in their names, and targets by hash or by name, below folders or, as
// tuftool has them, by the hash before the whole path.
#pragma once

#include <string>
#include <vector>

#include "tufrepo/repository.h"

namespace sluice::tuf {

struct ImportPlan {
  Path metadata;
  Path targets;  // empty: none are taken over
  Time now{};
};
struct Imported {
  std::vector<std::string> metadata;  // names below metadata/
  std::size_t targets = 0;            // files
  std::vector<std::string> missing;   // targets that are listed and were not found
  std::vector<std::string> left_out;  // files that nothing refers to
  std::vector<std::string> notes;     // for people: what to do next
};
// Into a folder that has no repository. Errc::denied where there is one, or metadata, keys or
// proposals that are none of what is taken over; Errc::malformed where that does not hang together:
// nothing is written then. A target's file that is there with other bytes is Errc::denied, too.
// What is held in memory is what is taken over of the metadata, and one file more at a time.
[[nodiscard]] Result<Imported> import_repository(Files& files, const Path& folder,
                                                 const ImportPlan& plan,
                                                 const ForeignKeys& foreign = {});

}  // namespace sluice::tuf
