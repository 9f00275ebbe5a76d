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

// Sums of a block of `window` values and, turned round, of the block before it: the window that
// ends in the one begins in the other, so its sums are two additions and nothing is subtracted
// again. All values are relative to an origin nearby.
class BlockSums {
 public:
  explicit BlockSums(std::size_t window) : tails_(window + 1), heads_(window) {}

  // Marks the values [begin, end) of the block; the block before is full.
  void mark(const double* values, std::size_t begin, std::size_t end, const Rule& rule,
            std::uint8_t* flags) {
    const std::size_t window = heads_.size();
    const double* before = values + (begin - window);
    const double origin = std::isfinite(before[0]) ? before[0] : 0;
    fill(before, values + begin, end - begin, origin);
    const auto n = static_cast<double>(window);
    const double share = 1 / n;
    const double bound = rule.sigmas * rule.sigmas / (n - 1);
    const double up = rule.direction == Direction::down ? 0 : 1;
    const double down = rule.direction == Direction::up ? 0 : 1;
    bool doubtful = false;
    for (std::size_t j = 0; j < end - begin; ++j) {
      const double sum = tails_[j + 1].sum + heads_[j].sum;
      const double squares = tails_[j + 1].squares + heads_[j].squares;
      const double spread = squares - sum * sum * share;
      const double distance = heads_[j].value - sum * share;
      const double side = distance > 0 ? up : down;
      flags[begin + j] = distance * distance * side > bound * spread ? 1 : 0;
      doubtful |= spread < kLeastShare * squares;
    }
    if (doubtful) mark_again(values, begin, end, rule, flags);
  }

 private:
  struct Sums {
    double sum = 0;
    double squares = 0;
    double value = 0;
  };
  // Where the spread is so small a part of the squares, the origin was far away and digits are
  // lost.
  static constexpr double kLeastShare = 1e-4;

  void fill(const double* before, const double* block, std::size_t count, double origin) {
    const std::size_t window = heads_.size();
    Sums tail;
    Sums head;
    tails_[window] = {};
    for (std::size_t j = 0; j < window; ++j) {
      const double off = before[window - 1 - j] - origin;
      tail.sum += off;
      tail.squares += off * off;
      tails_[window - 1 - j] = tail;
    }
    for (std::size_t j = 0; j < count; ++j) {
      head.value = block[j] - origin;
      head.sum += head.value;
      head.squares += head.value * head.value;
      heads_[j] = head;
    }
  }

  void mark_again(const double* values, std::size_t begin, std::size_t end, const Rule& rule,
                  std::uint8_t* flags) const {
    const std::size_t window = heads_.size();
    for (std::size_t i = begin; i < end; ++i)
      flags[i] = marks_last({values + (i + 1 - window), window}, rule) ? 1 : 0;
  }

  std::vector<Sums> tails_;
  std::vector<Sums> heads_;
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
    if (baseline_ && i - last_anomalous_ >= rule_.window) baseline_.reset();
    if (baseline_ && series_.times[i] - baseline_->from > rule_.hold) baseline_.reset();
    if (!baseline_) {
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
        anomalous_ ? baseline_->spread : spread_of(std::span(series_.values).last(rule_.window));
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
    since_ = i;
  }

  bool belongs(double value, std::span<const double> window) const {
    const double distance = value - baseline_->spread.mean;
    if (!beyond(distance, baseline_->spread.variance, rule_)) return false;
    return value > baseline_->high || value < baseline_->low || marks_last(window, rule_);
  }

  const Series& series_;
  const Rule& rule_;
  bool anomalous_ = false;
  std::size_t since_ = 0;
  std::size_t last_anomalous_ = 0;
  std::optional<Baseline> baseline_;
};

}  // namespace

std::vector<std::uint8_t> flag_outliers(std::span<const double> values, const Rule& rule) {
  std::vector<std::uint8_t> flags(values.size(), 0);
  const std::size_t window = rule.window;
  if (window < 3 || values.size() < window) return flags;
  flags[window - 1] = marks_last(values.first(window), rule) ? 1 : 0;
  BlockSums sums(window);
  for (std::size_t begin = window; begin < values.size(); begin += window) {
    sums.mark(values.data(), begin, std::min(begin + window, values.size()), rule, flags.data());
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
