// SPDX-License-Identifier: Apache-2.0
#include "sigstore/entry.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::sigstore {

namespace {

using crypto::Match;

// The bytes that Rekor v1 signs as its promise: RFC 8785 of four members, none of which needs
// escaping.
std::string promised(const LogEntry& entry, Time time) {
  return cat(R"({"body":")", to_base64(entry.body), R"(","integratedTime":)",
             time.time_since_epoch().count(), R"(,"logID":")", to_hex(entry.log_id),
             R"(","logIndex":)", entry.index, "}");
}

std::string tree_text(std::uint64_t size, ByteView root) {
  return cat("size ", size, ", root ", to_base64(root));
}

// The only kind of Rekor v2; intoto of Rekor v1 has the same version.
bool is_rekor2(const LogEntry& entry) {
  return entry.kind == "hashedrekord" && entry.version == "0.0.2";
}

std::string title_of(std::string_view id) {
  if (id == "known") return "log";
  if (id == "body") return "log entry";
  return cat("log's ", id == "inclusion" ? "proof" : id);
}

class EntryJudge {
 public:
  EntryJudge(const LogEntry& entry, const Recorded& recorded, const EntryRules& rules,
             Report& report, const std::string& source)
      : entry_(entry), recorded_(recorded), rules_(rules), report_(report), source_(source) {}

  Result<std::optional<LogProof>> run() {
    SLUICE_TRY(const auto log, find_log());
    if (!log) return std::nullopt;
    check_body();
    check_promise(*log);
    SLUICE_CHECK(check_proof(*log));
    if (!good_) return std::nullopt;
    LogProof proof{log->name, log->key.der(), proven_index(), {}};
    if (entry_.promise) proof.time = entry_.integrated_time;
    return proof;
  }

 private:
  Check& refuse(std::string_view id, std::string detail, std::string expected = {},
                std::string found = {}) {
    good_ = false;
    Check& check = report_.fail(cat("log.", id), title_of(id), std::move(detail));
    check.expected = std::move(expected);
    check.found = std::move(found);
    check.source = source_;
    return check;
  }
  void pass(std::string_view id, std::string detail) {
    report_.pass(cat("log.", id), title_of(id), std::move(detail));
  }

  // The one over all shards is signed by the promise alone.
  std::uint64_t proven_index() const {
    return entry_.promise || !entry_.proof ? entry_.index : entry_.proof->index;
  }

  // The time of the entry for its log: under a promise the log's own, elsewhere the stamps'.
  std::vector<Time> times() const {
    if (entry_.promise && entry_.integrated_time) return {*entry_.integrated_time};
    return {rules_.stamped.begin(), rules_.stamped.end()};
  }

  Result<std::optional<TransparencyLog>> find_log() {
    SLUICE_TRY(const auto logs, rules_.trust.logs_with_id(entry_.log_id));
    if (logs.empty()) {
      const std::string why = rules_.trust.unsupported_log(entry_.log_id);
      Check& check = refuse("known", why.empty() ? "no log of that id is trusted here" : why,
                            known_logs(), cat("the log ", to_base64(entry_.log_id)));
      check.advice =
          cat("is it another instance's? Name its trust material: --trusted-root FILE. ",
              "This is ", rules_.trust.source(),
              recorded_.signer.certificate ? "" : ". Or let the key alone decide: --key-alone");
      return std::nullopt;
    }
    const auto when = times();
    for (const TransparencyLog& log : logs) {
      if (!is_trusted(log, when)) continue;
      pass("known", cat("of ", log.name, when.empty() ? "" : ", trusted at that time"));
      return log;
    }
    std::vector<std::string> stamped;
    for (const Time time : when) stamped.push_back(human_time(time));
    refuse("known", cat(logs.front().name, " is not trusted for the time of the entry"),
           cat("a time ", logs.front().window.text()),
           stamped.empty() ? "nothing that proves the time" : join(stamped, ", "));
    return std::nullopt;
  }

  // Who has the key of a log that is not trusted any more could leave out what says when.
  static bool is_trusted(const TransparencyLog& log, const std::vector<Time>& when) {
    if (when.empty()) return !log.window.end;
    return std::ranges::all_of(when, [&](Time time) { return log.window.contains(time); });
  }

  std::string known_logs() const {
    const auto urls = rules_.trust.urls(TrustKind::log);
    return urls.empty() ? "a log (none is trusted here)" : cat("one of ", join(urls, ", "));
  }

  void check_body() {
    auto other = compare_body(entry_, recorded_);
    if (!other) {
      pass("body", cat(proven_index(), ", ", entry_.kind, " ", entry_.version,
                       ", about this signature and its signer"));
      return;
    }
    refuse("body", std::move(other->what), std::move(other->expected), std::move(other->found))
        .advice = "the entry was made for another signature: get the bundle again from who signed";
  }

  void check_promise(const TransparencyLog& log) {
    if (!entry_.promise) return;  // the time that it may state is then nobody's
    if (!entry_.integrated_time) {
      refuse("promise", "the log's promise has no time", "an integratedTime", "none");
      return;
    }
    const auto message =
        crypto::Message::of(log.scheme, bytes_of(promised(entry_, *entry_.integrated_time)));
    const auto match = message ? crypto::verify(log.key, *message, *entry_.promise)
                               : Result<Match>(fail(message.error()));
    if (match && *match == Match::yes) {
      pass("promise", cat("promised by ", log.name, " at ", human_time(*entry_.integrated_time)));
      return;
    }
    refuse("promise", match ? "the log's promise is not signed by its key" : match.error().text(),
           cat("a signature by ", log.name, " over this entry, its index and its time"),
           cat(entry_.promise->size(), " bytes that do not verify"));
  }

  Result<void> check_proof(const TransparencyLog& log) {
    if (entry_.proof) check_inclusion(*entry_.proof);
    // Version 0.1 knows entries without a proof, and proofs without a signed root: those have to be
    // right, and prove nothing.
    if (entry_.proof && !entry_.proof->checkpoint.empty()) {
      return check_checkpoint(log, *entry_.proof);
    }
    if (rules_.witnesses != nullptr && rules_.witnesses->quorum) {
      refuse("witnesses", "no checkpoint came along that witnesses could have signed",
             "a proof with a checkpoint", "the log's promise alone");
    }
    return {};
  }

  void check_inclusion(const InclusionProof& proof) {
    // The index over all shards is at least that within one; Rekor v2 has no shards.
    const bool sharded = entry_.promise.has_value() || !is_rekor2(entry_);
    if (sharded ? entry_.index < proof.index : entry_.index != proof.index) {
      refuse("inclusion", "the entry's index is not that of its proof", cat(proof.index),
             cat(entry_.index));
      return;
    }
    std::vector<Hash> path;
    for (const Bytes& hash : proof.hashes) path.push_back(*hash_from(hash));
    const auto root = root_of_inclusion(proof.index, proof.tree_size, leaf_hash(entry_.body), path);
    if (!root) {
      refuse("inclusion", cat("the proof cannot be right: ", root.error().text()));
      return;
    }
    if (equal(*root, proof.root)) {
      pass("inclusion", cat("leaf ", proof.index, " of the tree of ", proof.tree_size));
      return;
    }
    refuse("inclusion", "the proof does not lead to the tree's root", to_base64(proof.root),
           to_base64(*root))
        .advice = "the entry, or its proof, was altered: get the bundle again from who signed";
  }

  Result<void> check_checkpoint(const TransparencyLog& log, const InclusionProof& proof) {
    auto checkpoint = parse_checkpoint(proof.checkpoint);
    if (!checkpoint) {
      refuse("checkpoint", cat("it cannot be read: ", checkpoint.error().text()));
      return {};
    }
    if (checkpoint->size != proof.tree_size || !equal(checkpoint->root, proof.root)) {
      refuse("checkpoint", "the checkpoint is of another tree than the proof",
             tree_text(proof.tree_size, proof.root), tree_text(checkpoint->size, checkpoint->root));
      return {};
    }
    const Bytes& key_id = log.checkpoint_key_id.empty() ? log.id : log.checkpoint_key_id;
    SLUICE_TRY(const LogKey key, log_key(log.url, key_id, log.key, log.scheme));
    SLUICE_TRY(const LogMatch match, verify_checkpoint(*checkpoint, key));
    explain_checkpoint(match, *checkpoint, log);
    if (rules_.witnesses != nullptr) return check_witnesses(*checkpoint);
    return {};
  }

  void explain_checkpoint(LogMatch match, const Checkpoint& checkpoint,
                          const TransparencyLog& log) {
    const std::string due = cat("a signature by ", log.name);
    switch (match) {
      case LogMatch::yes:
        pass("checkpoint", cat("signed by ", log.name));
        return;
      case LogMatch::other_log:
        refuse("checkpoint", "the checkpoint is another log's", log.name,
               printable(checkpoint.origin, 200));
        return;
      case LogMatch::absent:
        refuse("checkpoint", "the log has not signed the checkpoint", due, signed_by(checkpoint));
        return;
      case LogMatch::no:
        refuse("checkpoint", "the log's signature does not fit the checkpoint", due,
               "bytes that do not verify");
        return;
    }
  }

  static std::string signed_by(const Checkpoint& checkpoint) {
    std::vector<std::string> names;
    for (const auto& line : checkpoint.signatures) names.push_back(printable(line.name, 100));
    return cat("signatures by ", join(names, ", "), ", none with the key that is trusted");
  }

  Result<void> check_witnesses(const Checkpoint& checkpoint) {
    SLUICE_TRY(auto judgement, judge(*rules_.witnesses, checkpoint));
    if (judgement.met) {
      pass("witnesses", std::move(judgement.found));
    } else {
      refuse("witnesses", "too few witnesses have seen the log's tree",
             std::move(judgement.expected), std::move(judgement.found));
    }
    return {};
  }

  const LogEntry& entry_;
  const Recorded& recorded_;
  const EntryRules& rules_;
  Report& report_;
  const std::string& source_;
  bool good_ = true;
};

}  // namespace

Result<std::optional<LogProof>> judge_entry(const LogEntry& entry, const Recorded& recorded,
                                            const EntryRules& rules, Report& report,
                                            const std::string& source) {
  return EntryJudge(entry, recorded, rules, report, source).run();
}

}  // namespace sluice::sigstore
