// SPDX-License-Identifier: Apache-2.0
// The git change that a decision is about: its risk, and the policy as it was before it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gate/signal.h"
#include "git/repository.h"
#include "invocation.h"
#include "policy/policy.h"
#include "risk/seed.h"

namespace sluice::cli {

inline constexpr std::string_view kPolicyFile = "sluice.yaml";

struct Change {
  git::Repository repository;
  git::Range range;
};

struct ChangeFound {
  std::optional<Change> change;
  Error why_none = {};  // no repository here, or nothing in it to compare with
};

// The range that was given, or the one that the branch suggests. An error only where a range, a
// folder or a policy in it was asked for.
[[nodiscard]] Result<ChangeFound> change_of(const Invocation& in);

// What cannot be analysed is a signal too: unknown, with the reason. So is a model that cannot be
// used.
gate::Signal risk_signal(const Change& change, const Result<risk::PathScorer>& scorer, Time now);

// Nothing to judge is unknown as well: missing, with the reason.
gate::Signal missing_risk(const ChangeFound& found, Time now);

// The policy as the base has it: a change cannot loosen the policy that judges it. With --policy
// PATH that file has to be there; otherwise sluice.yaml is taken where it is.
[[nodiscard]] Result<std::optional<policy::Policy>> policy_at_base(const Invocation& in,
                                                                   const Change& change);
// The files that this policy names, as the base has them. The change has to outlive it.
policy::ReadFile files_at_base(const Invocation& in, const Change& change);

// As these two, of any commit; `asked` is what --policy says.
[[nodiscard]] Result<std::optional<policy::Policy>> policy_at(
    const git::Repository& repository, const git::ObjectId& commit, std::string_view commit_name,
    const std::optional<std::string>& asked);

policy::ReadFile files_at(const git::Repository& repository, const git::ObjectId& commit,
                          const std::optional<std::string>& asked);

std::vector<Option> change_options();

}  // namespace sluice::cli
