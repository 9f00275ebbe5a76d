// SPDX-License-Identifier: Apache-2.0
// One piece of evidence, in a form that does not depend on who gathered it: the risk of a change,
// the health of a service, the carbon intensity of a grid; or that it could not be learned, and
// why.
//
// As JSON it is sluice.signal/v1 (docs/schema/signal.v1.json): the form in stored decisions, and in
// files with evidence that was gathered elsewhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "policy/policy.h"

namespace sluice::gate {

enum class Unknown : std::uint8_t {
  unreachable,      // no answer from the source
  no_data,          // an answer with nothing in it
  stale,            // older than the policy takes
  malformed,        // an answer that cannot be understood, or is of another kind than its signal
  not_configured,   // nobody was asked
  assumed,          // a default, not a measurement
  caller_asserted,  // only the caller says so, and the policy does not take that
  missing,          // counted by the policy, and not there at all
  from_future       // observed later than now: a clock is wrong
};
std::string_view name(Unknown reason);  // "no-data"
std::optional<Unknown> unknown_named(std::string_view word);
std::string_view sentence(Unknown reason);  // for people: "the source did not answer"

enum class Health : std::uint8_t { healthy, warning, incident };
std::string_view name(Health health);
std::optional<Health> health_named(std::string_view word);

struct Window {
  Time start{};
  double mean = 0;            // g/kWh over the window
  double saving_percent = 0;  // against starting now
};
struct Carbon {
  double grams = 0;              // g/kWh now
  std::optional<Window> window;  // the best one ahead, where a forecast is known
};

struct Detail {
  std::string label;
  std::string text;
  bool operator==(const Detail&) const = default;
};

// Texts are foreign: they are made safe where they are shown, never here.
struct Signal {
  std::string id;  // "risk", "health", "carbon"
  std::variant<Unknown, policy::Level, Health, Carbon> value = Unknown::missing;
  std::string text = {};    // for people: "2 k8s files, 1 migration"
  std::string source = {};  // where it came from
  std::optional<Time> observed_at = {};
  bool asserted = false;  // the caller's own word, not gathered by the gate
  std::vector<Detail> details = {};
  json::Value raw = {};  // what the source said, for whoever looks later
};

inline constexpr std::size_t kMaxSignals = 64;
inline constexpr std::size_t kMaxSignalFile = 1U << 20;
inline constexpr double kMaxIntensity = 100'000;  // g/kWh; beyond it the unit is wrong

// Is the value of the signal's own kind, and are its numbers numbers within bounds?
bool makes_sense(const Signal& signal);

json::Value to_json(const Signal& signal);
// Strict: unknown members, another kind, a level of another signal are Errc::malformed.
[[nodiscard]] Result<Signal> signal_from(const json::Value& value);
[[nodiscard]] Result<Signal> parse_signal(std::string_view text);

}  // namespace sluice::gate
