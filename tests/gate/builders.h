// SPDX-License-Identifier: Apache-2.0
// Evidence and records for the tests of this room.
#pragma once

#include <string>
#include <vector>

#include "gate/record.h"

namespace sluice::test {

inline const Time kNow = *parse_rfc3339("2026-11-20T15:00:00Z");

inline gate::Signal risk(policy::Level level, std::string text = {}) {
  return {
      .id = "risk", .value = level, .text = std::move(text), .source = "git", .observed_at = kNow};
}
inline gate::Signal health(gate::Health health, std::string text = {}) {
  return {.id = "health",
          .value = health,
          .text = std::move(text),
          .source = "http://prometheus.example:9090",
          .observed_at = kNow};
}
inline gate::Signal carbon(double grams) {
  return {.id = "carbon",
          .value = gate::Carbon{grams, std::nullopt},
          .source = "static table",
          .observed_at = kNow};
}

inline constexpr const char* kPolicy =
    "apiVersion: sluice/v1\n"
    "kind: Policy\n"
    "verifier: https://gate.example.org/web\n"
    "environments:\n"
    "  production: {signals: [risk, health, carbon]}\n";

inline gate::Inputs inputs(std::vector<gate::Signal> signals, const std::string& text = kPolicy) {
  return {
      .policy = *policy::parse(text, "sluice.yaml"),
      .environment = "production",
      .now = kNow,
      .subjects = {{"web", crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("image"))}},
      .change = "web 1a2b3c4",
      .signals = std::move(signals)};
}

inline gate::Record record(std::vector<gate::Signal> signals, const std::string& text = kPolicy) {
  return *gate::judge(inputs(std::move(signals), text), "20261120T150000Z-0011223344556677",
                      "sluice 0.1.0");
}

}  // namespace sluice::test
