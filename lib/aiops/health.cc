// SPDX-License-Identifier: Apache-2.0
#include "aiops/health.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace sluice::aiops {

namespace {

// At most two digits behind the point and about three that count: 4.1, 310, 0.03, 1.2e-06.
std::string short_number(double value) {
  std::array<char, 64> text{};
  const double size = std::abs(value);
  const auto put = [&](std::chars_format form, int digits) {
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, form, digits).ptr;
    return std::string(text.data(), end);
  };
  if (size != 0 && (size < 0.01 || size >= 1e7)) return put(std::chars_format::general, 2);
  std::string out = put(std::chars_format::fixed, size >= 10 ? 0 : size >= 1 ? 1 : 2);
  if (out.find('.') != std::string::npos) {
    out.erase(out.find_last_not_of('0') + 1);
    if (out.back() == '.') out.pop_back();
  }
  return out == "-0" ? "0" : out;
}

std::string human_size(double value) {
  constexpr std::array<std::string_view, 5> kUnits = {" B", " KiB", " MiB", " GiB", " TiB"};
  std::size_t unit = 0;
  while (std::abs(value) >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return cat(short_number(value), kUnits[unit]);
}

std::string enumeration(const std::vector<std::string>& items) {
  if (items.size() < 2) return items.empty() ? "" : items.front();
  const std::vector<std::string> first(items.begin(), items.end() - 1);
  return cat(join(first, ", "), " and ", items.back());
}

// "cpu: stale, memory: no data", or of many signals "4 of 5 signals are not known: unreachable".
std::string why_open(const std::vector<const SignalHealth*>& undecided, std::size_t all) {
  std::vector<std::string> each;
  std::vector<std::string> states;
  for (const SignalHealth* signal : undecided) {
    each.push_back(cat(printable(signal->title, 60), ": ", words(signal->state)));
    const std::string state(words(signal->state));
    if (std::ranges::find(states, state) == states.end()) states.push_back(state);
  }
  if (each.size() <= 2) return join(each, ", ");
  return cat(each.size(), " of ", all, " signals are not known: ", join(states, ", "));
}

std::string sigma_words(const Judgement& judgement) {
  if (!judgement.sigma) return "never varied before";
  const auto tenths =
      static_cast<std::int64_t>(std::lround(std::min(std::abs(*judgement.sigma), 1e6) * 10));
  return tenths >= 100 ? cat(tenths / 10, " sigma") : cat(tenths / 10, ".", tenths % 10, " sigma");
}

}  // namespace

std::string_view name(State state) {
  constexpr std::array<std::string_view, 11> kNames = {
      "normal",       "anomalous", "no-data",   "too-short", "stale",    "unreachable",
      "unauthorised", "rejected",  "ambiguous", "malformed", "too-large"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view words(State state) {
  switch (state) {
    case State::no_data:
      return "no data";
    case State::too_short:
      return "too short";
    case State::too_large:
      return "too large";
    default:
      return name(state);
  }
}

std::string_view name(Unit unit) {
  constexpr std::array<std::string_view, 6> kNames = {"count",   "ratio", "per-second",
                                                      "seconds", "bytes", "cores"};
  return kNames[static_cast<std::size_t>(unit)];
}

std::string_view name(Health health) {
  constexpr std::array<std::string_view, 4> kNames = {"healthy", "warning", "incident", "unknown"};
  return kNames[static_cast<std::size_t>(health)];
}

std::string human_value(double value, Unit unit) {
  switch (unit) {
    case Unit::ratio:
      return cat(short_number(value * 100), " %");
    case Unit::per_second:
      return cat(short_number(value), "/s");
    case Unit::seconds:
      if (value != 0 && std::abs(value) < 1) return cat(short_number(value * 1000), " ms");
      return cat(short_number(value), " s");
    case Unit::bytes:
      return human_size(value);
    case Unit::cores:
      return cat(short_number(value), " cores");
    case Unit::count:
      break;
  }
  return short_number(value);
}

void conclude(HealthReport& report) {
  std::vector<Time> since;
  std::size_t undecided = 0;
  for (const SignalHealth& signal : report.signals) {
    if (signal.state == State::anomalous) {
      since.push_back(signal.judgement ? signal.judgement->since.value_or(report.at) : report.at);
    } else if (!decided(signal.state)) {
      ++undecided;
    }
  }
  const std::size_t converge = std::max<std::size_t>(report.converge, 1);
  report.since.reset();
  if (since.size() >= converge) {
    report.health = Health::incident;
    std::ranges::sort(since);
    report.since = since[converge - 1];
  } else if (since.size() + undecided >= converge) {
    report.health = Health::unknown;
  } else {
    report.health = since.size() + undecided > 0 ? Health::warning : Health::healthy;
  }
  if (report.signals.empty()) report.health = Health::unknown;
}

std::string reason(const HealthReport& report) {
  std::vector<std::string> anomalous;
  std::vector<const SignalHealth*> undecided;
  for (const SignalHealth& signal : report.signals) {
    if (signal.state == State::anomalous) anomalous.push_back(printable(signal.title, 60));
    if (!decided(signal.state)) undecided.push_back(&signal);
  }
  const std::string open = why_open(undecided, report.signals.size());
  const std::string bad = enumeration(anomalous);
  switch (report.health) {
    case Health::healthy:
      return cat("all ", report.signals.size(), " signals are as expected");
    case Health::incident:
      if (!report.since) return bad.empty() ? "the engine says so" : bad;
      return cat(bad, anomalous.size() == 2 ? ", both since " : ", together since ",
                 human_time(*report.since));
    case Health::warning:
      if (bad.empty()) return cat("not everything is known; ", open);
      return cat(bad, anomalous.size() == 1 ? " alone" : "", open.empty() ? "" : "; ", open);
    case Health::unknown:
      break;
  }
  if (open.empty()) return "nothing could be judged";
  return cat(bad, bad.empty() ? "" : "; ", open);
}

std::string described(const SignalHealth& signal) {
  if (!decided(signal.state) || !signal.judgement) return printable(signal.detail, 300);
  const Judgement& judgement = *signal.judgement;
  if (signal.name == "alerts") return human_value(judgement.value, signal.unit);
  const bool mark = signal.state == State::anomalous;
  return cat(human_value(judgement.value, signal.unit), " (",
             human_value(judgement.expected, signal.unit), " expected",
             mark ? cat(", ", sigma_words(judgement)) : "", ")");
}

}  // namespace sluice::aiops
