// SPDX-License-Identifier: Apache-2.0
#include "aiops/detect.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::aiops {

namespace {

struct Spread {
  double mean = 0;
  double variance = 0;  // of a sample: divided by n - 1
};

// In two passes and relative to the first value, so that equal values have no spread at all.
Spread spread_of(std::span<const double> values) {
  const double origin = values.front();
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value - origin;
  const double mean = sum / n;
  double squares = 0;
  for (const double value : values) {
    const double off = value - origin - mean;
    squares += off * off;
  }
  return {origin + mean, values.size() > 1 ? squares / (n - 1) : 0};
}

bool bad_side(double distance, Direction direction) {
  if (direction == Direction::up) return distance > 0;
  if (direction == Direction::down) return distance < 0;
  return distance != 0;
}

// Compared as squares: no root, and exact where the figures are.
bool beyond(double distance, double variance, const Rule& rule) {
  return bad_side(distance, rule.direction) &&
         distance * distance > rule.sigmas * rule.sigmas * variance;
}

bool marks_last(std::span<const double> window, const Rule& rule) {
  const Spread spread = spread_of(window);
  return beyond(window.back() - spread.mean, spread.variance, rule);
}

using Pair = double __attribute__((vector_size(16)));
using Mask = std::int64_t __attribute__((vector_size(16)));

// Sums of a block of `window` values and, turned round, of the block before it: the window that
// ends in the one begins in the other, so its sums are one addition and nothing is subtracted
// again. All values are relative to an origin nearby. Two at a time.
class BlockSums {
 public:
  BlockSums(std::size_t window, const Rule& rule)
      : rule_(rule), tails_(window + 1), heads_(window) {
    const auto n = static_cast<double>(window);
    share_ = 1 / n;
    bound_ = rule.sigmas * rule.sigmas / (n - 1);
    const std::int64_t up = rule.direction == Direction::down ? 0 : -1;
    const std::int64_t down = rule.direction == Direction::up ? 0 : -1;
    up_ = Mask{up, up};
    down_ = Mask{down, down};
  }

  // Marks the values [begin, end) of the block; the block before is full.
  void mark(const double* values, std::size_t begin, std::size_t end, std::uint8_t* flags) {
    const std::size_t window = heads_.size();
    const std::size_t count = end - begin;
    const double* before = values + (begin - window);
    const double* block = values + begin;
    const double origin = std::isfinite(before[0]) ? before[0] : 0;
    fill(before, block, count, origin);
    Mask doubtful = {0, 0};
    const auto far = [&](std::size_t first, std::size_t second) {
      return beyond_bound(first, second, Pair{block[first], block[second]} - origin, doubtful);
    };
    std::size_t j = 0;
    for (; j + 1 < count; j += 2) {
      const Mask two = far(j, j + 1);
      flags[begin + j] = static_cast<std::uint8_t>(two[0] & 1);
      flags[begin + j + 1] = static_cast<std::uint8_t>(two[1] & 1);
    }
    if (j < count) flags[begin + j] = static_cast<std::uint8_t>(far(j, j)[0] & 1);
    if ((doubtful[0] | doubtful[1]) != 0) mark_again(values, begin, end, flags);
  }

 private:
  // Where the spread is so small a part of the squares, the origin was far away and digits are
  // lost.
  static constexpr double kLeastShare = 1e-4;

  // Of each pair the first is a sum, the second a sum of squares. Bits instead of branches: half of
  // all values lie on either side of their mean.
  Mask beyond_bound(std::size_t first, std::size_t second, Pair off, Mask& doubtful) const {
    const Pair a = tails_[first + 1] + heads_[first];
    const Pair b = tails_[second + 1] + heads_[second];
    const Pair sums = __builtin_shufflevector(a, b, 0, 2);
    const Pair squares = __builtin_shufflevector(a, b, 1, 3);
    const Pair mean = sums * share_;
    const Pair spread = squares - sums * mean;
    const Pair distance = off - mean;
    doubtful |= spread < kLeastShare * squares;
    const Mask side = ((distance > 0.0) & up_) | ((distance < 0.0) & down_);
    return (distance * distance > bound_ * spread) & side;
  }

  // The two sums do not wait for each other.
  void fill(const double* before, const double* block, std::size_t count, double origin) {
    const std::size_t window = heads_.size();
    Pair* tails = tails_.data();
    Pair* heads = heads_.data();
    Pair tail = {0, 0};
    Pair head = {0, 0};
    tails[window] = tail;
    const auto add = [origin](Pair& sums, double value) {
      const double off = value - origin;
      sums += Pair{off, off * off};
    };
    for (std::size_t j = 0; j < count; ++j) {
      add(tail, before[window - 1 - j]);
      tails[window - 1 - j] = tail;
      add(head, block[j]);
      heads[j] = head;
    }
    for (std::size_t j = count; j < window; ++j) {
      add(tail, before[window - 1 - j]);
      tails[window - 1 - j] = tail;
    }
  }

  void mark_again(const double* values, std::size_t begin, std::size_t end,
                  std::uint8_t* flags) const {
    const std::size_t window = heads_.size();
    for (std::size_t i = begin; i < end; ++i)
      flags[i] = marks_last({values + (i + 1 - window), window}, rule_) ? 1 : 0;
  }

  const Rule& rule_;
  double share_ = 0;
  double bound_ = 0;
  Mask up_{};
  Mask down_{};
  std::vector<Pair> tails_;
  std::vector<Pair> heads_;
};

// The value below which a share of the values lies.
double quantile(std::span<const double> values, double share) {
  std::vector<double> copy(values.begin(), values.end());
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(copy.size() - 1));
  std::ranges::nth_element(copy, copy.begin() + at);
  return copy[static_cast<std::size_t>(at)];
}

// Follows a series from point to point; see judge().
class Follower {
 public:
  Follower(const Series& series, const Rule& rule) : series_(series), rule_(rule) {}

  void step(std::size_t i) {
    const auto values = std::span(series_.values);
    const auto window = values.subspan(i + 1 - rule_.window, rule_.window);
    if (watching_ && i - last_anomalous_ >= rule_.window) watching_ = false;
    if (watching_ && series_.times[i] - baseline_.from > rule_.hold) watching_ = false;
    if (!watching_) {
      anomalous_ = marks_last(window, rule_);
      if (anomalous_) open(i, window.first(window.size() - 1));
    } else {
      const bool before = anomalous_;
      anomalous_ = belongs(values[i], window);
      if (anomalous_ && !before) since_ = i;
    }
    if (anomalous_) last_anomalous_ = i;
  }

  Judgement latest() const {
    const std::size_t last = series_.size() - 1;
    Judgement out;
    out.anomalous = anomalous_;
    out.at = series_.times[last];
    out.value = series_.values[last];
    const Spread spread =
        anomalous_ ? baseline_.spread : spread_of(std::span(series_.values).last(rule_.window));
    out.expected = spread.mean;
    if (spread.variance > 0) out.sigma = (out.value - spread.mean) / std::sqrt(spread.variance);
    if (anomalous_) out.since = series_.times[since_];
    return out;
  }

 private:
  struct Baseline {
    Spread spread;
    Time from{};
    double high = 0;  // what the series knew before
    double low = 0;
  };

  void open(std::size_t i, std::span<const double> before) {
    const auto known = std::span(series_.values).first(i);
    baseline_ =
        Baseline{spread_of(before), series_.times[i], quantile(known, 0.99), quantile(known, 0.01)};
    watching_ = true;
    since_ = i;
  }

  bool belongs(double value, std::span<const double> window) const {
    const double distance = value - baseline_.spread.mean;
    if (!beyond(distance, baseline_.spread.variance, rule_)) return false;
    return value > baseline_.high || value < baseline_.low || marks_last(window, rule_);
  }

  const Series& series_;
  const Rule& rule_;
  bool anomalous_ = false;
  std::size_t since_ = 0;
  std::size_t last_anomalous_ = 0;
  bool watching_ = false;  // against the baseline
  Baseline baseline_;
};

}  // namespace

std::vector<std::uint8_t> flag_outliers(std::span<const double> values, const Rule& rule) {
  std::vector<std::uint8_t> flags(values.size(), 0);
  const std::size_t window = rule.window;
  if (window < 3 || values.size() < window) return flags;
  flags[window - 1] = marks_last(values.first(window), rule) ? 1 : 0;
  BlockSums sums(window, rule);
  for (std::size_t begin = window; begin < values.size(); begin += window) {
    sums.mark(values.data(), begin, std::min(begin + window, values.size()), flags.data());
  }
  return flags;
}

std::optional<Judgement> judge(const Series& series, const Rule& rule) {
  const Series usable = usable_only(series);
  if (rule.window < 3 || usable.size() < rule.window) return std::nullopt;
  Follower follower(usable, rule);
  for (std::size_t i = rule.window - 1; i < usable.size(); ++i) follower.step(i);
  return follower.latest();
}

}  // namespace sluice::aiops
