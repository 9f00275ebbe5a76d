// SPDX-License-Identifier: Apache-2.0
#include "aiops/detect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/text.h"
#include "json/text_out.h"
#include "support/program.h"

namespace sluice::aiops {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Time kStart = std::chrono::sys_days(std::chrono::year(2026) / 11 / 1);

Series every_five_minutes(const std::vector<double>& values) {
  Series out;
  for (const double value : values)
    out.add(kStart + minutes(5) * static_cast<int>(out.size()), value);
  return out;
}

// 10, 12, 14, 11, 13, again and again: over any 30 of them the mean is 12.
std::vector<double> calm(std::size_t count) {
  std::vector<double> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(10 + static_cast<double>(i * 2 % 5));
  return out;
}

std::vector<double> with(std::vector<double> values, std::initializer_list<double> more) {
  values.insert(values.end(), more);
  return values;
}

std::string flags(const std::vector<double>& values, const Rule& rule = {}) {
  std::string out;
  for (const auto flag : flag_outliers(values, rule)) out += flag == 1 ? '1' : '0';
  return out;
}

// 29 values and a 30th, 6: the mean is 0 and the sample deviation 2, exactly.
std::vector<double> exactly_three() {
  std::vector<double> out = {-4, 1, 1, -1, -1};
  out.insert(out.end(), 7, 2.0);
  out.insert(out.end(), 8, -2.0);
  out.insert(out.end(), 9, 0.0);
  return with(std::move(out), {6});
}

double noise(std::uint64_t& state) {  // about normal: the sum of twelve
  double sum = -6;
  for (int i = 0; i < 12; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    sum += static_cast<double>(state >> 11) * 0x1p-53;
  }
  return sum;
}

TEST(FlagOutliers, ExactlyThreeSigmaIsNotBeyond) {
  auto values = exactly_three();
  ASSERT_EQ(values.size(), 30U);
  EXPECT_EQ(flags(values), std::string(30, '0'));
  values.back() = std::nextafter(6.0, 7.0) + 1e-12;
  EXPECT_EQ(flags(values), std::string(29, '0') + "1");
  for (double& value : values) value = -value;
  EXPECT_EQ(flags(values), std::string(29, '0') + "1");
  EXPECT_EQ(flags(values, {.direction = Direction::down}), std::string(29, '0') + "1");
  EXPECT_EQ(flags(values, {.direction = Direction::up}), std::string(30, '0'));
}

// The same in a later window, which another piece of code judges.
TEST(FlagOutliers, ExactlyThreeSigmaAlsoFurtherOn) {
  for (const std::size_t before : {1, 29, 30, 31, 75}) {
    auto values = std::vector<double>(before, 0.0);
    const auto tail = exactly_three();
    values.insert(values.end(), tail.begin(), tail.end());
    EXPECT_EQ(flags(values).back(), '0') << before;
    values.back() = std::nextafter(6.0, 7.0) + 1e-12;
    EXPECT_EQ(flags(values).back(), '1') << before;
  }
}

// Figures of python3's statistics: the distances of a step from 0 to 1 after 30 zeros are 5.2947
// (the cap), 3.6788, 2.9496, 2.5067.
TEST(FlagOutliers, ALevelThatJumpsIsMarkedTwice) {
  EXPECT_EQ(flags(with(std::vector<double>(30, 0.0), {1, 1, 1, 1})), std::string(30, '0') + "1100");
  EXPECT_EQ(flags(with(std::vector<double>(30, 0.0), {1, 1}), {.sigmas = 5.2946}),
            std::string(30, '0') + "10");
  EXPECT_EQ(flags(with(std::vector<double>(30, 0.0), {1, 1}), {.sigmas = 5.2947}),
            std::string(32, '0'));
}

TEST(FlagOutliers, WithoutAFullWindowOrSpreadNothingIsMarked) {
  EXPECT_EQ(flags({}), "");
  EXPECT_EQ(flags(with(std::vector<double>(28, 0.0), {1})), std::string(29, '0'));
  EXPECT_EQ(flags(with(std::vector<double>(29, 0.0), {1})), std::string(29, '0') + "1");
  EXPECT_EQ(flags(std::vector<double>(200, 0.1)), std::string(200, '0'));
  auto level = std::vector<double>(60, 0.1);  // after the step, windows without any spread again
  level.insert(level.end(), 90, 0.3);
  EXPECT_EQ(flags(level).substr(62), std::string(88, '0'));
}

TEST(FlagOutliers, AWindowWithANaNMarksNothingAndTheNextOneDoes) {
  auto values = calm(60);
  values[40] = std::numeric_limits<double>::quiet_NaN();
  values[20] = std::numeric_limits<double>::infinity();
  values.push_back(30);  // 60: 20 points after the NaN
  EXPECT_EQ(flags(values), std::string(61, '0'));
  for (int i = 0; i < 40; ++i) values.push_back(12 + i % 3);
  values.push_back(60);
  EXPECT_EQ(flags(values).back(), '1');
}

// Sums over the whole series would have lost these digits.
TEST(FlagOutliers, LargeNumbersBeforeAndUnderTheSeriesCostNoDigits) {
  auto values = with(calm(95), {30});
  EXPECT_EQ(flags(values).find('1'), 95U);
  for (double& value : values) value += 1e12;
  EXPECT_EQ(flags(values).find('1'), 95U);
  values[0] = 1e18;
  values[30] = -1e18;
  values[31] = 1e18;
  EXPECT_EQ(flags(values).rfind('1'), 95U);
}

// 20,000 values of several kinds, decided again in exact fractions by another program.
TEST(FlagOutliers, AgreesWithExactArithmetic) {
  const test::TempFolder folder;
  std::uint64_t state = 7;
  std::vector<double> values;
  for (int i = 0; i < 20'000; ++i) {
    double value = noise(state);
    if (i / 4000 == 1) value = std::round(value * 2);       // ties
    if (i / 4000 == 2) value = 1e9 + value;                 // an offset
    if (i / 4000 == 3) value = std::exp(3 * value);         // heavy tails
    if (i / 4000 == 4) value = i % 97 == 0 ? value : 0.25;  // mostly constant
    values.push_back(value);
  }
  std::string text;
  for (const double value : values) text += json::ecmascript_number(value) + "\n";
  folder.write("values", text);
  const auto ran =
      test::Program("/usr/bin/env")
          .in(folder.path())(
              {"python3", "-c",
               "from fractions import Fraction as F\n"
               "v = [F(float(l)) for l in open('values')]\n"
               "out = '0' * 29\n"
               "s = sum(v[:29]); q = sum(x * x for x in v[:29])\n"
               "for i in range(29, len(v)):\n"
               "  s += v[i]; q += v[i] * v[i]\n"
               "  out += '1' if 29 * (30 * v[i] - s) ** 2 > 9 * 30 * (30 * q - s * s) else '0'\n"
               "  s -= v[i - 29]; q -= v[i - 29] * v[i - 29]\n"
               "print(out)"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const std::string ours = flags(values);
  ASSERT_EQ(ran.out.size(), ours.size() + 1);
  EXPECT_GT(std::ranges::count(ours, '1'), 100);
  std::vector<std::size_t> differ;
  for (std::size_t i = 0; i < ours.size(); ++i)
    if (ours[i] != ran.out[i]) differ.push_back(i);
  EXPECT_TRUE(differ.empty()) << differ.size() << ", the first at " << differ.front();
}

TEST(Judge, NeedsAFullWindow) {
  EXPECT_FALSE(judge(every_five_minutes(calm(29)), {}));
  EXPECT_FALSE(judge({}, {}));
  const auto calm_series = judge(every_five_minutes(calm(30)), {});
  ASSERT_TRUE(calm_series);
  EXPECT_FALSE(calm_series->anomalous);
  EXPECT_EQ(calm_series->expected, 12);
  EXPECT_NEAR(*calm_series->sigma, (13 - 12) / 1.4383899044561523, 1e-12);
  EXPECT_FALSE(calm_series->since);
}

// python3: the 29 points before have mean 12.068965517241379 (without the 10 that is first) and
// deviation 1.412470846292275, so 40 is 19.7746 of them away.
TEST(Judge, AnAnomalyIsMeasuredAgainstTheWindowBeforeIt) {
  const auto found = judge(every_five_minutes(with(calm(60), {40, 40, 41, 42, 40})), {});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->anomalous);
  EXPECT_EQ(found->value, 40);
  EXPECT_NEAR(found->expected, 12.068965517241379, 1e-12);
  EXPECT_NEAR(*found->sigma, 19.774591848091852, 1e-9);
  EXPECT_EQ(*found->since, kStart + minutes(5) * 60);
  EXPECT_EQ(found->at, kStart + minutes(5) * 64);
}

TEST(Judge, LastsLongerThanTheWindowAndEndsWhenItIsOver) {
  auto values = calm(300);
  values.insert(values.end(), 90, 40.0);
  EXPECT_TRUE(judge(every_five_minutes(values), {})->anomalous);
  EXPECT_EQ(*judge(every_five_minutes(values), {})->since, kStart + minutes(5) * 300);
  EXPECT_FALSE(judge(every_five_minutes(with(values, {13})), {})->anomalous);
}

TEST(Judge, ASecondOneIsSeenThoughTheWindowHoldsTheFirst) {
  auto values = with(calm(300), {40, 41, 42, 43, 12, 11, 40});
  EXPECT_EQ(flags(values).back(), '0');  // the plain rule does not see it
  const auto found = judge(every_five_minutes(values), {});
  EXPECT_TRUE(found->anomalous);
  EXPECT_EQ(*found->since, kStart + minutes(5) * 306);
}

TEST(Judge, WhatLastsBeyondTheHoldIsTheNewNormal) {
  auto values = calm(300);
  values.insert(values.end(), 12, 40.0);
  EXPECT_TRUE(judge(every_five_minutes(values), {.hold = minutes(55)})->anomalous);
  EXPECT_FALSE(judge(every_five_minutes(values), {.hold = minutes(50)})->anomalous);
}

// Each day rises at 6 from 12 to 40, as the days before did.
TEST(Judge, ADailyRiseIsOverAfterTheFirstPoints) {
  std::vector<double> values;
  for (std::size_t i = 0; i < std::size_t{288} * 5; ++i)
    values.push_back((i % 288 < 72 ? 12.0 : 40.0) + static_cast<double>(i * 2 % 5));
  values.resize(std::size_t{288} * 4 + 73);
  EXPECT_TRUE(judge(every_five_minutes(values), {})->anomalous);
  values.insert(values.end(), {42, 41, 43, 40});
  EXPECT_FALSE(judge(every_five_minutes(values), {})->anomalous);
  values.back() = 90;
  EXPECT_TRUE(judge(every_five_minutes(values), {})->anomalous);
}

TEST(Judge, OnlyTheBadDirectionCounts) {
  const auto drop = every_five_minutes(with(calm(60), {2}));
  EXPECT_FALSE(judge(drop, {.direction = Direction::up})->anomalous);
  EXPECT_TRUE(judge(drop, {.direction = Direction::both})->anomalous);
  EXPECT_TRUE(judge(drop, {.direction = Direction::down})->anomalous);
  EXPECT_LT(*judge(drop, {.direction = Direction::down})->sigma, -3);
}

TEST(Judge, WithoutSpreadThereIsNoSigma) {
  const auto constant = judge(every_five_minutes(std::vector<double>(60, 0.1)), {});
  EXPECT_FALSE(constant->anomalous);
  EXPECT_FALSE(constant->sigma);
  const auto first = judge(every_five_minutes(with(std::vector<double>(60, 0.1), {0.2})), {});
  EXPECT_TRUE(first->anomalous);
  EXPECT_EQ(first->expected, 0.1);
  EXPECT_FALSE(first->sigma);
}

TEST(Judge, PointsThatAreNoNumbersAreLeftOut) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto found = judge(every_five_minutes(with(calm(60), {nan, 40, nan, 1e200, 41, nan})), {});
  EXPECT_TRUE(found->anomalous);
  EXPECT_EQ(found->value, 41);
  EXPECT_EQ(found->at, kStart + minutes(5) * 64);
  EXPECT_EQ(*found->since, kStart + minutes(5) * 61);
}

TEST(Series, SplitsAGridWithoutLosingOrRepeatingAPoint) {
  const Grid grid{kStart, kStart + hours(1), minutes(5)};
  EXPECT_EQ(grid.points(), 13U);
  EXPECT_EQ(split(grid, 13), std::vector{grid});
  const auto parts = split(grid, 6);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].points() + parts[1].points() + parts[2].points(), 13U);
  EXPECT_EQ(parts[1].begin, parts[0].end + minutes(5));
  EXPECT_EQ(parts[2], (Grid{kStart + hours(1), kStart + hours(1), minutes(5)}));
  EXPECT_TRUE(split({kStart, kStart - hours(1), minutes(5)}, 6).empty());
}

TEST(Series, CountsWhatIsMissing) {
  Series series = every_five_minutes({1, 1, 2, std::nan(""), 2, 2});
  const Quality found = quality_of(series, {kStart, kStart + minutes(45), minutes(5)});
  EXPECT_EQ(found.absent, 4U);
  EXPECT_EQ(found.unusable, 1U);
  EXPECT_EQ(found.repeated, 2U);
}

}  // namespace
}  // namespace sluice::aiops
