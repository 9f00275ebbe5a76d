// SPDX-License-Identifier: Apache-2.0
#include "carbon/documents.h"

#include <cmath>

#include "base/text.h"

namespace sluice::carbon {

namespace {

// Grams with three decimals at most: more would be noise.
json::Value rounded(double value) { return json::Value::number(std::round(value * 1000) / 1000); }

json::Value rounded(std::optional<double> value) {
  return value ? rounded(*value) : json::Value(nullptr);
}

Result<Intensity> read_grams(const json::Value* value) {
  const auto number = value == nullptr ? std::nullopt : value->number();
  const auto intensity = number ? Intensity::of(*number) : std::nullopt;
  if (!intensity) return fail(Errc::malformed, "no grams per kWh");
  return *intensity;
}

Result<Signal> read_signal(const json::Fields& fields) {
  SLUICE_TRY(const auto word, fields.string("signal"));
  const auto signal = signal_named(word);
  if (!signal) return fail(Errc::malformed, "no signal that is known");
  return *signal;
}

Result<Time> read_time(const json::Fields& fields, std::string_view key) {
  SLUICE_TRY(const auto text, fields.string(key));
  return parse_rfc3339(text);
}

Result<Zone> read_zone(const json::Fields& fields) {
  SLUICE_TRY(const auto text, fields.string("zone"));
  return parse_zone(text);
}

Result<void> expect_kind(const json::Fields& fields, std::string_view kind) {
  SLUICE_TRY(const auto found, fields.string("kind"));
  if (found != kind) return fail(Errc::malformed, cat("not a ", kind));
  return {};
}

}  // namespace

json::Value as_json(const Reading& reading) {
  json::Value out;
  out.set("kind", "sluice.carbon-reading/v1");
  out.set("zone", reading.zone.str());
  out.set("gramsPerKwh", rounded(reading.intensity.grams()));
  out.set("level", name(level_of(reading.intensity)));
  out.set("at", rfc3339(reading.at));
  out.set("provider", reading.provider);
  out.set("signal", name(reading.signal));
  out.set("source", printable(reading.source));
  out.set("assumed", reading.assumed);
  out.set("estimated", reading.estimated);
  out.set("stale", reading.stale);
  out.set("cached", reading.cached);
  if (reading.trouble) out.set("trouble", name(*reading.trouble));
  if (!reading.why.empty()) out.set("why", printable(reading.why));
  if (!reading.hint.empty()) out.set("hint", printable(reading.hint));
  return out;
}

Result<Reading> reading_from(const json::Value& value) {
  const json::Fields fields(value, "reading");
  SLUICE_CHECK(expect_kind(fields, "sluice.carbon-reading/v1"));
  Reading out;
  SLUICE_TRY(out.zone, read_zone(fields));
  SLUICE_TRY(out.intensity, read_grams(value.find("gramsPerKwh")));
  SLUICE_TRY(out.at, read_time(fields, "at"));
  SLUICE_TRY(out.provider, fields.string("provider"));
  SLUICE_TRY(out.signal, read_signal(fields));
  SLUICE_TRY(out.source, fields.string("source"));
  SLUICE_TRY(out.assumed, fields.boolean("assumed"));
  SLUICE_TRY(out.estimated, fields.boolean("estimated"));
  SLUICE_TRY(out.stale, fields.boolean("stale"));
  SLUICE_TRY(out.cached, fields.boolean("cached"));
  return out;
}

json::Value as_json(const Forecast& forecast) {
  json::Value out;
  out.set("kind", "sluice.carbon-forecast/v1");
  out.set("zone", forecast.zone.str());
  out.set("provider", forecast.provider);
  out.set("signal", name(forecast.signal));
  out.set("source", printable(forecast.source));
  json::Array steps;
  steps.reserve(forecast.steps.size());
  for (const auto& step : forecast.steps) {
    steps.emplace_back(
        json::Array{rfc3339(step.from), rfc3339(step.to), rounded(step.intensity.grams())});
  }
  out.set("steps", std::move(steps));
  return out;
}

Result<Forecast> forecast_from(const json::Value& value) {
  const json::Fields fields(value, "forecast");
  SLUICE_CHECK(expect_kind(fields, "sluice.carbon-forecast/v1"));
  Forecast out;
  SLUICE_TRY(out.zone, read_zone(fields));
  SLUICE_TRY(out.provider, fields.string("provider"));
  SLUICE_TRY(out.signal, read_signal(fields));
  SLUICE_TRY(out.source, fields.string("source"));
  SLUICE_TRY(const auto list, fields.array("steps", kMaxSteps));
  for (const auto& entry : list) {
    const json::Array* parts = entry.value().array();
    if (parts == nullptr || parts->size() != 3 || (*parts)[0].string() == nullptr ||
        (*parts)[1].string() == nullptr) {
      return fail(Errc::malformed, "a step is [from, to, grams]");
    }
    SLUICE_TRY(const Time from, parse_rfc3339(*(*parts)[0].string()));
    SLUICE_TRY(const Time to, parse_rfc3339(*(*parts)[1].string()));
    SLUICE_TRY(const auto intensity, read_grams(&(*parts)[2]));
    out.steps.push_back({from, to, intensity});
  }
  return out;
}

json::Value as_json(const Window& window, const Advice& advice, const Forecast& forecast,
                    const Job& job) {
  json::Value out;
  out.set("kind", "sluice.carbon-window/v1");
  out.set("zone", forecast.zone.str());
  out.set("advice", advice.wait ? "wait" : "now");
  out.set("reason", name(advice.reason));
  if (advice.wait) out.set("notBefore", rfc3339(window.start));
  out.set("now", rfc3339(job.now));
  out.set("finishBy", rfc3339(job.finish_by));
  out.set("seconds", std::int64_t{job.length.count()});
  json::Value best;
  best.set("start", rfc3339(window.start));
  best.set("meanGramsPerKwh", rounded(window.mean()));
  out.set("best", std::move(best));
  out.set("nowMeanGramsPerKwh", rounded(window.mean_now()));
  out.set("savingGramsPerKwh", rounded(window.saving()));
  out.set("savingPercent", rounded(window.saving_percent()));
  out.set("coveredUntil", rfc3339(window.covered_until));
  out.set("shortHorizon", window.short_horizon);
  out.set("gaps", window.gaps);
  out.set("provider", forecast.provider);
  out.set("signal", name(forecast.signal));
  out.set("source", printable(forecast.source));
  out.set("cached", forecast.cached);
  return out;
}

}  // namespace sluice::carbon
