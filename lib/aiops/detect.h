// SPDX-License-Identifier: Apache-2.0
// When is a value unusual? Rolling mean and 3 sigma over the last 30 points.
//
// Two questions, two functions:
//   flag_outliers  which points does the plain rule mark? All of a series, quickly.
//   judge          is the latest point anomalous, and since when?
//
// The plain rule marks a point whose distance from the mean of its window is more than `sigmas`
// sample deviations; the window is that point and the window - 1 before it. The first window - 1
// points are never marked, nor is one whose window holds a NaN or an infinity. A window without any
// spread marks nothing.
//
// Known limits of the plain rule. The point under judgement is inside its own window, which caps
// its distance at (n - 1) / sqrt(n) deviations: 5.3 for 30. For the same reason a level that jumps
// and stays is marked at its first two points only, and after a long constant stretch any change is
// marked, however small. It knows no daily rhythm. Pass a window below 11 and nothing can exceed 3.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "aiops/series.h"

namespace sluice::aiops {

// Which way is bad. More errors, latency, memory or processor time are; fewer are not an incident.
// Of the request rate both are: a surge, and users who cannot get in.
enum class Direction : std::uint8_t { up, down, both };

struct Rule {
  std::size_t window = 30;  // at least 3
  double sigmas = 3;
  Direction direction = Direction::both;
  // An anomaly that lasts longer than this is the new normal.
  std::chrono::seconds hold = std::chrono::hours(24);
};

// 1 for each marked point. Makes one pass and needs no sums over more than two windows, so that
// neither large values nor long series cost digits.
std::vector<std::uint8_t> flag_outliers(std::span<const double> values, const Rule& rule);

struct Judgement {
  bool anomalous = false;
  Time at{};  // of the latest usable point
  double value = 0;
  // Normal: mean of the window and distance from it, as the plain rule has them. Anomalous: of the
  // window before the anomaly began, so that the distance has no cap.
  double expected = 0;
  std::optional<double> sigma = {};  // signed; none where the expected values never varied
  std::optional<Time> since = {};    // anomalous: its first point
};

// The plain rule opens an anomaly at the point that it marks. From there on the window before that
// point is the baseline. Later points are anomalous where they lie more than `sigmas` deviations
// beyond the baseline, and either the plain rule marks them as well or they are beyond what the
// series knew before (above its 99th percentile, below its first): a morning's rise is marked once
// or twice and then belongs to the day. The baseline stays until `window` points in a row were
// normal, since a window that holds an outlier hides the next one.
//
// Unusable points are left out first. Nothing where fewer than `window` are left.
//
// Known limit: the window is a number of points, not a time. After a gap it reaches across it.
std::optional<Judgement> judge(const Series& series, const Rule& rule);

}  // namespace sluice::aiops
