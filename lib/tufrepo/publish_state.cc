// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "base/limits.h"
#include "base/text.h"
#include "tuf/names.h"
#include "tufrepo/policy.h"
#include "tufrepo/publish_parts.h"

namespace sluice::tuf {

namespace {

constexpr std::string_view kAgain = "publish again: it goes on where it stopped";

// Whether timestamp.json leads to files that are what it states.
Result<std::optional<std::string>> what_is_broken(Store& store, const Timestamp& timestamp) {
  const std::string snapshot_name = metadata_file("snapshot", timestamp.snapshot.version);
  SLUICE_TRY(const auto snapshot, store.read(snapshot_name, kMetadataMost));
  if (!snapshot) return cat(snapshot_name, " is missing");
  const auto differs =
      mismatch(timestamp.snapshot.length, timestamp.snapshot.hashes, snapshot->bytes);
  if (differs) return cat(snapshot_name, " is not what the timestamp states: ", *differs);
  const auto envelope = open_envelope(snapshot->bytes, kMetadataMost);
  const auto parsed =
      envelope ? parse_snapshot(envelope->signed_part) : Result<Snapshot>(fail(envelope.error()));
  if (!parsed) return cat(snapshot_name, ": ", parsed.error().text());
  const auto meta = parsed->find(RoleName("targets"));
  if (!meta) return cat(snapshot_name, " does not list targets.json");
  const std::string targets_name = metadata_file("targets", meta->version);
  SLUICE_TRY(const auto targets, store.read(targets_name, kMetadataMost));
  if (!targets) return cat(targets_name, " is missing");
  const auto wrong = mismatch(meta->length, meta->hashes, targets->bytes);
  if (wrong) return cat(targets_name, " is not what the snapshot states: ", *wrong);
  return std::optional<std::string>();
}

Result<std::size_t> count_present(Store& store, const StoreNote& note) {
  std::set<std::string> there;
  for (const char* folder : {"metadata/", "targets/"}) {
    SLUICE_TRY(const auto listed, store.list(folder));
    for (const auto& file : listed) there.insert(file.name);
  }
  std::size_t count = 0;
  for (const auto* names : {&note.files, &note.roots}) {
    count += static_cast<std::size_t>(
        std::ranges::count_if(*names, [&](const auto& name) { return there.contains(name); }));
  }
  return count;
}

bool is_of(const std::optional<crypto::Digest>& digest, const std::optional<StoredFile>& file) {
  if (!digest || !file) return !digest && !file;
  return sha256_of(file->bytes) == *digest;
}

void tell(StoreState& out, StoreCondition condition, std::string says, std::string_view next) {
  out.condition = condition;
  out.says = std::move(says);
  out.next = std::string(next);
}

// Whether as many keys of the role have put their name under a file as it takes. Who can write
// files there could make it seem so, and gets nothing from it: it decides what is said, and
// advised.
bool seems_signed(const Root& root, RoleType type, std::string_view document) {
  const auto envelope = open_envelope(document, kMetadataMost);
  if (!envelope) return false;
  const auto& role = root.role(type);
  const auto count = std::ranges::count_if(envelope->signatures, [&](const Signature& each) {
    const bool signed_by_it = !each.sig.empty() || !each.bundle.empty();
    return signed_by_it && std::ranges::count(role.keyids, each.keyid) != 0;
  });
  return count >= role.threshold;
}

// What readers of the newest root make of the timestamp that is there. That a publication stopped
// between the two is seen in what is published: a note may say anything.
Result<bool> root_is_ahead(Store& store, const std::optional<StoredFile>& timestamp,
                           const StoredRoots& roots) {
  if (!timestamp || roots.latest == 0) return false;
  SLUICE_TRY(const auto opened, open_envelope(roots.bytes, Limits{}.root));
  SLUICE_TRY(const Root root, parse_root(opened.signed_part, {}));
  if (!seems_signed(root, RoleType::timestamp, timestamp->bytes)) return true;
  SLUICE_TRY(const Timestamp stated, open_timestamp(timestamp->bytes));
  SLUICE_TRY(const auto snapshot,
             store.read(metadata_file("snapshot", stated.snapshot.version), kMetadataMost));
  if (!snapshot) return false;
  if (!seems_signed(root, RoleType::snapshot, snapshot->bytes)) return true;
  SLUICE_TRY(const auto envelope, open_envelope(snapshot->bytes, kMetadataMost));
  SLUICE_TRY(const Snapshot list, parse_snapshot(envelope.signed_part));
  const auto listed = list.find(RoleName("targets"));
  if (!listed) return false;
  SLUICE_TRY(const auto targets,
             store.read(metadata_file("targets", listed->version), kMetadataMost));
  return targets && !seems_signed(root, RoleType::targets, targets->bytes);
}

Result<void> judge_note(Store& store, const StoreNote& note,
                        const std::optional<StoredFile>& timestamp, const StoredRoots& root,
                        StoreState& out) {
  out.begun = note.begun;
  if (note.work == StoreNote::Work::cleaning) {
    tell(out, StoreCondition::whole,
         cat("the repository is whole; a cleaning was begun ", human_time(note.begun),
             " and did not end"),
         "clean again");
    return {};
  }
  out.files_planned = note.files.size() + note.roots.size() + 1;
  SLUICE_TRY(out.files_written, count_present(store, note));
  const bool is_new = is_of(note.after, timestamp);
  const std::size_t seen = roots_seen(note, out.root);
  SLUICE_TRY(const bool ahead, root_is_ahead(store, timestamp, root));
  if (is_new && seen == note.roots.size()) {
    out.files_written = out.files_planned;
    tell(out, StoreCondition::published,
         cat("the new repository is published (timestamp version ", out.timestamp,
             "); its publisher ended before it said so"),
         "publish again, which takes its note away");
  } else if (is_new || ahead) {
    tell(out, StoreCondition::between,
         is_new ? "the new timestamp is published and its root is not yet"
                : "a new root is published and its timestamp is not: readers refuse the old one",
         "publish again, now");
  } else {
    const bool basis = is_of(note.before, timestamp);
    tell(out, StoreCondition::interrupted,
         cat("the old repository is published, ",
             timestamp ? cat("timestamp version ", out.timestamp) : std::string("which is none"),
             "; a publication was begun ", human_time(note.begun), " and wrote ", out.files_written,
             " of ", out.files_planned, " files", basis ? "" : ", and another one came after it"),
         basis ? kAgain : "make the set again, or give it up");
  }
  return {};
}

}  // namespace

std::size_t roots_seen(const StoreNote& note, Version latest) {
  return static_cast<std::size_t>(std::ranges::count_if(note.roots, [&](const std::string& name) {
    const auto parsed = metadata_name(name);
    return parsed && parsed->version <= latest;
  }));
}

std::string_view name(StoreCondition condition) {
  switch (condition) {
    case StoreCondition::empty:
      return "empty";
    case StoreCondition::whole:
      return "whole";
    case StoreCondition::interrupted:
      return "interrupted";
    case StoreCondition::published:
      return "published";
    case StoreCondition::between:
      return "between";
    case StoreCondition::broken:
      return "broken";
  }
  return "?";
}

Result<StoreState> state(Store& store) {
  StoreState out;
  SLUICE_TRY(const auto timestamp, store.read(std::string(kTimestampFile), Limits{}.timestamp));
  auto roots = latest_root(store);
  if (!roots && roots.error().code == Errc::malformed) {
    tell(out, StoreCondition::broken, roots.error().text(),
         "publish the repository again from where it was made");
    return out;
  }
  SLUICE_TRY(const StoredRoots root, std::move(roots));
  SLUICE_TRY(const auto found, find_note(store));
  out.root = root.latest;
  if (timestamp) {
    const auto parsed = open_timestamp(timestamp->bytes);
    if (!parsed) {
      tell(out, StoreCondition::broken, cat("timestamp.json: ", parsed.error().text()),
           "publish the repository again from where it was made");
      return out;
    }
    out.timestamp = parsed->header.version;
    out.snapshot = parsed->snapshot.version;
    SLUICE_TRY(const auto broken, what_is_broken(store, *parsed));
    if (broken) {
      tell(out, StoreCondition::broken, *broken,
           "publish the repository again from where it was made");
      return out;
    }
  }
  if (found.note) {
    SLUICE_CHECK(judge_note(store, *found.note, timestamp, root, out));
    return out;
  }
  if (!timestamp) {
    tell(out, StoreCondition::empty, "nothing is published", "publish");
    return out;
  }
  tell(out, StoreCondition::whole,
       cat("the repository is whole: timestamp version ", out.timestamp), "");
  if (!found.why_none.empty()) {
    out.says += cat("; ", kStoreNote, " is not heeded: ", found.why_none);
    out.next = "see who put it there; the next publication takes it away";
  }
  return out;
}

namespace {

// Names of metadata that is newer than all that the published timestamp speaks of.
class Newer {
 public:
  Result<void> learn(Store& store, std::string_view timestamp) {
    SLUICE_TRY(const Timestamp parsed, open_timestamp(timestamp));
    timestamp_ = parsed.header.version;
    snapshot_ = parsed.snapshot.version;
    SLUICE_TRY(const auto file, store.read(metadata_file("snapshot", snapshot_), kMetadataMost));
    if (!file) return fail(Errc::io, "the snapshot of the timestamp is not in the store");
    SLUICE_TRY(const auto envelope, open_envelope(file->bytes, kMetadataMost));
    SLUICE_TRY(const Snapshot list, parse_snapshot(envelope.signed_part));
    for (std::size_t i = 0; i < list.count(); ++i) {
      const auto [name, version] = list.file(i);
      const std::string_view role = name.substr(0, name.rfind(".json"));
      listed_.insert_or_assign(percent_encoded(role), version);
      listed_.insert_or_assign(std::string(role), version);
    }
    return {};
  }
  bool is(const MetadataName& name) const {
    if (name.role == "root") return false;  // what clients walk over, from the first one on
    if (name.role == "timestamp") return name.version > timestamp_;
    if (name.role == "snapshot") return name.version > snapshot_;
    const auto at = listed_.find(name.role);
    return at == listed_.end() || name.version > at->second;
  }

 private:
  Version timestamp_ = 0;
  Version snapshot_ = 0;
  std::map<std::string, Version> listed_;
};

// Of what the note names. Whoever wrote it may not be who published, so what it says is no reason
// to remove anything that this program had no business with, or that somebody can reach.
Result<std::vector<std::string>> unpublished(Store& store, const StoreNote& note,
                                             const std::optional<StoredFile>& timestamp) {
  Reach reach;
  Newer newer;
  if (timestamp) {
    SLUICE_CHECK(newer.learn(store, timestamp->bytes));
    SLUICE_CHECK(reach.add(store, timestamp->bytes, true));
  }
  std::vector<std::string_view> planned;  // timestamps: a publication has one
  bool targets = false;
  for (const auto& name : note.files) {
    const auto parsed = metadata_name(name);
    if (parsed && parsed->role == "timestamp" && newer.is(*parsed)) planned.push_back(name);
    targets = targets || !parsed;
  }
  std::set<std::string> there;  // of many names that are stated few may be
  SLUICE_TRY(const auto listed, store.list("metadata/"));
  for (const auto& file : listed) {  // what earlier timestamps reach may be among its files
    there.insert(file.name);
    const auto parsed = metadata_name(file.name);
    if (!parsed || parsed->role != "timestamp") continue;
    if (planned.size() == 1 && planned.front() == file.name) continue;
    SLUICE_TRY(const auto earlier, store.read(file.name, Limits{}.timestamp));
    if (earlier) (void)reach.add(store, earlier->bytes, true);  // cleaned perhaps
  }
  SLUICE_TRY(const auto policy, store.read(std::string(kPolicyFile), limits::kConfigFile));
  if (targets && !policy) {
    SLUICE_TRY(const auto more, store.list("targets/"));
    for (const auto& file : more) there.insert(file.name);
  }
  std::vector<std::string> gone;
  for (const auto& name : note.files) {
    if (!there.contains(name)) continue;
    const auto parsed = metadata_name(name);
    bool may_go = parsed ? newer.is(*parsed) : !policy && target_hash(name).has_value();
    if (parsed && parsed->role == "timestamp") may_go = may_go && planned.size() == 1;
    if (may_go && !reach.has(name)) gone.push_back(name);
  }
  return gone;
}

}  // namespace

Result<std::size_t> drop_unpublished(Store& store, const StoreNote& note,
                                     const std::optional<StoredFile>& timestamp) {
  std::vector<std::string> gone;
  if (note.work == StoreNote::Work::publishing && !is_of(note.after, timestamp)) {
    SLUICE_TRY(gone, unpublished(store, note, timestamp));
  }
  SLUICE_CHECK(store.remove(gone));
  return gone.size();
}

Result<bool> take_over_note(Store& store, const StoreNote& ours,
                            const std::optional<StoredFile>& timestamp) {
  const std::string name(kStoreNote);
  SLUICE_TRY(const auto left, find_note(store));
  if (left.there && !left.tag) SLUICE_CHECK(store.remove({name}));
  if (left.note) SLUICE_CHECK(drop_unpublished(store, *left.note, timestamp));
  SLUICE_TRY(const Put put, store.replace(name, write_note(ours), left.tag));
  return put != Put::other;
}

Result<std::size_t> abandon(Store& store, std::chrono::milliseconds lock_wait) {
  SLUICE_TRY(const auto lock, enter_store(store, true, lock_wait));
  SLUICE_TRY(const auto found, find_note(store));
  if (!found.there) return 0;
  if (!found.note) {  // it says nothing, so nothing else goes
    SLUICE_CHECK(store.remove({std::string(kStoreNote)}));
    return 0;
  }
  SLUICE_TRY(const auto timestamp, store.read(std::string(kTimestampFile), Limits{}.timestamp));
  SLUICE_TRY(const StoredRoots root, latest_root(store));
  SLUICE_TRY(const bool ahead, root_is_ahead(store, timestamp, root));
  if (ahead) {
    return fail(Error{Errc::denied,
                      "a publication with a new root was interrupted, and readers see a part of it"}
                    .advise("publish again: it cannot be taken back"));
  }
  SLUICE_TRY(const std::size_t gone, drop_unpublished(store, *found.note, timestamp));
  SLUICE_CHECK(store.remove({std::string(kStoreNote)}));
  return gone;
}

}  // namespace sluice::tuf
