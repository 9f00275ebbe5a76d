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

Result<void> PublishedCheck::walk_roots() {
  const RoleName root("root");
  SLUICE_TRY(const auto last, repository_.version_of(root));
  Version version = last;
  while (version > 1 &&
         repository_.files().info(repository_.metadata_folder() / role_url(root, version - 1))) {
    --version;
  }
  SLUICE_TRY(const auto first, repository_.published_file(root, version));
  // At the epoch nothing has expired.
  auto begun = TrustedSet::start(first, {.now = Time{}, .foreign = repository_.foreign()});
  if (refused(begun, root_problem_)) return {};
  set_ = *begun.value();
  while (++version <= last) {
    SLUICE_TRY(const auto next, repository_.published_file(root, version));
    if (refused(set_->update_root(next), root_problem_)) return {};
  }
  (void)refused(set_->finish_root(), root_problem_);
  return {};
}

Result<void> PublishedCheck::top_level() {
  const RoleName timestamp("timestamp");
  const RoleName snapshot("snapshot");
  SLUICE_TRY(const auto stamped, repository_.published_file(timestamp, 0));
  if (refused(set_->update_timestamp(stamped, Origin::repository), problem_)) return {};
  SLUICE_TRY(const auto version, repository_.version_of(snapshot));
  SLUICE_TRY(const auto listing, repository_.published_file(snapshot, version));
  if (refused(set_->update_snapshot(listing, Origin::repository), problem_)) return {};
  SLUICE_TRY(const auto* found, load(RoleName("targets"), nullptr));
  if (found == nullptr) problem_ = load_problem_;
  return {};
}

Result<void> PublishedCheck::start() {
  started_ = true;
  SLUICE_CHECK(walk_roots());
  problem_ = root_problem_;
  SLUICE_TRY(const auto version, repository_.version_of(RoleName("timestamp")));
  if (root_problem_.empty() && version > 0) SLUICE_CHECK(top_level());
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
  if (!started_) SLUICE_CHECK(start());
  const std::string& problem = role.str() == "root" ? root_problem_ : problem_;
  if (!problem.empty()) return Answer{Standing::broken, problem};
  if (is_top_level(role.str())) return Answer{};
  return delegated(role);
}

}  // namespace sluice::tuf
