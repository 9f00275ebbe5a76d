// SPDX-License-Identifier: Apache-2.0
// VSAs, signed decisions, signals and stored records: all that this program reads of decisions.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "gate/attest.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string_view text = text_of({data, size});
  if (const auto statement = dsse::parse_statement({data, size})) {
    static_cast<void>(evidence::read_vsa(*statement));
    if (const auto decision = gate::read_decision(*statement)) {
      require(gate::passes(decision->verdict) ==
              (decision->vsa.result == evidence::VsaResult::passed));
    }
  }
  if (const auto signal = gate::parse_signal(text)) {
    const auto again = gate::signal_from(gate::to_json(*signal));
    require(again.has_value());
  }
  if (gate::parse_record(text)) require(!gate::replay(text, "fuzz").checks().empty());
  return 0;
}
