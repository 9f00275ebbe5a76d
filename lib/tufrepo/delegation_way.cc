// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/delegation_way.h"

#include <algorithm>
#include <unordered_set>

#include "base/text.h"
#include "tufrepo/proposal.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kMaxWay = 32;  // roles that one search visits, as clients have it
constexpr int kFewBits = 16;         // bins that a list by number is kept for
constexpr std::size_t kMaxWayRoles = std::size_t{1} << 21U;

template <class T>
T* pop(std::vector<T*>& stack) {
  if (stack.empty()) return nullptr;
  T* const out = stack.back();
  stack.pop_back();
  return out;
}

}  // namespace

Result<DelegationWay::Answer> DelegationWay::of(std::string_view path, std::string_view hash) {
  if (top_ == nullptr) {
    SLUICE_TRY(top_, look_at(targets_));
  }
  Answer out{.lists = nullptr, .takes = top_};
  std::vector<Known*> stack;
  std::vector<Known*> seen;
  bool first_way = true;
  for (Known* at = top_; at != nullptr && seen.size() < kMaxWay; at = pop(stack)) {
    if (std::ranges::find(seen, at) != seen.end()) continue;
    if (at->lists(path)) {
      out.lists = at;
      return out;
    }
    if (at->delegations == nullptr) {
      if (stack.empty()) break;  // the usual end, with nothing to note
      first_way = false;
      seen.push_back(at);
      continue;
    }
    seen.push_back(at);
    SLUICE_TRY(const auto next, below(*at, path, hash));
    if (first_way && !next.empty()) out.takes = next.front();
    if (next.empty()) first_way = false;
    stack.insert(stack.end(), next.rbegin(), next.rend());
  }
  return out;
}

Result<bool> DelegationWay::leads_to(std::string_view path, std::string_view hash,
                                     const RoleName& role) {
  if (role == targets_) return true;
  SLUICE_TRY(const auto parent, parent_of(role));
  SLUICE_TRY(const auto* delegations, repository_.delegations(parent));
  const auto next = delegations->covering(path, hash);
  if (std::ranges::find(next, role, &Delegations::Covering::role) == next.end()) return false;
  return leads_to(path, hash, parent);
}

Result<RoleName> DelegationWay::parent_of(const RoleName& role) {
  if (const auto at = parents_.find(role.str()); at != parents_.end()) return at->second;
  SLUICE_TRY(auto parent, delegator_of(repository_, role));
  return parents_.emplace(role.str(), std::move(parent)).first->second;
}

Result<DelegationWay::Known*> DelegationWay::look_at(const RoleName& role) {
  if (const auto at = known_.find(role.str()); at != known_.end()) return &at->second;
  Known out{role};
  SLUICE_TRY(out.draft, repository_.latest(role));
  if (out.draft != nullptr && out.draft->head().find("delegations") != nullptr) {
    SLUICE_TRY(out.delegations, repository_.delegations(role));
  }
  out.any = out.draft != nullptr && out.draft->count() > 0;
  return &known_.emplace(role.str(), std::move(out)).first->second;
}

Result<std::vector<DelegationWay::Known*>> DelegationWay::below(Known& at, std::string_view path,
                                                                std::string_view hash) {
  std::vector<Known*> out;
  const auto& bins = at.delegations->bins();
  if (bins && bins->bits <= kFewBits) {
    at.bins.resize(bins->count());
    const auto number = bins->number_of(hash);
    Known*& bin = at.bins[number];
    if (bin == nullptr) {
      SLUICE_TRY(bin, look_at(bins->bin(number)));
    }
    out.push_back(bin);
    return out;
  }
  for (const auto& each : at.delegations->covering(path, hash)) {
    SLUICE_TRY(out.emplace_back(), look_at(each.role));
  }
  return out;
}

Result<std::vector<DelegationWay::Known*>> DelegationWay::all() {
  SLUICE_TRY(auto* const top, look_at(targets_));
  std::vector<Known*> out{top};
  std::unordered_set<const Known*> seen{top};
  const auto take = [&](const RoleName& role) -> Result<void> {
    SLUICE_TRY(auto* const known, look_at(role));
    if (seen.insert(known).second) out.push_back(known);
    return {};
  };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto* const delegations = out[i]->delegations;
    if (delegations == nullptr) continue;
    if (delegations->size() > kMaxWayRoles - out.size()) {
      return fail(Errc::limit, cat("more than ", kMaxWayRoles, " delegated roles"));
    }
    for (const auto& each : delegations->roles()) SLUICE_CHECK(take(each.role));
    if (const auto& bins = delegations->bins()) {
      for (std::uint64_t number = 0; number < bins->count(); ++number) {
        SLUICE_CHECK(take(bins->bin(number)));
      }
    }
  }
  return out;
}

std::vector<DelegationWay::Known*> DelegationWay::with_added() {
  std::vector<Known*> out;
  for (auto& [name, known] : known_) {
    if (!known.added.empty()) out.push_back(&known);
  }
  std::ranges::sort(out, {}, &Known::role);
  return out;
}

void DelegationWay::forget() {
  top_ = nullptr;
  known_.clear();
  parents_.clear();
}

}  // namespace sluice::tuf
