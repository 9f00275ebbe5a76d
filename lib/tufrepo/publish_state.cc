// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/text.h"
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

Result<void> judge_note(Store& store, const StoreNote& note,
                        const std::optional<StoredFile>& timestamp, StoreState& out) {
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
  if (is_new && seen == note.roots.size()) {
    out.files_written = out.files_planned;
    tell(out, StoreCondition::published,
         cat("the new repository is published (timestamp version ", out.timestamp,
             "); its publisher ended before it said so"),
         "publish again, which takes its note away");
  } else if (is_new || (seen != 0 && note.order == RootOrder::between)) {
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
  SLUICE_TRY(const StoredRoots root, latest_root(store));
  SLUICE_TRY(const auto note, read_note(store));
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
  if (note) {
    SLUICE_CHECK(judge_note(store, *note, timestamp, out));
    return out;
  }
  if (!timestamp) {
    tell(out, StoreCondition::empty, "nothing is published", "publish");
    return out;
  }
  tell(out, StoreCondition::whole,
       cat("the repository is whole: timestamp version ", out.timestamp), "");
  return out;
}

bool root_came_alone(const StoreNote& note, const std::optional<StoredFile>& timestamp,
                     const StoredRoots& root) {
  return note.order == RootOrder::between && !is_of(note.after, timestamp) &&
         roots_seen(note, root.latest) != 0;
}

Result<std::size_t> drop_unpublished(Store& store, const StoreNote& note,
                                     const std::optional<StoredFile>& timestamp) {
  const bool is_new = is_of(note.after, timestamp);
  std::vector<std::string> gone;
  if (!is_new && note.work == StoreNote::Work::publishing) {
    Reach reach;
    if (timestamp) SLUICE_CHECK(reach.add(store, timestamp->bytes, true));
    SLUICE_TRY(const auto listed, store.list("metadata/"));
    const std::set<std::string> planned(note.files.begin(), note.files.end());
    for (const auto& file : listed) {  // what earlier timestamps reach may be among its files
      const auto parsed = metadata_name(file.name);
      if (!parsed || parsed->role != "timestamp" || planned.contains(file.name)) continue;
      SLUICE_TRY(const auto earlier, store.read(file.name, Limits{}.timestamp));
      if (earlier) (void)reach.add(store, earlier->bytes, true);  // cleaned perhaps
    }
    for (const auto& name : note.files) {
      const auto parsed = metadata_name(name);
      const bool published_one =
          timestamp && parsed && parsed->role == "timestamp" &&
          open_timestamp(timestamp->bytes)->header.version == parsed->version;
      if (!reach.has(name) && !published_one) gone.push_back(name);
    }
  }
  SLUICE_CHECK(store.remove(gone));
  return gone.size();
}

Result<std::size_t> abandon(Store& store, std::chrono::milliseconds lock_wait) {
  SLUICE_TRY(const auto lock, enter_store(store, true, lock_wait));
  SLUICE_TRY(const auto note, read_note(store));
  if (!note) return 0;
  SLUICE_TRY(const auto timestamp, store.read(std::string(kTimestampFile), Limits{}.timestamp));
  SLUICE_TRY(const StoredRoots root, latest_root(store));
  const bool is_new = is_of(note->after, timestamp);
  if (root_came_alone(*note, timestamp, root) ||
      (is_new && roots_seen(*note, root.latest) != note->roots.size())) {
    return fail(Error{Errc::denied,
                      "a publication with a new root was interrupted, and readers see a part of it"}
                    .advise("publish again: it cannot be taken back"));
  }
  SLUICE_TRY(const std::size_t gone, drop_unpublished(store, *note, timestamp));
  SLUICE_CHECK(store.remove({std::string(kStoreNote)}));
  return gone;
}

}  // namespace sluice::tuf
