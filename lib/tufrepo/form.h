// SPDX-License-Identifier: Apache-2.0
// What clients of others refuse though ours reads it, and what could mean one thing today and
// another tomorrow. A root that they refuse locks them out for good: no later one helps them.
//
// TUF 4.2.1, 4.3, 4.5, as python-tuf, go-tuf, tuf-js and tough read them:
//   expires            YYYY-MM-DDTHH:MM:SSZ        spec_version   1.MINOR.PATCH
//   a root             its four roles and no other, and "consistent_snapshot"
//   roles              keyids that are listed, delegations that say whether they are terminating
//   keys               of kinds that are known, readable, under keyids that are their own
//   delegations        keys, and roles or bins     prefixes of hashes in lower case
//   targets            a length, hashes in lower case, one of a known kind, custom an object
//
// What was published like that already is no defect: it is there, and repositories of others have
// much of it.
#pragma once

#include <string>
#include <vector>

#include "tufrepo/draft.h"

namespace sluice::tuf {

struct FormOptions {
  ForeignKeys foreign = {};
  // Published metadata whose keys are known, whatever their keyids. nullptr: none.
  std::vector<const Draft*> known = {};
  bool targets = true;  // look at each: not where this program has just written them
};
// One text each, the first kMostDefects of them, then how many there are more.
inline constexpr std::size_t kMostDefects = 20;
[[nodiscard]] Result<std::vector<std::string>> defects_of_form(const Draft* before,
                                                               const Draft& after,
                                                               const FormOptions& options);

}  // namespace sluice::tuf
