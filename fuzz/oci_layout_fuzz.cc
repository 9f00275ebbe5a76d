// SPDX-License-Identifier: Apache-2.0
// The metadata that a build leaves.
#include "base/bytes.h"
#include "oci/layout.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)sluice::oci::read_build_metadata(sluice::text_of({data, size}));
  return 0;
}
