// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/signed_reach.h"

#include <algorithm>

#include "base/text.h"
#include "tuf/names.h"
#include "tuf/trusted_set.h"

namespace sluice::tuf {

namespace {

constexpr std::string_view kRoleEnding = ".json";
constexpr std::size_t kDeepest = 256;  // clients visit 32 roles at most

Error not_signed_file(const std::string& name, std::string_view why) {
  return Error{Errc::denied, cat(printable(name, 300), " is not what a client accepts: ", why)}
      .advise("somebody changed it there, or it is damaged: take it from where it is published");
}

Error absent_file(const std::string& name) {
  return Error{Errc::io,
               cat(printable(name, 300), " is not in the store, and the repository needs it")}
      .advise("publish it again from where it was made");
}

template <class T>
Result<void> must_hold(const Verdict<T>& verdict, const std::string& name) {
  if (verdict.passed()) return {};
  const Check* failure = verdict.report().first_failure();
  return fail(not_signed_file(name, failure == nullptr ? "it was refused" : failure->detail));
}

bool is_signed(const Envelope& envelope, const Keys& keys, const RoleKeys& role) {
  const auto found = count_signatures(envelope, keys, role);
  return found && found->valid >= static_cast<std::uint64_t>(role.threshold);
}

}  // namespace

Result<SignedReach> SignedReach::start(Store& store, const ForeignKeys& foreign) {
  SignedReach out(store, foreign);
  SLUICE_CHECK(out.walk_roots());
  return out;
}

Result<void> SignedReach::walk_roots() {
  SLUICE_TRY(const auto files, store_->list("metadata/"));
  std::set<Version> versions;
  for (const auto& file : files) {
    const auto name = metadata_name(file.name);
    if (name && name->role == "root") versions.insert(name->version);
  }
  if (versions.empty()) return fail(Errc::denied, "there is no root");
  std::optional<TrustedSet> set;
  for (Version next = *versions.begin(); const Version version : versions) {
    const std::string name = metadata_file("root", next);
    SLUICE_TRY(const auto file, store_->read(name, Limits{}.root));
    if (version != next++ || !file) return fail(absent_file(name));
    if (!set) {
      auto begun = TrustedSet::start(file->bytes, {.foreign = foreign_});  // nothing has expired
      SLUICE_CHECK(must_hold(begun, name));
      set = *std::move(begun).value();
    } else {
      SLUICE_CHECK(must_hold(set->update_root(file->bytes), name));
    }
    roots_.push_back(set->root());
    if (roots_.back().header.version != version) {
      return fail(not_signed_file(name, "it is a root of another version"));
    }
  }
  return read_timestamps(files);
}

Result<void> SignedReach::read_timestamps(const std::vector<ListedFile>& files) {
  for (const auto& file : files) {
    const auto name = metadata_name(file.name);
    if (!name || name->role != "timestamp") continue;
    if (file.size > Limits{}.timestamp) {
      not_signed_.insert(name->version);
      continue;
    }
    SLUICE_TRY(const auto bytes, store_->read(file.name, Limits{}.timestamp));
    if (!bytes) continue;
    auto found = stamped(bytes->bytes);
    if (found && found->timestamp.header.version == name->version) {
      kept_.insert_or_assign(name->version, *std::move(found));
    } else {
      not_signed_.insert(name->version);
    }
  }
  return {};
}

std::optional<SignedReach::Stamped> SignedReach::stamped(std::string_view bytes) const {
  const auto envelope = open_envelope(bytes, Limits{}.timestamp);
  if (!envelope) return std::nullopt;
  auto timestamp = parse_timestamp(envelope->signed_part);
  if (!timestamp) return std::nullopt;
  Stamped out{*std::move(timestamp), {}};
  for (std::size_t i = roots_.size(); i-- > 0;) {
    const Root& root = roots_[i];
    if (is_signed(*envelope, root.keys, root.role(RoleType::timestamp))) out.roots.push_back(i);
  }
  return out.roots.empty() ? std::nullopt : std::optional(std::move(out));
}

Result<SignedReach::Stamped> SignedReach::published() {
  const std::string name(kTimestampFile);
  SLUICE_TRY(const auto file, store_->read(name, Limits{}.timestamp));
  if (!file) return fail(absent_file(name));
  auto found = stamped(file->bytes);
  if (!found || !is_for_newest_root(*found)) {
    return fail(
        not_signed_file(name, cat("it is not signed for root ", roots_.back().header.version)));
  }
  const Version version = found->timestamp.header.version;
  for (const auto& [other, kept] : kept_) {
    if (other <= version || !is_for_newest_root(kept)) continue;
    return fail(Error{Errc::denied, cat(name, " has version ", version, ", and version ", other,
                                        " is here as well: it was set back, or a publication did "
                                        "not end")}
                    .advise("bring it back, say by git, or publish again"));
  }
  found->roots.resize(1);
  return *std::move(found);
}

Result<void> SignedReach::add(const Stamped& stamped) {
  const FileMeta& stated = stamped.timestamp.snapshot;
  const std::string name = metadata_file("snapshot", stated.version);
  SLUICE_TRY(auto file, store_->read(name, kMetadataMost));
  if (!file) return fail(absent_file(name));
  if (const auto wrong = mismatch(stated.length, stated.hashes, file->bytes)) {
    return fail(not_signed_file(name, cat("not what the timestamp states, ", *wrong)));
  }
  return add_snapshot(std::move(file->bytes), stated, stamped.roots, true);
}

Result<void> SignedReach::add_old_snapshot(Version version) {
  SLUICE_TRY(auto file, store_->read(metadata_file("snapshot", version), kMetadataMost));
  if (!file) return {};
  std::vector<std::size_t> all;
  for (std::size_t i = roots_.size(); i-- > 0;) all.push_back(i);
  FileMeta stated;
  stated.version = version;
  return add_snapshot(std::move(file->bytes), stated, all, false);
}

// Several timestamps may lead to one snapshot. Snapshot and targets go by the same root.
Result<void> SignedReach::add_snapshot(std::string bytes, const FileMeta& stated,
                                       const std::vector<std::size_t>& roots, bool whole) {
  const std::string name = metadata_file("snapshot", stated.version);
  names_.insert(name);
  if (snapshots_.contains(name)) return {};
  const auto document = std::make_shared<const std::string>(std::move(bytes));
  const auto envelope = open_envelope(*document, kMetadataMost);
  if (!envelope) return fail(not_signed_file(name, envelope.error().what));
  const auto snapshot = parse_snapshot(document, envelope->signed_part);
  if (!snapshot) return fail(not_signed_file(name, snapshot.error().what));
  if (snapshot->header().version != stated.version) {
    return fail(not_signed_file(name, cat("it is version ", snapshot->header().version)));
  }
  Result<void> outcome = fail(not_signed_file(name, "it is signed for no root"));
  for (const std::size_t root : roots) {
    Walk walk{*snapshot, whole};
    outcome = follow(walk, *envelope, roots_[root]);
    const bool other_root_may_do = !outcome && outcome.error().code == Errc::denied;
    if (!other_root_may_do) break;
  }
  SLUICE_CHECK(std::move(outcome));
  snapshots_.insert(name);
  return {};
}

Result<void> SignedReach::follow(Walk& walk, const Envelope& envelope, const Root& by) {
  const std::string name = metadata_file("snapshot", walk.snapshot.header().version);
  if (!is_signed(envelope, by.keys, by.role(RoleType::snapshot))) {
    return fail(not_signed_file(name, cat("it is not signed for root ", by.header.version)));
  }
  SLUICE_CHECK(
      load(walk, RoleName("targets"),
           {by.keys, by.role(RoleType::targets), metadata_file("root", by.header.version)}));
  // Of those who delegate to a role one may vouch for it, and another one not.
  for (const auto& [role, error] : walk.refused) {
    if (!walk.good.contains(role)) return fail(error);
  }
  return follow_the_rest(walk);
}

// A role's name may be in the store as it is in URLs, or as it is.
Result<std::optional<std::string>> SignedReach::read_role(const std::string& role,
                                                          Version version) {
  const std::string encoded = metadata_file(percent_encoded(role), version);
  const std::string plain = metadata_file(role, version);
  names_.insert(encoded);
  names_.insert(plain);
  SLUICE_TRY(auto file, store_->read(encoded, kMetadataMost));
  if (!file && plain != encoded && check_store_name(plain)) {
    SLUICE_TRY(file, store_->read(plain, kMetadataMost));
  }
  if (!file) return std::nullopt;
  return std::move(file->bytes);
}

Result<void> SignedReach::load(Walk& walk, const RoleName& role, const Signers& signers) {
  const auto listed = walk.snapshot.find(role);
  if (!listed) return {};  // no client finds it
  const std::string name = metadata_file(percent_encoded(role.str()), listed->version);
  const auto known = loaded_.find({name, signers.by});
  if (known != loaded_.end()) {
    const auto targets = known->second;
    walk.good.insert(role.str());
    return targets == nullptr ? Result<void>() : below(walk, *targets, name);
  }
  SLUICE_TRY(auto bytes, read_role(role.str(), listed->version));
  if (!bytes && !walk.whole) return {};
  if (!bytes) return fail(absent_file(name));
  const auto targets = accepted(*listed, *std::move(bytes), signers);
  if (!targets) {
    walk.refused.insert_or_assign(role.str(), not_signed_file(name, targets.error().what));
    return {};
  }
  walk.good.insert(role.str());
  SLUICE_CHECK(take_targets(**targets));
  const bool delegates = (*targets)->delegations().size() > 0;
  loaded_.insert_or_assign({name, signers.by}, delegates ? *targets : nullptr);
  return delegates ? below(walk, **targets, name) : Result<void>();
}

// Shared because those that delegate are kept.
Result<std::shared_ptr<const Targets>> SignedReach::accepted(const FileMeta& listed,
                                                             std::string bytes,
                                                             const Signers& signers) const {
  if (const auto wrong = mismatch(listed.length, listed.hashes, bytes)) {
    return fail(Errc::malformed, cat("not what the snapshot states, ", *wrong));
  }
  const auto document = std::make_shared<const std::string>(std::move(bytes));
  SLUICE_TRY(const auto envelope, open_envelope(*document, kMetadataMost));
  if (!is_signed(envelope, signers.keys, signers.role)) {
    return fail(Errc::denied, cat("it is not signed for the keys in ", printable(signers.by, 200)));
  }
  SLUICE_TRY(Targets targets, parse_targets(document, envelope.signed_part, foreign_));
  if (targets.header().version != listed.version) {
    return fail(Errc::malformed, cat("it is version ", targets.header().version));
  }
  return std::make_shared<const Targets>(std::move(targets));
}

Result<void> SignedReach::take_targets(const Targets& targets) {
  return targets.each([&](const TargetFile& target) -> Result<void> {
    for (auto& each : target_names(target)) names_.insert(std::move(each));
    return {};
  });
}

Result<void> SignedReach::below(Walk& walk, const Targets& parent, const std::string& file) {
  const Delegations& delegations = parent.delegations();
  const auto enter = [&](const RoleName& role, const RoleKeys& keys) -> Result<void> {
    if (!walk.seen.emplace(&parent, role.str()).second) return {};
    if (!walk.on_the_way.insert(role.str()).second) return {};  // a circle: clients stop there too
    if (walk.on_the_way.size() > kDeepest) {
      return fail(Errc::limit, cat("more than ", kDeepest, " roles delegate one below the other"));
    }
    const auto loaded = load(walk, role, {delegations.keys(), keys, file});
    walk.on_the_way.erase(role.str());
    return loaded;
  };
  for (const auto& each : delegations.roles()) SLUICE_CHECK(enter(each.role, each.keys));
  if (!delegations.bins()) return {};
  // There may be more bins than anybody has files: those that are listed count.
  for (std::size_t i = 0; i < walk.snapshot.count(); ++i) {
    const auto [name, version] = walk.snapshot.file(i);
    if (!name.ends_with(kRoleEnding)) continue;
    const RoleName role(std::string(name.substr(0, name.size() - kRoleEnding.size())));
    if (delegations.bins()->names(role)) SLUICE_CHECK(enter(role, delegations.bins()->keys));
  }
  return {};
}

// Roles that are listed, and that nobody who is signed delegates to: no client asks for them, and
// what they name stays all the same.
Result<void> SignedReach::follow_the_rest(Walk& walk) {
  for (std::size_t i = 0; i < walk.snapshot.count(); ++i) {
    const auto [name, version] = walk.snapshot.file(i);
    if (!name.ends_with(kRoleEnding)) continue;
    const std::string role(name.substr(0, name.size() - kRoleEnding.size()));
    if (walk.good.contains(role)) continue;
    const std::string file = metadata_file(percent_encoded(role), version);
    if (names_.contains(file)) continue;
    SLUICE_TRY(auto bytes, read_role(role, version));
    if (!bytes && !walk.whole) continue;
    if (!bytes) return fail(absent_file(file));
    const auto document = std::make_shared<const std::string>(*std::move(bytes));
    const auto envelope = open_envelope(*document, kMetadataMost);
    if (!envelope) continue;
    const auto targets = parse_targets(document, envelope->signed_part, {});
    if (targets) SLUICE_CHECK(take_targets(*targets));
  }
  return {};
}

}  // namespace sluice::tuf
