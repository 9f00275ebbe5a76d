// SPDX-License-Identifier: Apache-2.0
// What of a published repository has to be signed anew by now: by online keys, or by people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tufrepo/repository.h"

namespace sluice::tuf {

// What no online key can renew, so that it waits for people.
struct Waiting {
  RoleName role{""};
  Version version = 0;  // that is published
  Time expires{};
  std::string why = {};   // empty: it is people's to sign
  std::string next = {};  // the command to go on with

  bool expired(Time now) const { return expires <= now; }
  // "version 2 expired 3 days ago, at …: clients refuse everything until a new one is published"
  std::string says(Time now) const;
};
// Where a new version is proposed already, its signatures are next.
[[nodiscard]] Result<Waiting> waiting_for_people(Repository& repository, const RoleName& role,
                                                 std::string why = {});

// Less than the policy's "renew" is left, or it is not signed for the keys of now.
[[nodiscard]] Result<bool> is_due(Repository& repository, const RoleName& role,
                                  const Draft& published, Time now);

// Of all roles but snapshot and timestamp, which follow. People's count as due two weeks before
// they expire (or when less than "renew" is left, where that is shorter).
struct DueRoles {
  std::vector<RoleName> online;
  std::vector<Waiting> people;
};
[[nodiscard]] Result<DueRoles> due_roles(Repository& repository, Time now);

// Where what is published is good for longer than the policy gives it: the clock is before anybody
// can have made it, or the policy was made shorter.
std::optional<std::string> clock_warning(const Repository& repository, const RoleName& role,
                                         const Draft& published, Time now);

}  // namespace sluice::tuf
