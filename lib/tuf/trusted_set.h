// SPDX-License-Identifier: Apache-2.0
// The client workflow of the TUF specification (1.0, sections 5.2 to 5.6) as a pure state machine:
// bytes go in, and what comes out is trusted state, or a report that says what was refused and why.
// No files, no network, no clock: the time is fixed when it starts (5.1).
//
//   start          5.2  the root that came with the software
//   update_root    5.3  one version after the other, until there is none; then finish_root
//   update_timestamp, update_snapshot, update_targets   5.4, 5.5, 5.6, in this order
//
// What was refused changes nothing. A call out of order is refused ("tuf.KIND.order").
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tuf/limits.h"
#include "tuf/targets.h"

namespace sluice::tuf {

struct TrustOptions {
  Time now{};
  Limits limits = {};
  ForeignKeys foreign = {};
  unsigned threads = 2;  // for a large file
};

// Where bytes come from. What a cache holds was accepted before: it may be expired, and older than
// what is current; it then serves to notice a rollback.
enum class Origin : std::uint8_t { cache, repository };

struct Accepted {
  RoleName role{""};
  Version version = 0;
  Time expires{};
  bool kept = false;     // a timestamp of the version that is trusted already: that one stays
  bool rotated = false;  // a root that takes a key from timestamp or snapshot (5.3.11)
};

class TrustedSet {
 public:
  [[nodiscard]] static Verdict<TrustedSet> start(std::string_view document, TrustOptions options);

  [[nodiscard]] Verdict<Accepted> update_root(std::string_view document);
  // No newer root: is the last one still good (5.3.10)?
  [[nodiscard]] Verdict<Accepted> finish_root();
  [[nodiscard]] Verdict<Accepted> update_timestamp(std::string_view document, Origin origin);
  // `read`: a large one is read by somebody else meanwhile, by open_snapshot(); asked for once its
  // signatures are counted, if at all.
  using SnapshotRead = std::function<std::optional<OpenedSnapshot>()>;
  [[nodiscard]] Verdict<Accepted> update_snapshot(Document document, Origin origin,
                                                  const SnapshotRead& read = {});
  [[nodiscard]] Verdict<Accepted> update_snapshot(std::string document, Origin origin);
  // The targets role has no delegator: root speaks for it. Trust goes by delegator and role: what
  // one delegator accepts, another one may not.
  [[nodiscard]] Verdict<Accepted> update_targets(Document document, const RoleName& role,
                                                 const Targets* delegator);
  [[nodiscard]] Verdict<Accepted> update_targets(std::string document, const RoleName& role,
                                                 const Targets* delegator);

  const Root& root() const { return root_; }
  const std::optional<Timestamp>& timestamp() const { return timestamp_; }
  const std::optional<Snapshot>& snapshot() const { return snapshot_; }
  // Whether the snapshot is the one that the timestamp speaks of, and still good.
  bool snapshot_current() const { return snapshot_current_; }
  // nullptr where there is none yet. Valid as long as the set.
  const Targets* targets(const RoleName& role, const Targets* delegator) const;

  // Whether the timestamp may be built upon: it is there and has not expired.
  bool timestamp_fresh() const;
  Time now() const { return options_.now; }

 private:
  explicit TrustedSet(TrustOptions options) : options_(std::move(options)) {}

  TrustOptions options_;
  Root root_;
  bool root_finished_ = false;
  std::optional<Timestamp> timestamp_;
  std::optional<Snapshot> snapshot_;
  bool snapshot_current_ = false;
  // Shared because they never change, and a set may be copied.
  std::map<std::pair<const Targets*, std::string>, std::shared_ptr<const Targets>> targets_;
};

}  // namespace sluice::tuf
