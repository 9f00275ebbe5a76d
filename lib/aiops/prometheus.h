// SPDX-License-Identifier: Apache-2.0
// What is asked of a server with the Prometheus API, and what its answers are worth.
//
// Pure functions of requests and answers: check.h sends them. Every answer becomes a Fetched, also
// the one that never came; nothing is thrown away and nothing counts as "no news is good news".
//
// Known limits: no native histograms; a tenant header (Mimir) cannot be set; answers of Thanos and
// VictoriaMetrics have not been tried.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aiops/health.h"
#include "aiops/profile.h"
#include "base/http.h"

namespace sluice::aiops {

// A server to ask, and what to show it. The credential goes to this server only.
struct Endpoint {
  std::string url;  // "https://prometheus.example.org", or with a path in front of /api
  std::string scheme = "Bearer";  // or "Basic"
  std::shared_ptr<const SecretBytes> credential = {};
  HttpBudget budget = {};
};

// "user:password" from a file, as Basic wants it.
[[nodiscard]] Result<SecretBytes> basic_credential(const SecretBytes& user_and_password);

// A server refuses more points for one query: 11,000, though Prometheus counts a bit more kindly.
inline constexpr std::size_t kMostPointsAtOnce = 11'000;
// Of one answer. 11,000 points take about 400 kB.
inline constexpr std::size_t kMostBytes = 4U << 20;

// POST <url>/api/v1/query_range. The grid must not have more than kMostPointsAtOnce.
HttpRequest range_request(const Endpoint& endpoint, std::string_view query, const Grid& grid);

struct Fetched {
  // normal: there are points. Never anomalous, too_short or stale: those are judgements.
  State state = State::no_data;
  Series series = {};
  std::string detail = {};
  std::vector<std::string> warnings = {};
};

// Believes no time outside the grid's range and none that does not come after the one before.
Fetched read_range(const Result<HttpResponse>& answer, const Grid& grid);
// The document alone, as a server with status 200 sent it.
Fetched read_range_document(std::string_view body, const Grid& grid);

// Parts of one series that follow each other. One part that failed fails all: a hole that nobody
// knows about would be judged.
Fetched join_parts(std::vector<Fetched> parts);

// GET <url>/api/v2/alerts of an Alertmanager: active, neither silenced nor inhibited, with all of
// these labels.
HttpRequest alerts_request(const Endpoint& endpoint, const Labels& labels);

struct FetchedAlerts {
  State state = State::normal;
  std::vector<Alert> alerts = {};
  std::string detail = {};
};
FetchedAlerts read_alerts(const Result<HttpResponse>& answer, Time now);
FetchedAlerts read_alerts_document(std::string_view body, Time now);

// Why there is no judgement: of an exchange that failed or of a status that is no success.
struct Refusal {
  State state;
  std::string detail;
};
Refusal refusal_of(const Error& error);
Refusal refusal_of(const HttpResponse& answer);

}  // namespace sluice::aiops
