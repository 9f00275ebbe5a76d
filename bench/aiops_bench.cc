// SPDX-License-Identifier: Apache-2.0
// Marks the outliers of 10 million points (rolling mean and 3 sigma over 30), and the same by
// running sums over the whole series, which lose digits. Prints JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "aiops/detect.h"

namespace {

using namespace sluice;

std::vector<double> noise(std::size_t count) {
  std::vector<double> out(count);
  std::uint64_t state = 42;
  for (double& value : out) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      sum += static_cast<double>(state >> 11) * 0x1p-53;
    }
    value = sum;
  }
  return out;
}

std::size_t running_sums(const std::vector<double>& values) {
  constexpr std::size_t kWindow = 30;
  constexpr double kN = 30;
  double sum = 0;
  double squares = 0;
  std::size_t marked = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += values[i];
    squares += values[i] * values[i];
    if (i + 1 < kWindow) continue;
    const double off = values[i] - sum / kN;
    marked += off * off > 9 * (squares - sum * sum / kN) / (kN - 1) ? 1 : 0;
    const double left = values[i + 1 - kWindow];
    sum -= left;
    squares -= left * left;
  }
  return marked;
}

void measure(const char* name, const std::function<std::size_t()>& run, int rounds, bool last) {
  std::vector<double> seconds;
  std::size_t marked = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    marked = run();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    seconds.push_back(took.count());
  }
  std::ranges::sort(seconds);
  std::printf(
      "  {\"case\": \"%s\", \"n\": %d, \"median_s\": %.4f, \"min_s\": %.4f, \"marked\": %zu}%s\n",
      name, rounds, seconds[seconds.size() / 2], seconds.front(), marked, last ? "" : ",");
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 11;
  const std::vector<double> values = noise(10'000'000);
  std::printf("[\n");
  measure(
      "flag_outliers",
      [&] {
        const auto flags = aiops::flag_outliers(values, {});
        return static_cast<std::size_t>(std::ranges::count(flags, 1));
      },
      rounds, false);
  measure("running sums", [&] { return running_sums(values); }, rounds, true);
  std::printf("]\n");
}
