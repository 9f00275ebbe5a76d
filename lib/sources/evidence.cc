// SPDX-License-Identifier: Apache-2.0
#include "sources/evidence.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "carbon/documents.h"

namespace sluice::sources {

namespace {

gate::Unknown unknown_of(aiops::State state) {
  switch (state) {
    case aiops::State::unreachable:
    case aiops::State::unauthorised:
      return gate::Unknown::unreachable;
    case aiops::State::stale:
      return gate::Unknown::stale;
    case aiops::State::rejected:
    case aiops::State::ambiguous:
    case aiops::State::malformed:
    case aiops::State::too_large:
      return gate::Unknown::malformed;
    case aiops::State::no_data:
    case aiops::State::too_short:
    case aiops::State::normal:
    case aiops::State::anomalous:
      break;
  }
  return gate::Unknown::no_data;
}

gate::Unknown why_unknown(const aiops::HealthReport& report) {
  constexpr std::array<gate::Unknown, 3> kWorst = {gate::Unknown::unreachable,
                                                   gate::Unknown::malformed, gate::Unknown::stale};
  for (const gate::Unknown reason : kWorst) {
    const auto fits = [&](const aiops::SignalHealth& signal) {
      return !decided(signal.state) && unknown_of(signal.state) == reason;
    };
    if (std::ranges::any_of(report.signals, fits)) return reason;
  }
  return gate::Unknown::no_data;
}

gate::Unknown unknown_of(carbon::Trouble trouble) {
  switch (trouble) {
    case carbon::Trouble::unauthorised:
    case carbon::Trouble::limited:
    case carbon::Trouble::unreachable:
      return gate::Unknown::unreachable;
    case carbon::Trouble::no_value:
    case carbon::Trouble::unknown_zone:
      return gate::Unknown::no_data;
    case carbon::Trouble::wrong_zone:
    case carbon::Trouble::malformed:
      return gate::Unknown::malformed;
    case carbon::Trouble::not_configured:
      break;
  }
  return gate::Unknown::assumed;
}

// Of many the first speaks: with an unplugged server they all say the same, and details have each.
std::string why_text(const aiops::HealthReport& report) {
  std::size_t undecided = 0;
  std::string first;
  for (const aiops::SignalHealth& signal : report.signals) {
    if (decided(signal.state)) continue;
    if (undecided++ == 0) first = signal.detail;
  }
  if (report.health != aiops::Health::unknown || undecided <= 2) {
    return cat(report.service, ": ", aiops::reason(report));
  }
  return cat(report.service, ", ", undecided, " of ", report.signals.size(), " signals",
             first.empty() ? "" : cat(": ", first));
}

void add_alerts(const aiops::HealthReport& report, gate::Signal& signal) {
  for (const aiops::Alert& alert : report.alerts) {
    std::string text = alert.name;
    if (!alert.severity.empty()) text += cat(", ", alert.severity);
    if (alert.since) text += cat(", since ", human_time(*alert.since));
    if (!alert.summary.empty()) text += cat(": ", alert.summary);
    signal.details.push_back({"alert", std::move(text)});
  }
}

}  // namespace

gate::Signal health_signal(const aiops::HealthReport& report) {
  gate::Signal signal{.id = "health"};
  switch (report.health) {
    case aiops::Health::healthy:
      signal.value = gate::Health::healthy;
      break;
    case aiops::Health::warning:
      signal.value = gate::Health::warning;
      break;
    case aiops::Health::incident:
      signal.value = gate::Health::incident;
      break;
    case aiops::Health::unknown:
      signal.value = why_unknown(report);
      break;
  }
  signal.text = why_text(report);
  signal.source = report.source;
  signal.observed_at = report.at;
  for (const aiops::SignalHealth& each : report.signals) {
    const std::string what = aiops::described(each);
    const std::string_view state = aiops::words(each.state);
    signal.details.push_back(
        {each.title, what.empty() ? std::string(state) : cat(state, ": ", what)});
  }
  add_alerts(report, signal);
  signal.raw = aiops::to_json(report);
  return signal;
}

gate::Signal carbon_signal(const carbon::Reading& reading, Time now) {
  gate::Signal signal{.id = "carbon"};
  signal.source = cat(reading.provider, " ", reading.zone.str());
  if (!reading.source.empty()) signal.details.push_back({"asked", reading.source});
  signal.raw.set("reading", carbon::as_json(reading));
  if (reading.assumed) {
    signal.value = unknown_of(reading.trouble.value_or(carbon::Trouble::not_configured));
    signal.text = reading.why;
    signal.observed_at = now;
    if (!reading.hint.empty()) signal.details.push_back({"try", reading.hint});
    return signal;
  }
  signal.value = gate::Carbon{reading.intensity.grams(), std::nullopt};
  signal.text = cat(carbon::name(carbon::level_of(reading.intensity)), " in ", reading.zone.str());
  // Some sources date a reading by the end of its hour: it is no evidence from the future.
  signal.observed_at = std::min(reading.at, now);
  signal.details.push_back({"at", human_time(reading.at)});
  signal.details.push_back(
      {"kind", cat(carbon::name(reading.signal), reading.estimated ? ", estimated" : "")});
  return signal;
}

void add_window(gate::Signal& signal, const carbon::Answer<carbon::Forecast>& forecast,
                const carbon::Job& job) {
  auto* const known = std::get_if<gate::Carbon>(&signal.value);
  if (known == nullptr) return;
  const auto none = [&](std::string why) {
    signal.details.push_back({"forecast", std::move(why)});
  };
  if (!forecast) return none(forecast.error().error.text());
  const auto window = carbon::best_window(forecast->steps, job);
  if (!window) return none(window.error().text());
  const auto percent = window->saving_percent();
  if (!percent) return none("it does not say what waiting would save");
  known->window =
      gate::Window{.start = window->start, .mean = window->mean(), .saving_percent = *percent};
  none(cat("best at ", human_time(window->start), ", until ", human_time(window->covered_until),
           window->short_horizon ? ", shorter than asked for" : "",
           window->gaps ? ", with gaps" : ""));
  signal.raw.set("window", carbon::as_json(*window, carbon::advise(*window), *forecast, job));
}

gate::Signal not_asked(std::string_view id, std::string_view source, const Error& error) {
  gate::Signal signal{.id = std::string(id), .value = gate::Unknown::not_configured};
  signal.text = error.text();
  signal.source = source;
  return signal;
}

}  // namespace sluice::sources
