// SPDX-License-Identifier: Apache-2.0
// Policy files, and deciding by whatever was accepted.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "gate/record.h"

namespace {

using namespace sluice;

void require(bool holds) {
  if (!holds) std::abort();
}

// By any policy, deciding is total, the same twice, and approves nothing of which nothing is known.
void use(const policy::Policy& policy) {
  const Time now{std::chrono::hours(500'000)};
  for (const auto& environment : policy.environments) {
    const std::vector<gate::Signal> none;
    require(!gate::passes(gate::decide(policy, environment.name, none, now).verdict));
    const std::vector<gate::Signal> signals = {
        {.id = "risk", .value = policy::Level::medium, .observed_at = now},
        {.id = "health", .value = gate::Health::warning, .observed_at = now},
        {.id = "carbon",
         .value = gate::Carbon{300, gate::Window{now, 200, 30}},
         .observed_at = now}};
    const auto record = gate::judge(
        {.policy = policy, .environment = environment.name, .now = now, .signals = signals}, "id",
        "fuzz 1");
    require(record.has_value());
    require(gate::replay(gate::write_record(*record), "fuzz").passed());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto policy = policy::parse(text_of({data, size}), "fuzz.yaml");
  if (policy) use(*policy);
  return 0;
}
