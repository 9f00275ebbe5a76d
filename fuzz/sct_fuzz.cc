// SPDX-License-Identifier: Apache-2.0
// Lists of a log's proofs: what is read has the sizes that it states.
#include <cstdlib>

#include "x509/sct.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const auto list = x509::parse_sct_list(ByteView(data, size));
  if (!list) return 0;
  std::size_t total = 2;
  for (const auto& one : *list) {
    total +=
        2 + 1 + one.log_id.size() + 8 + 2 + one.extensions.size() + 2 + 2 + one.signature.size();
    if (one.time() < Time{}) std::abort();
  }
  if (total != size || list->empty() || list->size() > x509::kSctsMost) std::abort();
  return 0;
}
