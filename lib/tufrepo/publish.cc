// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/publish.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "tufrepo/publish_check.h"
#include "tufrepo/publish_parts.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kFilesAtOnce = 512;

Error somebody_was_first(std::string_view what) {
  return Error{Errc::denied, cat("another publisher was first: ", what)}.advise(
      "nothing that readers see was changed; take over what is published, and make the set again");
}

Result<void> check_names(const Publication& publication) {
  std::set<std::string_view> seen;
  const auto once = [&](const std::string& name) -> Result<void> {
    SLUICE_CHECK(check_store_name(name));
    if (seen.insert(name).second) return {};
    return fail(Errc::usage, cat("a set with two files named ", printable(name, 300)));
  };
  for (const auto& file : publication.targets) {
    SLUICE_CHECK(once(file.name));
    if (!file.name.starts_with("targets/") || !target_hash(file.name)) {
      return fail(Errc::usage, cat(printable(file.name, 300),
                                   ": the file of a target is named targets/HASH.NAME"));
    }
  }
  for (const auto& file : publication.metadata) {
    SLUICE_CHECK(once(file.name));
    const auto name = metadata_name(file.name);
    if (!name || name->role == "root" || name->role == "timestamp") {
      return fail(Errc::usage, cat(printable(file.name, 300),
                                   ": metadata of a set is named metadata/N.ROLE.json"));
    }
  }
  return {};
}

class Publisher {
 public:
  Publisher(Store& store, const Publication& publication, Time now, const PublishOptions& options)
      : store_(store), publication_(publication), now_(now), options_(options) {}

  Result<Published> run() {
    SLUICE_CHECK(check_names(publication_));
    SLUICE_TRY(const auto lock, enter_store(store_, options_.single_writer, options_.lock_wait));
    alone_ = lock != nullptr || options_.single_writer;
    SLUICE_TRY(timestamp_, store_.read(std::string(kTimestampFile), Limits{}.timestamp));
    SLUICE_TRY(root_, latest_root(store_));
    resumes_ = timestamp_ && timestamp_->bytes == publication_.timestamp;
    if (!resumes_) SLUICE_CHECK(check_basis());
    SLUICE_TRY(
        set_, options_.verify && !resumes_
                  ? check_publication(store_, publication_, root_, timestamp_,
                                      {.now = now_, .foreign = options_.foreign})
                  : look_at_publication(store_, publication_, root_, timestamp_, options_.foreign));
    SLUICE_CHECK(roots_to_files());
    if (!resumes_) SLUICE_CHECK(leave_note());
    auto done = resumes_ ? complete() : write();
    if (!done && lost_) retreat();
    return done;
  }

 private:
  std::unexpected<Error> lost(std::string_view what) {
    lost_ = true;
    return fail(somebody_was_first(what));
  }

  // What this run wrote is in nobody's way then, but for what the winner has in common with it.
  // Where that cannot be done the note stays, which tells of it.
  void retreat() {
    const auto now = store_.read(std::string(kTimestampFile), Limits{}.timestamp);
    Reach reach;
    if (!now || (*now && !reach.add(store_, (*now)->bytes, true))) return;
    std::erase_if(wrote_, [&](const std::string& name) { return reach.has(name); });
    if (!store_.remove(wrote_)) return;
    if (made_note_) (void)store_.remove({std::string(kStoreNote)});
  }

  // The timestamp is in place. Another set may have the same one (it states versions, and hashes
  // only where somebody wants that), so all of this set is looked at.
  Result<Published> complete() {
    SLUICE_CHECK(write_all_files());
    SLUICE_CHECK(write_roots());
    SLUICE_CHECK(store_.sync());
    return finished(published_.written == 0);
  }

  Result<Published> finished(bool nothing_to_do) {
    bool ours = made_note_;
    if (!ours) {
      SLUICE_TRY(const auto found, read_note(store_));
      ours = found && is_of_this_set(*found);
    }
    if (ours) SLUICE_CHECK(store_.remove({std::string(kStoreNote)}));
    published_.nothing_to_do = nothing_to_do;
    return published_;
  }

  // The timestamp alone does not tell, see complete(); the names of targets have their hashes.
  bool is_of_this_set(const StoreNote& found) const {
    const StoreNote ours = note();
    return found.after == ours.after && found.files == ours.files && found.roots == ours.roots;
  }

  Result<void> check_basis() {
    const auto& before = publication_.timestamp_before;
    if (!timestamp_ && !before) return {};
    if (timestamp_ && before && sha256_of(timestamp_->bytes) == *before) return {};
    if (!timestamp_)
      return fail(Errc::denied, "the store has no timestamp, and the set builds on one");
    const auto parsed = open_timestamp(timestamp_->bytes);
    return lost(cat("the store has timestamp version ", parsed ? parsed->header.version : 0,
                    before ? ", which is not the one that this set builds on" : " already"));
  }

  // Those that the store has not; each must be the next one, or be the same.
  Result<void> roots_to_files() {
    for (const auto& bytes : publication_.roots) {
      SLUICE_TRY(const auto envelope, open_envelope(bytes, Limits{}.root));
      SLUICE_TRY(const Root root, parse_root(envelope.signed_part, {}));
      const Version version = root.header.version;
      roots_.push_back({metadata_file("root", version), Content::of(bytes)});
    }
    return {};
  }

  StoreNote note() const {
    StoreNote out;
    out.begun = now_;
    if (timestamp_) out.before = sha256_of(timestamp_->bytes);
    out.after = sha256_of(publication_.timestamp);
    out.order = set_.order;
    for (const auto* files : {&publication_.targets, &publication_.metadata}) {
      for (const auto& file : *files) out.files.push_back(file.name);
    }
    out.files.push_back(metadata_file("timestamp", set_.timestamp));
    for (const auto& root : roots_) out.roots.push_back(root.name);
    return out;
  }

  Result<void> leave_note() {
    const NewFile file{std::string(kStoreNote), Content::of(write_note(note()))};
    SLUICE_TRY(const auto put, store_.write_new({&file, 1}));
    made_note_ = put.front() != Put::other;
    if (made_note_) return {};
    SLUICE_TRY(const auto found, read_note(store_));
    if (found && is_of_this_set(*found)) {
      set_.order = found->order;  // as it was begun
      return {};
    }
    if (!alone_) {
      return fail(
          Error{Errc::denied,
                cat("another publisher is at work in ", store_.describe(), ", or died there",
                    found ? cat(" (begun ", human_time(found->begun), ")") : "")}
              .advise("if it is at work no more, publish its set again, or give it up"));
    }
    return take_over(found);
  }

  // Nobody else is at work: what another one left when it died is in the way. A note that says
  // nothing was cut short by a crash of the machine. One of a root that came alone is true until
  // this set's timestamp is there, so that who dies on the way leaves word of it.
  Result<void> take_over(const std::optional<StoreNote>& left) {
    SLUICE_TRY(const auto file, read_note_file(store_));
    StoreNote ours = note();
    if (left) SLUICE_CHECK(drop_unpublished(store_, *left, timestamp_));
    if (left && root_came_alone(*left, timestamp_, root_)) {
      ours.roots.insert(ours.roots.begin(), left->roots.begin(), left->roots.end());
      ours.order = RootOrder::between;
    }
    const auto was = file ? std::optional(file->tag) : std::nullopt;
    SLUICE_TRY(const Put put, store_.replace(std::string(kStoreNote), write_note(ours), was));
    made_note_ = put != Put::other;
    if (!made_note_) return lost("it began in this moment");
    return {};
  }

  Result<void> write_all_files() {
    all_ = publication_.targets.size() + publication_.metadata.size() + roots_.size() + 1;
    SLUICE_CHECK(write_files(publication_.targets));
    SLUICE_CHECK(write_files(publication_.metadata));
    const NewFile kept{metadata_file("timestamp", set_.timestamp),
                       Content::of(publication_.timestamp)};
    return write_files({&kept, 1});
  }

  Result<Published> write() {
    SLUICE_CHECK(write_all_files());
    if (set_.order == RootOrder::first) SLUICE_CHECK(write_roots());
    SLUICE_CHECK(store_.sync());
    if (set_.order == RootOrder::between) {
      SLUICE_CHECK(write_roots());
      SLUICE_CHECK(store_.sync());
    }
    SLUICE_CHECK(replace_timestamp());
    if (set_.order == RootOrder::last) {
      SLUICE_CHECK(write_roots());
      SLUICE_CHECK(store_.sync());
    }
    return finished(false);
  }

  Result<void> replace_timestamp() {
    const auto was = timestamp_ ? std::optional(timestamp_->tag) : std::nullopt;
    SLUICE_TRY(const Put put,
               store_.replace(std::string(kTimestampFile), publication_.timestamp, was));
    count(put);
    if (put != Put::other) return {};
    return lost("timestamp.json is another one since this publication began");
  }

  void count(Put put) { ++(put == Put::written ? published_.written : published_.present); }

  Result<void> write_files(std::span<const NewFile> files) {
    for (std::size_t from = 0; from < files.size(); from += kFilesAtOnce) {
      const auto part = files.subspan(from, std::min(kFilesAtOnce, files.size() - from));
      SLUICE_TRY(const auto puts, store_.write_new(part));
      for (std::size_t i = 0; i < part.size(); ++i) {
        if (puts[i] == Put::written) wrote_.push_back(part[i].name);
      }
      for (std::size_t i = 0; i < part.size(); ++i) {
        if (puts[i] == Put::other) SLUICE_CHECK(overwrite(part[i]));
        count(puts[i] == Put::other ? Put::written : puts[i]);
      }
      done_ += part.size();
      if (options_.progress) options_.progress(done_, all_);
    }
    return {};
  }

  Result<void> write_roots() {
    for (const auto& root : roots_) {
      SLUICE_TRY(const auto puts, store_.write_new({&root, 1}));
      count(puts.front());
      if (puts.front() == Put::other) {
        return lost(cat(root.name, " is another one"));
      }
    }
    return {};
  }

  // A file of this name has other bytes: left by a publisher that died (or cut short by a crash of
  // the machine), or published by one that was first. Only what nobody can reach is overwritten.
  Result<void> overwrite(const NewFile& file) {
    if (!alone_) {
      return lost(cat(file.name, " is there with other bytes"));
    }
    if (!target_hash(file.name) && timestamp_) {
      if (!reach_) {
        reach_.emplace();
        SLUICE_CHECK(reach_->add(store_, timestamp_->bytes, false));
      }
      const auto current = open_timestamp(timestamp_->bytes);
      const bool is_published =
          reach_->has(file.name) ||
          (current && file.name == metadata_file("timestamp", current->header.version));
      if (is_published) return lost(cat(file.name, " is published with other bytes"));
    }
    SLUICE_TRY(const auto now, store_.read(file.name, kMetadataMost));
    SLUICE_TRY(const std::string bytes, file.content.bytes(kMetadataMost));
    SLUICE_TRY(const Put put,
               store_.replace(file.name, bytes, now ? std::optional(now->tag) : std::nullopt));
    if (put == Put::other) return lost(cat(file.name, " changed in this moment"));
    return {};
  }

  Store& store_;
  const Publication& publication_;
  Time now_;
  const PublishOptions& options_;
  bool alone_ = false;      // nobody else is at work
  bool made_note_ = false;  // in this run
  bool lost_ = false;       // another one was first
  bool resumes_ = false;    // the timestamp is in place already
  std::optional<StoredFile> timestamp_;
  StoredRoots root_;
  CheckedSet set_;
  std::vector<NewFile> roots_;
  std::optional<Reach> reach_;
  Published published_;
  std::vector<std::string> wrote_;  // in this run
  std::size_t done_ = 0;
  std::size_t all_ = 0;
};

}  // namespace

Result<Published> publish(Store& store, const Publication& publication, Time now,
                          const PublishOptions& options) {
  return within(Publisher(store, publication, now, options).run(),
                cat("publishing to ", store.describe()));
}

}  // namespace sluice::tuf
