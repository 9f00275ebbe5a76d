// SPDX-License-Identifier: Apache-2.0
// Publishing as a transaction: new files first, one sync, timestamp.json last.
//
// Every file but timestamp.json has a name of its own (its version or its hash), so that a reader
// of the old timestamp sees the old repository in whole until the new timestamp is there, and
// whoever dies on the way leaves the old one or the new one. Files that were written already are
// taken as they are: publishing the same again goes on where it was interrupted. The previous
// timestamp is what the replacement rests on, so that of two publishers one wins.
//
// A root that takes keys from other roles is the one thing that a reader sees at once. Where the
// new files are signed for the old root as well they go first; otherwise, where the old files hold
// under the new root, it goes first; otherwise root and timestamp follow each other directly, and a
// reader in between is told that the timestamp is not signed (and asks again).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "tuf/metadata.h"
#include "tufrepo/store.h"

namespace sluice::tuf {

// Names as in the store. Snapshots are consistent (TUF 6.2): others cannot be published safely.
struct Publication {
  std::vector<NewFile> targets;         // targets/HASH.NAME
  std::vector<NewFile> metadata;        // metadata/N.ROLE.json: delegated, targets, snapshot
  std::vector<std::string> roots = {};  // those that are new to the store, ascending
  std::string timestamp;
  // What the set was built upon; nothing: the store must be empty of timestamps. Errc::denied where
  // the store has another one by now.
  std::optional<crypto::Digest> timestamp_before = {};
};

struct PublishOptions {
  // Needed on stores that do not notice another writer; the user says that there is none.
  bool single_writer = false;
  bool verify = true;        // as a client would, before anything is written; false: the caller did
  ForeignKeys foreign = {};  // that a client of this repository knows
  std::chrono::milliseconds lock_wait{10'000};
  std::function<void(std::size_t done, std::size_t all)> progress = {};
};

struct Published {
  std::size_t written = 0;
  std::size_t present = 0;  // were there already
  bool nothing_to_do = false;
};

// Errc::denied: another publisher was first, or the store is read-only, or the set is refused: by
// what it says, with what to do next.
[[nodiscard]] Result<Published> publish(Store& store, const Publication& publication, Time now,
                                        const PublishOptions& options = {});

enum class StoreCondition : std::uint8_t {
  empty,
  whole,        // one published repository and nothing else
  interrupted,  // the old repository is published; a publication was begun: publish again
  published,    // the new repository is published; only the note of the publication is left
  between,      // a new root is published and its timestamp is not: publish again, soon
  broken        // the timestamp leads to a file that is missing or damaged
};
std::string_view name(StoreCondition condition);

struct StoreState {
  StoreCondition condition = StoreCondition::empty;
  Version timestamp = 0;  // 0: none
  Version snapshot = 0;
  Version root = 0;
  std::optional<Time> begun = {};  // of the publication that was interrupted
  std::size_t files_written = 0;   // of it
  std::size_t files_planned = 0;
  std::string says;  // one sentence for people
  std::string next;  // what to do; empty: nothing
};
[[nodiscard]] Result<StoreState> state(Store& store);

// Gives up a publication that was interrupted: removes those of its files that the published
// repository does not reach. Nothing else may be publishing. How many files went.
[[nodiscard]] Result<std::size_t> abandon(
    Store& store, std::chrono::milliseconds lock_wait = std::chrono::seconds(10));

}  // namespace sluice::tuf
