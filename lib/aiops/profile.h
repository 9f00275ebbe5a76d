// SPDX-License-Identifier: Apache-2.0
// The profile of a service: which metrics speak for it, and how they are judged. A YAML file.
//
//   apiVersion: sluice/v1
//   kind: AiopsProfile
//   service: checkout
//   labels: {job: checkout, namespace: shop}   # default: job: <service>
//   metrics: http                              # or opentelemetry, istio: default names
//   step: 5m
//   history: 14d
//   signals:                                   # default: the five golden ones
//     error_rate: {}                           # with the query of `metrics`
//     queue: {query: 'max(queue_length{${selector}})', unit: count, direction: up}
//
// In a query ${selector} stands for all label matchers, ${service} for the service's name inside a
// string, ${range} for `range`. Whatever is put in is escaped: a label value cannot leave its
// string.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aiops/health.h"

namespace sluice::aiops {

using Labels = std::vector<std::pair<std::string, std::string>>;

struct SignalPlan {
  std::string name;   // "error_rate"
  std::string title;  // "error rate"
  std::string query;  // PromQL, nothing left to put in
  Unit unit = Unit::count;
  Direction direction = Direction::up;
};

struct Profile {
  std::string service;
  Labels labels;
  Labels alert_labels;  // an alert with all of these is about this service
  std::vector<SignalPlan> signals;
  std::chrono::seconds history = std::chrono::days(14);
  // As long as the range of the rates, so that neighbouring points share no samples.
  std::chrono::seconds step = std::chrono::minutes(5);
  std::chrono::seconds range = std::chrono::minutes(5);
  // The newest samples are still on their way: the query ends this long before now.
  std::chrono::seconds ingest_lag = std::chrono::minutes(1);
  std::chrono::seconds stale_after = std::chrono::minutes(10);
  std::size_t converge = 2;
  Rule rule = {};  // its direction is the signal's
};

// Strict: unknown keys, labels that are no label names, a step that gives more than kMostPoints,
// fewer signals than must converge are refused with file, line and column.
inline constexpr std::size_t kMostPoints = 50'000;
[[nodiscard]] Result<Profile> parse_profile(std::string_view text, std::string_view file);

// The five golden signals of a service with default metric names.
[[nodiscard]] Result<Profile> default_profile(std::string_view service);

// Text as it may stand inside a PromQL string, whichever quotes it has.
std::string escape_promql(std::string_view text);

}  // namespace sluice::aiops
