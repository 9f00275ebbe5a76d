// SPDX-License-Identifier: Apache-2.0
// sources: the gate gathers its own evidence, from where the policy says.
//
//   sources.h   all that an environment counts and names a source for, asked at the same time
//   evidence.h  reports and readings as signals of the gate
//   wiring.h    from a URL and a credential to something that can be asked
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/http.h"
#include "base/world.h"
#include "gate/signal.h"
#include "policy/policy.h"
#include "sources/wiring.h"

namespace sluice::sources {

// How this machine reaches the sources: none of it comes from a policy.
struct Access {
  std::shared_ptr<Http> metrics;  // this one may show a client certificate; shared with ...
  std::shared_ptr<Http> carbon;   // ... this one, where there is none
  Credential credential = {};     // for the Prometheus or the engine that the policy names
  CarbonToken token = {};
  std::chrono::milliseconds timeout{30'000};  // of one request, within the deadline
  std::optional<Path> carbon_cache = {};      // the folder; none: every question goes out
};

// Health and carbon, each where the environment counts it and its policy names a source. Whatever
// happens to a source is evidence: there is one signal for each that was asked, known or unknown,
// and the sources' deadline bounds the whole call. Files of the policy are read first and on this
// thread; then the sources are asked on threads of their own, which are over before this returns,
// while `meanwhile` runs on this one. What does not work on the side (the carbon cache) is told to
// `note`, on this thread. May be called any number of times at once.
std::vector<gate::Signal> gather(const World& world, const Access& access,
                                 const policy::Environment& environment,
                                 const policy::ReadFile& read, Time now,
                                 const std::function<void()>& meanwhile = {},
                                 const std::function<void(const std::string&)>& note = {});

// Are the sources of an environment sound, as far as that can be said without asking them: URLs,
// zones, and the files that they name? For `policy check`.
[[nodiscard]] Result<void> check(const policy::Environment& environment,
                                 const policy::ReadFile& read);

}  // namespace sluice::sources
