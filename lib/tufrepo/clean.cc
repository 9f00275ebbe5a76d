// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/clean.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "tufrepo/publish_parts.h"

namespace sluice::tuf {

namespace {

// A place that is copied from here may be so far behind: by its timestamp it is known as ours.
constexpr std::chrono::hours kTimestampsKeptFor{24 * 30};
constexpr Version kTimestampsKept = 100;

struct KnownTimestamp {
  Time expires{};
  Version snapshot = 0;
};

class Cleaner {
 public:
  Cleaner(Store& store, Time now, const CleanOptions& options)
      : store_(store), now_(now), options_(options) {}

  Result<Cleaned> run() {
    std::unique_ptr<FileLock> lock;
    if (!options_.dry_run) {  // it only looks: also where nothing can be written
      SLUICE_TRY(lock, enter_store(store_, options_.single_writer, options_.lock_wait));
    }
    SLUICE_CHECK(check_state());
    if (!options_.dry_run) {
      auto noted = leave_note();
      // With the lock nobody else is at work; and a full disk is what people clean for.
      const bool goes_on = noted || (lock != nullptr && noted.error().code == Errc::io);
      if (!goes_on) return fail(std::move(noted).error());
    }
    auto done = clean_up();
    if (options_.dry_run) return done;
    SLUICE_CHECK(store_.remove({std::string(kStoreNote)}));
    return done;
  }

 private:
  Result<void> check_state() {
    SLUICE_TRY(const StoreState found, state(store_));
    if (found.condition == StoreCondition::whole) return {};
    return fail(Error{Errc::denied, cat("nothing was removed: ", found.says)}.advise(found.next));
  }

  Result<void> leave_note() {
    StoreNote note;
    note.work = StoreNote::Work::cleaning;
    note.begun = now_;
    const NewFile file{std::string(kStoreNote), Content::of(write_note(note))};
    SLUICE_TRY(const auto put, store_.write_new({&file, 1}));
    if (put.front() != Put::other) return {};
    SLUICE_TRY(const auto found, read_note(store_));
    if (!found || found->work == StoreNote::Work::cleaning) return {};
    return fail(
        Error{Errc::denied, "nothing was removed: a publication began in this moment"}.advise(
            "clean again when it is done"));
  }

  Result<Cleaned> clean_up() {
    // What else lies in the place, say the folder's own .git, is nobody's business here.
    SLUICE_TRY(files_, store_.list("metadata/"));
    SLUICE_TRY(auto targets, store_.list("targets/"));
    std::ranges::move(targets, std::back_inserter(files_));
    SLUICE_TRY(const auto current, store_.read(std::string(kTimestampFile), Limits{}.timestamp));
    if (!current) return fail(Errc::io, "timestamp.json is gone");
    SLUICE_CHECK(learn_timestamps(current->bytes));
    SLUICE_CHECK(learn_reach(current->bytes));
    SLUICE_CHECK(choose_metadata());
    SLUICE_CHECK(choose_targets());
    if (options_.dry_run) return std::move(out_);
    std::vector<std::string> names;
    for (const auto& file : out_.removed) names.push_back(file.name);
    // Targets first: metadata that is still there names them when this is interrupted.
    std::ranges::stable_partition(names,
                                  [](const auto& name) { return name.starts_with("targets/"); });
    SLUICE_CHECK(store_.remove(names));
    SLUICE_CHECK(store_.sweep());
    return std::move(out_);
  }

  Result<void> learn_timestamps(const std::string& current) {
    SLUICE_TRY(const Timestamp parsed, open_timestamp(current));
    current_ = parsed.header.version;
    known_[current_] = {parsed.header.expires, parsed.snapshot.version};
    for (const auto& file : files_) {
      const auto name = metadata_name(file.name);
      if (!name || name->role != "timestamp") continue;
      SLUICE_TRY(const auto bytes, store_.read(file.name, Limits{}.timestamp));
      if (!bytes) continue;
      const auto one = open_timestamp(bytes->bytes);
      if (!one || one->header.version != name->version) continue;
      known_[name->version] = {one->header.expires, one->snapshot.version};
    }
    first_known_ = current_;
    while (known_.contains(first_known_ - 1)) --first_known_;
    const KnownTimestamp& first = known_.at(first_known_);
    if (first_known_ > 1 && first.expires > now_) older_kept_until_ = first.snapshot;
    return {};
  }

  Result<void> learn_reach(const std::string& current) {
    SLUICE_CHECK(reach_.add(store_, current, true));
    for (const auto& [version, timestamp] : known_) {
      // Cleaned up already when it expires between two runs with different clocks: no matter.
      if (timestamp.expires > now_ && version != current_) {
        SLUICE_CHECK(reach_.add_snapshot(store_, timestamp.snapshot, true));
      }
    }
    for (const auto& file : files_) {
      const auto name = metadata_name(file.name);
      if (!name || name->role != "snapshot" || name->version > older_kept_until_) continue;
      // Of a time of which nothing is known: what can be followed is followed.
      (void)reach_.add_snapshot(store_, name->version, true);
    }
    return {};
  }

  bool stays(const std::string& name, const MetadataName& parsed) const {
    if (parsed.role == "root" || reach_.has(name)) return true;
    if (parsed.role != "timestamp") return false;
    const auto at = known_.find(parsed.version);
    if (at == known_.end()) return parsed.version == current_;
    return current_ - parsed.version < kTimestampsKept ||
           at->second.expires + kTimestampsKeptFor > now_;
  }

  Result<void> choose_metadata() {
    for (const auto& file : files_) {
      if (!file.name.starts_with("metadata/")) continue;
      const auto parsed = metadata_name(file.name);
      if (file.name == kTimestampFile || (parsed && stays(file.name, *parsed))) {
        ++out_.kept;
        continue;
      }
      SLUICE_TRY(const bool known, parsed ? understands(file, *parsed) : Result<bool>(false));
      take(file, known);
    }
    return {};
  }

  // Name, type and version agree; the targets that it names are understood, too.
  Result<bool> understands(const ListedFile& file, const MetadataName& name) {
    if (file.size > kMetadataMost) return false;
    SLUICE_TRY(auto stored, store_.read(file.name, kMetadataMost));
    if (!stored) return false;
    const auto envelope = open_envelope(stored->bytes, kMetadataMost);
    if (!envelope) return false;
    if (name.role == "timestamp") {
      const auto parsed = parse_timestamp(envelope->signed_part);
      return parsed && parsed->header.version == name.version;
    }
    if (name.role == "snapshot") {
      const auto parsed = parse_snapshot(envelope->signed_part);
      return parsed && parsed->header().version == name.version;
    }
    const std::string_view part = envelope->signed_part;
    const auto parsed =
        parse_targets(std::make_shared<const std::string>(std::move(stored->bytes)), part, {});
    if (!parsed || parsed->header().version != name.version) return false;
    SLUICE_CHECK(parsed->each([&](const TargetFile& target) -> Result<void> {
      for (auto& each : target_names(target)) named_.insert(std::move(each));
      return {};
    }));
    return true;
  }

  Result<void> choose_targets() {
    for (const auto& file : files_) {
      if (file.name.starts_with("metadata/")) continue;
      if (reach_.has(file.name)) {
        ++out_.kept;
        continue;
      }
      const auto hash = target_hash(file.name);
      SLUICE_TRY(const bool known, hash ? is_target(file, *hash) : Result<bool>(false));
      take(file, known);
    }
    return {};
  }

  Result<bool> is_target(const ListedFile& file, const crypto::Digest& hash) {
    if (named_.contains(file.name)) return true;
    if (file.size > options_.max_target) return false;
    SLUICE_TRY(const auto stored, store_.read(file.name, options_.max_target));
    return stored && crypto::digest_of(hash.algorithm(), bytes_of(stored->bytes)) == hash;
  }

  void take(const ListedFile& file, bool understood) {
    if (!understood) {
      out_.not_understood.push_back(file.name);
      return;
    }
    out_.bytes += file.size;
    out_.removed.push_back(file);
  }

  Store& store_;
  Time now_;
  const CleanOptions& options_;
  std::vector<ListedFile> files_;
  std::map<Version, KnownTimestamp> known_;
  Version current_ = 0;
  Version first_known_ = 0;
  Version older_kept_until_ = 0;  // snapshots up to this version stay, whoever knew them
  Reach reach_;
  std::unordered_set<std::string> named_;  // by metadata that is removed
  Cleaned out_;
};

}  // namespace

Result<Cleaned> clean(Store& store, Time now, const CleanOptions& options) {
  return within(Cleaner(store, now, options).run(), cat("cleaning ", store.describe()));
}

}  // namespace sluice::tuf
