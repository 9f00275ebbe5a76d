// SPDX-License-Identifier: Apache-2.0
// Envelopes and statements: what parses is written and read again as the same thing.
#include <cstdlib>

#include "dsse/envelope.h"
#include "dsse/statement.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const ByteView bytes(data, size);
  if (const auto statement = dsse::parse_statement(bytes)) {
    for (const auto& subject : statement->subjects) (void)subject.known_digests();
  }
  const auto envelope = dsse::parse(text_of(bytes));
  if (!envelope) return 0;
  (void)dsse::parse_statement(envelope->payload);
  const auto again = dsse::parse(json::write(dsse::to_json(*envelope)));
  const bool same = again && again->payload == envelope->payload &&
                    again->payload_type == envelope->payload_type &&
                    again->signatures.size() == envelope->signatures.size();
  if (!same) std::abort();
  if (dsse::pae(again->payload_type, again->payload) !=
      dsse::pae(envelope->payload_type, envelope->payload))
    std::abort();
  return 0;
}
