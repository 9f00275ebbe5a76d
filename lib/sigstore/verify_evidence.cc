// SPDX-License-Identifier: Apache-2.0
#include "sigstore/verify_evidence.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "x509/chain.h"
#include "x509/sct.h"
#include "x509/timestamp.h"

namespace sluice::sigstore {

namespace {

// What says that the service, and not the stamp, is the matter.
bool is_unknown_service(const Check& check) {
  return check.id == "timestamp.signer" || check.id == "timestamp.certificate.chain";
}

// Something of this kind came along and does not hold: that it is missed in the count, too, is no
// news.
bool any_failed(const Report& report, std::string_view prefix) {
  return std::ranges::any_of(report.checks(), [&](const Check& check) {
    return check.outcome == Outcome::fail && check.id.starts_with(prefix);
  });
}

bool is_unknown_log(const Report& rows, const TrustRoot& trust, const LogEntry& entry) {
  const Check* failure = rows.first_failure();
  if (failure == nullptr || failure->id != "log.known") return false;
  const auto logs = trust.logs_with_id(entry.log_id);
  return logs && logs->empty();
}

// A service stands in the trust material once for each of its spans of time, and for each of its
// certificates: what it is known by is its key, or its URL.
bool is_one_service(const x509::VerifiedTime& one, const x509::VerifiedTime& other) {
  const std::string& label = one.authority.label();
  return one.authority == other.authority || one.signer->key == other.signer->key ||
         (label.contains("://") && label == other.authority.label());
}

void append(Report& to, Check check) {
  Check& row =
      check.outcome == Outcome::pass
          ? to.pass(check.id, check.title, check.detail)
          : (check.outcome == Outcome::fail ? to.fail(check.id, check.title, check.detail)
                                            : to.skip(check.id, check.title, check.detail));
  row = std::move(check);
}

}  // namespace

void EvidenceJudge::take(const Report& rows) {
  for (const Check& check : rows.checks()) append(report_, check);
}

// What is not known here does no harm beside others of its kind that are, and are enough. Alone it
// would be a claim that nobody looked at.
void EvidenceJudge::settle(const std::vector<Report>& unknown, bool enough) {
  for (const Report& rows : unknown) {
    if (enough) {
      report_.fact("set aside", rows.first_failure()->detail);
    } else {
      take(rows);
    }
  }
}

// With a certificate one, if nothing else is said; a key needs nobody to vouch for it.
std::size_t EvidenceJudge::due(const std::optional<std::size_t>& wanted) const {
  return wanted.value_or(recorded_.signer.certificate ? 1 : 0);
}

// Witnesses have seen the tree of a log: without an entry they have seen nothing.
std::size_t EvidenceJudge::logs_due() const {
  const std::size_t wanted = due(options_.thresholds.logs);
  const bool witnessed = options_.witnesses && options_.witnesses->quorum;
  return witnessed ? std::max<std::size_t>(wanted, 1) : wanted;
}

// A certificate is looked at for the times that are proven: one has to be there, whatever is asked.
std::size_t EvidenceJudge::times_due() const {
  const std::size_t wanted = due(options_.thresholds.times);
  return recorded_.signer.certificate ? std::max<std::size_t>(wanted, 1) : wanted;
}

Result<void> EvidenceJudge::run() {
  SLUICE_CHECK(check_timestamps());
  SLUICE_CHECK(check_entries());
  const std::size_t logs = count_logs();
  const std::size_t clocks = count_clocks();
  settle(unknown_logs_, !logs_.empty() && logs >= logs_due());
  settle(unknown_stamps_, !stamps_.empty() && clocks >= times_due());
  judge_logs(logs);
  judge_times(clocks);
  if (const auto& certificate = recorded_.signer.certificate) {
    SLUICE_CHECK(check_certificate(*certificate));
    judge_identity(options_.rules, *certificate, report_, accepting_);
  }
  return {};
}

Result<void> EvidenceJudge::check_timestamps() {
  const ByteView signature = signature_of(recorded_.bundle);
  for (const Bytes& der : recorded_.bundle.timestamps) {
    const auto stamp = x509::Timestamp::from_reply(der);
    if (!stamp) {
      report_
          .fail("timestamp.format", "timestamp",
                cat("the timestamp cannot be read: ", stamp.error().text()))
          .source = source_;
      continue;
    }
    SLUICE_TRY(const auto stampers, trust_.stampers_for(*stamp));
    auto verified = x509::verify_timestamp(*stamp, signature, stampers, &memo_);
    if (verified) {
      report_.pass("timestamp.verified", "timestamp", verified->detail());
      stamps_.push_back(*std::move(verified));
      continue;
    }
    Check check = std::move(verified).error();
    if (check.source.empty()) check.source = source_;
    const bool unknown = is_unknown_service(check);
    if (unknown && check.advice.empty()) {
      check.advice = cat("is it another instance's? Name its trust material: --trusted-root FILE. ",
                         "This is ", trust_.source());
    }
    if (!unknown) {
      append(report_, std::move(check));
      continue;
    }
    Report rows("");
    append(rows, std::move(check));
    unknown_stamps_.push_back(std::move(rows));
  }
  return {};
}

Result<void> EvidenceJudge::check_entries() {
  std::vector<Time> stamped;
  for (const auto& stamp : stamps_) stamped.push_back(stamp.time);
  const EntryRules rules{trust_, stamped, options_.witnesses ? &*options_.witnesses : nullptr};
  for (const LogEntry& entry : recorded_.bundle.entries) {
    Report rows("");
    SLUICE_TRY(auto proof, judge_entry(entry, recorded_, rules, rows, source_));
    if (is_unknown_log(rows, trust_, entry)) {
      unknown_logs_.push_back(std::move(rows));
      continue;
    }
    take(rows);
    if (proof) logs_.push_back(*std::move(proof));
  }
  return {};
}

// Two entries of one log are one witness, and so are two logs with one key.
std::size_t EvidenceJudge::count_logs() const {
  std::set<Bytes> keys;
  for (const LogProof& proof : logs_) keys.insert(proof.log_key);
  return keys.size();
}

void EvidenceJudge::judge_logs(std::size_t count) {
  const std::size_t wanted = logs_due();
  if (count >= wanted) {
    if (wanted > 1) {
      report_.pass("log.threshold", "logs", cat(count, " different logs have recorded it"));
    }
    return;
  }
  if (recorded_.bundle.entries.size() >= wanted && any_failed(report_, "log.")) {
    report_.skip("log.threshold", "logs", "needs a log entry that holds");
    return;
  }
  Check& check = report_.fail("log.threshold", "logs",
                              recorded_.bundle.entries.empty()
                                  ? "the bundle holds no entry of a transparency log"
                                  : "too few logs have recorded the signature");
  check.expected = cat(wanted, wanted == 1 ? " log" : " different logs", " trusted here");
  check.found = count == 0 ? "none" : cat(count);
  check.source = source_;
}

std::vector<Time> EvidenceJudge::times() const {
  std::vector<Time> out;
  for (const auto& stamp : stamps_) out.push_back(stamp.time);
  for (const LogProof& proof : logs_) {
    if (proof.time) out.push_back(*proof.time);
  }
  std::ranges::sort(out);
  const auto twice = std::ranges::unique(out);
  out.erase(twice.begin(), twice.end());
  return out;
}

// Two stamps of one service, and two promises of one log, are one clock.
std::size_t EvidenceJudge::count_clocks() const {
  std::set<Bytes> logs;
  for (const LogProof& proof : logs_) {
    if (proof.time) logs.insert(proof.log_key);
  }
  std::size_t services = 0;
  for (std::size_t i = 0; i < stamps_.size(); ++i) {
    std::size_t first = 0;
    while (!is_one_service(stamps_[first], stamps_[i])) ++first;
    if (first == i) ++services;
  }
  return logs.size() + services;
}

void EvidenceJudge::judge_times(std::size_t count) {
  const std::size_t wanted = times_due();
  if (count < wanted) {
    if (count == 0 && (any_failed(report_, "log.") || any_failed(report_, "timestamp."))) {
      report_.skip("time.verified", "time", "needs a timestamp, or a log's promise, that holds");
      return;
    }
    Check& check =
        report_.fail("time.verified", "time",
                     count == 0 ? "nothing proves when the signature was made: an inclusion "
                                  "proof is not a clock"
                                : "too few say when the signature was made");
    check.expected = cat(wanted, wanted == 1 ? " clock" : " different clocks",
                         " trusted here: a timestamp, or a log's promise");
    check.found = count == 0 ? "none" : cat(count);
    check.source = source_;
    return;
  }
  const auto when = times();
  if (when.empty()) return;
  std::vector<std::string> texts;
  for (const Time time : when) texts.push_back(human_time(time));
  report_.pass("time.verified", "time", cat("signed by ", join(texts, ", ")));
  report_.fact("at", cat(texts.front(), ", ", join(who_says(when.front()), "; ")));
}

// Who says that it was signed by then, and which other logs hold it; each once.
std::vector<std::string> EvidenceJudge::who_says(Time when) const {
  std::vector<std::string> out;
  const auto stamp = std::ranges::find(stamps_, when, &x509::VerifiedTime::time);
  if (stamp != stamps_.end()) out.push_back(cat("by ", stamp->authority.label()));
  for (const LogProof& proof : logs_) {
    const bool says = stamp == stamps_.end() && proof.time == when;
    std::string text =
        cat(says ? "by" : "in", " the log (", proof.log, ", entry ", proof.index, ")");
    if (std::ranges::find(out, text) == out.end()) out.push_back(std::move(text));
  }
  return out;
}

Result<void> EvidenceJudge::check_certificate(const x509::Certificate& leaf) {
  SLUICE_TRY(const auto issuers, trust_.issuers_for(leaf, intermediates_));
  const auto when = times();
  if (when.empty()) {
    report_.skip("certificate.chain", "certificate chain",
                 "needs a proven time at which it is looked at");
    report_.skip("certificate.sct", "certificate log", "needs a chain");
    return {};
  }
  auto chain = x509::verify_chain(leaf, intermediates_, issuers, when, x509::kCodeSigning, &memo_);
  if (!chain) {
    Check check = std::move(chain).error();
    if (check.advice.empty() && check.id == "certificate.chain") {
      check.advice = cat("is it another instance's? Name its trust material: --trusted-root FILE. ",
                         "This is ", trust_.source());
    }
    append(report_, std::move(check));
    report_.skip("certificate.sct", "certificate log", "needs a good chain");
    return {};
  }
  report_.pass("certificate.chain", "certificate chain", chain->detail());
  const std::size_t wanted = options_.thresholds.certificate_logs;
  if (wanted == 0) return {};
  SLUICE_TRY(const auto logs, trust_.ct_logs_for(leaf));
  const auto proofs = x509::verify_embedded_scts(*chain, logs, wanted, &memo_);
  if (!proofs) {
    append(report_, proofs.error());
    return {};
  }
  std::vector<std::string> names;
  for (const auto& proof : *proofs) names.push_back(proof.log);
  report_.pass("certificate.sct", "certificate log", cat("seen by ", join(names, ", ")));
  return {};
}

}  // namespace sluice::sigstore
