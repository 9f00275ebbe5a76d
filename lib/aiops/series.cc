// SPDX-License-Identifier: Apache-2.0
#include "aiops/series.h"

#include <algorithm>
#include <cmath>

namespace sluice::aiops {

std::size_t Grid::points() const {
  if (end < begin || step.count() <= 0) return 0;
  return static_cast<std::size_t>((end - begin) / step) + 1;
}

std::vector<Grid> split(const Grid& grid, std::size_t most) {
  std::vector<Grid> parts;
  std::size_t left = grid.points();
  Time begin = grid.begin;
  while (left > 0 && most > 0) {
    const std::size_t count = std::min(left, most);
    const Time end = begin + grid.step * static_cast<std::int64_t>(count - 1);
    parts.push_back({begin, end, grid.step});
    begin = end + grid.step;
    left -= count;
  }
  return parts;
}

namespace {
// A NaN compares as false.
bool usable(double value) { return std::abs(value) <= kLargest; }
}  // namespace

Series usable_only(const Series& series) {
  Series out;
  out.times.reserve(series.size());
  out.values.reserve(series.size());
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (usable(series.values[i])) out.add(series.times[i], series.values[i]);
  }
  return out;
}

Quality quality_of(const Series& series, const Grid& asked) {
  Quality out;
  const std::size_t due = asked.points();
  out.absent = due > series.size() ? due - series.size() : 0;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const double value = series.values[i];
    if (!usable(value)) ++out.unusable;
    if (i > 0 && usable(value) && value == series.values[i - 1]) ++out.repeated;
  }
  return out;
}

}  // namespace sluice::aiops
