// SPDX-License-Identifier: Apache-2.0
// aiops: is a service in an incident? Decided from its metrics, or asked of somebody else.
//
//   check.h       one question to Prometheus and Alertmanager, one report
//   engine.h      the same question to an external engine
//   health.h      the report: states of signals, what follows from them, its JSON
//   profile.h     which metrics speak for a service
//   detect.h      when a value is unusual          series.h  values over time
//   prometheus.h  requests and answers of the Prometheus API
#pragma once

#include <optional>

#include "aiops/health.h"
#include "aiops/profile.h"
#include "aiops/prometheus.h"
#include "base/http.h"

namespace sluice::aiops {

struct Sources {
  Endpoint prometheus;
  // Open alerts about the service count as one more signal, "alerts".
  std::optional<Endpoint> alertmanager = {};
};

// Sends everything at once. A source that does not answer, or not as it should, is a state of its
// signals in the report. An Error means that the call was wrong: no URL, a client certificate that
// cannot be read, no network wanted.
[[nodiscard]] Result<HealthReport> check(Http& http, const Profile& profile, const Sources& sources,
                                         Time now);

// What is asked for at this moment: from history to the newest samples that have arrived.
Grid grid_for(const Profile& profile, Time now);

// One signal from its points.
SignalHealth judge_signal(const SignalPlan& plan, const Profile& profile, const Grid& grid,
                          Fetched fetched);

}  // namespace sluice::aiops
