// SPDX-License-Identifier: Apache-2.0
// Whether what is published in the folder holds: signed, from its first root on, as a client wants
// it, whatever has expired. What is proposed is compared with it, so that who could edit it there
// would choose what a signer gets to see. It vouches for one folder, not for its first root: that
// one each clone has from where it was cloned.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tuf/trusted_set.h"
#include "tufrepo/repository.h"

namespace sluice::tuf {

class PublishedCheck {
 public:
  explicit PublishedCheck(Repository& repository);
  PublishedCheck(const PublishedCheck&) = delete;
  PublishedCheck& operator=(const PublishedCheck&) = delete;
  ~PublishedCheck();

  // For who will ask of(), before the repository is asked for the snapshot: a large one is read
  // here, once for both, and its signatures are checked from now on, beside what the caller does
  // meanwhile.
  [[nodiscard]] Result<void> begin();

  enum class Standing : std::uint8_t {
    holds,
    nobodys,  // nobody who is published delegates to it: its signatures say nothing
    broken,
  };
  struct Answer {
    Standing standing = Standing::holds;
    std::string why = {};  // of what is broken
  };
  // Of a role that is published. Roles that lead to it are read, and no others. Where a publication
  // was interrupted between a new root and its timestamp, what the root before it vouches for
  // holds.
  [[nodiscard]] Result<Answer> of(const RoleName& role);

 private:
  // What the snapshot hangs on, from bytes alone.
  struct Files {
    std::vector<std::string> roots;
    std::string timestamp;  // empty: none is published
  };
  struct Top {
    std::optional<TrustedSet> set;
    std::string root_problem;
    std::string problem;
  };
  struct SnapshotAtHand {
    Document document;  // nullptr: there is none
    TrustedSet::SnapshotRead read = {};
  };
  struct Gate;
  struct Ahead;
  struct Promises;
  static Top judge(const Files& files, const ForeignKeys& foreign,
                   const std::function<SnapshotAtHand()>& snapshot);
  [[nodiscard]] Result<Files> read();
  [[nodiscard]] Result<bool> worth_a_thread();
  [[nodiscard]] Result<void> read_snapshot(Promises promises);
  [[nodiscard]] Result<void> start();
  [[nodiscard]] Result<bool> root_came_alone() const;
  [[nodiscard]] Result<Answer> delegated(const RoleName& role);
  [[nodiscard]] Result<bool> holds(const RoleName& role, const Targets* delegator);
  [[nodiscard]] Result<const Targets*> load(const RoleName& role, const Targets* delegator);

  Repository& repository_;
  bool started_ = false;
  std::unique_ptr<Ahead> ahead_;  // nullptr: nothing was begun
  std::optional<TrustedSet> set_;
  std::optional<TrustedSet> leaves_;  // a copy: of thousands of bins, few are in memory at once
  std::size_t in_leaves_ = 0;
  std::string root_problem_;
  std::string problem_;  // of the other top-level roles
  std::string load_problem_;
};

}  // namespace sluice::tuf
