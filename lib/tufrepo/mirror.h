// SPDX-License-Identifier: Apache-2.0
// Another place with the same repository: new, or behind because publishing there was interrupted.
#pragma once

#include <optional>

#include "tufrepo/publish.h"
#include "tufrepo/repository.h"

namespace sluice::tuf {

enum class MirrorState : std::uint8_t {
  same,
  behind,   // it has nothing, or a timestamp that this folder published before its present one
  ahead,    // it has one that this folder published after its present one: that was set back
  unknown,  // it has one that this folder never had: somebody else published
};
struct Mirror {
  MirrorState state = MirrorState::same;
  std::optional<crypto::Digest> timestamp;  // what it has
};
[[nodiscard]] Result<Mirror> look_at_mirror(Repository& repository, Store& place);

// All that is published here, for a place that is behind: files that it has are taken as they are.
// With targets: those below targets/ that the metadata lists. Errc::denied where something of it is
// not signed as a client wants it, from the folder's first root on; what has expired is signed,
// too.
[[nodiscard]] Result<Publication> whole_publication(Repository& repository, bool targets);
// As a client would accept it that has what is published in the place. Errc::denied else.
[[nodiscard]] Result<void> check_for_place(Store& place, const Publication& publication,
                                           const ForeignKeys& foreign);

}  // namespace sluice::tuf
