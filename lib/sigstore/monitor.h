// SPDX-License-Identifier: Apache-2.0
// A monitor over a log in tiles: reads every new entry, once, and holds the log to its word.
//
// It has the frontier of what it read (sigstore/merkle.h). Appending the new entries has to lead to
// the root that the log signed: that proves at once that the old tree is the beginning of the new
// one and that exactly these entries are in it, so that no proof is asked for beside the entries.
// Where the log has grown by more than one round reads, the rest of the tree is closed by hashes
// from its tiles: whatever they are, a signed root that is reached cannot be reached by other
// entries. Entries are looked into after that.
//
// Nothing is taken over that was not proven: after an alert about the log, or an error, the state
// is what it was.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/http.h"
#include "sigstore/entry_match.h"
#include "sigstore/log_state.h"
#include "sigstore/tiled_log.h"
#include "sigstore/witness.h"

namespace sluice::sigstore {

// The log itself is not to be trusted any more. What could not be fetched or read is an Error.
struct LogAlert {
  // log.identity    the key, or the name in its checkpoints, is another one than before
  // log.checkpoint  not signed by the log's key under the log's name
  // log.witnesses   the policy's quorum has not seen it
  // log.rollback    the tree is smaller than one that it signed before
  // log.fork        the tree is no continuation of one that it signed before
  // log.entries     the entries that it serves are not those of the tree that it signed
  // log.tiles       what it serves does not lead to the root that it signed
  std::string id;
  std::string message;  // one clause
  std::string expected;
  std::string found;
  std::string kept = {};  // the evidence: both checkpoints, as signed; empty on the first look
  std::string seen = {};
};

struct MonitorOptions {
  TransparencyLog log;
  std::string read_from = {};  // another base URL than the log's own
  std::chrono::milliseconds timeout{30'000};
  std::optional<WitnessPolicy> witnesses = {};
  WatchList list;
  TrustRoot trust;  // for the chains of certificates
};

enum class Begin : std::uint8_t { at_first_entry, at_present_head };

struct Progress {
  std::optional<LogAlert> alert = {};  // then nothing else
  std::uint64_t first = 0;             // the entries from here
  std::uint64_t end = 0;               // to before here were looked at
  std::vector<EntryFinding> findings = {};
};

class Monitor {
 public:
  Monitor(Http& http, MonitorOptions options, std::optional<LogState> kept = {});

  // Fetches the checkpoint and compares it with what is kept. Looks at no entries. Errc::usage:
  // what is kept is of another log.
  [[nodiscard]] Result<Progress> take_head(Begin begin);
  // Entries of the head that was taken and that nobody looked at yet.
  std::uint64_t left() const;
  // At most kTilesAtATime bundles of them.
  [[nodiscard]] Result<Progress> read_on();

  // To be kept, once findings and alerts were told; nothing before the first head was proven.
  const std::optional<LogState>& state() const { return state_; }
  std::uint64_t size() const { return target_ ? target_->size : 0; }
  std::string origin() const;  // of the newest checkpoint

 private:
  struct Bundles;
  [[nodiscard]] Result<Progress> settle_head(Begin begin);
  [[nodiscard]] Result<void> check_state() const;
  [[nodiscard]] Result<std::optional<LogAlert>> check_signature() const;
  std::optional<LogAlert> check_kept() const;
  [[nodiscard]] Result<Progress> prove_head(const Frontier& from, bool all_is_read);
  [[nodiscard]] Result<Bundles> fetch_round(std::uint64_t first, std::uint64_t end);
  LogAlert diagnose(const Frontier& from);
  LogAlert alert(std::string id, std::string message, std::string expected,
                 std::string found) const;

  MonitorOptions options_;
  TiledLog tiles_;
  std::optional<LogState> state_;
  std::optional<Checkpoint> target_;  // signed; its tree may not be proven yet
  std::string target_note_;
};

// The log of that URL, host or name in the trust root, at that time if several are. Errc::usage
// where none is, or several.
[[nodiscard]] Result<TransparencyLog> find_log(const TrustRoot& trust, std::string_view word,
                                               Time now);

}  // namespace sluice::sigstore
