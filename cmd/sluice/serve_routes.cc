// SPDX-License-Identifier: Apache-2.0
// What the server answers: reviews, its own health, its metrics.
#include "base/text.h"
#include "serve.h"
#include "version.h"

namespace sluice::cli {

namespace {

using server::Lane;
using server::Request;
using server::Response;

Response plain(int status, std::string body) {
  return {.status = status, .body = std::move(body), .type = "text/plain; charset=utf-8"};
}

// Whether a review could be judged now; what stands in the way, one line each.
Response readiness(const Serving& serving) {
  std::string trouble;
  if (const auto wrong = serving.evidence->trouble()) trouble += cat(wrong->text(), "\n");
  for (const auto& [environment, signatories] : serving.trust.get()->signatories) {
    if (signatories.empty()) continue;
    return trouble.empty() ? plain(200, "ready\n") : plain(503, trouble);
  }
  return plain(503, trouble + "the policy names no key\n");
}

void refresh_gauges(Serving& serving) {
  auto& metrics = serving.metrics;
  const auto evidence = serving.evidence->now();
  metrics.set("sluice_connections", static_cast<double>(serving.server->connections()));
  metrics.set("sluice_certificate_end_seconds",
              static_cast<double>(serving.server->certificate_ends().time_since_epoch().count()));
  metrics.set("sluice_evidence_bundles", static_cast<double>(evidence->bundles));
  metrics.set("sluice_evidence_bytes", static_cast<double>(evidence->bytes));
  metrics.set("sluice_evidence_ignored_files", static_cast<double>(evidence->ignored));
  metrics.set("sluice_evidence_unreadable", serving.evidence->trouble() ? 1 : 0);
}

// One line for each decision; what nobody needs to know more of (allowed without a look) is for
// debugging.
void tell_of(Serving& serving, const admission::WebhookEvent& event) {
  const auto& [review, verdict, took] = event;
  serving.metrics.count(
      "sluice_admissions_total",
      {{"verdict", verdict.allowed ? "allowed" : "denied"}, {"reason", code(verdict.reason)}});
  serving.metrics.count("sluice_signatures_total", {{"from", "memory"}},
                        static_cast<double>(verdict.remembered));
  serving.metrics.count("sluice_signatures_total", {{"from", "verification"}},
                        static_cast<double>(verdict.verified));
  const bool looked = verdict.reason >= admission::Reason::admitted;
  std::string first;
  for (const auto& each : verdict.images) {
    if (!verdict.allowed && allows(each.reason)) continue;
    first = each.use.image;
    break;
  }
  serving.log.write(looked ? LogLevel::info : LogLevel::debug,
                    verdict.allowed ? "admitted" : "refused",
                    {{"subject", subject_of(review)},
                     {"operation", review.operation},
                     {"environment", verdict.environment},
                     {"reason", code(verdict.reason)},
                     {"images", verdict.images.size()},
                     {"image", first},
                     {"dry_run", review.dry_run ? 1 : 0},
                     {"uid", review.uid},
                     {"microseconds", took.count()}});
}

}  // namespace

void describe_metrics(server::Metrics& metrics) {
  metrics.describe_counter("sluice_http_requests_total", "Requests by route and status.");
  metrics.describe_histogram(
      "sluice_http_request_seconds", "Time from a request's first byte to its answer, by route.",
      {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30});
  metrics.describe_counter("sluice_admissions_total", "Reviews by verdict and reason.");
  metrics.describe_counter("sluice_signatures_total",
                           "Signatures looked at, by whether they had been verified before.");
  metrics.describe_counter("sluice_gate_decisions_total", "Decisions of the gate by verdict.");
  metrics.describe_gauge("sluice_connections", "Open connections.");
  metrics.describe_gauge("sluice_certificate_end_seconds",
                         "When the server's certificate ends, in seconds since 1970.");
  metrics.describe_gauge("sluice_evidence_bundles", "Bundles in the folder of evidence.");
  metrics.describe_gauge("sluice_evidence_bytes", "Their bytes.");
  metrics.describe_gauge("sluice_evidence_ignored_files",
                         "Files in the folder of evidence that hold nothing for admission.");
  metrics.describe_gauge("sluice_evidence_unreadable",
                         "1 while the folder of evidence cannot be read.");
  metrics.describe_gauge("sluice_file_stale",
                         "1 while a file cannot be used and what was read before is.");
  metrics.describe_counter("sluice_reloads_total", "Files that were read again and put to use.");
  metrics.describe_counter("sluice_reload_failures_total",
                           "Files that were read again and could not be used.");
  metrics.describe_gauge("sluice_build_info", "The version that runs.");
  metrics.set("sluice_build_info", 1, {{"version", kVersion}});
}

std::vector<server::Route> routes_of(Serving& serving) {
  const admission::Webhook webhook{
      serving.in.world.clock, serving.rules, *serving.evidence,
      [&serving] { return serving.trust.get(); },
      [&serving](const admission::WebhookEvent& event) { tell_of(serving, event); }};
  std::vector<server::Route> routes = {
      {"POST", "/v1/admission",
       [webhook](const Request& request) {
         auto answer = webhook.answer(request.body, request.parameter("timeout").value_or(""),
                                      request.received);
         return Response{.status = answer.status, .body = std::move(answer.body)};
       },
       Lane::quick, "application/json"},
      {"GET", "/healthz", [](const Request&) { return plain(200, "ok\n"); }, Lane::at_once},
      {"GET", "/readyz", [&serving](const Request&) { return readiness(serving); }, Lane::quick},
      {"GET", "/metrics",
       [&serving](const Request&) {
         refresh_gauges(serving);
         return Response{.body = serving.metrics.text(),
                         .type = "text/plain; version=0.0.4; charset=utf-8"};
       },
       Lane::quick}};
  if (serving.gate) routes.push_back(gate_route(serving));
  return routes;
}

}  // namespace sluice::cli
