// SPDX-License-Identifier: Apache-2.0
// Entries in transparency logs of both of Rekor's generations: asked for, read, and found again
// where the log says that it has them already.
//
// Nothing here is believed: whoever asked passes each entry to judge_entry (sigstore/entry.h), with
// the bundle that it has to be about. The log's answer to a repetition (409) is no failure: a
// request that was lost on its way back has made its entry. v1 names it (Location) and hands it
// out; v2 tells an index only (x-log-index), and the entry is put together from the log's files:
// checkpoint, tiles, entry bundle (C2SP tlog-tiles).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/time.h"
#include "signing/service.h"
#include "sigstore/entry.h"
#include "sigstore/tiled_log.h"

namespace sluice::sigstore {

inline constexpr std::size_t kLogAnswerMost = 16U << 20;  // bytes; v1 hands envelopes back
// The public log of v1 closes the connection above some megabytes, and does not say where; its
// operators name no number. Attestations of 3.5 MB were refused, those of a few hundred KB are not.
inline constexpr std::size_t kRekor1RequestMost = 2U << 20;

struct LogService {
  std::string url;  // base
  std::uint32_t version = 1;
  // v2: where its files are; empty: at api/v2/ of the base, or at the base itself.
  std::string files_url = {};
  std::size_t request_most = kRekor1RequestMost;  // of v1; v2 gets digests alone
};

// v1: hashedrekord 0.0.1, for an envelope dsse 0.0.1. v2: hashedrekord 0.0.2, for an envelope of
// its PAE. Errc::limit, with the reason, for what the log would not take; Errc::unsupported for a
// key of which the log has no name.
[[nodiscard]] Result<HttpRequest> entry_request(const LogService& log, const Recorded& recorded,
                                                const ServicePatience& patience);

// The log has such an entry already: its id (v1) or its index (v2).
struct Duplicate {
  std::string id = {};
  std::uint64_t index = 0;
};
// Would an envelope with so large a payload be more than this log takes? Asked before anything is
// sent, or signed.
bool is_too_large(const LogService& log, std::size_t payload);

using EntryAnswer = std::variant<LogEntry, Duplicate>;
[[nodiscard]] Answered<EntryAnswer> read_entry_answer(const LogService& log,
                                                      Result<HttpResponse> answer);

// One entry as v1 tells it: {id: {body, integratedTime, …}}. The id has to be that of the body.
[[nodiscard]] Result<LogEntry> parse_rekor1_entry(std::string_view json);
// One entry as v2, and bundles, tell it. A logIndex of 0 may be left out.
[[nodiscard]] Result<LogEntry> parse_rekor2_entry(std::string_view json);
// Gets what the log has already. The answer is as unproven as any other. Waits, by the clock and
// not past the deadline, until the log's checkpoint covers a v2 entry. For any number of threads.
class EntryRecovery {
 public:
  // All references outlive it. Of the trust root it takes under which id the log is known.
  EntryRecovery(Http& http, Clock& clock, const TrustRoot& trust,
                std::chrono::steady_clock::time_point deadline, const ServicePatience& patience);
  ~EntryRecovery();
  EntryRecovery(const EntryRecovery&) = delete;
  EntryRecovery& operator=(const EntryRecovery&) = delete;

  [[nodiscard]] Answered<LogEntry> recover(const LogService& log, const Duplicate& duplicate);

 private:
  class Kept;
  Answered<LogEntry> from_rekor1(const LogService& log, const std::string& id);
  Answered<LogEntry> from_tiles(const LogService& log, std::uint64_t index);
  Answered<std::string> checkpoint_over(TiledLog& log, std::uint64_t index);
  [[nodiscard]] Result<LogEntry> proven_by_tiles(TiledLog& files, std::uint64_t index,
                                                 const std::string& note) const;

  Http& http_;
  Clock& clock_;
  const TrustRoot& trust_;
  std::chrono::steady_clock::time_point deadline_;
  ServicePatience patience_;
  std::unique_ptr<Kept> kept_;
};

}  // namespace sluice::sigstore
