// SPDX-License-Identifier: Apache-2.0
// The part of a verification that is about who signed, and when: timestamps, logs, certificates,
// identity. For the verifier alone.
#pragma once

#include "sigstore/entry.h"
#include "sigstore/verifier.h"

namespace sluice::sigstore {

class EvidenceJudge {
 public:
  // `intermediates` came along with the bundle: nobody vouches for them.
  EvidenceJudge(const VerifierOptions& options, crypto::SignatureMemo& memo,
                const Recorded& recorded, std::span<const x509::Certificate> intermediates,
                const VerifyRequest& request, Report& report)
      : options_(options),
        memo_(memo),
        trust_(*options.trust),
        recorded_(recorded),
        intermediates_(intermediates),
        source_(request.bundle_source),
        accepting_(request.accepting),
        report_(report) {}

  [[nodiscard]] Result<void> run();
  // Those that were proven, each source once.
  std::vector<Time> times() const;

 private:
  [[nodiscard]] Result<void> check_timestamps();
  [[nodiscard]] Result<void> check_entries();
  std::size_t count_logs() const;
  std::size_t count_clocks() const;
  void judge_logs(std::size_t count);
  void judge_times(std::size_t count);
  std::vector<std::string> who_says(Time when) const;
  [[nodiscard]] Result<void> check_certificate(const x509::Certificate& leaf);
  void take(const Report& rows);
  void settle(const std::vector<Report>& unknown, bool enough);
  std::size_t due(const std::optional<std::size_t>& wanted) const;
  std::size_t logs_due() const;
  std::size_t times_due() const;

  const VerifierOptions& options_;
  crypto::SignatureMemo& memo_;
  const TrustRoot& trust_;
  const Recorded& recorded_;
  std::span<const x509::Certificate> intermediates_;
  const std::string& source_;
  const AcceptingCommand& accepting_;
  Report& report_;
  std::vector<x509::VerifiedTime> stamps_;
  std::vector<LogProof> logs_;
  // Rows of what is not known here, kept back until it is clear whether it is missed.
  std::vector<Report> unknown_logs_;
  std::vector<Report> unknown_stamps_;
};

}  // namespace sluice::sigstore
