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

namespace sluice::tuf {

namespace {

constexpr std::size_t kManyRoles = 64;          // of more, nobody reads what changes
constexpr std::size_t kRootOfOthers = 512'000;  // bytes that their clients read at most
constexpr std::size_t kStatedFrom = 1U << 20;   // a file of this size has its length stated
constexpr std::string_view kProposeInstead =
    "leave --publish out: the change is proposed then, and people sign it";
constexpr std::string_view kOnceMended = "sluice tuf refresh-online";

Result<std::uint64_t> length_listed(std::string_view target) {
  SLUICE_TRY(const auto value, json::parse_strict(target, {.bytes = target.size()}));
  const auto* length = value.find("length");
  return static_cast<std::uint64_t>(length == nullptr ? 0 : length->integer().value_or(0));
}

class ReleaseMaker {
 public:
  ReleaseMaker(Repository& repository, const OnlineSigners& signers, const ReleaseOptions& options)
      : repository_(repository),
        signing_(repository, signers),
        options_(options),
        report_("the publication") {}

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
    // What everything hangs on first.
    std::ranges::stable_partition(
        out_.waiting, [](const Waiting& each) { return is_top_level(each.role.str()); });
    return Verdict<Release>::conclude(std::move(report_), std::move(out_));
  }

 private:
  Check& refuse(std::string_view id, const RoleName& role, std::string detail) {
    return report_.fail(cat("tuf.publish.", id), printable(role.str(), 80), std::move(detail));
  }
  bool signs_online(const RoleName& role) const {
    return !repository_.policy().of(role).online.empty();
  }
  // `next`: where something is to be mended before it is signed again.
  Result<void> wait(const RoleName& role, std::string why, std::string_view next = {}) {
    SLUICE_TRY(auto waiting, waiting_for_people(repository_, role, std::move(why)));
    if (!next.empty()) waiting.next = next;
    out_.waiting.push_back(std::move(waiting));
    return {};
  }
  // Where only what is due is signed, all but the timestamp is left for people then: without that
  // nothing can be published.
  bool may_wait(const RoleName& role) const {
    return options_.renew_only && role != role_name(RoleType::timestamp);
  }
  Result<bool> could_not_sign(const RoleName& role, Error error) {
    if (!may_wait(role)) return fail(std::move(error));
    SLUICE_CHECK(
        wait(role, cat(error.text(), error.hint.empty() ? "" : "; ", error.hint), kOnceMended));
    return false;
  }

  // --- what is proposed
  Result<bool> take_proposal() {
    SLUICE_TRY(const auto staged, repository_.staged_roles());
    SLUICE_TRY(
        const auto proposal,
        examine_proposal(repository_, options_.now,
                         {.changes = staged.size() <= kManyRoles,
                          .files = options_.read_targets,
                          .published = options_.published,
                          .meanwhile = [this](const auto& roles) { signing_.open_early(roles); }}));
    bool good = true;
    for (const auto& fault : proposal.faults) {
      if (!fault.blocks) continue;
      refuse(fault.id, fault.role, fault.what).advice = fault.advice;
      good = false;
    }
    if (!good) return false;
    std::vector<Signing> work;
    for (const auto& role : proposal.roles) {
      if (role.published) {
        out_.left_over.push_back(role.role);
      } else if (role.role == role_name(RoleType::snapshot) ||
                 role.role == role_name(RoleType::timestamp)) {
        proposed_followers_.insert(role.role);
      } else {
        SLUICE_TRY(const auto* draft, repository_.staged(role.role));
        SLUICE_TRY(auto one, signing_.begin(role.role, role.from, draft->draft, role.quorums));
        work.push_back(std::move(one));
      }
    }
    return sign_all(std::move(work));
  }

  Result<bool> sign_all(std::vector<Signing> work) {
    auto done = RoleSigning::sign_all(work);
    bool good = true;
    for (std::size_t i = 0; i < work.size(); ++i) {
      SLUICE_TRY(const bool taken, take_signed(std::move(work[i]), std::move(done[i])));
      good = good && taken;
    }
    return good;
  }

  // False where its signatures do not suffice.
  Result<bool> take_signed(Signing work, Result<void> done) {
    auto missing = done ? signing_.missing(work) : fail(std::move(done).error());
    if (!missing) return could_not_sign(work.role, std::move(missing).error());
    if (missing->empty()) {
      out_.roles.push_back({work.role, work.from, work.draft.version(), work.draft.expires()});
      changed_.push_back({work.role,
                          std::make_shared<const Draft>(std::move(work.draft)),
                          {},
                          std::move(work.read)});
      return true;
    }
    if (may_wait(work.role)) {
      std::string why = said_of(work, missing->front());
      const bool some = missing->front().given > 0;
      if (!some) why += cat(": ", other_keys(work.role));
      SLUICE_CHECK(wait(work.role, std::move(why), some ? std::string_view() : kOnceMended));
      return false;
    }
    for (const auto& quorum : *missing) refuse_unsigned(work, quorum);
    return false;
  }

  static std::string said_of(const Signing& work, const Quorum& quorum) {
    return cat("version ", work.draft.version(), " has ", quorum.given, " of ", quorum.threshold,
               quorum.threshold == 1 ? " signature of " : " signatures of ", quorum.who);
  }

  static std::string other_keys(const RoleName& role) {
    return cat("none of the keys that tuf-repo.yaml names as online for ",
               printable(role.str(), 80), " does: name the right one there");
  }

  void refuse_unsigned(const Signing& work, const Quorum& quorum) {
    Check& row = refuse("signatures", work.role, said_of(work, quorum));
    const std::string whose = printable(work.role.str(), 80);
    if (signs_online(work.role)) {
      row.advice = other_keys(work.role);
      return;
    }
    row.advice = options_.unsaved ? kProposeInstead : "whoever is still needed signs";
    if (!options_.unsaved) row.command = cat("sluice tuf sign --key FILE --role ", whose);
    if (is_top_level(work.role.str())) return;
    row.advice +=
        cat("; a key that is to sign by itself is named in tuf-repo.yaml, below roles:   ",
            json::write(json::Value(whose)),
            ": {online: [SOURCE]}   or, for all of them, below delegated");
  }

  // --- what is due
  Result<bool> top_level_holds() {
    SLUICE_TRY(const auto version, repository_.version_of(role_name(RoleType::snapshot)));
    if (version == 0) return true;
    return holds(role_name(RoleType::snapshot));
  }

  Result<void> take_due() {
    SLUICE_TRY(const auto version, repository_.version_of(role_name(RoleType::timestamp)));
    if (version == 0) {
      return fail(Error{Errc::not_found, "nothing is published yet"}.advise(
          "sluice tuf status says who signs; then sluice tuf publish"));
    }
    SLUICE_TRY(auto due, due_roles(repository_, options_.now));
    out_.waiting = std::move(due.people);
    std::vector<Signing> work;
    for (const auto& role : due.online) {
      if (auto why = why_for_people(role); !why.empty()) {
        SLUICE_CHECK(wait(role, std::move(why)));
        continue;
      }
      SLUICE_TRY(const bool stands, holds(role));
      if (!stands) continue;
      SLUICE_TRY(const auto* published, repository_.published(role));
      Draft draft = *published;
      raise(role, draft, published->version());
      auto one = signing_.begin(role, published->version(), std::move(draft), {});
      if (one) {
        work.push_back(*std::move(one));
      } else {
        SLUICE_CHECK(could_not_sign(role, std::move(one).error()));
      }
    }
    SLUICE_CHECK(sign_all(std::move(work)));
    return {};
  }

  // Why online keys cannot renew it; empty: they can. Without what follows it nobody sees it.
  std::string why_for_people(const RoleName& role) const {
    if (!signs_online(role)) return "tuf-repo.yaml names no online key for it";
    const RoleName snapshot = role_name(RoleType::snapshot);
    const RoleName timestamp = role_name(RoleType::timestamp);
    if (type_of_role(role) == RoleType::targets && !signs_online(snapshot)) {
      return "people sign snapshot, which comes after it";
    }
    return signs_online(timestamp) ? "" : "people sign timestamp, which comes after it";
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

  bool changes_root() const { return find_changed(role_name(RoleType::root)) != changed_.end(); }
  bool changes_targets() const { return changed_.size() > (changes_root() ? 1U : 0U); }

  // --- snapshot and timestamp
  // `follows`: what it lists is new.
  Result<bool> is_needed(const RoleName& role, const Draft* published, bool follows) {
    if (published == nullptr) return true;
    if (out_.warning.empty()) {
      out_.warning = clock_warning(repository_, role, *published, options_.now).value_or("");
    }
    if (follows || proposed_followers_.contains(role)) return true;
    SLUICE_TRY(const bool due, is_due(repository_, role, *published, options_.now));
    if (!due) return false;
    if (options_.renew_only) {
      auto why = why_for_people(role);
      if (why.empty()) return true;
      SLUICE_CHECK(wait(role, std::move(why)));
      return false;
    }
    if (signs_online(role)) return true;
    // What people sign is not renewed without being asked for, unless it is dead anyway.
    return changes_root() || published->expires() <= options_.now;
  }

  Result<bool> take_snapshot() {
    const RoleName role = role_name(RoleType::snapshot);
    SLUICE_TRY(const auto* published, repository_.published(role));
    SLUICE_TRY(const bool needed, is_needed(role, published, changes_targets()));
    if (!needed) return true;
    Draft draft = published == nullptr ? Draft::fresh(RoleType::snapshot) : *published;
    raise(role, draft, published == nullptr ? 0 : published->version());
    std::vector<Result<std::string>> metas(changed_.size());
    for_each_parallel(changed_.size(), hardware_threads(),
                      [&](std::size_t i) { metas[i] = listed_as(changed_[i], draft); });
    for (std::size_t i = 0; i < changed_.size(); ++i) {
      SLUICE_TRY(auto meta, std::move(metas[i]));
      if (changed_[i].role == role_name(RoleType::root)) continue;
      draft.put(cat(changed_[i].role.str(), ".json"), std::move(meta));
    }
    SLUICE_TRY(const bool taken, take_follower(role, std::move(draft)));
    if (taken || !options_.renew_only) return taken;
    SLUICE_CHECK(leave_unlisted());
    return true;
  }

  // There is no snapshot for what was signed: only root goes without one.
  Result<void> leave_unlisted() {
    const RoleName root = role_name(RoleType::root);
    for (const auto& each : changed_) {
      if (each.role == root) continue;
      SLUICE_CHECK(wait(each.role, "snapshot could not be signed", kOnceMended));
    }
    std::erase_if(changed_, [&](const ChangedFile& each) { return each.role != root; });
    std::erase_if(out_.roles, [&](const ReleasedRole& each) { return each.role != root; });
    return {};
  }

  // What the snapshot says of a file that is new. Of many files none is kept.
  Result<std::string> listed_as(ChangedFile& file, const Draft& snapshot) const {
    SLUICE_TRY(auto bytes, file.document());
    auto meta =
        meta_of(file.draft->version(), *bytes, snapshot.find(cat(file.role.str(), ".json")));
    if (changed_.size() <= kManyRoles) file.bytes = std::move(bytes);
    return meta;
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
    const RoleName role = role_name(RoleType::timestamp);
    SLUICE_TRY(const auto* published, repository_.published(role));
    // A root that comes alone brings a new timestamp too, by which publishers see each other.
    SLUICE_TRY(const bool needed, is_needed(role, published, !changed_.empty() || options_.force));
    if (!needed) {
      out_.nothing_to_do = true;
      report_.pass("tuf.publish.due", "timestamp", "nothing is due");
      return true;
    }
    Draft draft = published == nullptr ? Draft::fresh(RoleType::timestamp) : *published;
    raise(role, draft, published == nullptr ? 0 : published->version());
    const auto snapshot = find_changed(role_name(RoleType::snapshot));
    if (snapshot != changed_.end()) {
      SLUICE_TRY(snapshot->bytes, snapshot->document());
      draft.put("snapshot.json",
                meta_of(snapshot->draft->version(), *snapshot->bytes, "\"hashes\" \"length\""));
    }
    return take_follower(role, std::move(draft));
  }

  std::vector<ChangedFile>::iterator find_changed(const RoleName& role) {
    return std::ranges::find(changed_, role, &ChangedFile::role);
  }
  std::vector<ChangedFile>::const_iterator find_changed(const RoleName& role) const {
    return std::ranges::find(changed_, role, &ChangedFile::role);
  }

  Result<bool> take_follower(const RoleName& role, Draft draft) {
    SLUICE_TRY(const auto from, repository_.version_of(role));
    if (signs_online(role)) return sign(role, from, std::move(draft), {});
    if (options_.unsaved || options_.renew_only) {
      refuse("signatures", role, "people sign it: tuf-repo.yaml names no online key for it")
          .advice = std::string(kProposeInstead);
      return false;
    }
    return take_signed_by_people(role, std::move(draft), from);
  }

  Result<bool> sign(const RoleName& role, Version from, Draft draft,
                    const std::vector<Quorum>& quorums) {
    auto work = signing_.begin(role, from, std::move(draft), quorums);
    if (!work) return could_not_sign(role, std::move(work).error());
    auto done = RoleSigning::sign(*work);
    return take_signed(*std::move(work), std::move(done));
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

  // It is published, expired by now, and no part of this.
  Result<bool> left_expired(const RoleName& role) {
    SLUICE_TRY(const auto* published, repository_.published(role));
    return published != nullptr && published->expires() <= options_.now &&
           find_changed(role) == changed_.end();
  }

  // Targets that people let expire are no reason to let root, snapshot and timestamp expire as
  // well: they go on, and clients as soon as somebody signs.
  Result<void> wait_for_targets() {
    const auto speaks = [](const ChangedFile& each) {
      return type_of_role(each.role) == RoleType::targets;
    };
    if (options_.renew_only || std::ranges::any_of(changed_, speaks)) return {};
    SLUICE_TRY(const bool root, left_expired(role_name(RoleType::root)));
    SLUICE_TRY(const bool targets, left_expired(role_name(RoleType::targets)));
    return targets && !root ? wait(role_name(RoleType::targets), "") : Result<void>();
  }

  // What expired and waits for people is looked at as it was before.
  Time rehearsed_at() const {
    Time out = options_.now;
    for (const auto& each : out_.waiting) {
      if (each.expired(options_.now)) out = std::min(out, each.expires - std::chrono::seconds(1));
    }
    return out;
  }

  // What is large goes on its way to the store meanwhile.
  Result<void> rehearse_all() {
    SLUICE_CHECK(wait_for_targets());
    const Time at = rehearsed_at();
    Result<void> out;
    for_each_parallel(options_.store == nullptr ? 1 : 2, hardware_threads(), [&](std::size_t i) {
      if (i == 0) {
        out = rehearse(repository_, changed_, at, report_);
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
  RoleSigning signing_;
  ReleaseOptions options_;
  Report report_;
  const KeyNames* names_ = nullptr;
  std::vector<ChangedFile> changed_;
  bool all_there_ = true;                  // the files of new targets
  std::set<RoleName> proposed_followers_;  // snapshot and timestamp
  std::optional<PublishedCheck> own_check_;
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
