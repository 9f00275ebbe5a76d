// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "aiops/health.h"
#include "base/text.h"

namespace sluice::aiops {

namespace {

constexpr std::string_view kKind = "sluice.health/v1";
constexpr std::size_t kMostSignals = 100;
constexpr std::size_t kMostReported = 1000;  // alerts
constexpr std::size_t kMostWarnings = 100;

std::string_view name(Direction direction) {
  return direction == Direction::up ? "up" : direction == Direction::down ? "down" : "both";
}

template <class Enum>
Result<Enum> named(const json::Fields& fields, std::string_view key, Enum last) {
  SLUICE_TRY(const std::string word, fields.string(key));
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (name(static_cast<Enum>(i)) == word) return static_cast<Enum>(i);
  }
  return fail(Errc::malformed,
              cat(fields.path(), ".", key, ": unknown word \"", printable(word, 40), "\""));
}

json::Value written(const Judgement& judgement) {
  json::Value out;
  out.set("at", rfc3339(judgement.at));
  out.set("value", json::Value::number(judgement.value));
  out.set("expected", json::Value::number(judgement.expected));
  out.set("sigma", judgement.sigma ? json::Value::number(*judgement.sigma) : json::Value());
  if (judgement.since) out.set("since", rfc3339(*judgement.since));
  return out;
}

json::Value written(const SignalHealth& signal) {
  json::Value out;
  out.set("name", signal.name);
  out.set("title", signal.title);
  out.set("unit", name(signal.unit));
  out.set("direction", name(signal.direction));
  out.set("state", name(signal.state));
  if (signal.judgement) out.set("judgement", written(*signal.judgement));
  const auto count = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  json::Value points;
  points.set("present", count(signal.points));
  points.set("absent", count(signal.quality.absent));
  points.set("unusable", count(signal.quality.unusable));
  points.set("repeated", count(signal.quality.repeated));
  out.set("points", std::move(points));
  if (!signal.query.empty()) out.set("query", signal.query);
  if (!signal.detail.empty()) out.set("detail", signal.detail);
  if (!signal.warnings.empty()) {
    json::Array warnings;
    for (const auto& warning : signal.warnings) warnings.emplace_back(warning);
    out.set("warnings", std::move(warnings));
  }
  return out;
}

json::Value written(const Alert& alert) {
  json::Value out;
  out.set("name", alert.name);
  if (!alert.severity.empty()) out.set("severity", alert.severity);
  if (!alert.summary.empty()) out.set("summary", alert.summary);
  if (alert.since) out.set("since", rfc3339(*alert.since));
  return out;
}

Result<Time> time_in(const json::Fields& fields, std::string_view key) {
  SLUICE_TRY(const std::string text, fields.string(key));
  return within(parse_rfc3339(text), cat("reading ", fields.path(), ".", key));
}

Result<double> number_in(const json::Fields& fields, std::string_view key) {
  const json::Value* value = fields.value().find(key);
  const auto number = value == nullptr ? std::nullopt : value->number();
  if (!number) return fail(Errc::malformed, cat(fields.path(), ".", key, ": a number is due"));
  return *number;
}

Result<std::size_t> count_in(const json::Fields& fields, std::string_view key) {
  SLUICE_TRY(const std::int64_t number, fields.integer(key));
  if (number < 0) return fail(Errc::malformed, cat(fields.path(), ".", key, ": below zero"));
  return static_cast<std::size_t>(number);
}

Result<std::string> text_in(const json::Fields& fields, std::string_view key) {
  if (!fields.has(key)) return std::string();
  return fields.string(key);
}

Result<Judgement> read_judgement(const json::Fields& in, State state) {
  SLUICE_CHECK(in.only({"at", "value", "expected", "sigma", "since"}));
  Judgement out;
  out.anomalous = state == State::anomalous;
  SLUICE_TRY(out.at, time_in(in, "at"));
  SLUICE_TRY(out.value, number_in(in, "value"));
  SLUICE_TRY(out.expected, number_in(in, "expected"));
  if (in.value().find("sigma") == nullptr)
    return fail(Errc::malformed, cat(in.path(), ".sigma: a number or null is due"));
  if (in.has("sigma")) {
    SLUICE_TRY(out.sigma, number_in(in, "sigma"));
  }
  if (in.has("since")) {
    SLUICE_TRY(out.since, time_in(in, "since"));
  }
  return out;
}

Result<void> read_points(SignalHealth& out, const json::Fields& in) {
  SLUICE_CHECK(in.only({"present", "absent", "unusable", "repeated"}));
  SLUICE_TRY(out.points, count_in(in, "present"));
  SLUICE_TRY(out.quality.absent, count_in(in, "absent"));
  SLUICE_TRY(out.quality.unusable, count_in(in, "unusable"));
  SLUICE_TRY(out.quality.repeated, count_in(in, "repeated"));
  return {};
}

Result<SignalHealth> read_signal(const json::Fields& in) {
  SLUICE_CHECK(in.only({"name", "title", "unit", "direction", "state", "judgement", "points",
                        "query", "detail", "warnings"}));
  SignalHealth out;
  SLUICE_TRY(out.name, in.string("name"));
  SLUICE_TRY(out.title, in.string("title"));
  SLUICE_TRY(out.unit, named(in, "unit", Unit::cores));
  SLUICE_TRY(out.direction, named(in, "direction", Direction::both));
  SLUICE_TRY(out.state, named(in, "state", State::too_large));
  if (in.has("judgement")) {
    SLUICE_TRY(const auto judgement, in.object("judgement"));
    SLUICE_TRY(out.judgement, read_judgement(judgement, out.state));
  }
  if (out.state == State::anomalous && !(out.judgement && out.judgement->since))
    return fail(Errc::malformed, cat(in.path(), ": anomalous, but not since when"));
  SLUICE_TRY(const auto points, in.object("points"));
  SLUICE_CHECK(read_points(out, points));
  SLUICE_TRY(out.query, text_in(in, "query"));
  SLUICE_TRY(out.detail, text_in(in, "detail"));
  if (in.has("warnings")) {
    SLUICE_TRY(const auto warnings, in.array("warnings", kMostWarnings));
    for (const auto& warning : warnings) {
      SLUICE_TRY(out.warnings.emplace_back(), warning.as_string());
    }
  }
  return out;
}

Result<Alert> read_alert(const json::Fields& in) {
  SLUICE_CHECK(in.only({"name", "severity", "summary", "since"}));
  Alert out;
  SLUICE_TRY(out.name, in.string("name"));
  SLUICE_TRY(out.severity, text_in(in, "severity"));
  SLUICE_TRY(out.summary, text_in(in, "summary"));
  if (in.has("since")) {
    SLUICE_TRY(out.since, time_in(in, "since"));
  }
  return out;
}

// An engine may know more than its signals show, but not less: what they prove, it must say.
Result<void> check_consistent(const HealthReport& report) {
  HealthReport ours = report;
  conclude(ours);
  const bool milder = (ours.health == Health::incident && report.health != Health::incident) ||
                      (ours.health == Health::unknown && report.health != Health::incident &&
                       report.health != Health::unknown) ||
                      (ours.health == Health::warning && report.health == Health::healthy);
  if (!milder) return {};
  return fail(Errc::malformed, cat("health is \"", name(report.health), "\", but the signals say ",
                                   name(ours.health)));
}

}  // namespace

json::Value to_json(const HealthReport& report) {
  json::Value out;
  out.set("kind", kKind);
  out.set("service", report.service);
  out.set("at", rfc3339(report.at));
  out.set("health", name(report.health));
  if (report.since) out.set("since", rfc3339(*report.since));
  out.set("converge", static_cast<std::int64_t>(report.converge));
  out.set("source", report.source);
  json::Array signals;
  for (const auto& signal : report.signals) signals.push_back(written(signal));
  out.set("signals", std::move(signals));
  json::Array alerts;
  for (const auto& alert : report.alerts) alerts.push_back(written(alert));
  out.set("alerts", std::move(alerts));
  return out;
}

Result<HealthReport> health_from_json(const json::Value& value) {
  const json::Fields in(value, "health");
  SLUICE_TRY(const std::string kind, in.string("kind"));
  if (kind != kKind) {
    return fail(Errc::unsupported,
                cat("kind is \"", printable(kind, 60), "\", not \"", kKind, "\""));
  }
  SLUICE_CHECK(in.only(
      {"kind", "service", "at", "health", "since", "converge", "source", "signals", "alerts"}));
  HealthReport out;
  SLUICE_TRY(out.service, in.string("service"));
  SLUICE_TRY(out.at, time_in(in, "at"));
  SLUICE_TRY(out.health, named(in, "health", Health::unknown));
  if (in.has("since")) {
    SLUICE_TRY(out.since, time_in(in, "since"));
  }
  SLUICE_TRY(out.converge, count_in(in, "converge"));
  SLUICE_TRY(out.source, in.string("source"));
  SLUICE_TRY(const auto signals, in.array("signals", kMostSignals));
  for (const auto& signal : signals) {
    SLUICE_TRY(auto one, read_signal(signal));
    out.signals.push_back(std::move(one));
  }
  SLUICE_TRY(const auto alerts, in.array("alerts", kMostReported));
  for (const auto& alert : alerts) {
    SLUICE_TRY(auto one, read_alert(alert));
    out.alerts.push_back(std::move(one));
  }
  SLUICE_CHECK(check_consistent(out));
  return out;
}

}  // namespace sluice::aiops
