// SPDX-License-Identifier: Apache-2.0
// The best time for a job before a deadline, and whether it is worth the wait.
//
// The forecast is a step function, so the mean over a window is piecewise linear in its start, and
// the best start is exactly one of: the earliest, the latest, the beginning of a step, or a job's
// length before the end of one. All of them are looked at, in time linear in the steps.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string_view>

#include "carbon/intensity.h"

namespace sluice::carbon {

struct Job {
  Time now;                     // it starts no earlier
  std::chrono::seconds length;  // all of it: for a rollout its steps and the time between them
  Time finish_by;               // it ends no later
};

inline constexpr std::chrono::seconds kLongestJob = std::chrono::hours(24 * 14);

// What a window costs: milligrams for each kW that runs through it, an exact sum.
struct Window {
  Time start;
  std::chrono::seconds length{};
  std::int64_t sum = 0;                      // milligram seconds for each kWh
  std::optional<std::int64_t> sum_now = {};  // the same, if it started now; none: not covered
  Time covered_until{};                      // the end of the forecast
  bool short_horizon = false;  // that is before finish_by: what follows was not looked at
  bool gaps = false;           // there are holes before that; no window spans one

  double mean() const;  // grams per kWh
  std::optional<double> mean_now() const;
  std::optional<double> saving() const;          // grams per kWh
  std::optional<double> saving_percent() const;  // none also where now is free of carbon
};

// The cheapest window; of equal ones the earliest. The steps are those of a checked forecast.
// Errc::usage: the job does not fit before its deadline. Errc::not_found: the forecast covers no
// time that is long enough.
[[nodiscard]] Result<Window> best_window(std::span<const Step> steps, const Job& job);

// When waiting is worth it: not while the grid is clean, and only where it saves enough.
struct Patience {
  Intensity low = Intensity::whole(200);  // below this, now is good
  int percent = 10;                       // saves at least this much of what now costs ...
  Intensity least = {};                   // ... and at least this much for each kWh
};

enum class Reason : std::uint8_t {
  low,            // clean enough now
  best_is_now,    // nothing better before the deadline
  saves_little,   // something better, but not by enough
  now_not_known,  // the forecast does not cover now: nothing says what waiting saves
  saves_enough    // wait
};
std::string_view name(Reason reason);  // "low", "best-is-now", ...

struct Advice {
  bool wait = false;
  Reason reason = Reason::best_is_now;
};
Advice advise(const Window& window, const Patience& patience = {});

}  // namespace sluice::carbon
