// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/clean.h"

#include <algorithm>

#include "base/text.h"
#include "tufrepo/publish_parts.h"
#include "tufrepo/signed_reach.h"

namespace sluice::tuf {

namespace {

// A place that is copied from here may be so far behind: by its timestamp it is known as ours.
constexpr std::chrono::hours kTimestampsKeptFor{24 * 30};
constexpr Version kTimestampsKept = 100;

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
    SLUICE_CHECK(within(learn_reach(), "nothing was removed"));
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

  Result<void> learn_reach() {
    SLUICE_TRY(reach_, SignedReach::start(store_, options_.foreign));
    SLUICE_TRY(const auto current, reach_->published());
    current_ = current.timestamp.header.version;
    SLUICE_CHECK(reach_->add(current));
    for (const auto& [version, stamped] : reach_->kept()) {
      // Cleaned up already when it expires between two runs with different clocks: no matter.
      if (version < current_ && stamped.timestamp.header.expires > now_) {
        SLUICE_CHECK(reach_->add(stamped));
      }
    }
    SLUICE_CHECK(learn_unknown_times(current.timestamp));
    return learn_what_is_not_signed();
  }

  // Before the first of an unbroken row of timestamps there may have been others, of which nothing
  // is known; one that is not signed is as good as none.
  Result<void> learn_unknown_times(const Timestamp& current) {
    Version first = current_;
    Time expires = current.header.expires;
    Version until = current.snapshot.version;
    for (auto at = reach_->kept().find(first - 1); at != reach_->kept().end();
         at = reach_->kept().find(first - 1)) {
      first = at->first;
      expires = at->second.timestamp.header.expires;
      until = at->second.timestamp.snapshot.version;
    }
    if (first <= 1 || expires <= now_) return {};
    for (const auto& file : files_) {
      const auto name = metadata_name(file.name);
      if (!name || name->role != "snapshot" || name->version > until) continue;
      SLUICE_CHECK(reach_->add_old_snapshot(name->version));
    }
    return {};
  }

  // It does not say when it expires, nor is it removed; what it leads to stays, if it can be read.
  Result<void> learn_what_is_not_signed() {
    for (const Version version : reach_->not_signed()) {
      const auto file = store_.read(metadata_file("timestamp", version), Limits{}.timestamp);
      if (!file && file.error().code != Errc::limit) return fail(file.error());
      if (file && *file) (void)also_.add(store_, (*file)->bytes, true);
    }
    return {};
  }

  bool reached(const std::string& name) const { return reach_->has(name) || also_.has(name); }

  bool stays(const std::string& name, const MetadataName& parsed) const {
    if (parsed.role == "root" || reached(name)) return true;
    if (parsed.role != "timestamp") return false;
    const auto at = reach_->kept().find(parsed.version);
    if (at == reach_->kept().end()) return parsed.version == current_;
    return current_ - parsed.version < kTimestampsKept ||
           at->second.timestamp.header.expires + kTimestampsKeptFor > now_;
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
    if (name.role == "timestamp") return reach_->kept().contains(name.version);
    SLUICE_TRY(auto stored, store_.read(file.name, kMetadataMost));
    if (!stored) return false;
    const auto envelope = open_envelope(stored->bytes, kMetadataMost);
    if (!envelope) return false;
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
      if (reached(file.name)) {
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
  Version current_ = 0;
  std::optional<SignedReach> reach_;
  Reach also_;                             // from what is not signed
  std::unordered_set<std::string> named_;  // by metadata that is removed
  Cleaned out_;
};

}  // namespace

Result<Cleaned> clean(Store& store, Time now, const CleanOptions& options) {
  return within(Cleaner(store, now, options).run(), cat("cleaning ", store.describe()));
}

}  // namespace sluice::tuf
