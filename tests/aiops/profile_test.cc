// SPDX-License-Identifier: Apache-2.0
#include "aiops/profile.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice::aiops {
namespace {

const std::string kHead = "apiVersion: sluice/v1\nkind: AiopsProfile\nservice: checkout\n";

std::string refusal(const std::string& more, const std::string& head = kHead) {
  const auto profile = parse_profile(head + more, "p.yaml");
  return profile ? "accepted" : profile.error().what;
}

TEST(Profile, ThreeLinesAreEnough) {
  const auto profile = parse_profile(kHead, "p.yaml");
  ASSERT_TRUE(profile) << profile.error().text();
  EXPECT_EQ(profile->service, "checkout");
  EXPECT_EQ(profile->labels, (Labels{{"job", "checkout"}}));
  ASSERT_EQ(profile->signals.size(), 5U);
  EXPECT_EQ(profile->signals[0].query, "sum(rate(http_requests_total{job=\"checkout\"}[300s]))");
  EXPECT_EQ(profile->signals[0].direction, Direction::both);
  EXPECT_EQ(profile->signals[1].unit, Unit::ratio);
  for (const auto& signal : profile->signals) EXPECT_EQ(signal.query.find("${"), std::string::npos);
  EXPECT_EQ(profile->history, std::chrono::days(14));
  EXPECT_EQ(profile->rule.window, 30U);
  EXPECT_EQ(profile->converge, 2U);
  const auto same = default_profile("checkout");
  ASSERT_TRUE(same);
  EXPECT_EQ(same->signals[4].query, profile->signals[4].query);
}

TEST(Profile, EverythingCanBeSaid) {
  const auto profile = parse_profile(
      kHead +
          "labels: {app: web, zone: 'a\"b'}\nalertLabels: {team: shop}\nmetrics: istio\n"
          "history: 2d\nstep: 60s\nrange: 2m\ningestLag: 0s\nstaleAfter: 5m\nconverge: 1\n"
          "window: 60\nsigmas: 4.5\nhold: 6h\nsignals:\n  latency_p95: {}\n"
          "  queue: {query: \"max(q{${selector},s='${service}'}) > 0\", unit: count,\n"
          "          direction: both, title: waiting orders}\n",
      "p.yaml");
  ASSERT_TRUE(profile) << profile.error().text();
  ASSERT_EQ(profile->signals.size(), 2U);
  EXPECT_NE(profile->signals[0].query.find("istio_request_duration_milliseconds_bucket"),
            std::string::npos);
  EXPECT_EQ(profile->signals[1].query, "max(q{app=\"web\",zone=\"a\\x22b\",s='checkout'}) > 0");
  EXPECT_EQ(profile->signals[1].title, "waiting orders");
  EXPECT_EQ(profile->signals[1].direction, Direction::both);
  EXPECT_EQ(profile->alert_labels, (Labels{{"team", "shop"}}));
  EXPECT_EQ(profile->range, std::chrono::minutes(2));
  EXPECT_EQ(profile->rule.sigmas, 4.5);
}

TEST(Profile, NoLabelValueLeavesItsString) {
  for (const std::string_view hostile :
       {"a\"} or vector(1) #", "a'}", "a`}", "a\\", "a\nb", "a\x7F", "\x01"}) {
    const std::string safe = escape_promql(hostile);
    for (const char c : safe) {
      EXPECT_TRUE(c != '"' && c != '\'' && c != '`' && c >= 0x20 && c != 0x7F) << safe;
    }
    // Each backslash begins one of our own escapes.
    for (auto at = safe.find('\\'); at != std::string::npos; at = safe.find('\\', at + 1))
      EXPECT_EQ(safe.substr(at, 2), "\\x") << safe;
  }
  EXPECT_EQ(escape_promql("checkout-ä_1.2/x"), "checkout-ä_1.2/x");
}

TEST(Profile, RefusalsNameTheLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"signls: {}\n", "p.yaml:4:1: unknown key \"signls\" (did you mean \"signals\"?)"},
      {"step: 5\n", "p.yaml:4:7: step: \"5\" is no length of time"},
      {"step: 0s\n", "p.yaml:4:7: step: \"0s\" is no length of time"},
      {"history: 99999d\n", "p.yaml:4:10"},
      {"step: 1s\n", "p.yaml:1:1: history and step make 1209601 points"},
      {"history: 2h\n", "p.yaml:1:1: history holds fewer than the 30 points"},
      {"window: 11\n", "p.yaml:4:9: window: from 12"},
      {"sigmas: 5.3\n", "p.yaml:4:9: sigmas: at least 1, and below"},
      {"sigmas: .nan\n", "p.yaml:4:9"},
      {"converge: 6\n", "p.yaml:4:11: converge: from 1 to the number"},
      {"converge: 0\n", "p.yaml:4:11"},
      {"signals: {cpu: {}}\n", "1 signals can never be the 2"},
      {"signals: {cpu: {}, mem: {}}\n", "p.yaml:4:25: signal \"mem\" needs a query"},
      {"signals: {cpu: {}, memory: {qery: x}}\n", "p.yaml:4:29: unknown key \"qery\""},
      {"signals: {cpu: {}, memory: {unit: byte}}\n", "unknown unit \"byte\""},
      {"signals: {cpu: {}, memory: {query: 'x{${selectr}}'}}\n",
       "p.yaml:4:28: ${selectr} stands for nothing"},
      {"signals: {cpu: {}, memory: {query: 'x${'}}\n", "${} stands for nothing"},
      {"signals: {cpu: {}, memory: {query: 'x${selector'}}\n", "${selector} stands for nothing"},
      {"signals: {cpu: {}, alerts: {query: x}}\n", "alerts come from --alertmanager"},
      {"labels: {a-b: c}\n", "p.yaml:4:15: \"a-b\" is no label name"},
      {"labels: {}\n", "p.yaml:4:9"},
      {"metrics: statsd\n", "p.yaml:4:10: unknown family of metrics \"statsd\""}};
  for (const auto& [more, message] : cases)
    EXPECT_NE(refusal(more).find(message), std::string::npos) << more << refusal(more);
  EXPECT_EQ(refusal("sigmas: 5.2\n"), "accepted");
  EXPECT_EQ(refusal("window: 12\n"), "accepted");
  EXPECT_EQ(refusal("converge: 5\n"), "accepted");
  EXPECT_EQ(refusal("history: 150m\n"), "accepted");
  EXPECT_NE(refusal("", "apiVersion: sluice/v2\n").find("p.yaml:1:13: unknown apiVersion"),
            std::string::npos);
  EXPECT_NE(refusal("", "apiVersion: sluice/v1\nkind: Policy\n").find("p.yaml:2:7: unknown kind"),
            std::string::npos);
  EXPECT_NE(refusal("", "").find("mapping"), std::string::npos);
}

}  // namespace
}  // namespace sluice::aiops
