// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/rehearsal.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/parallel.h"
#include "base/text.h"
#include "tuf/checks.h"
#include "tuf/limits.h"
#include "tuf/names.h"
#include "tuf/trusted_set.h"
#include "tufrepo/proposal.h"

namespace sluice::tuf {

namespace {

// Roles that one copy of the trusted set takes in before it is thrown away, for their memory.
constexpr std::size_t kRolesAtATime = 256;

class Rehearsal {
 public:
  Rehearsal(Repository& repository, const std::vector<ChangedFile>& changed, Time now,
            Report& report)
      : repository_(repository), now_(now), report_(report) {
    for (const auto& each : changed) changed_[each.role.str()] = &each;
  }

  Result<void> run() {
    SLUICE_TRY(auto set, start());
    if (!set) return {};
    SLUICE_TRY(const bool ready, walk_to_targets(*set));
    if (!ready) return {};
    SLUICE_TRY(const auto roles, roles_to_look_at());
    std::map<RoleName, std::vector<const Pair*>> leaves;  // by parent
    for (const auto& pair : roles) {
      if (is_leaf(pair)) {
        leaves[pair.parent].push_back(&pair);
        continue;
      }
      SLUICE_TRY(const bool good, look_at(*set, pair));
      if (!good) return {};
    }
    for (const auto& [parent, those] : leaves) SLUICE_CHECK(look_at_leaves(*set, parent, those));
    return {};
  }

 private:
  // Rows that passed are summed up; what was refused is told.
  template <class T>
  bool accepted(const Verdict<T>& verdict) {
    if (!verdict.passed()) append(report_, verdict.report());
    return verdict.passed();
  }

  // nullptr where there is none.
  Result<Document> bytes_of_role(const RoleName& role) {
    const auto at = changed_.find(role.str());
    if (at != changed_.end()) return at->second->document();
    SLUICE_TRY(const auto version, repository_.version_of(role));
    if (version == 0) return nullptr;
    SLUICE_TRY(auto bytes, repository_.published_file(role, version));
    return std::make_shared<const std::string>(std::move(bytes));
  }

  Result<std::optional<TrustedSet>> start() {
    const RoleName root("root");
    SLUICE_TRY(const auto version, repository_.version_of(root));
    const auto fresh = changed_.find("root");
    std::string first;
    if (version > 0) {
      SLUICE_TRY(first, repository_.published_file(root, version));
    } else if (fresh != changed_.end()) {
      first = *fresh->second->bytes;
    } else {
      report_.fail("tuf.publish.root", "root", "there is no root yet").advice =
          "begin with `sluice tuf init`";
      return std::nullopt;
    }
    auto set = TrustedSet::start(first, {.now = now_, .foreign = repository_.foreign()});
    if (!accepted(set)) return std::nullopt;
    TrustedSet out = *set.value();
    // A client that is up to date has these, and refuses what goes back behind them.
    if (version > 0) SLUICE_CHECK(remember(out));
    if (version > 0 && fresh != changed_.end() &&
        !accepted(out.update_root(*fresh->second->bytes))) {
      return std::nullopt;
    }
    if (!out.root().consistent_snapshot) {
      report_
          .fail("tuf.publish.consistent-snapshot", "root",
                "snapshots are not consistent: readers would meet half a publication")
          .advice = "turn consistent_snapshot on, with a new root";
      return std::nullopt;
    }
    if (!accepted(out.finish_root())) return std::nullopt;
    return out;
  }

  // Not where it would be forgotten anyway, or does not hold any more.
  Result<void> remember(TrustedSet& set) {
    if (changed_.contains("root")) return {};
    SLUICE_TRY(const auto version, repository_.version_of(RoleName("timestamp")));
    if (version == 0) return {};
    TrustedSet with_state = set;
    if (!with_state.finish_root().passed()) return {};
    SLUICE_TRY(const auto timestamp, repository_.published_file(RoleName("timestamp"), version));
    if (!with_state.update_timestamp(timestamp, Origin::cache).passed()) return {};
    set = std::move(with_state);
    return {};
  }

  Result<bool> walk_to_targets(TrustedSet& set) {
    SLUICE_TRY(const auto timestamp, bytes_of_role(RoleName("timestamp")));
    SLUICE_TRY(const auto snapshot, bytes_of_role(RoleName("snapshot")));
    SLUICE_TRY(const auto targets, bytes_of_role(RoleName("targets")));
    if (!timestamp || !snapshot || !targets) {
      report_.fail("tuf.publish.incomplete", "the repository",
                   "it has no root, targets, snapshot or timestamp yet");
      return false;
    }
    if (!accepted(set.update_timestamp(*timestamp, Origin::repository))) return false;
    if (!accepted(set.update_snapshot(snapshot, Origin::repository, snapshot_read()))) return false;
    SLUICE_TRY(const bool waits, only_waits_for_targets());
    if (waits) return true;
    if (!accepted(set.update_targets(targets, RoleName("targets"), nullptr))) {
      return false;
    }
    report_.pass(
        "tuf.publish.top-level", "top-level roles",
        cat("root ", set.root().header.version, ", timestamp ", set.timestamp()->header.version,
            ", snapshot ", set.snapshot()->header().version, ": accepted by the client"));
    return true;
  }

  TrustedSet::SnapshotRead snapshot_read() const {
    const auto at = changed_.find("snapshot");
    if (at == changed_.end() || !at->second->read) return {};
    return [&read = *at->second->read] { return opened_around(read, Limits{}.stated); };
  }

  // Targets that people let expire are no reason to let snapshot and timestamp expire as well: they
  // go on, and clients as soon as somebody signs.
  Result<bool> only_waits_for_targets() {
    for (const auto& [role, file] : changed_) {
      if (role != "snapshot" && role != "timestamp" && role != "root") return false;
    }
    SLUICE_TRY(const auto* targets, repository_.published(RoleName("targets")));
    if (targets == nullptr || targets->expires() > now_) return false;
    report_.pass("tuf.publish.top-level", "top-level roles",
                 cat("targets ", targets->version(), " expired at ", human_time(targets->expires()),
                     " and waits for its people"));
    return true;
  }

  // With who speaks for it.
  struct Pair {
    RoleName role;
    RoleName parent;
    bool bin = false;
  };
  Result<std::vector<Pair>> roles_to_look_at() {
    std::vector<Pair> out;
    std::set<std::string> seen;
    for (const auto& [name, file] : changed_) {
      if (file->draft->type() != RoleType::targets) continue;
      if (name != "targets") {
        SLUICE_TRY(const auto parent, delegator_of(repository_, RoleName(name)));
        if (seen.insert(name).second) out.push_back({RoleName(name), parent});
      }
      SLUICE_CHECK(add_delegated(RoleName(name), *file, seen, out));
    }
    return out;
  }

  // Nobody is reached through it.
  bool is_leaf(const Pair& pair) const {
    const auto at = changed_.find(pair.role.str());
    return at == changed_.end() ? pair.bin
                                : at->second->draft->head().find("delegations") == nullptr;
  }

  Result<void> add_delegated(const RoleName& role, const ChangedFile& file,
                             std::set<std::string>& seen, std::vector<Pair>& out) {
    SLUICE_TRY(const auto* before, repository_.published(role));
    const auto* now = file.draft->head().find("delegations");
    const auto* was = before == nullptr ? nullptr : before->head().find("delegations");
    if (now == nullptr || (was != nullptr && *was == *now)) return {};
    SLUICE_TRY(const auto delegations, delegations_of(*file.draft, repository_.foreign()));
    const auto add = [&](RoleName each, bool bin) {
      if (seen.insert(each.str()).second) out.push_back({std::move(each), role, bin});
    };
    for (const auto& each : delegations.roles()) add(each.role, !each.hash_prefixes.empty());
    const auto& bins = delegations.bins();
    if (bins && bins->count() > kMaxRoles) {
      return fail(Errc::limit, cat(printable(role.str(), 80), " delegates to ", bins->count(),
                                   " bins; ", kMaxRoles, " are possible"));
    }
    for (std::uint64_t i = 0; bins && i < bins->count(); ++i) add(bins->bin(i), true);
    return {};
  }

  Result<Document> bytes_or_told(const RoleName& role) {
    SLUICE_TRY(auto bytes, bytes_of_role(role));
    if (bytes) return bytes;
    report_
        .fail("tuf.publish.missing", printable(role.str(), 80),
              "it is delegated to, and has no metadata")
        .advice = "take the delegation away, or give it a first version";
    return nullptr;
  }

  Result<const Targets*> load(TrustedSet& set, const RoleName& role) {
    if (role.str() == "targets") return set.targets(role, nullptr);
    SLUICE_TRY(const auto parent, delegator_of(repository_, role));
    SLUICE_TRY(const auto* delegator, load(set, parent));
    if (delegator == nullptr) return nullptr;
    if (const auto* known = set.targets(role, delegator)) return known;
    SLUICE_TRY(const auto bytes, bytes_or_told(role));
    if (!bytes) return nullptr;
    if (!accepted(set.update_targets(bytes, role, delegator))) return nullptr;
    return set.targets(role, delegator);
  }

  Result<bool> look_at(TrustedSet& set, const Pair& pair) {
    SLUICE_TRY(const auto* found, load(set, pair.role));
    return found != nullptr;
  }

  // They may be thousands of bins: each on a copy that is thrown away; those that are new on all
  // cores. That one is not there, or does not hold, is told once.
  Result<void> look_at_leaves(TrustedSet& set, const RoleName& of,
                              const std::vector<const Pair*>& all) {
    SLUICE_TRY(const auto* parent, load(set, of));
    if (parent == nullptr) return {};
    std::vector<const Pair*> leaves;
    std::optional<TrustedSet> copy;
    std::size_t in_copy = 0;
    for (const auto* each : all) {
      if (changed_.contains(each->role.str())) {
        leaves.push_back(each);
        continue;
      }
      if (in_copy++ % kRolesAtATime == 0) copy = set;
      SLUICE_TRY(const auto bytes, bytes_or_told(each->role));
      if (!bytes || !accepted(copy->update_targets(bytes, each->role, parent))) return {};
    }
    return look_at_new_leaves(set, *parent, leaves);
  }

  Result<void> look_at_new_leaves(const TrustedSet& set, const Targets& parent,
                                  const std::vector<const Pair*>& leaves) {
    const std::size_t runs = (leaves.size() + kRolesAtATime - 1) / kRolesAtATime;
    std::vector<Report> reports(runs, Report("delegated roles"));
    std::vector<Result<void>> done(runs);
    for_each_parallel(runs, hardware_threads(), [&](std::size_t run) {
      TrustedSet copy = set;
      for (std::size_t i = run * kRolesAtATime;
           i < std::min(leaves.size(), (run + 1) * kRolesAtATime); ++i) {
        const auto bytes = changed_.at(leaves[i]->role.str())->document();
        if (!bytes) {
          done[run] = fail(bytes.error());
          return;
        }
        const auto verdict = copy.update_targets(*bytes, leaves[i]->role, &parent);
        if (!verdict.passed()) append(reports[run], verdict.report());
      }
    });
    for (std::size_t run = 0; run < runs; ++run) {
      SLUICE_CHECK(std::move(done[run]));
      append(report_, reports[run]);
    }
    return {};
  }

  Repository& repository_;
  Time now_;
  Report& report_;
  std::map<std::string, const ChangedFile*> changed_;
};

}  // namespace

Result<Document> ChangedFile::document() const {
  if (bytes) return bytes;
  return draft->shared_document();
}

Result<void> rehearse(Repository& repository, const std::vector<ChangedFile>& changed, Time now,
                      Report& report) {
  return Rehearsal(repository, changed, now, report).run();
}

}  // namespace sluice::tuf
