// SPDX-License-Identifier: Apache-2.0
#include "aiops/engine.h"

#include "base/text.h"

namespace sluice::aiops {

namespace {

constexpr std::size_t kMostEngineBytes = 1U << 20;
constexpr std::chrono::seconds kClocksDiffer{60};

void make_printable(HealthReport& report) {
  for (auto& signal : report.signals) {
    signal.name = printable(signal.name, 100);
    signal.title = printable(signal.title, 60);
    signal.query = printable(signal.query, 2000);
    signal.detail = printable(signal.detail, 400);
    for (auto& warning : signal.warnings) warning = printable(warning, 300);
  }
  for (auto& alert : report.alerts) {
    alert.name = printable(alert.name, 120);
    alert.severity = printable(alert.severity, 40);
    alert.summary = printable(alert.summary, 300);
  }
}

HealthReport no_answer(State state, std::string detail, std::string_view service, Time now,
                       std::string_view source) {
  SignalHealth engine{.name = "engine", .title = "engine", .state = state};
  engine.detail = std::move(detail);
  HealthReport out{
      .service = std::string(service), .at = now, .converge = 1, .source = std::string(source)};
  out.signals.push_back(std::move(engine));
  conclude(out);
  return out;
}

}  // namespace

HttpRequest engine_request(const Endpoint& endpoint, std::string_view service, Time at) {
  HttpRequest out;
  std::string_view base = endpoint.url;
  while (base.ends_with('/')) base.remove_suffix(1);
  out.method = "POST";
  out.url = cat(base, "/v1/health");
  out.headers = {{"accept", "application/json"}, {"content-type", "application/json"}};
  out.authorization_scheme = endpoint.scheme;
  out.authorization = endpoint.credential;
  out.budget = endpoint.budget;
  out.budget.max_body = kMostEngineBytes;
  out.repeatable = true;
  json::Value body;
  body.set("kind", "sluice.health-query/v1");
  body.set("service", service);
  body.set("at", rfc3339(at));
  out.body = json::write(body);
  return out;
}

HealthReport read_engine(const Result<HttpResponse>& answer, std::string_view service, Time now,
                         std::string_view source) {
  const auto no = [&](State state, std::string detail) {
    return no_answer(state, std::move(detail), service, now, source);
  };
  if (!answer || answer->status != 200) {
    auto refusal = answer ? refusal_of(*answer) : refusal_of(answer.error());
    return no(refusal.state, std::move(refusal.detail));
  }
  const auto document = json::parse_strict(answer->body, {.bytes = kMostEngineBytes});
  auto report = document ? health_from_json(*document) : fail(document.error());
  if (!report) return no(State::malformed, printable(report.error().text(), 400));
  if (report->service != service) {
    return no(State::malformed,
              cat("an answer about \"", printable(report->service, 60), "\", another service"));
  }
  if (report->at > now + kClocksDiffer) return no(State::malformed, "an answer from the future");
  if (now - report->at > kEngineFresh) {
    return no(State::stale, cat("the answer is ", human_duration(now - report->at), " old"));
  }
  make_printable(*report);
  report->source = source;
  return *std::move(report);
}

Result<HealthReport> ask_engine(Http& http, const Endpoint& endpoint, std::string_view service,
                                Time now) {
  const auto answer = http.send(engine_request(endpoint, service, now));
  if (!answer) {
    const Errc code = answer.error().code;
    if (code == Errc::usage || code == Errc::unsupported || code == Errc::io ||
        code == Errc::internal) {
      return fail(answer.error());
    }
  }
  return read_engine(answer, service, now, printable(endpoint.url, 200));
}

}  // namespace sluice::aiops
