// SPDX-License-Identifier: Apache-2.0
// All roles of a repository as they are to be, with who speaks for them and which keys they have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tufrepo/repository.h"

namespace sluice::tuf {

// A role, or the bins of one parent that have the same keys and are named PREFIX-NUMBER: succinct
// ones, or at least two that stand for hash prefixes. They are listed, and their keys changed, as
// one, by their prefix.
struct ListedRole {
  RoleName role{""};  // of bins: the prefix
  RoleName parent{""};
  RoleKeys keys;
  std::optional<Bins> succinct = {};
  std::vector<RoleName> explicit_bins = {};

  bool bins() const { return succinct || !explicit_bins.empty(); }
  std::vector<RoleName> roles() const;  // all of them
};
// As staged, else as published: root's four, then delegated ones. Errc::limit where there are more
// than anybody could keep: none is left out in silence.
[[nodiscard]] Result<std::vector<ListedRole>> listed_roles(Repository& repository);
// Roles of whom others may be asked: no bins, which are many and end there.
std::vector<RoleName> roles_to_follow(const Delegations& delegations);
// The role of that name, else the bins; nullptr: there are none.
const ListedRole* find_role(const std::vector<ListedRole>& listed, const RoleName& role);

}  // namespace sluice::tuf
