// SPDX-License-Identifier: Apache-2.0
// The search for the best window, for forecasts of several lengths, against trying every start on
// the forecast's own grid. Prints JSON, in microseconds: the median of many runs.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "carbon/window.h"

namespace {

using namespace sluice;
using namespace sluice::carbon;
using std::chrono::minutes;

constexpr Time kNow =
    std::chrono::sys_days(std::chrono::year(2030) / 1 / 15) + std::chrono::hours(9);

std::vector<Step> forecast_of(int count) {
  std::vector<Step> steps;
  std::uint32_t state = 1;
  for (int i = 0; i < count; ++i) {
    state = state * 1'664'525 + 1'013'904'223;
    const auto grams = static_cast<std::int32_t>(100 + (state >> 16) % 400);
    steps.push_back({kNow + minutes(5 * i), kNow + minutes(5 * (i + 1)), Intensity::whole(grams)});
  }
  return steps;
}

// The plain way: each start at the beginning of a step, summed up step by step.
std::int64_t on_the_grid(const std::vector<Step>& steps, const Job& job) {
  std::int64_t best = INT64_MAX;
  for (const auto& first : steps) {
    if (first.from + job.length > job.finish_by) break;
    std::int64_t sum = 0;
    for (const auto& step : steps) {
      const auto from = std::max(step.from, first.from);
      const auto to = std::min(step.to, first.from + job.length);
      if (from < to) sum += (to - from).count() * step.intensity.milligrams();
    }
    best = std::min(best, sum);
  }
  return best;
}

template <class Work>
double median_microseconds(int runs, Work work) {
  std::vector<double> took;
  for (int i = 0; i < runs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::micro> length =
        std::chrono::steady_clock::now() - begin;
    took.push_back(length.count());
  }
  std::ranges::nth_element(took, took.begin() + runs / 2);
  return took[static_cast<std::size_t>(runs / 2)];
}

}  // namespace

int main() {
  std::int64_t seen = 0;  // so that no work is left out
  std::printf("{\"bench\": \"carbon window\", \"rows\": [");
  for (const int count : {96, 288, 864, 4032}) {
    const auto steps = forecast_of(count);
    const Job job{kNow, minutes(187), steps.back().to};
    const auto exact = best_window(steps, job);
    if (!exact || exact->sum > on_the_grid(steps, job)) return 1;
    const double ours = median_microseconds(20'000, [&] { seen += best_window(steps, job)->sum; });
    const double plain = median_microseconds(21, [&] { seen += on_the_grid(steps, job); });
    std::printf("%s\n  {\"steps\": %d, \"us\": %.2f, \"grid_us\": %.1f, \"ratio\": %.5f}",
                count == 96 ? "" : ",", count, ours, plain, ours / plain);
  }
  std::printf("]}\n");
  return seen == 42 ? 1 : 0;
}
