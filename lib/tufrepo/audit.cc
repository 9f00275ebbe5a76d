// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/audit.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"
#include "tuf/checks.h"
#include "tuf/names.h"
#include "tufrepo/key_entry.h"

namespace sluice::tuf {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

constexpr std::size_t kMaxAuditedRoles = 200'000;
constexpr std::size_t kKeptBins = 256;  // whose targets are in memory at once
constexpr std::size_t kToldTargets = 20;
constexpr Version kLastFirstRoot = 64;  // up to which a first root is looked for

// What python-tuf and go-tuf fetch where nothing states the length (their defaults).
struct ClientBound {
  std::string_view role;
  std::size_t bytes;
};
constexpr std::array kClientBounds{ClientBound{"root", 512'000}, ClientBound{"timestamp", 16'384},
                                   ClientBound{"snapshot", 2'000'000},
                                   ClientBound{"targets", 5'000'000}};

seconds warn_before(const AuditOptions& options, const RoleName& role) {
  if (options.warn_within) return *options.warn_within;
  if (role.str() == "timestamp") return hours(4);
  return role.str() == "snapshot" ? days(1) : days(14);
}

class Auditor {
 public:
  Auditor(const ReadMetadata& read, const AuditOptions& options)
      : read_(read), options_(options), out_{Report("the repository"), {}, {}, 0} {}

  Result<Audit> run() && {
    SLUICE_TRY(auto set, walk_roots());
    if (!set) return std::move(out_);
    look_at_root(set->root());
    SLUICE_TRY(const bool ready, top_level(*set));
    if (!ready) return std::move(out_);
    SLUICE_CHECK(delegated(*set));
    tell_of_targets();
    return std::move(out_);
  }

 private:
  void warn(std::string id, const RoleName& role, std::string what, std::string advice) {
    out_.warnings.push_back({std::move(id), role, std::move(what), std::move(advice)});
  }

  template <class T>
  bool accepted(const Verdict<T>& verdict) {
    append(out_.report, verdict.report());
    return verdict.passed();
  }

  void note(const RoleName& role, const Header& header, std::size_t bytes, bool stated,
            std::size_t targets = 0) {
    out_.roles.push_back({role, header.version, header.expires, bytes, targets});
    const auto left = header.expires - options_.now;
    if (left > seconds(0) && left < warn_before(options_, role)) {
      warn("expires-soon", role,
           cat("version ", header.version, " is good for ", human_duration(left), " more, until ",
               human_time(header.expires)),
           "clients refuse it then: sign it again");
    }
    const std::string_view kind =
        is_top_level(role.str()) ? std::string_view(role.str()) : "targets";
    const auto* const bound = std::ranges::find(kClientBounds, kind, &ClientBound::role);
    if (stated || bound == kClientBounds.end() || bytes <= bound->bytes) return;
    warn("size", role,
         cat("it is ", human_bytes(bytes), "; python-tuf and go-tuf read up to ", bound->bytes,
             " bytes unless the length is stated"),
         kind == "targets" ? "spread its targets over bins (`sluice tuf delegate --bins`)" : "");
  }

  // --- root
  Result<std::optional<std::string>> first_root() {
    if (options_.root) return *options_.root;
    for (Version version = 1; version <= kLastFirstRoot; ++version) {
      SLUICE_TRY(auto found, read_(cat(version, ".root.json"), options_limits().root));
      if (found) return found;
    }
    return std::nullopt;
  }

  static Limits options_limits() { return {}; }

  Result<std::optional<TrustedSet>> walk_roots() {
    SLUICE_TRY(const auto first, first_root());
    if (!first) {
      out_.report.fail("tuf.root.missing", "root.json", "there is no root").advice =
          "name the place that has metadata/1.root.json in it; where nothing is published yet "
          "there "
          "is nothing to look at";
      return std::nullopt;
    }
    auto begun = TrustedSet::start(*first, {.now = options_.now, .foreign = options_.foreign});
    if (!accepted(begun)) return std::nullopt;
    TrustedSet set = *begun.value();
    std::size_t bytes = first->size();
    for (int i = 0; i < options_limits().roots; ++i) {
      const auto next = set.root().header.version + 1;
      SLUICE_TRY(const auto found, read_(cat(next, ".root.json"), options_limits().root));
      if (!found) break;
      if (!accepted(set.update_root(*found))) return std::nullopt;
      bytes = found->size();
    }
    if (!accepted(set.finish_root())) return std::nullopt;
    note(RoleName("root"), set.root().header, bytes, false);
    return set;
  }

  void look_at_root(const Root& root) {
    std::map<std::string, std::set<std::string>> roles_of_key;
    for (const auto type :
         {RoleType::root, RoleType::targets, RoleType::snapshot, RoleType::timestamp}) {
      look_at_keys(RoleName(std::string(name(type))), root.keys, root.role(type));
      for (const auto& keyid : root.role(type).keyids) {
        const auto key = root.keys.find(keyid);
        if (key != root.keys.end())
          roles_of_key[key->second.material].insert(std::string(name(type)));
      }
    }
    for (const auto& [material, roles] : roles_of_key) {
      const bool online = roles.contains("snapshot") || roles.contains("timestamp");
      for (const std::string offline : {"root", "targets"}) {
        if (!online || !roles.contains(offline)) continue;
        warn("key-shared", RoleName(offline),
             cat("a key of ", offline, " signs ",
                 roles.contains("timestamp") ? "timestamp" : "snapshot",
                 " as well: who steals the online key has it"),
             "give each its own key");
      }
    }
    const auto& own = root.role(RoleType::root);
    if (own.threshold == 1) {
      warn("threshold", RoleName("root"), "one key alone makes a new root",
           "use two keys or more of different people");
    }
    if (own.threshold == static_cast<std::int64_t>(own.keyids.size())) {
      warn("no-spare-key", RoleName("root"),
           "every key of root has to sign: once one is lost there is no new root, ever",
           "add a key more than the threshold");
    }
    if (!root.consistent_snapshot) {
      warn("consistent-snapshot", RoleName("root"),
           "snapshots are not consistent: clients may meet half a publication", "turn them on");
    }
  }

  void look_at_keys(const RoleName& role, const Keys& keys, const RoleKeys& of) {
    for (const auto& keyid : of.keyids) {
      const auto key = keys.find(keyid);
      if (key == keys.end()) {
        warn("key-unusable", role, cat("the key ", printable(keyid, 12), " is not listed"), "");
        continue;
      }
      if (!key->second.usable()) {
        warn("key-unusable", role,
             cat("the key ", printable(keyid, 12), " never counts: ", key->second.why_unusable),
             "");
      }
    }
  }

  // --- below
  Result<std::optional<std::string>> fetch(const RoleName& role, std::optional<Version> version,
                                           bool consistent) {
    SLUICE_TRY(auto found,
               read_(role_url(role, consistent ? version : std::nullopt), options_limits().stated));
    if (!found) {
      out_.report.fail("tuf.missing", cat(printable(role.str(), 80), ".json"),
                       "it is listed, and it is not there");
    }
    return found;
  }

  Result<bool> top_level(TrustedSet& set) {
    const bool consistent = set.root().consistent_snapshot;
    SLUICE_TRY(const auto timestamp, fetch(RoleName("timestamp"), std::nullopt, false));
    if (!timestamp || !accepted(set.update_timestamp(*timestamp, Origin::repository))) return false;
    note(RoleName("timestamp"), set.timestamp()->header, timestamp->size(), false);
    const auto& meta = set.timestamp()->snapshot;
    SLUICE_TRY(const auto snapshot, fetch(RoleName("snapshot"), meta.version, consistent));
    if (!snapshot || !accepted(set.update_snapshot(*snapshot, Origin::repository))) return false;
    note(RoleName("snapshot"), set.snapshot()->header(), snapshot->size(), meta.length.has_value());
    return load(set, RoleName("targets"), nullptr);
  }

  Result<bool> load(TrustedSet& set, const RoleName& role, const Targets* delegator) {
    const auto listed = set.snapshot()->find(role);
    if (!listed) {
      out_.report.fail("tuf.delegated.unlisted", cat(printable(role.str(), 80), ".json"),
                       "it is delegated to, and snapshot.json does not list it");
      return false;
    }
    SLUICE_TRY(auto bytes, fetch(role, listed->version, set.root().consistent_snapshot));
    if (!bytes) return false;
    const std::size_t size = bytes->size();
    const auto verdict = set.update_targets(*std::move(bytes), role, delegator);
    // Of thousands of bins, only what is wrong is told.
    if (!verdict.passed() || is_top_level(role.str())) append(out_.report, verdict.report());
    if (!verdict.passed()) return false;
    const Targets& targets = *set.targets(role, delegator);
    note(role, targets.header(), size, listed->length.has_value(), targets.count());
    out_.targets += targets.count();
    SLUICE_CHECK(look_at_targets(role, targets));
    return true;
  }

  Result<void> look_at_targets(const RoleName& role, const Targets& targets) {
    if (!options_.check_target) return {};
    std::size_t odd = 0;
    std::string first;
    const auto looked = targets.each([&](const TargetFile& file) -> Result<void> {
      if (file.path.find_first_of("%?#") != std::string::npos && odd++ == 0) first = file.path;
      SLUICE_TRY(const auto wrong, options_.check_target(file));
      if (wrong && wrong_targets_++ < kToldTargets) {
        out_.report.fail("tuf.target.missing", printable(file.path, 200), *wrong);
      }
      return {};
    });
    if (odd > 0) {
      warn("names", role,
           cat(odd == 1 ? "the name of 1 target has" : cat("the names of ", odd, " targets have"),
               " a %, ? or #, as \"", printable(first, 200),
               "\": clients of others put it into the URL as it is, and do not find the file"),
           "name it otherwise");
    }
    return looked;
  }

  Result<void> delegated(TrustedSet& set) {
    std::set<std::pair<const Targets*, std::string>> seen;
    SLUICE_CHECK(below(set, *set.targets(RoleName("targets"), nullptr), seen));
    if (!seen.empty()) {
      out_.report.pass("tuf.delegated.walk", "delegated roles",
                       cat(seen.size(), seen.size() == 1 ? " role" : " roles", " looked at"));
    }
    return {};
  }

  Result<void> below(TrustedSet& set, const Targets& parent,
                     std::set<std::pair<const Targets*, std::string>>& seen) {
    const auto& delegations = parent.delegations();
    if (delegations.bins()) return bins(set, parent, seen);
    std::optional<TrustedSet> copy;
    std::size_t bins_in_copy = 0;
    for (const auto& each : delegations.roles()) {
      look_at_keys(each.role, delegations.keys(), each.keys);
      if (too_many(seen.size()) || !seen.insert({&parent, each.role.str()}).second) continue;
      if (!on_the_way_.insert(each.role.str()).second)
        continue;  // a circle: clients stop there too
      const bool bin = !each.hash_prefixes.empty();
      if (bin && bins_in_copy++ % kKeptBins == 0) copy = set;
      TrustedSet& in = bin ? *copy : set;
      SLUICE_TRY(const bool good, load(in, each.role, &parent));
      if (good && in.targets(each.role, &parent)->delegations().size() > 0) {
        if (bin) set = in;
        SLUICE_CHECK(below(set, *set.targets(each.role, &parent), seen));
      }
      on_the_way_.erase(each.role.str());
    }
    return {};
  }

  bool too_many(std::size_t seen) {
    if (seen < kMaxAuditedRoles) return false;
    if (!std::exchange(told_of_too_many_, true)) {
      out_.report.fail("tuf.delegated.limit", "delegated roles",
                       cat("more than ", kMaxAuditedRoles, ": the others were not looked at"));
    }
    return true;
  }

  // On a copy, so that thousands are not kept.
  Result<void> bins(TrustedSet& set, const Targets& parent,
                    std::set<std::pair<const Targets*, std::string>>& seen) {
    const auto& bins = *parent.delegations().bins();
    look_at_keys(RoleName(bins.prefix), parent.delegations().keys(), bins.keys);
    TrustedSet copy = set;
    for (std::uint64_t i = 0; i < bins.count(); ++i) {
      if (too_many(seen.size())) break;
      if (i % kKeptBins == kKeptBins - 1) copy = set;
      const RoleName role = bins.bin(i);
      seen.insert({&parent, role.str()});
      SLUICE_CHECK(load(copy, role, &parent));
    }
    return {};
  }

  void tell_of_targets() {
    if (!options_.check_target) return;
    if (wrong_targets_ == 0) {
      out_.report.pass(
          "tuf.target.present", "target files",
          cat(out_.targets, out_.targets == 1 ? " file is" : " files are", " there, as listed"));
    } else if (wrong_targets_ > kToldTargets) {
      out_.report.fail("tuf.target.missing", "target files",
                       cat("and ", wrong_targets_ - kToldTargets, " more"));
    }
  }

  const ReadMetadata& read_;
  const AuditOptions& options_;
  Audit out_;
  std::set<std::string> on_the_way_;
  std::size_t wrong_targets_ = 0;
  bool told_of_too_many_ = false;
};

}  // namespace

Result<Audit> audit(const ReadMetadata& read, const AuditOptions& options) {
  return Auditor(read, options).run();
}

}  // namespace sluice::tuf
