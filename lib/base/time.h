// SPDX-License-Identifier: Apache-2.0
// Points in time, in UTC and whole seconds, and the clock that tells them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

using Time = std::chrono::sys_seconds;

// RFC 3339 as signed metadata uses it: "2026-11-20T14:02:11Z". Offsets and fractions of a second
// are accepted and folded in (fractions cut off); leap seconds, two-digit years and blanks are not.
[[nodiscard]] Result<Time> parse_rfc3339(std::string_view text);
std::string rfc3339(Time time);                           // 2026-11-20T14:02:11Z
std::string human_time(Time time);                        // 2026-11-20 14:02:11Z
std::string human_duration(std::chrono::seconds length);  // "2 h 5 min"

// The one source of time. Commands read now() once and pass the value down.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  // For budgets and back-off: never goes back, has no relation to the calendar.
  virtual std::chrono::steady_clock::time_point ticks() const = 0;
  virtual void sleep(std::chrono::milliseconds length) = 0;
};

Clock& system_clock();

}  // namespace sluice
