// SPDX-License-Identifier: Apache-2.0
// What a service with Prometheus's client library shows over 14 days, as OpenMetrics text.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"

namespace sluice::test {

// The service is called checkout; every two minutes up to `last`. From the outage on it answers
// 4 % of its requests with 500 and a quarter of them slowly.
std::string service_history(Time last, std::optional<Time> outage);

}  // namespace sluice::test
