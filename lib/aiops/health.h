// SPDX-License-Identifier: Apache-2.0
// How a service is, as its metrics tell: the answer of a check, and of an external engine.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiops/detect.h"
#include "base/time.h"
#include "json/value.h"

namespace sluice::aiops {

// Of one signal. The first two are judgements; each of the others says why there is none.
enum class State : std::uint8_t {
  normal,
  anomalous,
  no_data,       // the source has nothing that fits the query
  too_short,     // fewer points than the window
  stale,         // the newest point is too old to speak for now
  unreachable,   // no answer, one that says "not now", or one that warns of parts that are missing
  unauthorised,  // 401, 403
  rejected,      // the source does not take the query
  ambiguous,     // several series where one is due: the profile's query is not precise enough
  malformed,     // an answer that is none, or that lies about times
  too_large      // an answer beyond the limits
};
std::string_view name(State state);   // "no-data"
std::string_view words(State state);  // "no data"
inline bool decided(State state) { return state == State::normal || state == State::anomalous; }

enum class Unit : std::uint8_t { count, ratio, per_second, seconds, bytes, cores };
std::string_view name(Unit unit);
std::string human_value(double value, Unit unit);  // "4.1 %", "2.9 s", "310/s", "1.4 GiB"

struct SignalHealth {
  std::string name;   // "error_rate"
  std::string title;  // "error rate"
  Unit unit = Unit::count;
  Direction direction = Direction::up;
  std::string query = {};
  State state = State::no_data;
  std::optional<Judgement> judgement = {};  // where the state is decided, and where it is stale
  std::size_t points = 0;
  Quality quality = {};
  std::string detail = {};  // why it is not decided; foreign text is made printable
  std::vector<std::string> warnings = {};
};

struct Alert {
  std::string name;
  std::string severity = {};
  std::string summary = {};
  std::optional<Time> since = {};
};

enum class Health : std::uint8_t { healthy, warning, incident, unknown };
std::string_view name(Health health);

struct HealthReport {
  std::string service;
  Time at{};  // what the report is about: up to here
  Health health = Health::unknown;
  std::optional<Time> since = {};  // incident: when enough signals were anomalous together
  std::size_t converge = 2;
  std::string source;  // whom we asked, without credentials
  std::vector<SignalHealth> signals = {};
  std::vector<Alert> alerts = {};
};

// incident: at least `converge` signals are anomalous at the same time.
// unknown: not so, but it would be if all undecided signals were anomalous.
// warning: one anomalous or undecided signal, which cannot be an incident alone.
// Sets health and since.
void conclude(HealthReport& report);

// One line that says why: "error rate and p95 latency, both since 2026-11-20 15:52:00Z".
std::string reason(const HealthReport& report);

// "4.1 % (0.3 % expected, 12 sigma)"; where the state is not decided, why, if that is known.
std::string described(const SignalHealth& signal);

// docs/schema/health.v1.json. What from_json accepts is exactly what to_json writes: unknown
// members, missing ones and a health that its signals contradict are Errc::malformed.
json::Value to_json(const HealthReport& report);
[[nodiscard]] Result<HealthReport> health_from_json(const json::Value& value);

}  // namespace sluice::aiops
