// SPDX-License-Identifier: Apache-2.0
#include "aiops/check.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::aiops {

namespace {

SignalHealth judge_alerts(FetchedAlerts fetched, HealthReport& report) {
  SignalHealth out{.name = "alerts", .title = "open alerts", .unit = Unit::count};
  out.state = fetched.state;
  out.detail = std::move(fetched.detail);
  if (fetched.state != State::normal) return out;
  Judgement judgement{.at = report.at, .value = static_cast<double>(fetched.alerts.size())};
  out.points = 1;
  if (!fetched.alerts.empty()) {
    judgement.anomalous = true;
    out.state = State::anomalous;
    for (const Alert& alert : fetched.alerts) {
      const Time since = alert.since.value_or(report.at);
      judgement.since = std::min(judgement.since.value_or(since), since);
    }
  }
  out.judgement = judgement;
  report.alerts = std::move(fetched.alerts);
  return out;
}

// These say that the call is wrong, whatever the server does.
bool callers_fault(const Error& error) {
  return error.code == Errc::usage || error.code == Errc::unsupported || error.code == Errc::io ||
         error.code == Errc::internal;
}

// A part of the source did not answer (Thanos, remote storage), or a query met what it cannot
// count. Prometheus sent its remarks on the style of a query the same way for a while.
bool casts_doubt(std::string_view warning) { return !warning.starts_with("PromQL info"); }

}  // namespace

Grid grid_for(const Profile& profile, Time now) {
  const Time end = now - profile.ingest_lag;
  return {end - profile.step * (profile.history / profile.step), end, profile.step};
}

SignalHealth judge_signal(const SignalPlan& plan, const Profile& profile, const Grid& grid,
                          Fetched fetched) {
  SignalHealth out{.name = plan.name,
                   .title = plan.title,
                   .unit = plan.unit,
                   .direction = plan.direction,
                   .query = plan.query,
                   .state = fetched.state};
  out.detail = std::move(fetched.detail);
  out.warnings = std::move(fetched.warnings);
  if (fetched.state != State::normal) return out;
  out.points = fetched.series.size();
  out.quality = quality_of(fetched.series, grid);
  const Series usable = usable_only(fetched.series);
  if (usable.empty()) {
    out.state = State::no_data;
    out.detail = cat("none of ", out.points, " points is a number");
    return out;
  }
  const auto age = grid.end - usable.times.back();
  if (age > profile.stale_after) {
    out.state = State::stale;
    out.detail = cat("the newest point is ", human_duration(age), " old");
    return out;
  }
  Rule rule = profile.rule;
  rule.direction = plan.direction;
  out.judgement = judge(usable, rule);
  if (!out.judgement) {
    out.state = State::too_short;
    out.detail = cat(usable.size(), " points, fewer than the ", rule.window, " of the window");
    return out;
  }
  if (out.judgement->anomalous) {
    out.state = State::anomalous;
  } else if (const auto doubt = std::ranges::find_if(out.warnings, casts_doubt);
             doubt != out.warnings.end()) {
    out.state = State::unreachable;
    out.judgement.reset();
    out.detail = cat("the source warns that it may not have seen all: ", *doubt);
  }
  return out;
}

Result<HealthReport> check(Http& http, const Profile& profile, const Sources& sources, Time now) {
  const Grid grid = grid_for(profile, now);
  const auto parts = split(grid, kMostPointsAtOnce);
  std::vector<HttpRequest> requests;
  for (const SignalPlan& plan : profile.signals) {
    for (const Grid& part : parts)
      requests.push_back(range_request(sources.prometheus, plan.query, part));
  }
  if (sources.alertmanager)
    requests.push_back(alerts_request(*sources.alertmanager, profile.alert_labels));
  const auto answers = http.send_all(requests);
  for (const auto& answer : answers) {
    if (!answer && callers_fault(answer.error())) return fail(answer.error());
  }

  HealthReport report{.service = profile.service,
                      .at = grid.end,
                      .converge = profile.converge,
                      .source = printable(sources.prometheus.url, 200)};
  std::size_t next = 0;
  for (const SignalPlan& plan : profile.signals) {
    std::vector<Fetched> fetched;
    for (const Grid& part : parts) fetched.push_back(read_range(answers[next++], part));
    report.signals.push_back(judge_signal(plan, profile, grid, join_parts(std::move(fetched))));
  }
  if (sources.alertmanager)
    report.signals.push_back(judge_alerts(read_alerts(answers[next], now), report));
  conclude(report);
  return report;
}

}  // namespace sluice::aiops
