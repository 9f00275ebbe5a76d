// SPDX-License-Identifier: Apache-2.0
#include "carbon/window.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice::carbon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time kStart = std::chrono::sys_days(std::chrono::year(2030) / 1 / 15) + hours(9);

std::vector<Step> hourly(const std::vector<int>& grams) {
  std::vector<Step> steps;
  for (const int g : grams) {
    const Time from = kStart + hours(steps.size());
    steps.push_back({from, from + hours(1), Intensity::whole(g)});
  }
  return steps;
}

// What a window costs, second by second of each step: slow, and nothing to get wrong.
std::optional<std::int64_t> cost(const std::vector<Step>& steps, Time start, seconds length) {
  std::int64_t sum = 0;
  seconds covered{0};
  for (const auto& step : steps) {
    const Time from = std::max(step.from, start);
    const Time to = std::min(step.to, start + length);
    if (to <= from) continue;
    covered += to - from;
    sum += (to - from).count() * step.intensity.milligrams();
  }
  if (covered != length) return std::nullopt;
  return sum;
}

struct Series {
  std::vector<Step> steps;
  Job job;
};

Series random_series(std::mt19937& dice) {
  const auto pick = [&](int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(dice);
  };
  Series out;
  constexpr std::array kLengths = {5, 15, 30, 60};
  const minutes length(kLengths[static_cast<std::size_t>(pick(0, 3))]);
  Time at = kStart - minutes(pick(0, 90));
  for (int n = pick(1, 60); n > 0; --n) {
    if (pick(0, 19) == 0) at += length;  // a hole
    out.steps.push_back({at, at + length, Intensity::whole(pick(0, 20) * 30)});
    at += length;
  }
  out.job.now = kStart + minutes(pick(0, 20));
  out.job.length = minutes(pick(1, 200));
  out.job.finish_by = out.job.now + out.job.length + minutes(pick(0, 1200));
  return out;
}

TEST(Window, IsTheBestOfEveryMinuteInAThousandSeries) {
  std::mt19937 dice(20300115);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same series each time
  int found = 0;
  for (int round = 0; round < 1'000; ++round) {
    const Series series = random_series(dice);
    std::optional<std::pair<std::int64_t, Time>> best;
    // All times are whole minutes, so the optimum is one, too.
    for (Time s = series.job.now; s + series.job.length <= series.job.finish_by; s += minutes(1)) {
      const auto sum = cost(series.steps, s, series.job.length);
      if (sum && (!best || *sum < best->first)) best = {*sum, s};
    }
    const auto window = best_window(series.steps, series.job);
    ASSERT_EQ(window.has_value(), best.has_value()) << round;
    if (!window) {
      EXPECT_EQ(window.error().code, Errc::not_found);
      continue;
    }
    ++found;
    ASSERT_EQ(window->sum, best->first) << round;
    ASSERT_EQ(window->start, best->second) << round;
    ASSERT_EQ(window->sum_now, cost(series.steps, series.job.now, series.job.length)) << round;
  }
  EXPECT_GT(found, 700);
  EXPECT_LT(found, 1'000);  // those without any window are there, too
}

TEST(Window, BeginsInTheMiddleOfAStepWhereThatIsBest) {
  // 90 minutes fit best around the two cheap hours' outer edge: 30 min at 300 are dearer after.
  const auto window =
      best_window(hourly({500, 300, 100, 400, 500}), {kStart, minutes(90), kStart + hours(5)});
  ASSERT_TRUE(window);
  EXPECT_EQ(window->start, kStart + minutes(90));
  EXPECT_DOUBLE_EQ(window->mean(), (300 * 0.5 + 100) / 1.5);
  EXPECT_DOUBLE_EQ(window->mean_now().value(), (500 + 300 * 0.5) / 1.5);
}

TEST(Window, OfEqualOnesTheEarliest) {
  const auto window =
      best_window(hourly({300, 200, 300, 200}), {kStart, minutes(30), kStart + hours(4)});
  ASSERT_TRUE(window);
  EXPECT_EQ(window->start, kStart + hours(1));
}

TEST(Window, TheDeadlineIsForTheEnd) {
  const auto steps = hourly({300, 200, 100});
  EXPECT_EQ(best_window(steps, {kStart, hours(1), kStart + hours(3)})->start, kStart + hours(2));
  const auto earlier = best_window(steps, {kStart, hours(1), kStart + hours(3) - seconds(1)});
  EXPECT_EQ(earlier->start, kStart + hours(2) - seconds(1));
  EXPECT_EQ(best_window(steps, {kStart, hours(1), kStart + hours(1)})->start, kStart);
  EXPECT_EQ(best_window(steps, {kStart, hours(1), kStart + hours(1) - seconds(1)}).error().code,
            Errc::usage);
  EXPECT_EQ(best_window(steps, {kStart, seconds(0), kStart + hours(1)}).error().code, Errc::usage);
}

TEST(Window, SaysWhereTheForecastEnds) {
  const auto steps = hourly({300, 200});
  const auto whole = best_window(steps, {kStart, hours(1), kStart + hours(2)});
  EXPECT_FALSE(whole->short_horizon);
  const auto cut = best_window(steps, {kStart, hours(1), kStart + hours(2) + seconds(1)});
  EXPECT_TRUE(cut->short_horizon);
  EXPECT_EQ(cut->covered_until, kStart + hours(2));
  EXPECT_EQ(cut->start, kStart + hours(1));
  EXPECT_EQ(best_window(steps, {kStart, hours(3), kStart + hours(9)}).error().code,
            Errc::not_found);
}

TEST(Window, NeverSpansAHole) {
  auto steps = hourly({300, 100, 100, 300});
  EXPECT_FALSE(best_window(steps, {kStart, hours(2), kStart + hours(4)})->gaps);
  steps[2].from += seconds(1);
  const auto window = best_window(steps, {kStart, hours(2), kStart + hours(4)});
  ASSERT_TRUE(window);
  EXPECT_TRUE(window->gaps);
  EXPECT_EQ(window->start, kStart);
  EXPECT_EQ(window->mean(), 200);
}

TEST(Window, WithoutAForecastForNowNothingIsSaidAboutSaving) {
  auto steps = hourly({500, 500, 100});
  steps[0].from += seconds(1);
  const auto window = best_window(steps, {kStart, hours(1), kStart + hours(3)});
  ASSERT_TRUE(window);
  EXPECT_TRUE(window->gaps);
  EXPECT_EQ(window->sum_now, std::nullopt);
  EXPECT_EQ(window->saving(), std::nullopt);
  EXPECT_EQ(advise(*window).reason, Reason::now_not_known);
  EXPECT_FALSE(advise(*window).wait);
}

Advice advice_for(std::int64_t now_milligrams, std::int64_t best_milligrams,
                  Patience patience = {}) {
  Window window{.start = kStart, .length = seconds(60)};
  window.sum_now = now_milligrams * 60;
  window.sum = best_milligrams * 60;
  return advise(window, patience);
}

TEST(Advice, WaitsForTenPercentAndNotForLess) {
  EXPECT_EQ(advice_for(300'000, 270'000).reason, Reason::saves_enough);
  EXPECT_TRUE(advice_for(300'000, 270'000).wait);
  EXPECT_EQ(advice_for(300'000, 270'001).reason, Reason::saves_little);
  EXPECT_FALSE(advice_for(300'000, 270'001).wait);
}

TEST(Advice, WaitsForTheGramsThatWereAskedForAndNotForLess) {
  const Patience patience{.least = Intensity::whole(50)};
  EXPECT_TRUE(advice_for(300'000, 250'000, patience).wait);
  EXPECT_EQ(advice_for(300'000, 250'001, patience).reason, Reason::saves_little);
}

TEST(Advice, DoesNotWaitWhereNowIsLow) {
  EXPECT_EQ(advice_for(199'999, 1).reason, Reason::low);
  EXPECT_FALSE(advice_for(199'999, 1).wait);
  EXPECT_TRUE(advice_for(200'000, 1).wait);
}

TEST(Advice, DoesNotWaitForTheSame) {
  EXPECT_EQ(advice_for(300'000, 300'000).reason, Reason::best_is_now);
  EXPECT_FALSE(advice_for(300'000, 300'000, {.percent = 0}).wait);
  EXPECT_TRUE(advice_for(300'000, 299'999, {.percent = 0}).wait);
}

}  // namespace
}  // namespace sluice::carbon
