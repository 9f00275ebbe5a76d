// SPDX-License-Identifier: Apache-2.0
// From a proposal to what is published: signed online where the policy says so, listed in a new
// snapshot, vouched for by a new timestamp, and accepted by our own client before anything is
// written.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/verdict.h"
#include "tufrepo/proposal.h"
#include "tufrepo/publish.h"

namespace sluice::tuf {

// The keys at hand for a role, of those that it lists; whose they are is the caller's business.
using OnlineSigners = std::function<Result<std::vector<std::unique_ptr<RoleSigner>>>(
    const RoleName& role, const Signatories& signatories)>;

struct ReleasedRole {
  RoleName role{""};
  Version from = 0;
  Version to = 0;
};
struct Release {
  Publication publication;
  std::vector<ReleasedRole> roles;  // timestamp last
  bool nothing_to_do = false;
};

struct ReleaseOptions {
  Time now{};
  bool renew_only = false;  // refresh-online: nothing staged, only what is due
  bool force = false;       // a new timestamp even where nothing is due
};
// A Verdict that did not pass says what is missing. Nothing to do: a release without a timestamp.
[[nodiscard]] Result<Verdict<Release>> prepare_release(Repository& repository,
                                                       const OnlineSigners& signers,
                                                       const ReleaseOptions& options);

}  // namespace sluice::tuf
