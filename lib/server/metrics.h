// SPDX-License-Identifier: Apache-2.0
// Counters, gauges and histograms, written as Prometheus reads them (text format 0.0.4).
//
// Labels come from code, never from strangers; each metric still has a bound on its label sets, so
// that a mistake cannot fill the memory: what comes beyond it counts under "other".
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::server {

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

class Metrics {
 public:
  // Each metric is described once, before it is used; what is not described is not counted.
  void describe_counter(std::string name, std::string help);
  void describe_gauge(std::string name, std::string help);
  void describe_histogram(std::string name, std::string help, std::vector<double> bounds);

  void count(std::string_view name, const Labels& labels = {}, double by = 1);
  void set(std::string_view name, double value, const Labels& labels = {});
  void observe(std::string_view name, double value, const Labels& labels = {});

  std::string text() const;
  double value(std::string_view name, const Labels& labels = {}) const;  // 0 where there is none

 private:
  enum class Kind : std::uint8_t { counter, gauge, histogram };
  struct Series {
    double value = 0;                    // of a histogram: the sum
    std::vector<std::uint64_t> buckets;  // one for each bound, then the rest
  };
  struct Family {
    Kind kind;
    std::string help;
    std::vector<double> bounds;
    std::map<std::string, Series> series;  // by the labels as they are written
  };

  Series* find(std::string_view name, Kind kind, const Labels& labels);

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace sluice::server
