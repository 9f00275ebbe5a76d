// SPDX-License-Identifier: Apache-2.0
#include "carbon/intensity.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"

namespace sluice::carbon {

namespace {

constexpr std::array<std::pair<Level, std::string_view>, 4> kLevels = {
    {{Level::low, "low"},
     {Level::medium, "medium"},
     {Level::high, "high"},
     {Level::very_high, "very-high"}}};

constexpr std::array<std::pair<Signal, std::string_view>, 2> kSignals = {
    {{Signal::average_lifecycle, "average-lifecycle"},
     {Signal::average_combustion, "average-combustion"}}};

bool fits_zone(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

Trouble trouble_of(Errc code) {
  return code == Errc::network || code == Errc::timeout ? Trouble::unreachable : Trouble::malformed;
}

std::unexpected<Failure> untrue(const Zone& zone, std::string_view what) {
  return fail_as(Trouble::malformed, cat("the forecast for ", zone.str(), " cannot be: ", what));
}

}  // namespace

Result<Zone> parse_zone(std::string_view text) {
  if (text.size() < 2 || text.size() > 32 || !std::ranges::all_of(text, fits_zone)) {
    return fail(Error{Errc::usage, cat("not a grid zone: \"", printable(text, 60), "\"")}.advise(
        "zones look like DE, US-CAL-CISO or GB-RG10"));
  }
  std::string zone(text);
  for (char& c : zone) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return Zone(std::move(zone));
}

std::optional<Intensity> Intensity::of(double grams) {
  if (!(grams >= 0 && grams <= 5000)) return std::nullopt;  // NaN is neither
  return Intensity(std::llround(grams * 1000));
}

Level level_of(Intensity intensity) {
  if (intensity < Intensity::whole(200)) return Level::low;
  if (intensity < Intensity::whole(300)) return Level::medium;
  return intensity < Intensity::whole(400) ? Level::high : Level::very_high;
}

std::string_view name(Level level) { return kLevels[static_cast<std::size_t>(level)].second; }

std::optional<Level> level_named(std::string_view word) {
  for (const auto& [level, text] : kLevels) {
    if (text == word) return level;
  }
  return std::nullopt;
}

std::string_view name(Signal signal) { return kSignals[static_cast<std::size_t>(signal)].second; }

std::optional<Signal> signal_named(std::string_view word) {
  for (const auto& [signal, text] : kSignals) {
    if (text == word) return signal;
  }
  return std::nullopt;
}

std::string_view name(Trouble trouble) {
  constexpr std::array<std::string_view, 8> kNames = {
      "not-configured", "unknown-zone", "unauthorised", "limited",
      "unreachable",    "no-value",     "wrong-zone",   "malformed"};
  return kNames[static_cast<std::size_t>(trouble)];
}

Failure::Failure(Error what) : trouble(trouble_of(what.code)), error(std::move(what)) {}

std::unexpected<Failure> fail_as(Trouble trouble, std::string what, std::string hint) {
  constexpr std::array<Errc, 8> kCodes = {Errc::not_found, Errc::not_found, Errc::denied,
                                          Errc::denied,    Errc::network,   Errc::not_found,
                                          Errc::malformed, Errc::malformed};
  Error error{kCodes[static_cast<std::size_t>(trouble)], std::move(what), {}, std::move(hint)};
  return std::unexpected(Failure(trouble, std::move(error)));
}

Answer<Reading> check_reading(Reading reading, Time now) {
  if (reading.at > now + kAhead) {
    return fail_as(Trouble::malformed, cat("the newest value for ", reading.zone.str(), " is of ",
                                           human_time(reading.at), ", which is yet to come"));
  }
  if (now - reading.at > kUseful) {
    return fail_as(Trouble::no_value, cat("the newest value for ", reading.zone.str(), " is of ",
                                          human_time(reading.at), ", more than a day ago"));
  }
  reading.stale = now - reading.at > kFresh;
  return reading;
}

Answer<Forecast> check_forecast(Forecast forecast, Time now) {
  const auto& steps = forecast.steps;
  if (steps.empty()) {
    return fail_as(Trouble::no_value, cat("the forecast for ", forecast.zone.str(), " is empty"));
  }
  if (steps.size() > kMaxSteps) {
    return untrue(forecast.zone, cat(steps.size(), " steps, more than ", kMaxSteps));
  }
  if (steps.front().from < now - std::chrono::hours(48) || steps.back().to > now + kHorizon) {
    return untrue(forecast.zone, cat("it is about ", human_time(steps.front().from), " to ",
                                     human_time(steps.back().to)));
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].to <= steps[i].from) {
      return untrue(forecast.zone, cat("an empty step at ", human_time(steps[i].from)));
    }
    if (i > 0 && steps[i].from < steps[i - 1].to) {
      return untrue(forecast.zone, cat("its steps overlap at ", human_time(steps[i].from)));
    }
  }
  return forecast;
}

Reading observe(Provider* provider, const Zone& zone, Time now) {
  Answer<Reading> answer =
      provider != nullptr
          ? provider->latest(zone, now)
          : fail_as(Trouble::not_configured, "no provider is configured",
                    "set SLUICE_ELECTRICITYMAPS_TOKEN, or give --provider uk or --table FILE");
  if (answer) return *std::move(answer);
  Reading assumed{.zone = zone, .at = now, .assumed = true};
  if (provider != nullptr) {
    assumed.provider = provider->name();
    assumed.source = provider->source();
  }
  assumed.why = answer.error().error.text();
  assumed.trouble = answer.error().trouble;
  assumed.hint = answer.error().error.hint;
  return assumed;
}

}  // namespace sluice::carbon
