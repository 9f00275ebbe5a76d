// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/mirror.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "base/text.h"
#include "tuf/limits.h"
#include "tuf/names.h"
#include "tufrepo/edit.h"
#include "tufrepo/publish_check.h"
#include "tufrepo/signed_reach.h"

namespace sluice::tuf {

namespace {

crypto::Digest digest_of_text(const std::string& text) {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(text));
}

// Read when it is written, so that thousands are not held at once.
NewFile published_again(const Repository& repository, const std::string& name) {
  return {name, Content::made_by([&files = repository.files(), path = repository.folder() / name] {
            return files.read(path, Limits().stated);
          })};
}

Result<void> add_target_files(const Repository& repository, const Draft& draft,
                              std::vector<NewFile>& out) {
  return draft.each([&](std::string_view path, std::string_view text) -> Result<void> {
    SLUICE_CHECK(check_target_path(path));
    SLUICE_TRY(const auto hashes, hashes_listed(text));
    SLUICE_TRY(const auto entry, json::parse_strict(text, {.bytes = text.size()}));
    SLUICE_TRY(const auto length, json::Fields(entry, "a target").integer("length"));
    const auto names = target_files(path, hashes);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Path file = repository.folder() / names[i];
      SLUICE_TRY(const auto info, within(repository.files().info(file), "looking for a target"));
      if (std::cmp_not_equal(info.size, length)) {
        return fail(Error{Errc::denied, cat(shown(file), " is ", human_bytes(info.size),
                                            " and not as long as listed")}
                        .advise("bring back the file that was added"));
      }
      out.push_back({names[i], Content::of_file(repository.files(), file, info.size, hashes[i])});
    }
    return {};
  });
}

Result<void> check_signed(const Repository& repository) {
  const auto here = folder_store(repository.files(), repository.folder());
  SLUICE_TRY(auto reach, SignedReach::start(*here, repository.foreign()));
  SLUICE_TRY(const auto current, reach.published());
  return reach.add(current);
}

// To read from: this folder's files, and those of the place that it lacks, which are remembered.
class FolderAndPlace final : public Store {
 public:
  FolderAndPlace(Store& here, Store& place) : here_(here), place_(place) {}

  std::string describe() const override { return here_.describe(); }
  Result<std::optional<StoredFile>> read(const std::string& name, std::size_t max) override {
    SLUICE_TRY(auto file, here_.read(name, max));
    if (file) return file;
    SLUICE_TRY(file, place_.read(name, max));
    if (file) missing_.insert_or_assign(name, file->bytes);
    return file;
  }
  Result<std::vector<ListedFile>> list(const std::string& prefix) override {
    SLUICE_TRY(auto all, here_.list(prefix));
    SLUICE_TRY(auto more, place_.list(prefix));
    std::ranges::move(more, std::back_inserter(all));
    std::ranges::stable_sort(all, {}, &ListedFile::name);
    const auto twice = std::ranges::unique(all, {}, &ListedFile::name);
    all.erase(twice.begin(), twice.end());
    return all;
  }
  Result<std::unique_ptr<FileLock>> hold(std::chrono::milliseconds) override { return no(); }
  Result<bool> notices_others() override { return no(); }
  Result<std::vector<Put>> write_new(std::span<const NewFile>) override { return no(); }
  Result<void> sync() override { return no(); }
  Result<Put> replace(const std::string&, const std::string&,
                      const std::optional<StoreTag>&) override {
    return no();
  }
  Result<void> remove(const std::vector<std::string>&) override { return no(); }
  Result<std::size_t> sweep() override { return no(); }

  const std::map<std::string, std::string>& missing() const { return missing_; }

 private:
  static std::unexpected<Error> no() { return fail(Errc::internal, "it is only read"); }
  Store& here_;
  Store& place_;
  std::map<std::string, std::string> missing_;
};

// As publish() will leave it here.
Result<StoreNote> note_of(Store& here, const Publication& publication, Time now) {
  StoreNote out;
  out.begun = now;
  SLUICE_TRY(const auto before, here.read(std::string(kTimestampFile), Limits().timestamp));
  if (before) out.before = sha256_of(before->bytes);
  out.after = sha256_of(publication.timestamp);
  for (const auto* files : {&publication.targets, &publication.metadata}) {
    for (const auto& file : *files) out.files.push_back(file.name);
  }
  SLUICE_TRY(const Timestamp timestamp, open_timestamp(publication.timestamp));
  out.files.push_back(metadata_file("timestamp", timestamp.header.version));
  for (const auto& bytes : publication.roots) {
    SLUICE_TRY(const auto envelope, open_envelope(bytes, Limits().root));
    SLUICE_TRY(const Root root, parse_root(envelope.signed_part, {}));
    out.roots.push_back(metadata_file("root", root.header.version));
  }
  return out;
}

// What another one left that died is taken away, as publish() does.
Result<void> leave_note(Store& here, const Publication& publication, Time now) {
  SLUICE_TRY(const auto lock, enter_store(here, true, std::chrono::seconds(10)));
  SLUICE_TRY(const StoreNote planned, note_of(here, publication, now));
  const NewFile file{std::string(kStoreNote), Content::of(write_note(planned))};
  SLUICE_TRY(const auto put, here.write_new({&file, 1}));
  if (put.front() != Put::other) return {};
  SLUICE_TRY(const auto timestamp, here.read(std::string(kTimestampFile), Limits().timestamp));
  SLUICE_TRY(const bool ours, take_over_note(here, planned, timestamp));
  if (ours) return {};
  return fail(Errc::denied, "another publisher began in this moment");
}

// New files, then roots, one sync, the timestamp: as a publication.
Result<void> take_over(Store& here, const FolderAndPlace& both, const SignedReach& reach,
                       const std::string& timestamp, Version version) {
  std::vector<NewFile> files;
  std::vector<NewFile> roots;
  for (const auto& [name, bytes] : both.missing()) {
    const auto parsed = metadata_name(name);
    if (parsed && parsed->role == "root") roots.push_back({name, Content::of(bytes)});
    if (reach.has(name)) files.push_back({name, Content::of(bytes)});
  }
  std::ranges::sort(roots, {},
                    [](const NewFile& root) { return metadata_name(root.name)->version; });
  files.push_back({metadata_file("timestamp", version), Content::of(timestamp)});
  for (const auto* some : {&files, &roots}) {
    SLUICE_TRY(const auto puts, here.write_new(*some));
    if (std::ranges::count(puts, Put::other) == 0) continue;
    return fail(Errc::denied, "this folder has another file of that name by now");
  }
  SLUICE_CHECK(here.sync());
  SLUICE_TRY(const auto was, here.read(std::string(kTimestampFile), Limits().timestamp));
  SLUICE_TRY(const auto put, here.replace(std::string(kTimestampFile), timestamp,
                                          was ? std::optional(was->tag) : std::nullopt));
  if (put == Put::other) return fail(Errc::denied, "somebody published here in this moment");
  return here.remove({std::string(kStoreNote)});
}

// This folder had it already, or its note says that it was about to.
Result<bool> was_on_its_way(Store& here, const std::string& timestamp, Version version) {
  SLUICE_TRY(const auto kept, here.read(metadata_file("timestamp", version), Limits().timestamp));
  if (kept && kept->bytes == timestamp) return true;
  SLUICE_TRY(const auto note, read_note(here));
  return note && note->after == digest_of_text(timestamp);
}

// Of a first publication it is the one that is proposed here.
Result<bool> has_first_root(Repository& repository, Store& place) {
  SLUICE_TRY(const auto version, repository.version_of(RoleName("root")));
  if (version > 0) return true;
  SLUICE_TRY(const auto* staged, repository.staged(RoleName("root")));
  SLUICE_TRY(const auto file, place.read(metadata_file("root", 1), Limits().root));
  if (staged == nullptr || !file) return false;
  SLUICE_TRY(const auto envelope, open_envelope(file->bytes, Limits().root));
  SLUICE_TRY(const auto message, staged->draft.message());
  return envelope.message() == message;
}

}  // namespace

Result<Published> publish_to_place(Store& here, Store& place, const Publication& publication,
                                   Time now, const PublishOptions& options) {
  SLUICE_CHECK(leave_note(here, publication, now));
  auto done = publish(place, publication, now, options);
  const bool refused = !done && done.error().code == Errc::denied;
  if (refused) SLUICE_CHECK(here.remove({std::string(kStoreNote)}));
  return done;
}

Result<bool> finish_here(Repository& repository, Store& place) {
  SLUICE_TRY(const auto there, place.read(std::string(kTimestampFile), Limits().timestamp));
  if (!there) return false;
  SLUICE_TRY(const auto stamped_here, repository.version_of(RoleName("timestamp")));
  const auto parsed = open_timestamp(there->bytes);
  if (!parsed || parsed->header.version <= stamped_here) return false;
  const Version version = parsed->header.version;
  const auto here = folder_store(repository.files(), repository.folder());
  SLUICE_TRY(const bool ours, was_on_its_way(*here, there->bytes, version));
  if (!ours) return false;
  SLUICE_TRY(const bool anchored, has_first_root(repository, place));
  if (!anchored) return false;
  SLUICE_TRY(const auto lock, enter_store(*here, true, std::chrono::seconds(10)));
  FolderAndPlace both(*here, place);
  SLUICE_TRY(auto reach, SignedReach::start(both, repository.foreign()));
  const auto stamped = reach.stamped(there->bytes);
  if (!stamped || !reach.is_for_newest_root(*stamped)) return false;
  SLUICE_CHECK(reach.add(*stamped));
  SLUICE_CHECK(take_over(*here, both, reach, there->bytes, version));
  repository.reload();
  return true;
}

Result<Mirror> look_at_mirror(Repository& repository, Store& place) {
  SLUICE_TRY(const auto there, place.read(std::string(kTimestampFile), Limits().timestamp));
  SLUICE_TRY(const auto* here, repository.published(RoleName("timestamp")));
  Mirror out;
  if (there) out.timestamp = digest_of_text(there->bytes);
  if (here == nullptr) {
    out.state = there ? MirrorState::unknown : MirrorState::same;
    return out;
  }
  out.state = MirrorState::behind;
  if (!there) return out;
  SLUICE_TRY(const auto bytes, repository.published_file(RoleName("timestamp"), 0));
  if (bytes == there->bytes) {
    out.state = MirrorState::same;
    return out;
  }
  // Publishing keeps each timestamp under its version.
  const auto draft = Draft::parse(there->bytes);
  const auto kept = draft ? repository.files().read(repository.metadata_folder() /
                                                        cat(draft->version(), ".timestamp.json"),
                                                    Limits().timestamp)
                          : Result<std::string>(fail(Errc::malformed, ""));
  if (!kept || *kept != there->bytes) {
    out.state = MirrorState::unknown;
  } else if (draft->version() >= here->version()) {
    out.state = MirrorState::ahead;
  }
  return out;
}

Result<void> check_for_place(Store& place, const Publication& publication,
                             const ForeignKeys& foreign) {
  SLUICE_TRY(const auto timestamp, place.read(std::string(kTimestampFile), Limits().timestamp));
  if (timestamp && timestamp->bytes == publication.timestamp) return {};
  SLUICE_TRY(const StoredRoots root, latest_root(place));
  for (const auto& bytes : publication.roots) {
    SLUICE_TRY(const auto envelope, open_envelope(bytes, Limits{}.root));
    SLUICE_TRY(const Root ours, parse_root(envelope.signed_part, {}));
    if (ours.header.version != root.latest || bytes == root.bytes) continue;
    return fail(Error{Errc::denied,
                      cat(place.describe(), " has another root ", root.latest, " than this folder")}
                    .advise("one of them was replaced, or they are two repositories"));
  }
  // At the epoch nothing has expired: what is brought there is renewed in the next moment.
  SLUICE_CHECK(check_publication(place, publication, root, timestamp, {.foreign = foreign}));
  return {};
}

Result<Publication> whole_publication(Repository& repository, bool targets) {
  Publication out;
  SLUICE_TRY(const auto stamped, repository.version_of(RoleName("timestamp")));
  if (stamped == 0) return fail(Errc::not_found, "nothing is published here yet");
  SLUICE_TRY(const auto newest, repository.version_of(RoleName("root")));
  SLUICE_CHECK(within(check_signed(repository), cat("looking at ", shown(repository.folder()))));
  for (Version version = 1; version <= newest; ++version) {
    auto root = repository.published_file(RoleName("root"), version);
    if (!root && root.error().code == Errc::not_found && out.roots.empty()) continue;
    if (!root) return fail(std::move(root).error());
    out.roots.push_back(*std::move(root));
  }
  SLUICE_TRY(const auto* snapshot, repository.published(RoleName("snapshot")));
  if (snapshot == nullptr) return fail(Errc::not_found, "nothing is published here yet");
  const auto listed = snapshot->each([&](std::string_view file, std::string_view) -> Result<void> {
    const RoleName role(std::string(file.substr(0, file.rfind(".json"))));
    SLUICE_TRY(const auto version, repository.version_of(role));
    if (role.str() == "root") return {};
    out.metadata.push_back(published_again(repository, cat("metadata/", role_url(role, version))));
    if (!targets) return {};
    SLUICE_TRY(const auto* draft, repository.published(role));
    return add_target_files(repository, *draft, out.targets);
  });
  SLUICE_CHECK(listed);
  out.metadata.push_back(published_again(
      repository, cat("metadata/", role_url(RoleName("snapshot"), snapshot->version()))));
  SLUICE_TRY(out.timestamp, repository.published_file(RoleName("timestamp"), 0));
  return out;
}

}  // namespace sluice::tuf
