// SPDX-License-Identifier: Apache-2.0
// What clients may ask a store for, by what is signed alone. Whoever can write files there — a
// branch that was merged, say — would otherwise choose what counts as published: what is removed
// because nobody reaches it, and what is taken to another place.
//
// Trust goes as in a client (TUF 5.3 to 5.6), from the store's first root on; what has expired
// counts as well. An earlier timestamp and what it leads to are held against the root that was the
// newest then: any root of the row that it is signed for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tufrepo/publish_parts.h"

namespace sluice::tuf {

class SignedReach {
 public:
  // Walks over the roots. Errc::denied where one is missing in the row, or is not signed for the
  // one before it.
  [[nodiscard]] static Result<SignedReach> start(Store& store, const ForeignKeys& foreign);

  // A timestamp, where it is signed for one of the roots; nothing where it is for none.
  struct Stamped {
    Timestamp timestamp;
    std::vector<std::size_t> roots;  // that it is signed for, the newest first
  };
  std::optional<Stamped> stamped(std::string_view bytes) const;
  bool is_for_newest_root(const Stamped& stamped) const {
    return stamped.roots.front() + 1 == roots_.size();
  }
  // The published one: signed for the newest root, which has signed no newer one that is kept.
  // Errc::denied else.
  [[nodiscard]] Result<Stamped> published();

  // Adds all that clients with this timestamp may ask for. Errc::denied where something on the way
  // is not signed as it must be, Errc::io where it is not there.
  [[nodiscard]] Result<void> add(const Stamped& stamped);
  // The same of a snapshot whose timestamp nobody has any more; what is missing is passed over.
  [[nodiscard]] Result<void> add_old_snapshot(Version version);

  // Kept as metadata/N.timestamp.json, and signed; and those that are not: their versions.
  const std::map<Version, Stamped>& kept() const { return kept_; }
  const std::set<Version>& not_signed() const { return not_signed_; }

  bool has(const std::string& name) const { return names_.contains(name); }

 private:
  SignedReach(Store& store, ForeignKeys foreign) : store_(&store), foreign_(std::move(foreign)) {}
  struct Walk {
    const Snapshot& snapshot;
    bool whole = true;  // what is missing is an error
    std::set<std::pair<const Targets*, std::string>> seen = {};
    std::set<std::string> on_the_way = {};
    std::set<std::string> good = {};            // roles that somebody vouches for,
    std::map<std::string, Error> refused = {};  // and those that somebody does not
  };
  struct Signers {
    const Keys& keys;
    const RoleKeys& role;
    std::string by;  // the file that they stand in
  };
  [[nodiscard]] Result<void> walk_roots();
  [[nodiscard]] Result<void> read_timestamps(const std::vector<ListedFile>& files);
  [[nodiscard]] Result<void> add_snapshot(std::string bytes, const FileMeta& stated,
                                          const std::vector<std::size_t>& roots, bool whole);
  [[nodiscard]] Result<void> follow(Walk& walk, const Envelope& envelope, const Root& by);
  [[nodiscard]] Result<std::optional<std::string>> read_role(const std::string& role,
                                                             Version version);
  [[nodiscard]] Result<void> load(Walk& walk, const RoleName& role, const Signers& signers);
  [[nodiscard]] Result<std::shared_ptr<const Targets>> accepted(const FileMeta& listed,
                                                                std::string bytes,
                                                                const Signers& signers) const;
  [[nodiscard]] Result<void> below(Walk& walk, const Targets& parent, const std::string& file);
  [[nodiscard]] Result<void> take_targets(const Targets& targets);
  [[nodiscard]] Result<void> follow_the_rest(Walk& walk);

  Store* store_;
  ForeignKeys foreign_;
  std::vector<Root> roots_;  // ascending, without a gap
  std::map<Version, Stamped> kept_;
  std::set<Version> not_signed_;
  std::unordered_set<std::string> names_;
  std::set<std::string> snapshots_;  // that were followed
  // By file and by who vouches for it. Shared because walks hand it on: read once, for all
  // timestamps that lead there; nullptr where it delegates to nobody.
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const Targets>> loaded_;
};

}  // namespace sluice::tuf
