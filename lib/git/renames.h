// SPDX-License-Identifier: Apache-2.0
// Which deleted path became which added one.
//
// Follows what `git diff` does when nothing is configured, so that the same paths are left over:
//   1. equal contents (the mode must be equal too unless both are plain files), first come, a path
//      with the same last part preferred;
//   2. the last part is the same and unique on both sides, contents at least 75 % alike;
//   3. every pair that is left and at least 50 % alike, best first, unless there are more pairs
//      than the limit.
// How alike: the bytes of the lines (pieces of at most 64 bytes) that both have, over the larger
// size. A last line without line end counts, as in git since 2.44; earlier ones leave it out.
// libgit2's own detection compares samples and disagrees with git near the threshold.
#pragma once

#include "git/handle.h"

namespace sluice::git {

// Turns pairs of deleted and added into renamed. False: not all that could be were compared.
bool find_renames(const Handle& handle, std::vector<Change>& changes);

}  // namespace sluice::git
