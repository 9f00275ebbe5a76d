// SPDX-License-Identifier: Apache-2.0
#include "support/service_history.h"

#include <array>
#include <cstdint>
#include <string_view>

#include "base/text.h"

namespace sluice::test {

namespace {

constexpr std::chrono::seconds kScrape{120};

// Counters that only rise.
class ServiceHistory {
 public:
  std::string write(Time last, std::optional<Time> outage) {
    for (Time at = last - std::chrono::days(14); at <= last; at += kScrape)
      scrape(at, outage && at >= *outage);
    return cat("# TYPE http_requests counter\n", good_lines_, bad_lines_,
               "# TYPE http_request_duration_seconds histogram\n", bucket_lines_[0],
               bucket_lines_[1], bucket_lines_[2], "# TYPE process_resident_memory_bytes gauge\n",
               memory_, "# TYPE process_cpu_seconds counter\n", cpu_, "# EOF\n");
  }

 private:
  std::uint64_t dice(std::uint64_t below) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (state_ >> 33) % below;
  }

  void scrape(Time at, bool outage) {
    const std::uint64_t served = 12'000 + dice(600);
    const std::uint64_t failed = outage ? 500 + dice(50) : 30 + dice(12);
    const std::uint64_t slow = outage ? 3000 + dice(300) : 300 + dice(60);
    const auto time = at.time_since_epoch().count();
    good_ += served;
    bad_ += failed;
    all_ += served + failed;
    slow_ += slow;
    seconds_ += 40 + dice(10);
    requests_line("200", good_, time, good_lines_);
    requests_line("500", bad_, time, bad_lines_);
    const std::array<std::pair<std::string_view, std::uint64_t>, 3> parts = {
        {{"0.5", all_ - slow_}, {"5", all_}, {"+Inf", all_}}};
    for (std::size_t i = 0; i < parts.size(); ++i)
      bucket_lines_[i] += cat("http_request_duration_seconds_bucket{job=\"checkout\",le=\"",
                              parts[i].first, "\"} ", parts[i].second, " ", time, "\n");
    memory_ += cat("process_resident_memory_bytes{job=\"checkout\"} ",
                   500'000'000 + dice(9'000'000), " ", time, "\n");
    cpu_ += cat("process_cpu_seconds_total{job=\"checkout\"} ", seconds_, " ", time, "\n");
  }

  static void requests_line(std::string_view code, std::uint64_t count, std::int64_t time,
                            std::string& lines) {
    lines +=
        cat("http_requests_total{job=\"checkout\",code=\"", code, "\"} ", count, " ", time, "\n");
  }

  std::uint64_t state_ = 11;
  std::uint64_t good_ = 0, bad_ = 0, all_ = 0, slow_ = 0, seconds_ = 0;
  std::string good_lines_, bad_lines_, memory_, cpu_;
  std::array<std::string, 3> bucket_lines_;
};

}  // namespace

std::string service_history(Time last, std::optional<Time> outage) {
  return ServiceHistory().write(last, outage);
}

}  // namespace sluice::test
