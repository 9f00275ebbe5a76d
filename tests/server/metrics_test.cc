// SPDX-License-Identifier: Apache-2.0
#include "server/metrics.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice {
namespace {

using server::Metrics;

TEST(ServerMetrics, AreWrittenAsPrometheusReadsThem) {
  Metrics metrics;
  metrics.describe_counter("requests_total", "Requests.");
  metrics.describe_gauge("open", "Open now.");
  metrics.describe_histogram("seconds", "How long.", {0.1, 1});
  metrics.count("requests_total", {{"code", "200"}, {"route", "/a\"\\\n"}});
  metrics.count("requests_total", {{"code", "200"}, {"route", "/a\"\\\n"}}, 2);
  metrics.set("open", 7);
  metrics.set("open", 3);
  for (const double each : {0.05, 0.1, 0.5, 5.0}) metrics.observe("seconds", each);
  EXPECT_EQ(metrics.text(),
            "# HELP open Open now.\n# TYPE open gauge\nopen 3\n"
            "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
            "requests_total{code=\"200\",route=\"/a\\\"\\\\ \"} 3\n"
            "# HELP seconds How long.\n# TYPE seconds histogram\n"
            "seconds_bucket{le=\"0.1\"} 2\nseconds_bucket{le=\"1\"} 3\n"
            "seconds_bucket{le=\"+Inf\"} 4\nseconds_sum 5.65\nseconds_count 4\n");
}

TEST(ServerMetrics, HaveABoundOnTheirLabels) {
  Metrics metrics;
  metrics.describe_counter("c", "Many.");
  for (int i = 0; i < 1000; ++i) metrics.count("c", {{"label", cat(i)}});
  EXPECT_EQ(metrics.value("c", {{"label", "7"}}), 1);
  EXPECT_EQ(metrics.value("c", {{"label", "other"}}), 800);
}

TEST(ServerMetrics, WhatIsNotDescribedIsNotCounted) {
  Metrics metrics;
  metrics.describe_gauge("g", "A gauge.");
  metrics.count("c");
  metrics.count("g");
  EXPECT_EQ(metrics.value("c"), 0);
  EXPECT_EQ(metrics.value("g"), 0);
}

}  // namespace
}  // namespace sluice
