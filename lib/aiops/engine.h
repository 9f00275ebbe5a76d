// SPDX-License-Identifier: Apache-2.0
// The same question to an external engine (docs/openapi/aiops-engine.v1.yaml): POST <url>/v1/health
// with {"kind": "sluice.health-query/v1", "service", "at"}; the answer is a health report.
#pragma once

#include <chrono>
#include <string_view>

#include "aiops/health.h"
#include "aiops/prometheus.h"
#include "base/http.h"

namespace sluice::aiops {

// An engine's answer about a time further back than this speaks for no present.
inline constexpr std::chrono::seconds kEngineFresh = std::chrono::minutes(15);

HttpRequest engine_request(const Endpoint& endpoint, std::string_view service, Time at);

// Never an Error: an engine that does not answer, or not properly, makes a report with one signal,
// "engine", that says so, and the health "unknown". Believes no answer about another service or
// another time. Foreign text in it is made printable.
HealthReport read_engine(const Result<HttpResponse>& answer, std::string_view service, Time now,
                         std::string_view source);

// An Error means that the call was wrong, as in check().
[[nodiscard]] Result<HealthReport> ask_engine(Http& http, const Endpoint& endpoint,
                                              std::string_view service, Time now);

}  // namespace sluice::aiops
