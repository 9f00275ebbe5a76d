// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/publish_check.h"

#include "base/text.h"
#include "tuf/names.h"

namespace sluice::tuf {

namespace {

// Files by name: of the publication first, of the store then.
class FilesAtHand {
 public:
  FilesAtHand(Store& store, const Publication& publication) : store_(store) {
    for (const auto& file : publication.metadata) by_name_.emplace(file.name, &file.content);
  }
  bool is_new(const std::string& name) const { return by_name_.contains(name); }
  Result<std::optional<std::string>> read(const std::string& name) const {
    if (const auto at = by_name_.find(name); at != by_name_.end()) {
      SLUICE_TRY(std::string bytes, at->second->bytes(kMetadataMost));
      return bytes;
    }
    SLUICE_TRY(auto file, store_.read(name, kMetadataMost));
    if (!file) return std::nullopt;
    return std::move(file->bytes);
  }
  Result<std::string> need(const std::string& name) const {
    SLUICE_TRY(auto bytes, read(name));
    if (bytes) return *std::move(bytes);
    return fail(Error{Errc::denied, cat("the set is not complete: ", printable(name, 300),
                                        " is neither in it nor in the store")}
                    .advise("nothing was published; make the set again"));
  }

 private:
  Store& store_;
  std::map<std::string, const Content*> by_name_;
};

template <class T>
Result<void> must_pass(const Verdict<T>& verdict) {
  if (verdict.passed()) return {};
  const Check* failure = verdict.report().first_failure();
  if (failure == nullptr) return fail(Errc::internal, "a refusal without a reason");
  return fail(Error{Errc::denied, cat("a client would refuse this set: ", failure->detail, " (",
                                      failure->id, ")")}
                  .advise(failure->advice.empty() ? "nothing was published" : failure->advice));
}

Version snapshot_version(std::string_view timestamp) {
  const auto parsed = open_timestamp(timestamp);
  return parsed ? parsed->snapshot.version : 0;
}

// Signed by enough of the keys that this root gives the role.
bool holds_under(const Root& root, RoleType type, std::string_view document) {
  const auto envelope = open_envelope(document, kMetadataMost);
  if (!envelope) return false;
  const auto found = count_signatures(*envelope, root.keys, root.role(type));
  return found && found->valid >= static_cast<std::uint64_t>(root.role(type).threshold);
}

struct TopLevel {
  std::string timestamp;
  std::string snapshot;
  std::string targets;
};
Result<TopLevel> top_level(const FilesAtHand& files, const std::string& timestamp) {
  TopLevel out{timestamp, {}, {}};
  SLUICE_TRY(out.snapshot, files.need(metadata_file("snapshot", snapshot_version(timestamp))));
  SLUICE_TRY(const auto envelope, open_envelope(out.snapshot, kMetadataMost));
  SLUICE_TRY(const auto snapshot, parse_snapshot(envelope.signed_part));
  const auto targets = snapshot.find(RoleName("targets"));
  if (!targets) return fail(Errc::denied, "the snapshot does not list targets.json");
  SLUICE_TRY(out.targets, files.need(metadata_file("targets", targets->version)));
  return out;
}

bool all_hold(const Root& root, const TopLevel& set) {
  return holds_under(root, RoleType::timestamp, set.timestamp) &&
         holds_under(root, RoleType::snapshot, set.snapshot) &&
         holds_under(root, RoleType::targets, set.targets);
}

Result<Root> open_root(std::string_view bytes, const ForeignKeys& foreign) {
  SLUICE_TRY(const auto envelope, open_envelope(bytes, Limits{}.root));
  return parse_root(envelope.signed_part, foreign);
}

Result<RootOrder> root_order(Store& store, const Publication& publication, const StoredRoots& root,
                             const std::optional<StoredFile>& timestamp,
                             const ForeignKeys& foreign) {
  if (publication.roots.empty() || !timestamp || root.latest == 0) return RootOrder::first;
  SLUICE_TRY(const Root after, open_root(publication.roots.back(), foreign));
  const FilesAtHand old_files(store, {});
  const auto old_set = top_level(old_files, timestamp->bytes);
  if (old_set && all_hold(after, *old_set)) return RootOrder::first;
  SLUICE_TRY(const Root before, open_root(root.bytes, foreign));
  const FilesAtHand files(store, publication);
  SLUICE_TRY(const TopLevel new_set, top_level(files, publication.timestamp));
  return all_hold(before, new_set) ? RootOrder::last : RootOrder::between;
}

class PublicationCheck {
 public:
  PublicationCheck(Store& store, const Publication& publication, const TrustOptions& trust)
      : store_(store), publication_(publication), files_(store, publication), trust_(trust) {}

  // In the order of a client that has the published repository in its cache.
  Result<void> run(const StoredRoots& root, const std::optional<StoredFile>& timestamp) {
    SLUICE_CHECK(roots(root));
    SLUICE_CHECK(must_pass(set_->finish_root()));
    if (!set_->root().consistent_snapshot) {
      return fail(Error{Errc::denied, "the root says that snapshots are not consistent"}.advise(
          "such a repository cannot be published without half-states: set consistent_snapshot"));
    }
    // What a rotated key takes from the old ones is refused here, and no matter.
    if (timestamp) (void)set_->update_timestamp(timestamp->bytes, Origin::cache);
    const auto verdict = set_->update_timestamp(publication_.timestamp, Origin::repository);
    SLUICE_CHECK(must_pass(verdict));
    if (verdict.value()->kept) {
      return fail(Errc::denied, "the timestamp has the version that is published already");
    }
    if (timestamp) SLUICE_CHECK(remember_snapshot(timestamp->bytes));
    SLUICE_TRY(const std::string snapshot,
               files_.need(metadata_file("snapshot", set_->timestamp()->snapshot.version)));
    SLUICE_CHECK(must_pass(set_->update_snapshot(snapshot, Origin::repository)));
    return listed_files();
  }

 private:
  Result<void> roots(const StoredRoots& root) {
    if (root.latest == 0 && publication_.roots.empty()) {
      return fail(Errc::denied, "there is no root, neither in the store nor in the set");
    }
    const std::string& first = root.latest == 0 ? publication_.roots.front() : root.bytes;
    auto started = TrustedSet::start(first, trust_);
    SLUICE_CHECK(must_pass(started));
    set_ = *std::move(started).value();
    for (const auto& bytes : publication_.roots) {
      // Those that an interrupted run wrote; that they are the same is seen when they are written.
      const auto parsed = open_root(bytes, trust_.foreign);
      if (parsed && parsed->header.version <= set_->root().header.version) continue;
      SLUICE_CHECK(must_pass(set_->update_root(bytes)));
    }
    return {};
  }

  Result<void> remember_snapshot(const std::string& timestamp) {
    const std::string name = metadata_file("snapshot", snapshot_version(timestamp));
    SLUICE_TRY(auto snapshot, store_.read(name, kMetadataMost));
    if (!snapshot) return {};
    old_snapshot_ = std::move(snapshot->bytes);
    (void)set_->update_snapshot(old_snapshot_, Origin::cache);
    return {};
  }

  Result<void> listed_files() {
    std::map<std::string, Version, std::less<>> before;
    if (const auto envelope = open_envelope(old_snapshot_, kMetadataMost)) {
      if (const auto old = parse_snapshot(envelope->signed_part)) {
        for (std::size_t i = 0; i < old->count(); ++i) {
          const auto [name, version] = old->file(i);
          before.emplace(name, version);
        }
      }
    }
    SLUICE_TRY(const auto top, [&]() -> Result<std::string> {
      const auto meta = set_->snapshot()->find(RoleName("targets"));
      if (!meta) return fail(Errc::denied, "the snapshot does not list targets.json");
      return files_.need(metadata_file("targets", meta->version));
    }());
    SLUICE_CHECK(must_pass(set_->update_targets(top, RoleName("targets"), nullptr)));
    const Snapshot& now = *set_->snapshot();
    for (std::size_t i = 0; i < now.count(); ++i) {
      const auto [name, version] = now.file(i);
      const auto at = before.find(name);
      const bool same = at != before.end() && at->second == version;
      if (same || name == "targets.json") continue;
      const std::string role(name.substr(0, name.rfind(".json")));
      const auto meta = now.find(RoleName(role));
      if (!meta || !name.ends_with(".json")) {
        return fail(Errc::denied, cat("the snapshot lists ", printable(name, 200),
                                      ", which is no file of metadata"));
      }
      SLUICE_CHECK(delegated(role, *meta));
    }
    return {};
  }

  Result<void> delegated(const std::string& role, const FileMeta& meta) {
    const std::string encoded = metadata_file(percent_encoded(role), meta.version);
    const std::string name = files_.is_new(encoded) ? encoded : metadata_file(role, meta.version);
    SLUICE_TRY(std::string bytes, files_.need(name));
    if (const auto wrong = mismatch(meta.length, meta.hashes, bytes)) {
      return fail(Errc::denied, cat(name, " is not what the snapshot states: ", *wrong));
    }
    const Targets* top = set_->targets(RoleName("targets"), nullptr);
    const auto* keys = top == nullptr ? nullptr : top->delegations().keys_of(RoleName(role));
    SLUICE_TRY(const auto envelope, open_envelope(bytes, kMetadataMost));
    if (keys != nullptr) {
      SLUICE_TRY(const auto found, count_signatures(envelope, top->delegations().keys(), *keys));
      if (found.valid < static_cast<std::uint64_t>(keys->threshold)) {
        return fail(Errc::denied, cat("a client would refuse this set: ", name, " is signed by ",
                                      found.valid, " of ", keys->threshold, " keys"));
      }
    }
    const std::string_view part = envelope.signed_part;
    SLUICE_TRY(
        const Targets parsed,
        parse_targets(std::make_shared<const std::string>(std::move(bytes)), part, trust_.foreign));
    if (parsed.header().version == meta.version) return {};
    return fail(Errc::denied, cat(name, " has version ", parsed.header().version));
  }

  Store& store_;
  const Publication& publication_;
  FilesAtHand files_;
  const TrustOptions& trust_;
  std::optional<TrustedSet> set_;
  std::string old_snapshot_;  // empty: none
};

}  // namespace

Result<CheckedSet> look_at_publication(Store& store, const Publication& publication,
                                       const StoredRoots& root,
                                       const std::optional<StoredFile>& timestamp,
                                       const ForeignKeys& foreign) {
  SLUICE_TRY(const Timestamp parsed,
             within(open_timestamp(publication.timestamp), "reading the new timestamp"));
  CheckedSet out{parsed.header.version, RootOrder::first};
  SLUICE_TRY(out.order, root_order(store, publication, root, timestamp, foreign));
  return out;
}

Result<CheckedSet> check_publication(Store& store, const Publication& publication,
                                     const StoredRoots& root,
                                     const std::optional<StoredFile>& timestamp,
                                     const TrustOptions& trust) {
  SLUICE_CHECK(PublicationCheck(store, publication, trust).run(root, timestamp));
  return look_at_publication(store, publication, root, timestamp, trust.foreign);
}

}  // namespace sluice::tuf
