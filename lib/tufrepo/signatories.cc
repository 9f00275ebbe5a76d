// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <set>

#include "base/text.h"
#include "tufrepo/proposal.h"
#include "tufrepo/role_list.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kMaxVisited = 4'096;  // roles that are opened to find who delegates

Result<Root> root_of(const Draft& draft, const ForeignKeys& foreign) {
  SLUICE_TRY(const auto text, draft.signed_text());
  return within(parse_root(text, foreign), cat("reading root ", draft.version()));
}

std::string said_of(std::string_view role, const Draft& draft, bool staged) {
  return cat(role, " ", draft.version(), staged ? ", which is proposed" : ", which is published");
}

Signatories of_top_role(const Root& root, RoleType type, std::string who) {
  return {std::move(who), root.keys, root.role(type)};
}

Result<std::vector<Signatories>> signatories_of_root(Repository& repository) {
  std::vector<Signatories> out;
  const RoleName role("root");
  SLUICE_TRY(const auto* published, repository.published(role));
  SLUICE_TRY(const auto* staged, repository.staged(role));
  if (published != nullptr) {
    SLUICE_TRY(const auto root, root_of(*published, repository.foreign()));
    out.push_back(
        of_top_role(root, RoleType::root, cat("the keys of ", said_of("root", *published, false))));
  }
  if (staged != nullptr) {
    SLUICE_TRY(const auto root, root_of(staged->draft, repository.foreign()));
    out.push_back(of_top_role(root, RoleType::root,
                              cat("the keys of ", said_of("root", staged->draft, true))));
  }
  return out;
}

// Bins of two roles with one prefix are told by the first of them.
std::vector<RoleName> in_both(const Delegations& a, const Delegations& b) {
  std::vector<RoleName> out;
  if (a.bins()) {
    if (b.keys_of(a.bins()->bin(0)) != nullptr) out.push_back(a.bins()->bin(0));
    for (const auto& each : b.roles()) {
      if (out.empty() && a.bins()->names(each.role)) out.push_back(each.role);
    }
    return out;
  }
  for (const auto& each : a.roles()) {
    if (b.keys_of(each.role) != nullptr) out.push_back(each.role);
  }
  return out;
}

}  // namespace

Result<RoleName> delegator_of(Repository& repository, const RoleName& role) {
  std::deque<RoleName> queue{RoleName("targets")};
  std::set<std::string> seen{"targets"};
  while (!queue.empty()) {
    RoleName at = queue.front();
    queue.pop_front();
    SLUICE_TRY(const auto* delegations, repository.delegations(at));
    if (delegations->keys_of(role) != nullptr) return at;
    for (auto& each : roles_to_follow(*delegations)) {
      if (seen.size() < kMaxVisited && seen.insert(each.str()).second) queue.push_back(each);
    }
  }
  return fail(
      Error{Errc::not_found, cat("nobody delegates to ", printable(role.str(), 200))}.advise(
          "delegate to it with `sluice tuf delegate`"));
}

Result<std::vector<DelegatedTwice>> delegated_elsewhere(Repository& repository,
                                                        const RoleName& role) {
  SLUICE_TRY(const auto* now, repository.delegations(role));
  SLUICE_TRY(const auto* published, repository.published(role));
  Delegations before;
  if (published != nullptr) {
    SLUICE_TRY(before, delegations_of(*published, repository.foreign()));
  }
  std::vector<DelegatedTwice> out;
  std::deque<RoleName> queue{RoleName("targets")};
  std::set<std::string> seen{"targets"};
  while (!queue.empty()) {
    const RoleName at = queue.front();
    queue.pop_front();
    SLUICE_TRY(const auto* others, repository.delegations(at));
    if (at != role) {
      for (const auto& each : in_both(*now, *others)) {
        if (before.keys_of(each) == nullptr) out.push_back({each, at});
      }
    }
    for (auto& each : roles_to_follow(*others)) {
      if (seen.size() < kMaxVisited && seen.insert(each.str()).second) queue.push_back(each);
    }
  }
  return out;
}

Result<std::vector<Signatories>> signatories_of(Repository& repository, const RoleName& role) {
  const RoleType type = type_of_role(role);
  if (type == RoleType::root) return signatories_of_root(repository);
  if (is_top_level(role.str())) {
    SLUICE_TRY(const auto* draft, repository.latest(RoleName("root")));
    if (draft == nullptr) return fail(Errc::not_found, "there is no root yet");
    SLUICE_TRY(const auto* staged, repository.staged(RoleName("root")));
    SLUICE_TRY(const auto* root, repository.root());
    return std::vector{
        of_top_role(*root, type, cat("the keys of ", said_of("root", *draft, staged != nullptr)))};
  }
  SLUICE_TRY(const auto parent, delegator_of(repository, role));
  SLUICE_TRY(const auto* draft, repository.latest(parent));
  SLUICE_TRY(const auto* staged, repository.staged(parent));
  SLUICE_TRY(const auto* delegations, repository.delegations(parent));
  Signatories out{
      .who = cat("the keys of ", said_of(printable(parent.str(), 80), *draft, staged != nullptr)),
      .keys = {},
      .role = *delegations->keys_of(role)};
  // Its own: of thousands of teams each has other keys.
  for (const auto& keyid : out.role.keyids) {
    const auto key = delegations->keys().find(keyid);
    if (key != delegations->keys().end()) out.keys.insert(*key);
  }
  return std::vector{std::move(out)};
}

std::size_t different_keys(const Keys& keys, const std::vector<std::string>& keyids) {
  std::set<std::string_view> materials;
  for (const auto& keyid : keyids) {
    const auto at = keys.find(keyid);
    if (at != keys.end() && at->second.usable()) materials.insert(at->second.material);
  }
  return materials.size();
}

}  // namespace sluice::tuf
