// SPDX-License-Identifier: Apache-2.0
// Where the evidence for a decision comes from.
#pragma once

#include <vector>

#include "change.h"
#include "gate/signal.h"
#include "invocation.h"

namespace sluice::cli {

// The signals for one decision: those in the files that --signal names, as the caller's own word;
// the risk of the change; and what the sources of the policy say, all asked at the same time. The
// policy's files are read through the function. What the environment counts and nobody gave is for
// the gate to notice.
[[nodiscard]] Result<std::vector<gate::Signal>> gather(Invocation& in,
                                                       const policy::Environment& environment,
                                                       const ChangeFound& found,
                                                       const policy::ReadFile& read, Time now);

std::vector<Option> gather_options();

}  // namespace sluice::cli
