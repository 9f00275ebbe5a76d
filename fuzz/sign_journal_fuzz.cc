// SPDX-License-Identifier: Apache-2.0
// Journals: what is read is written again as the same.
#include <cstdlib>

#include "signing/sign_journal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::sigstore;
  const auto journal = parse_journal({reinterpret_cast<const char*>(data), size});
  if (!journal) return 0;
  const std::string text = write_journal(*journal);
  const auto again = parse_journal(text);
  if (!again || write_journal(*again) != text) std::abort();
  return 0;
}
