// SPDX-License-Identifier: Apache-2.0
// Decisions a second on one core, by three policies' worth of evidence. Prints JSON. At least
// 100,000 are asked for.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "gate/decide.h"

namespace {

using namespace sluice;

std::vector<std::vector<gate::Signal>> cases(Time now) {
  const gate::Signal risk{.id = "risk",
                          .value = policy::Level::medium,
                          .text = "2 k8s files, 1 migration",
                          .source = "git",
                          .observed_at = now};
  const gate::Signal health{.id = "health",
                            .value = gate::Health::incident,
                            .text = "error rate 4.1 % (0.3 % expected)",
                            .source = "prometheus",
                            .observed_at = now};
  const gate::Signal carbon{
      .id = "carbon",
      .value = gate::Carbon{412, gate::Window{now + std::chrono::hours(2), 300, 27}},
      .observed_at = now};
  const gate::Signal unknown{.id = "health", .value = gate::Unknown::unreachable};
  return {{risk, health, carbon}, {risk, unknown, carbon}, {risk}};
}

}  // namespace

int main() {
  const auto policy = policy::parse(
      "apiVersion: sluice/v1\nkind: Policy\n"
      "environments: {production: {signals: [risk, health, carbon]}}\n",
      "bench");
  if (!policy) return 1;
  const Time now{std::chrono::hours(500'000)};
  const auto all = cases(now);
  constexpr int kRounds = 21;
  constexpr std::size_t kDecisions = 30'000;  // of one round
  std::vector<double> rates;
  std::size_t approved = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < kDecisions; ++i) {
      const auto decision = gate::decide(*policy, "production", all[i % all.size()], now);
      approved += gate::passes(decision.verdict) ? 1U : 0U;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    rates.push_back(static_cast<double>(kDecisions) / took.count());
  }
  std::ranges::sort(rates);
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const double cpu =
      static_cast<double>(used.ru_utime.tv_sec) + static_cast<double>(used.ru_utime.tv_usec) / 1e6;
  std::printf(
      "{\"n\": %d, \"decisions\": %zu, \"approved\": %zu, \"median_per_second\": %.0f, "
      "\"least_per_second\": %.0f, \"cpu_s\": %.3f, \"rss_kib\": %ld, \"wanted\": 100000}\n",
      kRounds, kDecisions, approved, rates[kRounds / 2], rates.front(), cpu, used.ru_maxrss);
  return rates[kRounds / 2] < 100'000 ? 1 : 0;
}
