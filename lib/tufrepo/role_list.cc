// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/role_list.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "base/text.h"

namespace sluice::tuf {

namespace {

constexpr std::uint64_t kMaxListedRoles = std::uint64_t{1} << 21U;  // each bin counts

bool same(const RoleKeys& a, const RoleKeys& b) {
  return a.threshold == b.threshold && a.keyids == b.keyids;
}

// PREFIX of PREFIX-NUMBER, where the role stands for hash prefixes; empty: it is no bin.
std::string_view bin_prefix(const Delegation& delegation) {
  const std::string_view name = delegation.role.str();
  const auto dash = name.rfind('-');
  if (delegation.hash_prefixes.empty() || dash == std::string_view::npos) return {};
  const auto number = name.substr(dash + 1);
  const bool hex = std::ranges::all_of(
      number, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return number.empty() || !hex ? std::string_view() : name.substr(0, dash);
}

// What explicit bins have in common, by their prefix. Where a role has that name, it keeps it.
std::map<std::string_view, ListedRole> explicit_bins(const Delegations& delegations,
                                                     const RoleName& parent) {
  std::map<std::string_view, ListedRole> out;
  for (const auto& each : delegations.roles()) {
    const auto prefix = bin_prefix(each);
    if (prefix.empty()) continue;
    const RoleName name{std::string(prefix)};
    auto& bins = out.try_emplace(prefix, ListedRole{name, parent, each.keys}).first->second;
    if (same(bins.keys, each.keys)) bins.explicit_bins.push_back(each.role);
  }
  std::erase_if(out, [&](const auto& each) {
    return each.second.explicit_bins.size() < 2 || delegations.find(each.second.role) != nullptr;
  });
  return out;
}

bool is_one_of(const std::map<std::string_view, ListedRole>& bins, const Delegation& role) {
  const auto of = bins.find(bin_prefix(role));
  return of != bins.end() && same(of->second.keys, role.keys);
}

void list_below(const Delegations& delegations, const RoleName& parent,
                std::vector<ListedRole>& out) {
  if (const auto& bins = delegations.bins()) {
    out.push_back({RoleName(bins->prefix), parent, bins->keys, bins, {}});
  }
  const auto bins = explicit_bins(delegations, parent);
  std::set<std::string_view> told;
  for (const auto& each : delegations.roles()) {
    if (!is_one_of(bins, each)) {
      out.push_back({each.role, parent, each.keys});
    } else if (told.insert(bin_prefix(each)).second) {
      out.push_back(bins.at(bin_prefix(each)));
    }
  }
}

}  // namespace

std::vector<RoleName> ListedRole::roles() const {
  if (!bins()) return {role};
  if (!succinct) return explicit_bins;
  std::vector<RoleName> out;
  out.reserve(succinct->count());
  for (std::uint64_t i = 0; i < succinct->count(); ++i) out.push_back(succinct->bin(i));
  return out;
}

std::vector<RoleName> roles_to_follow(const Delegations& delegations) {
  std::vector<RoleName> out;
  const auto bins = explicit_bins(delegations, RoleName(""));
  for (const auto& each : delegations.roles()) {
    if (!is_one_of(bins, each)) out.push_back(each.role);
  }
  return out;
}

Result<std::vector<ListedRole>> listed_roles(Repository& repository) {
  std::vector<ListedRole> out;
  SLUICE_TRY(const auto* root, repository.root());
  if (root == nullptr) return out;
  for (const auto type :
       {RoleType::root, RoleType::timestamp, RoleType::snapshot, RoleType::targets}) {
    out.push_back({role_name(type), role_name(RoleType::root), root->role(type)});
  }
  std::deque<RoleName> queue{role_name(RoleType::targets)};
  std::set<std::string> seen{"targets"};
  std::uint64_t count = 0;
  while (!queue.empty()) {
    const RoleName at = queue.front();
    queue.pop_front();
    SLUICE_TRY(const auto* delegations, repository.delegations(at));
    count += delegations->size();
    if (count > kMaxListedRoles) {
      return fail(Errc::limit, cat("more than ", kMaxListedRoles, " delegated roles"));
    }
    list_below(*delegations, at, out);
    for (auto& each : roles_to_follow(*delegations)) {
      if (seen.insert(each.str()).second) queue.push_back(std::move(each));
    }
  }
  return out;
}

const ListedRole* find_role(const std::vector<ListedRole>& listed, const RoleName& role) {
  const ListedRole* out = nullptr;
  for (const auto& each : listed) {
    if (each.role != role) continue;
    if (!each.bins()) return &each;
    if (out == nullptr) out = &each;
  }
  return out;
}

}  // namespace sluice::tuf
