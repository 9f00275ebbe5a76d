// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "base/bytes.h"
#include "tufrepo/s3_xml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = sluice::text_of({data, size});
  const auto listing = sluice::tuf::parse_listing(text);
  if (listing) {
    for (const auto& entry : listing->entries) {
      if (entry.key.empty()) std::abort();  // a name is what a caller builds on
    }
    if (listing->next && listing->next->empty()) std::abort();
  }
  (void)sluice::tuf::parse_s3_error(text);
  return 0;
}
