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

// Publishing goes to the other place first, and a note here says so before: what happened is known
// then, however this process ends. Where the place refuses, the note is gone again.
[[nodiscard]] Result<Published> publish_to_place(Store& here, Store& place,
                                                 const Publication& publication, Time now,
                                                 const PublishOptions& options);
// Where it was done there and interrupted here, this
// folder takes over the rest: what the place has, if this folder was about to publish just that
// (its note says so) or did already, and all of it is signed from this folder's first root on.
// Whether it did; the repository is to be read anew then.
[[nodiscard]] Result<bool> finish_here(Repository& repository, Store& place);

// All that is published here, for a place that is behind: files that it has are taken as they are.
// With targets: those below targets/ that the metadata lists. Errc::denied where something of it is
// not signed as a client wants it, from the folder's first root on; what has expired is signed,
// too.
[[nodiscard]] Result<Publication> whole_publication(Repository& repository, bool targets);
// As a client would accept it that has what is published in the place. Errc::denied else.
[[nodiscard]] Result<void> check_for_place(Store& place, const Publication& publication,
                                           const ForeignKeys& foreign);

}  // namespace sluice::tuf
