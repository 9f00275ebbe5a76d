// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/published_check.h"

#include <algorithm>
#include <deque>
#include <set>

#include "base/text.h"
#include "tuf/names.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kMaxRolesOnTheWay = 4'096;

template <class T>
bool refused(const Verdict<T>& verdict, std::string& problem) {
  if (verdict.passed()) return false;
  const auto* row = verdict.report().first_failure();
  problem = row == nullptr ? "it was refused" : row->detail;
  return true;
}

}  // namespace

Result<PublishedCheck::Files> PublishedCheck::read() {
  Files out;
  const RoleName root("root");
  SLUICE_TRY(const auto last, repository_.version_of(root));
  Version version = last;
  while (version > 1 &&
         repository_.files().info(repository_.metadata_folder() / role_url(root, version - 1))) {
    --version;
  }
  for (; version <= last; ++version) {
    SLUICE_TRY(out.roots.emplace_back(), repository_.published_file(root, version));
  }
  SLUICE_TRY(const auto stamped, repository_.version_of(RoleName("timestamp")));
  if (stamped == 0) return out;
  SLUICE_TRY(out.timestamp, repository_.published_file(RoleName("timestamp"), 0));
  SLUICE_TRY(out.snapshot, repository_.published_document(RoleName("snapshot")));
  return out;
}

PublishedCheck::Top PublishedCheck::judge(const Files& files, const ForeignKeys& foreign) {
  Top out;
  if (files.roots.empty()) {
    out.root_problem = out.problem = "there is no root";
    return out;
  }
  // At the epoch nothing has expired.
  auto begun = TrustedSet::start(files.roots.front(), {.now = Time{}, .foreign = foreign});
  if (!refused(begun, out.root_problem)) {
    out.set = *begun.value();
    bool good = true;
    for (std::size_t i = 1; good && i < files.roots.size(); ++i) {
      good = !refused(out.set->update_root(files.roots[i]), out.root_problem);
    }
    if (good) (void)refused(out.set->finish_root(), out.root_problem);
  }
  out.problem = out.root_problem;
  if (!out.problem.empty() || files.timestamp.empty()) return out;
  if (refused(out.set->update_timestamp(files.timestamp, Origin::repository), out.problem)) {
    return out;
  }
  if (files.snapshot == nullptr) {
    out.problem = "there is no snapshot";
    return out;
  }
  (void)refused(out.set->update_snapshot(files.snapshot, Origin::repository), out.problem);
  return out;
}

Result<void> PublishedCheck::begin() {
  if (started_) return {};
  started_ = true;
  SLUICE_TRY(const auto files, read());
  auto top = judge(files, repository_.foreign());
  set_ = std::move(top.set);
  root_problem_ = std::move(top.root_problem);
  problem_ = std::move(top.problem);
  if (set_ && set_->snapshot()) repository_.take_over(*set_->snapshot());
  if (!problem_.empty() || files.timestamp.empty()) return {};
  SLUICE_TRY(const auto* found, load(RoleName("targets"), nullptr));
  if (found == nullptr) problem_ = load_problem_;
  return {};
}

Result<const Targets*> PublishedCheck::load(const RoleName& role, const Targets* delegator) {
  if (const auto* known = set_->targets(role, delegator)) return known;
  SLUICE_TRY(const auto version, repository_.version_of(role));
  if (version == 0) return nullptr;
  SLUICE_TRY(auto bytes, repository_.published_file(role, version));
  if (refused(set_->update_targets(std::move(bytes), role, delegator), load_problem_)) {
    return nullptr;
  }
  return set_->targets(role, delegator);
}

Result<PublishedCheck::Answer> PublishedCheck::delegated(const RoleName& role) {
  std::deque<const Targets*> queue{set_->targets(RoleName("targets"), nullptr)};
  std::set<std::string> seen;
  while (!queue.empty()) {
    const Targets* const at = queue.front();
    queue.pop_front();
    if (at == nullptr) continue;
    if (at->keys_of(role)) {
      load_problem_.clear();
      SLUICE_TRY(const auto* found, load(role, at));
      if (found != nullptr) return Answer{};
      return Answer{Standing::broken, load_problem_};
    }
    for (const auto& each : at->delegations()) {
      if (each.paths.empty() || seen.size() == kMaxRolesOnTheWay) continue;
      if (!seen.insert(each.role.str()).second) continue;
      SLUICE_TRY(queue.emplace_back(), load(each.role, at));
    }
  }
  return Answer{Standing::nobodys, {}};
}

Result<PublishedCheck::Answer> PublishedCheck::of(const RoleName& role) {
  SLUICE_CHECK(begin());
  const std::string& problem = role.str() == "root" ? root_problem_ : problem_;
  if (!problem.empty()) return Answer{Standing::broken, problem};
  if (is_top_level(role.str())) return Answer{};
  return delegated(role);
}

}  // namespace sluice::tuf
