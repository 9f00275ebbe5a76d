// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "base/bytes.h"
#include "tufrepo/publish_parts.h"

// What a note names stays in the store, and a note that was read is written so that it reads the
// same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::tuf;
  const auto note = parse_note(sluice::text_of({data, size}));
  if (!note) return 0;
  for (const auto& name : note->files) {
    if (!check_store_name(name)) std::abort();
  }
  const auto again = parse_note(write_note(*note));
  if (!again || again->files != note->files || again->after != note->after) std::abort();
  return 0;
}
