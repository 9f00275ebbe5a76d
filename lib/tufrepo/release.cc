// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/release.h"

#include <algorithm>
#include <set>

#include "base/codec.h"
#include "base/parallel.h"
#include "base/text.h"
#include "tuf/checks.h"
#include "tuf/names.h"
#include "tuf/trusted_set.h"
#include "tufrepo/edit.h"
#include "tufrepo/published_check.h"
#include "tufrepo/rehearsal.h"
#include "tufrepo/role_list.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kManyRoles = 64;          // of more, nobody reads what changes
constexpr std::size_t kStatedFrom = 1U << 20;   // a file of this size has its length stated
constexpr std::size_t kRootOfOthers = 512'000;  // bytes that their clients read at most
constexpr std::size_t kReadAheadFrom = 256U << 10;

json::Value signature_json(const RoleSignature& signature) {
  json::Value out;
  out.set("keyid", signature.keyid.str());
  out.set("sig", signature.sig);
  if (!signature.bundle.empty()) {
    if (auto bundle = json::parse_strict(signature.bundle)) out.set("bundle", *std::move(bundle));
  }
  return out;
}

Result<std::uint64_t> length_listed(std::string_view target) {
  SLUICE_TRY(const auto value, json::parse_strict(target, {.bytes = target.size()}));
  const auto* length = value.find("length");
  return static_cast<std::uint64_t>(length == nullptr ? 0 : length->integer().value_or(0));
}

class ReleaseMaker {
 public:
  ReleaseMaker(Repository& repository, const OnlineSigners& signers, const ReleaseOptions& options)
      : repository_(repository), signers_(signers), options_(options), report_("the publication") {}

  Result<Verdict<Release>> run() && {
    SLUICE_TRY(names_, repository_.names());
    bool good = true;
    if (options_.renew_only) {
      SLUICE_TRY(good, top_level_holds());
      if (good) SLUICE_CHECK(take_due());
    } else {
      SLUICE_TRY(good, take_proposal());
    }
    if (good) {
      SLUICE_TRY(good, take_snapshot());
    }
    if (good) {
      SLUICE_TRY(good, take_timestamp());
    }
    if (good && !out_.nothing_to_do) {
      SLUICE_CHECK(assemble());
      SLUICE_CHECK(rehearse_all());
    }
    return Verdict<Release>::conclude(std::move(report_), std::move(out_));
  }

 private:
  Check& refuse(std::string_view id, const RoleName& role, std::string detail) {
    return report_.fail(cat("tuf.publish.", id), printable(role.str(), 80), std::move(detail));
  }

  // --- what is proposed
  Result<bool> take_proposal() {
    SLUICE_TRY(const auto staged, repository_.staged_roles());
    SLUICE_TRY(const auto proposal,
               examine_proposal(repository_, options_.now,
                                {.changes = staged.size() <= kManyRoles,
                                 .files = options_.read_targets,
                                 .published = options_.published,
                                 .meanwhile = [this](const auto& roles) { open_early(roles); }}));
    bool good = true;
    for (const auto& fault : proposal.faults) {
      if (!fault.blocks) continue;
      refuse(fault.id, fault.role, fault.what).advice = fault.advice;
      good = false;
    }
    if (!good) return false;
    return take_roles(proposal);
  }

  // Keys that nobody is asked for; where that fails it is told when they are needed.
  void open_early(const std::vector<ProposedRole>& roles) {
    if (roles.size() > kManyRoles) return;
    for (const auto& each : roles) {
      const auto online = repository_.policy().of(each.role).online;
      const auto in_variable = [](const std::string& source) { return source.starts_with("env:"); };
      if (online.empty() || !std::ranges::all_of(online, in_variable)) continue;
      const auto all = signatories_of(repository_, each.role);
      for (std::size_t i = 0; all && i < all->size(); ++i) (void)online_keys(each.role, (*all)[i]);
    }
  }

  // What is signed online is signed on all cores: bins are many.
  Result<bool> take_roles(const Proposal& proposal) {
    std::vector<Signing> work;
    std::vector<Version> from;
    bool at_once = true;
    for (const auto& role : proposal.roles) {
      if (role.published) out_.left_over.push_back(role.role);
      if (role.published || role.role == role_name(RoleType::snapshot) ||
          role.role == role_name(RoleType::timestamp))
        continue;
      SLUICE_TRY(const auto* staged, repository_.staged(role.role));
      SLUICE_TRY(auto one, begin_signing(role.role, staged->draft, role.quorums));
      at_once = at_once && std::ranges::all_of(one.keys, &RoleSigner::at_once);
      work.push_back(std::move(one));
      from.push_back(role.from);
    }
    std::vector<Result<void>> done(work.size());
    for_each_parallel(work.size(), at_once ? hardware_threads() : 1,
                      [&](std::size_t i) { done[i] = sign_online(work[i]); });
    bool good = true;
    for (std::size_t i = 0; i < work.size(); ++i) {
      SLUICE_CHECK(std::move(done[i]));
      SLUICE_TRY(const bool enough, signed_enough(work[i]));
      good = good && enough;
      if (enough) add_changed(work[i].role, from[i], std::move(work[i].draft));
    }
    return good;
  }

  void add_changed(const RoleName& role, Version from, Draft draft,
                   std::optional<Snapshot> read = {}) {
    out_.roles.push_back({role, from, draft.version(), draft.expires()});
    changed_.push_back(
        {role, std::make_shared<const Draft>(std::move(draft)), {}, std::move(read)});
  }

  // A draft with those of its signatures that hold, and who else is to sign it.
  struct Signing {
    RoleName role;
    Draft draft;
    std::vector<Signatories> all = {};
    bool incomplete = false;
    std::vector<RoleSigner*> keys = {};
    std::optional<Snapshot> read = {};
  };
  Result<Signing> begin_signing(const RoleName& role, Draft draft,
                                const std::vector<Quorum>& quorums) {
    Signing out{role, std::move(draft)};
    SLUICE_TRY(out.all, signatories_of(repository_, role));
    SLUICE_TRY(const auto kept, signatures_that_hold(role, out.draft, quorums, out.all));
    out.draft.clear_signatures();
    for (const auto& each : kept) out.draft.add_signature(each);
    out.incomplete = quorums.empty() || !std::ranges::all_of(quorums, &Quorum::complete);
    if (!out.incomplete) return out;
    for (const auto& signatories : out.all) {
      SLUICE_TRY(const auto* keys, online_keys(role, signatories));
      for (const auto& key : *keys) out.keys.push_back(key.get());
    }
    return out;
  }

  static Result<void> sign_online(Signing& work) {
    if (work.keys.empty()) return {};
    SLUICE_TRY(const auto message, work.draft.message_text());
    for (auto* const key : work.keys) {
      SLUICE_TRY(const auto signature, key->sign(*message));
      work.draft.add_signature(signature_json(signature));
    }
    return {};
  }

  // A large snapshot is read meanwhile, as clients will read it.
  static Result<void> sign_and_read(Signing& work) {
    const bool at_once = !work.keys.empty() && std::ranges::all_of(work.keys, &RoleSigner::at_once);
    if (work.draft.type() != RoleType::snapshot || !at_once) return sign_online(work);
    SLUICE_TRY(const auto message, work.draft.message_text());
    if (message.text.size() < kReadAheadFrom) return sign_online(work);
    Result<void> done;
    std::optional<Result<Snapshot>> read;
    for_each_parallel(2, hardware_threads(), [&](std::size_t i) {
      if (i == 0) {
        done = sign_online(work);
      } else {
        read = parse_snapshot(message.held, message.text);
      }
    });
    if (read && *read) work.read = **std::move(read);
    return done;
  }

  Result<bool> signed_enough(const Signing& work) {
    bool good = true;
    for (const auto& signatories : work.all) {
      // Each signature was verified when it was made, and the rehearsal verifies it again.
      if (!work.incomplete || signed_by(work.draft, signatories) >= signatories.role.threshold)
        continue;
      SLUICE_TRY(const auto quorum, count_votes(work.draft, signatories, {}, *names_));
      good = false;
      Check& row = refuse(
          "signatures", work.role,
          cat("version ", work.draft.version(), " has ", quorum.given, " of ", quorum.threshold,
              quorum.threshold == 1 ? " signature of " : " signatures of ", quorum.who));
      const bool online = !repository_.policy().of(work.role).online.empty();
      const std::string whose = printable(work.role.str(), 80);
      row.advice = online ? cat("none of the keys that tuf-repo.yaml names as online for ", whose,
                                " does: name the right one there")
                          : "whoever is still needed signs";
      if (!online) row.command = cat("sluice tuf sign --key FILE --role ", whose);
    }
    return good;
  }

  // False where the signatures do not suffice.
  Result<bool> sign(const RoleName& role, Version from, Draft draft,
                    const std::vector<Quorum>& quorums) {
    SLUICE_TRY(auto work, begin_signing(role, std::move(draft), quorums));
    SLUICE_CHECK(sign_and_read(work));
    SLUICE_TRY(const bool good, signed_enough(work));
    if (good) add_changed(role, from, std::move(work.draft), std::move(work.read));
    return good;
  }

  static std::int64_t signed_by(const Draft& draft, const Signatories& signatories) {
    std::vector<std::string> keyids;
    for (const auto& each : draft.signatures()) {
      const auto* keyid = each.find("keyid");
      if (keyid == nullptr || keyid->string() == nullptr) continue;
      const auto& listed = signatories.role.keyids;
      if (std::ranges::find(listed, *keyid->string()) != listed.end()) {
        keyids.push_back(*keyid->string());
      }
    }
    return static_cast<std::int64_t>(different_keys(signatories.keys, keyids));
  }

  Result<std::vector<json::Value>> signatures_that_hold(const RoleName& role, const Draft& draft,
                                                        const std::vector<Quorum>& quorums,
                                                        const std::vector<Signatories>& all) {
    const auto is_identity = [&](const std::string& keyid) {
      return std::ranges::any_of(all, [&](const Signatories& each) {
        const auto at = each.keys.find(keyid);
        return at != each.keys.end() && at->second.foreign != nullptr;
      });
    };
    std::set<std::string> good;
    for (const auto& quorum : quorums) {
      for (const auto& voter : quorum.voters) {
        if (voter.vote == Vote::given) good.insert(voter.keyid);
      }
    }
    std::map<std::string, json::Value> out;
    const auto take = [&](const json::Value& value) {
      const auto* keyid = value.find("keyid");
      if (keyid == nullptr || keyid->string() == nullptr || !good.contains(*keyid->string()))
        return;
      out.emplace(*keyid->string(), bare_signature(value, is_identity(*keyid->string())));
    };
    if (!good.empty()) {
      SLUICE_TRY(const auto beside, repository_.signatures(role));
      for (const auto& each : beside) take(each.signature);
      for (const auto& each : draft.signatures()) take(each);
    }
    std::vector<json::Value> sorted;
    for (auto& [keyid, value] : out) sorted.push_back(std::move(value));
    return sorted;
  }

  // Opened once for all roles with the same keys and the same sources.
  Result<const std::vector<std::shared_ptr<RoleSigner>>*> online_keys(
      const RoleName& role, const Signatories& signatories) {
    auto keyids = signatories.role.keyids;
    const auto online = repository_.policy().of(role).online;
    keyids.insert(keyids.end(), online.begin(), online.end());
    const std::string id = join(keyids, "\n");
    const auto at = opened_.find(id);
    if (at != opened_.end()) return &at->second;
    SLUICE_TRY(auto keys, signers_(role, signatories));
    return &opened_.emplace(id, std::move(keys)).first->second;
  }

  // --- what is due
  Result<bool> top_level_holds() {
    SLUICE_TRY(const auto version, repository_.version_of(role_name(RoleType::snapshot)));
    if (version == 0) return true;
    return holds(role_name(RoleType::snapshot));
  }

  Result<void> take_due() {
    SLUICE_TRY(const auto listed, listed_roles(repository_));
    for (const auto& each : listed) {
      if (type_of_role(each.role) != RoleType::targets) continue;
      if (repository_.policy().of(each.role).online.empty()) continue;
      for (const auto& role : each.roles()) SLUICE_CHECK(take_if_due(role));
    }
    return {};
  }

  Result<bool> due(const RoleName& role, const Draft& draft) {
    if (draft.expires() - options_.now < repository_.policy().of(role).renew) return true;
    SLUICE_TRY(const auto all, signatories_of(repository_, role));
    for (const auto& signatories : all) {
      SLUICE_TRY(const auto quorum, count_votes(draft, signatories, {}, *names_));
      if (!quorum.complete()) return true;
    }
    return false;
  }

  Result<void> take_if_due(const RoleName& role) {
    SLUICE_TRY(const auto* published, repository_.published(role));
    if (published == nullptr) return {};
    SLUICE_TRY(const bool is_due, due(role, *published));
    if (!is_due) return {};
    SLUICE_TRY(const bool stands, holds(role));
    if (!stands) return {};
    Draft draft = *published;
    raise(role, draft, published->version());
    SLUICE_CHECK(sign(role, published->version(), std::move(draft), {}));
    return {};
  }

  // What is published is signed anew only if it is what somebody signed.
  Result<bool> holds(const RoleName& role) {
    if (options_.published == nullptr) {
      own_check_.emplace(repository_);
      options_.published = &*own_check_;
    }
    SLUICE_TRY(const auto answer, options_.published->of(role));
    if (answer.standing != PublishedCheck::Standing::broken) return true;
    refuse("published", role, cat("what is published of it here does not hold: ", answer.why))
        .advice = "metadata/ was changed in this folder: take it from where it is published";
    return false;
  }

  void raise(const RoleName& role, Draft& draft, Version from) const {
    draft.clear_signatures();
    draft.set_version(from + 1);
    draft.set_expires(options_.now + repository_.policy().of(role).expires);
  }

  bool changes_root() const {
    return std::ranges::any_of(
        changed_, [](const ChangedFile& each) { return each.role == role_name(RoleType::root); });
  }
  bool changes_targets() const {
    return std::ranges::any_of(
        changed_, [](const ChangedFile& each) { return each.role != role_name(RoleType::root); });
  }

  // --- snapshot and timestamp
  Result<bool> take_snapshot() {
    SLUICE_TRY(const auto* published, repository_.published(role_name(RoleType::snapshot)));
    bool needed = changes_targets() || published == nullptr;
    if (!needed) {
      SLUICE_TRY(needed, due(role_name(RoleType::snapshot), *published));
      needed = needed && may_renew(role_name(RoleType::snapshot), *published);
    }
    if (!needed) return true;
    Draft draft = published == nullptr ? Draft::fresh(RoleType::snapshot) : *published;
    raise(role_name(RoleType::snapshot), draft, published == nullptr ? 0 : published->version());
    std::vector<Result<std::string>> metas(changed_.size());
    for_each_parallel(changed_.size(), hardware_threads(),
                      [&](std::size_t i) { metas[i] = listed_as(changed_[i], draft); });
    for (std::size_t i = 0; i < changed_.size(); ++i) {
      SLUICE_TRY(auto meta, std::move(metas[i]));
      if (changed_[i].role == role_name(RoleType::root)) continue;
      draft.put(cat(changed_[i].role.str(), ".json"), std::move(meta));
    }
    return take_follower(role_name(RoleType::snapshot), std::move(draft));
  }

  // What the snapshot says of a file that is new. Of many files none is kept.
  Result<std::string> listed_as(ChangedFile& file, const Draft& snapshot) const {
    SLUICE_TRY(auto bytes, file.document());
    auto meta =
        meta_of(file.draft->version(), *bytes, snapshot.find(cat(file.role.str(), ".json")));
    if (changed_.size() <= kManyRoles) file.bytes = std::move(bytes);
    return meta;
  }

  // Only what an online key signs is renewed without being asked for, unless it is dead anyway.
  bool may_renew(const RoleName& role, const Draft& published) const {
    return !repository_.policy().of(role).online.empty() || changes_root() ||
           published.expires() <= options_.now;
  }

  static std::string meta_of(Version version, const std::string& bytes,
                             std::optional<std::string_view> before) {
    const bool hashes = before && before->find("\"hashes\"") != std::string_view::npos;
    const bool length = hashes || bytes.size() >= kStatedFrom ||
                        (before && before->find("\"length\"") != std::string_view::npos);
    std::string out = "{";
    if (hashes) {
      out += cat("\"hashes\":{\"sha256\":\"",
                 crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(bytes)).hex(), "\"},");
    }
    if (length) out += cat("\"length\":", bytes.size(), ",");
    return out + cat("\"version\":", version, "}");
  }

  Result<bool> take_timestamp() {
    SLUICE_TRY(const auto* published, repository_.published(role_name(RoleType::timestamp)));
    auto* const snapshot = find_changed(role_name(RoleType::snapshot));
    bool needed = snapshot != nullptr || published == nullptr || options_.force;
    if (!needed) {
      SLUICE_TRY(needed, due(role_name(RoleType::timestamp), *published));
      needed = needed && may_renew(role_name(RoleType::timestamp), *published);
    }
    // A root that comes alone brings a new timestamp too, by which publishers see each other.
    if (!needed && changed_.empty()) {
      out_.nothing_to_do = true;
      report_.pass("tuf.publish.due", "timestamp", "nothing is due");
      return true;
    }
    Draft draft = published == nullptr ? Draft::fresh(RoleType::timestamp) : *published;
    raise(role_name(RoleType::timestamp), draft, published == nullptr ? 0 : published->version());
    if (snapshot != nullptr) {
      SLUICE_TRY(snapshot->bytes, snapshot->document());
      draft.put("snapshot.json",
                meta_of(snapshot->draft->version(), *snapshot->bytes, "\"hashes\" \"length\""));
    }
    return take_follower(role_name(RoleType::timestamp), std::move(draft));
  }

  ChangedFile* find_changed(const RoleName& role) {
    const auto at = std::ranges::find(changed_, role, &ChangedFile::role);
    return at == changed_.end() ? nullptr : &*at;
  }

  Result<bool> take_follower(const RoleName& role, Draft draft) {
    SLUICE_TRY(const auto from, repository_.version_of(role));
    if (!repository_.policy().of(role).online.empty()) {
      return sign(role, from, std::move(draft), {});
    }
    return take_signed_by_people(role, std::move(draft), from);
  }

  // Staged for those who sign it, unless just this is staged and signed already.
  Result<bool> take_signed_by_people(const RoleName& role, Draft draft, Version from) {
    SLUICE_TRY(const auto* staged, repository_.staged(role));
    bool same = false;
    if (staged != nullptr && staged->draft.expires() > options_.now) {
      draft.set_expires(staged->draft.expires());
      SLUICE_TRY(const auto wanted, draft.digest());
      SLUICE_TRY(const auto there, staged->draft.digest());
      same = wanted == there;
    }
    if (!same) {
      raise(role, draft, from);
      SLUICE_CHECK(repository_.stage_as_is(role, std::move(draft)));
      out_.staged_for.push_back(role);
      SLUICE_TRY(staged, repository_.staged(role));
    }
    SLUICE_TRY(const auto all, signatories_of(repository_, role));
    SLUICE_TRY(const auto beside, repository_.signatures(role));
    std::vector<Quorum> quorums;
    for (const auto& signatories : all) {
      SLUICE_TRY(quorums.emplace_back(), count_votes(staged->draft, signatories, beside, *names_));
    }
    SLUICE_TRY(const bool good, sign(role, from, staged->draft, quorums));
    if (!good) SLUICE_CHECK(repository_.save());
    return good;
  }

  // --- the files
  Result<void> assemble() {
    auto& publication = out_.publication;
    const bool many = changed_.size() > kManyRoles;
    for (auto& each : changed_) {
      const bool lazy = many && !is_top_level(each.role.str());
      if (!lazy) {
        SLUICE_TRY(each.bytes, each.document());
      }
      if (each.role == role_name(RoleType::timestamp)) {
        publication.timestamp = *each.bytes;
        continue;
      }
      if (each.role == role_name(RoleType::root)) {
        publication.roots.push_back(*each.bytes);
        if (each.bytes->size() > kRootOfOthers) {
          refuse(
              "root-size", each.role,
              cat("it has ", each.bytes->size(), " bytes, and python-tuf, go-tuf and tuf-js ",
                  "refuse a root of more than ", kRootOfOthers, ": they would never get past it"));
        }
        continue;
      }
      publication.metadata.push_back(
          {cat("metadata/", role_url(each.role, each.draft->version())),
           lazy ? Content::made_by([draft = each.draft] { return draft->document(); })
                : Content::of(each.bytes)});
      const bool targets = each.draft->type() == RoleType::targets;
      if (targets && options_.look_for_targets) SLUICE_CHECK(look_for_target_files(each));
      if (targets && options_.list_targets && all_there_) {
        SLUICE_CHECK(list_target_files(each));
      }
    }
    SLUICE_TRY(const auto* before, repository_.published(role_name(RoleType::timestamp)));
    if (before == nullptr) return {};
    SLUICE_TRY(const auto bytes, repository_.published_file(role_name(RoleType::timestamp), 0));
    publication.timestamp_before =
        crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(bytes));
    return {};
  }

  // What is large goes on its way to the store meanwhile.
  Result<void> rehearse_all() {
    Result<void> out;
    for_each_parallel(options_.store == nullptr ? 1 : 2, hardware_threads(), [&](std::size_t i) {
      if (i == 0) {
        out = rehearse(repository_, changed_, options_.now, report_);
      } else {
        options_.store->expect(out_.publication.metadata);
      }
    });
    return out;
  }

  // A file that is missing, or not as long as listed: somebody forgot to hand it over with the
  // proposal, say. Its hash was looked at when it was added, and is by every client.
  Result<void> look_for_target_files(const ChangedFile& changed) {
    SLUICE_TRY(const auto* before, repository_.published(changed.role));
    std::size_t missing = 0;
    std::string first;
    const auto look = [&](std::string_view path, std::string_view text) -> Result<void> {
      const auto was = before == nullptr ? std::nullopt : before->find(path);
      if (was && *was == text) return {};
      SLUICE_TRY(const auto hashes, hashes_listed(text));
      SLUICE_TRY(const auto length, length_listed(text));
      SLUICE_CHECK(check_target_path(path));
      for (const auto& name : target_files(path, hashes)) {
        const auto info = repository_.files().info(repository_.folder() / name);
        if (info && info->kind == FileKind::file && info->size == length) continue;
        if (missing++ == 0) first = name;
      }
      return {};
    };
    SLUICE_CHECK(changed.draft->each(look));
    if (missing == 0) return {};
    all_there_ = false;
    refuse("target-files", changed.role,
           cat(printable(first, 300), missing == 1 ? "" : cat(", and ", missing - 1, " more"),
               missing == 1 ? " is" : " are", " not there, or not as long as listed"))
        .advice = "bring what was added into targets/ (say with git), or add it again";
    return {};
  }

  Result<void> list_target_files(const ChangedFile& changed) {
    SLUICE_TRY(const auto* before, repository_.published(changed.role));
    return changed.draft->each([&](std::string_view path, std::string_view text) -> Result<void> {
      const auto was = before == nullptr ? std::nullopt : before->find(path);
      if (was && *was == text) return {};
      SLUICE_TRY(const auto hashes, hashes_listed(text));
      SLUICE_CHECK(check_target_path(path));
      const auto names = target_files(path, hashes);
      for (std::size_t i = 0; i < names.size(); ++i) {
        const Path file = repository_.folder() / names[i];
        SLUICE_TRY(const auto info, within(repository_.files().info(file), "looking for a target"));
        out_.publication.targets.push_back(
            {names[i], Content::of_file(repository_.files(), file, info.size, hashes[i])});
      }
      return {};
    });
  }

  Repository& repository_;
  const OnlineSigners& signers_;
  ReleaseOptions options_;
  Report report_;
  const KeyNames* names_ = nullptr;
  std::vector<ChangedFile> changed_;
  std::optional<PublishedCheck> own_check_;
  bool all_there_ = true;  // the files of new targets
  std::map<std::string, std::vector<std::shared_ptr<RoleSigner>>> opened_;
  Release out_;
};

}  // namespace

Result<Verdict<Release>> prepare_release(Repository& repository, const OnlineSigners& signers,
                                         const ReleaseOptions& options) {
  return ReleaseMaker(repository, signers, options).run();
}

namespace {

// What somebody else proposed since then is his, and stays.
Result<void> tidy_away(Repository& repository, const RoleName& role) {
  auto done = repository.unstage(role);
  if (!done && done.error().code == Errc::denied) return {};
  return done;
}

}  // namespace

Result<void> finish_release(Repository& repository, const Release& release) {
  repository.reload();
  for (const auto& role : release.left_over) SLUICE_CHECK(tidy_away(repository, role));
  for (const auto& each : release.roles) {
    SLUICE_TRY(const auto* staged, repository.staged(each.role));
    if (staged == nullptr || staged->draft.version() > each.to) continue;
    SLUICE_CHECK(tidy_away(repository, each.role));
  }
  return {};
}

}  // namespace sluice::tuf
