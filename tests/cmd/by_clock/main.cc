// SPDX-License-Identifier: Apache-2.0
// The program by a clock of the test's: SLUICE_TEST_CLOCK_AHEAD seconds before the machine's. For
// scripts; a test in C++ calls run_program() itself.
#include <charconv>
#include <string_view>

#include "cmd/sluice/run.h"

namespace {

class MovedClock final : public sluice::Clock {
 public:
  MovedClock(sluice::Clock& real, std::chrono::seconds ahead) : real_(real), ahead_(ahead) {}
  sluice::Time now() const override { return real_.now() + ahead_; }
  std::chrono::steady_clock::time_point ticks() const override { return real_.ticks(); }
  void sleep(std::chrono::milliseconds length) override { real_.sleep(length); }

 private:
  sluice::Clock& real_;
  std::chrono::seconds ahead_;
};

std::chrono::seconds ahead_of(const sluice::Environment& environment) {
  const auto text = environment.get("SLUICE_TEST_CLOCK_AHEAD").value_or("0");
  std::int64_t seconds = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds(seconds);
}

}  // namespace

int main(int argc, char** argv) {
  const sluice::World real = sluice::system_world();
  MovedClock clock(real.clock, ahead_of(real.environment));
  const sluice::World world{clock, real.files, real.environment, real.random, real.processes};
  const std::vector<std::string> words(argv + 1, argv + argc);
  return sluice::cli::run_program(sluice::cli::system_console(), world, "sluice", words);
}
