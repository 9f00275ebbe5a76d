// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace sluice::server {

namespace {

constexpr std::size_t kMaxSeries = 200;

std::string number_text(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string labels_text(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out += cat(out.empty() ? "" : ",", name, "=\"");
    for (const char c : value) {
      if (c == '\\' || c == '"') out += '\\';
      out += c == '\n' ? ' ' : c;
    }
    out += '"';
  }
  return out;
}

std::string braced(std::string_view labels, std::string_view more = {}) {
  if (labels.empty() && more.empty()) return {};
  return cat("{", labels, labels.empty() || more.empty() ? "" : ",", more, "}");
}

}  // namespace

void Metrics::describe_counter(std::string name, std::string help) {
  const std::lock_guard hold(mutex_);
  families_.emplace(std::move(name), Family{Kind::counter, std::move(help), {}, {}});
}

void Metrics::describe_gauge(std::string name, std::string help) {
  const std::lock_guard hold(mutex_);
  families_.emplace(std::move(name), Family{Kind::gauge, std::move(help), {}, {}});
}

void Metrics::describe_histogram(std::string name, std::string help, std::vector<double> bounds) {
  const std::lock_guard hold(mutex_);
  families_.emplace(std::move(name),
                    Family{Kind::histogram, std::move(help), std::move(bounds), {}});
}

Metrics::Series* Metrics::find(std::string_view name, Kind kind, const Labels& labels) {
  const auto family = families_.find(name);
  if (family == families_.end() || family->second.kind != kind) return nullptr;
  auto& series = family->second.series;
  std::string key = labels_text(labels);
  if (series.size() >= kMaxSeries && !series.contains(key)) {
    Labels other;
    for (const auto& label : labels) other.emplace_back(label.first, "other");
    key = labels_text(other);
  }
  Series& one = series[std::move(key)];
  if (kind == Kind::histogram && one.buckets.empty()) {
    one.buckets.resize(family->second.bounds.size() + 1);
  }
  return &one;
}

void Metrics::count(std::string_view name, const Labels& labels, double by) {
  const std::lock_guard hold(mutex_);
  if (Series* series = find(name, Kind::counter, labels)) series->value += by;
}

void Metrics::set(std::string_view name, double value, const Labels& labels) {
  const std::lock_guard hold(mutex_);
  if (Series* series = find(name, Kind::gauge, labels)) series->value = value;
}

void Metrics::observe(std::string_view name, double value, const Labels& labels) {
  const std::lock_guard hold(mutex_);
  Series* series = find(name, Kind::histogram, labels);
  if (series == nullptr) return;
  const auto& bounds = families_.find(name)->second.bounds;
  const auto at = std::ranges::lower_bound(bounds, value) - bounds.begin();
  series->buckets[static_cast<std::size_t>(at)] += 1;
  series->value += value;
}

double Metrics::value(std::string_view name, const Labels& labels) const {
  const std::lock_guard hold(mutex_);
  const auto family = families_.find(name);
  if (family == families_.end()) return 0;
  const auto series = family->second.series.find(labels_text(labels));
  return series == family->second.series.end() ? 0 : series->second.value;
}

std::string Metrics::text() const {
  static constexpr std::array kKinds = {"counter", "gauge", "histogram"};
  const std::lock_guard hold(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += cat("# HELP ", name, " ", family.help, "\n# TYPE ", name, " ",
               kKinds.at(static_cast<std::size_t>(family.kind)), "\n");
    for (const auto& [labels, series] : family.series) {
      if (family.kind != Kind::histogram) {
        out += cat(name, braced(labels), " ", number_text(series.value), "\n");
        continue;
      }
      std::uint64_t total = 0;
      for (std::size_t i = 0; i < series.buckets.size(); ++i) {
        total += series.buckets[i];
        const std::string bound =
            i < family.bounds.size() ? number_text(family.bounds[i]) : std::string("+Inf");
        out += cat(name, "_bucket", braced(labels, cat("le=\"", bound, "\"")), " ", total, "\n");
      }
      out += cat(name, "_sum", braced(labels), " ", number_text(series.value), "\n", name, "_count",
                 braced(labels), " ", total, "\n");
    }
  }
  return out;
}

}  // namespace sluice::server
