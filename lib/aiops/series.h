// SPDX-License-Identifier: Apache-2.0
// A metric over time, and the grid of times that it was asked for.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "base/time.h"

namespace sluice::aiops {

// Points at begin, begin + step, ... up to end at the latest, both ends included.
struct Grid {
  Time begin{};
  Time end{};
  std::chrono::seconds step{60};

  std::size_t points() const;  // 0 where end lies before begin
  bool operator==(const Grid&) const = default;
};

// The same points in parts of at most `most` each, in their order; no point is in two parts.
std::vector<Grid> split(const Grid& grid, std::size_t most);

// Times ascend and never repeat; a value may be NaN or infinite. A point that the source did not
// have is absent: there is no marker for it.
struct Series {
  std::vector<Time> times = {};
  std::vector<double> values = {};

  std::size_t size() const { return times.size(); }
  bool empty() const { return times.empty(); }
  void add(Time time, double value) {
    times.push_back(time);
    values.push_back(value);
  }
};

// Beyond this a square is no double any more; no metric is that large.
inline constexpr double kLargest = 1e150;

// Without the points that are NaN, infinite or beyond kLargest.
Series usable_only(const Series& series);

// What a series lacks. Prometheus repeats the last sample for five minutes and then has no point at
// all, so both are counted.
struct Quality {
  std::size_t absent = 0;    // points of the grid that are not there
  std::size_t unusable = 0;  // NaN, infinite or beyond kLargest
  std::size_t repeated = 0;  // the same usable value as the point before
};
Quality quality_of(const Series& series, const Grid& asked);

}  // namespace sluice::aiops
