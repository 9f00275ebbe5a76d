// SPDX-License-Identifier: Apache-2.0
// A world whose clock, variables and dice are the test's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/world.h"

namespace sluice::test {

class FakeClock final : public Clock {
 public:
  Time now() const override { return now_; }
  std::chrono::steady_clock::time_point ticks() const override { return ticks_; }
  void sleep(std::chrono::milliseconds length) override { advance(length), slept_ += length; }

  void set(Time now) { now_ = now; }
  void advance(std::chrono::milliseconds length) {
    ticks_ += length;
    part_ += length;
    now_ += std::chrono::floor<std::chrono::seconds>(part_);
    part_ %= std::chrono::seconds(1);
  }
  std::chrono::milliseconds slept() const { return slept_; }

 private:
  Time now_ = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20);
  std::chrono::steady_clock::time_point ticks_{std::chrono::hours(1)};
  std::chrono::milliseconds part_{0};
  std::chrono::milliseconds slept_{0};
};

class FakeEnvironment final : public Environment {
 public:
  std::optional<std::string> get(const std::string& name) const override {
    const auto at = values.find(name);
    if (at == values.end() || at->second.empty()) return std::nullopt;
    return at->second;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [name, value] : values) out.push_back(name);
    return out;
  }
  std::map<std::string, std::string> values;
};

// Not random at all: the same bytes in each run.
class FakeRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = static_cast<std::uint8_t>(state_ = state_ * 73 + 41);
  }

 private:
  unsigned state_ = 1;
};

struct FakeWorld {
  FakeClock clock;
  FakeEnvironment environment;
  FakeRandom random;
  // Files and processes are the real ones: tests keep to a TempFolder.
  World world() { return {clock, system_files(), environment, random, system_processes()}; }
};

}  // namespace sluice::test
