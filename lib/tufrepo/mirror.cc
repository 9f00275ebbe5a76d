// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/mirror.h"

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

}  // namespace

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
