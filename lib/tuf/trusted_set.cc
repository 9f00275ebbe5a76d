// SPDX-License-Identifier: Apache-2.0
#include "tuf/trusted_set.h"

#include <functional>
#include <set>

#include "base/parallel.h"
#include "base/text.h"
#include "tuf/checks.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kLarge = 256U << 10;  // worth a second thread

std::string shown_list(const std::vector<std::string>& parts) { return join(parts, ", "); }

// The envelope, of the type that it must have; nothing where that was refused.
std::optional<Envelope> open_checked(Checks& checks, std::string_view document, std::size_t max,
                                     RoleType type) {
  auto envelope = open_envelope(document, max);
  if (!envelope) {
    const bool limit = envelope.error().code == Errc::limit;
    checks.refuse(limit ? "limit" : "format", limit ? kEndlessData : "", "4.2",
                  envelope.error().what);
    return std::nullopt;
  }
  const auto found = type_of(envelope->signed_part);
  if (!found || *found != name(type)) {
    Check& row =
        checks.refuse("type", kArbitrarySoftware, "4.3", cat("it is no ", name(type), " metadata"));
    row.expected = std::string(name(type));
    row.found = found ? printable(*found, 40) : found.error().what;
    return std::nullopt;
  }
  return *std::move(envelope);
}

bool enough(const Signed& found, const RoleKeys& role) {
  return found.valid >= static_cast<std::uint64_t>(role.threshold);
}

// `who` is whose keys these are, where that is not plain.
bool judge_signatures(Checks& checks, const Signed& found, const RoleKeys& role,
                      std::string_view clause, std::string_view who) {
  const auto needed = static_cast<std::uint64_t>(role.threshold);
  if (enough(found, role)) {
    checks.pass("signature",
                cat(found.valid, " of ", needed, " needed", who, ": ", shown_list(found.by)));
    return true;
  }
  Check& row =
      checks.refuse("signature", kArbitrarySoftware, clause,
                    cat("signed by ", found.valid, " of the ", needed,
                        needed == 1 ? " key" : " different keys", " that are needed", who));
  row.expected = cat(needed, " good signature", needed == 1 ? "" : "s", " by different keys");
  row.found = found.not_by.empty() ? "no key at all" : shown_list(found.not_by);
  return false;
}

bool signed_enough(Checks& checks, const Envelope& envelope, const Keys& keys, const RoleKeys& role,
                   std::string_view clause, std::string_view who = "") {
  const auto found = count_signatures(envelope, keys, role);
  if (found) return judge_signatures(checks, *found, role, clause, who);
  checks.refuse("signature", kArbitrarySoftware, clause, found.error().text());
  return false;
}

// Signed and of the right type, yet not of the right form.
template <class T>
std::optional<T> parsed(Checks& checks, Result<T> result) {
  if (result) return *std::move(result);
  const bool limit = result.error().code == Errc::limit;
  const bool spec = result.error().code == Errc::unsupported;
  checks.refuse(limit ? "limit" : (spec ? "spec-version" : "format"), limit ? kEndlessData : "",
                "4.3", result.error().text());
  return std::nullopt;
}

bool check_expiry(Checks& checks, const Header& header, Time now, std::string_view clause) {
  if (header.expires > now) {
    checks.pass("expired", cat("good until ", human_time(header.expires)));
    return true;
  }
  Check& row = checks.refuse(
      "expired", kFreeze, clause,
      cat("version ", header.version, " expired ", human_duration(now - header.expires), " ago"));
  row.expected = cat("an expiry after ", human_time(now));
  row.found = human_time(header.expires);
  row.advice =
      "the repository has to be signed anew, or somebody holds its updates back; if the URL or "
      "the clock of this machine is wrong, correct it";
  return false;
}

// `wrong` as mismatch() found it.
bool check_stated(Checks& checks, const FileMeta& stated, const std::optional<std::string>& wrong,
                  std::string_view by, std::string_view clause) {
  if (!stated.length && !stated.hashes.stated) return true;
  if (wrong) {
    checks.refuse("hash", kMixAndMatch, clause, *wrong).advice = cat("as stated by ", by);
    return false;
  }
  checks.pass("hash", cat("is what ", by, " states"));
  return true;
}

bool check_version(Checks& checks, Version found, Version stated, std::string_view by,
                   std::string_view clause) {
  if (found == stated) {
    checks.pass("version", cat(found, ", as ", by, " states"));
    return true;
  }
  Check& row = checks.refuse("mix-and-match", kMixAndMatch, clause,
                             cat("it has version ", found, ", ", by, " states ", stated));
  row.expected = cat(stated);
  row.found = cat(found);
  return false;
}

std::set<std::string_view> materials(const Root& root, RoleType type) {
  std::set<std::string_view> out;
  for (const auto& keyid : root.role(type).keyids) {
    const auto at = root.keys.find(keyid);
    if (at != root.keys.end()) out.insert(at->second.material);
  }
  return out;
}

// Whether a key of the role is gone: what it signed may be an attacker's (5.3.11).
bool loses_key(const Root& before, const Root& after, RoleType type) {
  const auto kept = materials(after, type);
  for (const auto& each : materials(before, type)) {
    if (!kept.contains(each)) return true;
  }
  return false;
}

Accepted accepted(std::string_view role, const Header& header) {
  return {
      .role = RoleName(std::string(role)), .version = header.version, .expires = header.expires};
}

// 5.5.5: whatever was listed stays listed, and no version goes back.
bool check_snapshot_rollback(Checks& checks, const Snapshot& before, const Snapshot& after) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < before.count(); ++i) {
    const auto [file, old_version] = before.file(i);
    while (at < after.count() && after.file(at).name < file) ++at;
    const bool listed = at < after.count() && after.file(at).name == file;
    if (listed && after.file(at).version >= old_version) continue;
    Check& row =
        checks.refuse("rollback", kRollback, "5.5.5",
                      listed ? cat("it takes ", printable(file, 200), " back from version ",
                                   old_version, " to ", after.file(at).version)
                             : cat("it does not list ", printable(file, 200), " any more"));
    row.expected = cat(printable(file, 200), " of version ", old_version, " or newer");
    row.found = listed ? cat(after.file(at).version) : "nothing";
    return false;
  }
  checks.pass("rollback", cat("none of ", before.count(), " versions goes back"));
  return true;
}

// What is signed by a role that root speaks of; nothing where that was refused.
template <class T>
struct SignedPart {
  RoleType type;
  std::size_t max;
  std::string_view clause;
  std::function<Result<T>(std::string_view)> parse;
};
template <class T>
std::optional<T> read_signed(Checks& checks, const Root& root, std::string_view document,
                             const SignedPart<T>& part) {
  const auto envelope = open_checked(checks, document, part.max, part.type);
  if (!envelope) return std::nullopt;
  if (!signed_enough(checks, *envelope, root.keys, root.role(part.type), part.clause)) {
    return std::nullopt;
  }
  return parsed(checks, part.parse(envelope->signed_part));
}

// 5.4.3, for another version than the trusted one.
bool check_timestamp_rollback(Checks& checks, const Timestamp& trusted, const Timestamp& fresh) {
  const Version version = trusted.header.version;
  if (fresh.header.version < version) {
    Check& row = checks.refuse(
        "rollback", kRollback, "5.4.3.1",
        cat("it has version ", fresh.header.version, ", version ", version, " was seen"));
    row.expected = cat(version, " or newer");
    row.found = cat(fresh.header.version);
    return false;
  }
  if (fresh.snapshot.version < trusted.snapshot.version) {
    Check& row = checks.refuse("snapshot-rollback", kRollback, "5.4.3.2",
                               cat("it takes snapshot.json back from version ",
                                   trusted.snapshot.version, " to ", fresh.snapshot.version));
    row.expected = cat(trusted.snapshot.version, " or newer");
    row.found = cat(fresh.snapshot.version);
    return false;
  }
  checks.pass("rollback", cat("version ", fresh.header.version, " after ", version));
  return true;
}

// Of a large file, what was found all at once: it is read while its hash and the signatures over
// its guessed signed part are checked.
template <class Opened>
struct Early {
  std::optional<std::string> wrong;  // as mismatch()
  // Nothing where the file is not as guessed, or not good in any way: then it is read step by step.
  std::optional<Opened> opened;
  Signed signatures;  // enough of them, where it was opened
};
struct EarlyWish {
  std::string_view document;
  std::size_t max;
  const FileMeta* stated;  // nullptr: nobody states anything
  const Keys& keys;
  const RoleKeys& role;
  unsigned threads;
};
template <class Opened>
Early<Opened> look_early(const EarlyWish& wish,
                         const std::function<std::optional<Opened>()>& open) {
  Early<Opened> out;
  const auto guess = guess_envelope(wish.document, wish.max);
  std::optional<Opened> opened;
  std::optional<Result<Signed>> counted;
  // In this order also because one thread may be all there is, and the file be read elsewhere; the
  // hash is left to whoever is done first.
  for_each_parallel(3, wish.threads, [&](std::size_t i) {
    if (i == 0 && guess) counted = count_signatures(*guess, wish.keys, wish.role);
    if (i == 1 && guess) opened = open();
    if (i == 2 && wish.stated != nullptr) {
      out.wrong = mismatch(wish.stated->length, wish.stated->hashes, wish.document);
    }
  });
  // It may be counted for nothing: only for the very bytes that the envelope turned out to cover.
  const bool as_guessed = opened && opened->envelope.canonical.empty() &&
                          opened->envelope.signatures == guess->signatures &&
                          opened->envelope.signed_part.data() == guess->signed_part.data() &&
                          opened->envelope.signed_part.size() == guess->signed_part.size();
  if (!as_guessed || !counted || !*counted || !enough(**counted, wish.role)) return out;
  out.opened = std::move(opened);
  out.signatures = **std::move(counted);
  return out;
}

Verdict<Accepted> out_of_order(std::string_view kind, std::string file, std::string_view why) {
  Report report{file};
  Checks(report, std::string(kind), std::move(file)).refuse("order", "", "5", why);
  return Verdict<Accepted>::conclude(std::move(report), std::nullopt);
}

Verdict<Accepted> conclude(Report report, std::optional<Accepted> value) {
  return Verdict<Accepted>::conclude(std::move(report), std::move(value));
}

}  // namespace

Verdict<TrustedSet> TrustedSet::start(std::string_view document, TrustOptions options) {
  TrustedSet set(std::move(options));
  Report report("root.json");
  Checks checks(report, "root", "root.json");
  std::optional<TrustedSet> out;
  const auto envelope = open_checked(checks, document, set.options_.limits.root, RoleType::root);
  if (envelope) {
    // It is trusted as it is (5.2); that it signs itself tells a damaged one from a good one.
    auto root = parsed(checks, parse_root(envelope->signed_part, set.options_.foreign));
    if (root && signed_enough(checks, *envelope, root->keys, root->role(RoleType::root), "5.2")) {
      set.root_ = *std::move(root);
      out = std::move(set);
    }
  }
  return Verdict<TrustedSet>::conclude(std::move(report), std::move(out));
}

Verdict<Accepted> TrustedSet::update_root(std::string_view document) {
  const Version next = root_.header.version + 1;
  const std::string file = cat(next, ".root.json");
  if (root_finished_) return out_of_order("root", file, "the root is final already");
  Report report(file);
  Checks checks(report, "root", file);
  const auto envelope = open_checked(checks, document, options_.limits.root, RoleType::root);
  if (!envelope) return conclude(std::move(report), {});
  // 5.3.4: by the keys that are trusted, and by its own.
  if (!signed_enough(checks, *envelope, root_.keys, root_.role(RoleType::root), "5.3.4",
                     cat(" by root ", root_.header.version))) {
    return conclude(std::move(report), {});
  }
  auto root = parsed(checks, parse_root(envelope->signed_part, options_.foreign));
  if (!root || !signed_enough(checks, *envelope, root->keys, root->role(RoleType::root), "5.3.4",
                              " by itself")) {
    return conclude(std::move(report), {});
  }
  if (root->header.version != next) {  // 5.3.5
    Check& row = checks.refuse("version", kRollback, "5.3.5",
                               cat("it has version ", root->header.version, ", after ",
                                   root_.header.version, " comes ", next));
    row.expected = cat(next);
    row.found = cat(root->header.version);
    return conclude(std::move(report), {});
  }
  checks.pass("version", cat(next, ", after ", root_.header.version));
  Accepted out = accepted("root", root->header);
  out.rotated =
      loses_key(root_, *root, RoleType::timestamp) || loses_key(root_, *root, RoleType::snapshot);
  root_ = *std::move(root);  // 5.3.7; its expiry does not matter yet (5.3.6)
  return conclude(std::move(report), std::move(out));
}

Verdict<Accepted> TrustedSet::finish_root() {
  const std::string file = cat(root_.header.version, ".root.json");
  Report report(file);
  Checks checks(report, "root", file);
  if (!check_expiry(checks, root_.header, options_.now, "5.3.10")) {
    return conclude(std::move(report), {});
  }
  root_finished_ = true;
  return conclude(std::move(report), accepted("root", root_.header));
}

bool TrustedSet::timestamp_fresh() const {
  return timestamp_ && timestamp_->header.expires > options_.now;
}

Verdict<Accepted> TrustedSet::update_timestamp(std::string_view document, Origin origin) {
  const std::string file = "timestamp.json";
  if (!root_finished_) return out_of_order("timestamp", file, "the root is not final yet");
  if (snapshot_current_) return out_of_order("timestamp", file, "the snapshot is taken already");
  Report report(file);
  Checks checks(report, "timestamp", file);
  const auto refused = [&] { return conclude(std::move(report), {}); };
  auto fresh = read_signed<Timestamp>(
      checks, root_, document,
      {RoleType::timestamp, options_.limits.timestamp, "5.4.2", parse_timestamp});
  if (!fresh) return refused();
  if (timestamp_ && fresh->header.version == timestamp_->header.version) {
    // Nothing is new (5.4.3.1): the one that is trusted stays, as long as it is good.
    checks.pass("rollback", cat("still version ", timestamp_->header.version));
    if (!check_expiry(checks, timestamp_->header, options_.now, "5.4.4")) return refused();
    Accepted out = accepted("timestamp", timestamp_->header);
    out.kept = true;
    return conclude(std::move(report), std::move(out));
  }
  if (timestamp_ && !check_timestamp_rollback(checks, *timestamp_, *fresh)) return refused();
  if (origin == Origin::repository && !check_expiry(checks, fresh->header, options_.now, "5.4.4")) {
    return refused();
  }
  timestamp_ = *std::move(fresh);
  return conclude(std::move(report), accepted("timestamp", timestamp_->header));
}

Verdict<Accepted> TrustedSet::update_snapshot(std::string document, Origin origin) {
  return update_snapshot(std::make_shared<const std::string>(std::move(document)), origin);
}

Verdict<Accepted> TrustedSet::update_snapshot(Document document, Origin origin,
                                              const SnapshotRead& read) {
  const std::string file = "snapshot.json";
  if (!timestamp_) return out_of_order("snapshot", file, "there is no timestamp yet");
  Report report(file);
  Checks checks(report, "snapshot", file);
  const auto refused = [&] { return conclude(std::move(report), {}); };
  // One that came from a cache may have expired; of another one it was said when it was taken.
  if (!timestamp_fresh()) {
    Checks of_timestamp(report, "timestamp", "timestamp.json");
    check_expiry(of_timestamp, timestamp_->header, options_.now, "5.4.4");
    return refused();
  }
  const FileMeta& stated = timestamp_->snapshot;
  const bool new_one = origin == Origin::repository;
  const bool bounded = new_one && !stated.length;
  const std::size_t max = bounded ? options_.limits.snapshot : options_.limits.stated;
  const auto& role = root_.role(RoleType::snapshot);
  Early<OpenedSnapshot> early;
  if (document->size() >= kLarge) {
    const auto open = [&]() -> std::optional<OpenedSnapshot> {
      if (!read) return open_snapshot(document, max);
      auto found = read();
      if (found && found->snapshot.document() != document) return std::nullopt;
      return found;
    };
    early = look_early<OpenedSnapshot>(
        {*document, max, new_one ? &stated : nullptr, root_.keys, role, options_.threads}, open);
  } else if (new_one) {
    early.wrong = mismatch(stated.length, stated.hashes, *document);
  }
  if (new_one && !check_stated(checks, stated, early.wrong, "timestamp.json", "5.5.2")) {
    return refused();
  }
  std::optional<Snapshot> fresh;
  if (early.opened) {
    judge_signatures(checks, early.signatures, role, "5.5.3", "");
    fresh = std::move(early.opened->snapshot);
  } else {
    fresh = read_signed<Snapshot>(
        checks, root_, *document,
        {RoleType::snapshot, max, "5.5.3",
         [&](std::string_view signed_part) { return parse_snapshot(document, signed_part); }});
  }
  if (!fresh) return refused();
  const Header& header = fresh->header();
  if (new_one &&
      !check_version(checks, header.version, stated.version, "timestamp.json", "5.5.4")) {
    return refused();
  }
  if (snapshot_ && !check_snapshot_rollback(checks, *snapshot_, *fresh)) return refused();
  if (new_one && !check_expiry(checks, header, options_.now, "5.5.6")) return refused();
  // One of the cache may be older: it then only tells a rollback.
  snapshot_current_ =
      new_one || (header.version == stated.version && header.expires > options_.now &&
                  !mismatch(stated.length, stated.hashes, *document));
  snapshot_ = *std::move(fresh);
  return conclude(std::move(report), accepted("snapshot", snapshot_->header()));
}

Verdict<Accepted> TrustedSet::update_targets(std::string document, const RoleName& role,
                                             const Targets* delegator) {
  return update_targets(std::make_shared<const std::string>(std::move(document)), role, delegator);
}

Verdict<Accepted> TrustedSet::update_targets(Document document, const RoleName& role,
                                             const Targets* delegator) {
  const std::string kind = delegator == nullptr ? "targets" : "delegated";
  const std::string file = cat(printable(role.str(), 200), ".json");
  if (!snapshot_current_) return out_of_order(kind, file, "there is no current snapshot yet");
  if (targets(role, delegator) != nullptr) return out_of_order(kind, file, "it is taken already");
  Report report(file);
  Checks checks(report, kind, file);
  const auto refused = [&] { return conclude(std::move(report), {}); };
  const auto stated = snapshot_->find(role);
  if (!stated) {
    checks.refuse("unlisted", kMixAndMatch, "5.6.1", "snapshot.json does not list it");
    return refused();
  }
  const RoleKeys* const signers = delegator == nullptr ? &root_.role(RoleType::targets)
                                                       : delegator->delegations().keys_of(role);
  if (signers == nullptr) {
    checks.refuse("delegation", kArbitrarySoftware, "5.6.7", "nobody delegates to this role");
    return refused();
  }
  const std::size_t max = stated->length ? options_.limits.stated : options_.limits.targets;
  const Keys& keys = delegator == nullptr ? root_.keys : delegator->delegations().keys();
  Early<OpenedTargets> early;
  if (document->size() >= kLarge) {
    early =
        look_early<OpenedTargets>({*document, max, &*stated, keys, *signers, options_.threads},
                                  [&] { return open_targets(document, max, options_.foreign); });
  } else {
    early.wrong = mismatch(stated->length, stated->hashes, *document);
  }
  if (!check_stated(checks, *stated, early.wrong, "snapshot.json", "5.6.2")) return refused();
  std::optional<Targets> fresh;
  if (early.opened) {
    judge_signatures(checks, early.signatures, *signers, "5.6.3", "");
    fresh = std::move(early.opened->targets);
  } else if (const auto envelope = open_checked(checks, *document, max, RoleType::targets)) {
    if (!signed_enough(checks, *envelope, keys, *signers, "5.6.3")) return refused();
    fresh = parsed(checks, parse_targets(document, envelope->signed_part, options_.foreign));
  }
  if (!fresh ||
      !check_version(checks, fresh->header().version, stated->version, "snapshot.json", "5.6.4") ||
      !check_expiry(checks, fresh->header(), options_.now, "5.6.5")) {
    return refused();
  }
  Accepted out = accepted(role.str(), fresh->header());
  targets_[{delegator, role.str()}] = std::make_shared<const Targets>(*std::move(fresh));
  return conclude(std::move(report), std::move(out));
}

const Targets* TrustedSet::targets(const RoleName& role, const Targets* delegator) const {
  const auto at = targets_.find({delegator, role.str()});
  return at == targets_.end() ? nullptr : at->second.get();
}

}  // namespace sluice::tuf
