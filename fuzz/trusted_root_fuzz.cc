// SPDX-License-Identifier: Apache-2.0
// Trusted roots: whatever is read can be decoded or says why not, and comes out again as it is.
#include <cstdlib>

#include "sigstore/trust_raw.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::sigstore;
  const std::string_view text = text_of(ByteView(data, size));
  const auto root = TrustRoot::parse(text, "fuzz");
  if (!root) return 0;
  std::size_t usable_logs = 0;
  for (const TrustEntry& one : root->entries()) {
    if (!one.unusable && !one.key && !one.chain) std::abort();
    if (one.kind == TrustKind::log && !one.unusable) {
      ++usable_logs;
      const auto logs = root->logs_with_id(one.id);
      if (logs && logs->empty()) std::abort();
    }
  }
  if (usable_logs > root->count(TrustKind::log)) std::abort();
  static_cast<void>(root->prove());
  const std::string written = write_raw_trust(parse_raw_trust(text).value());
  const auto again = parse_raw_trust(written);
  if (!again || write_raw_trust(*again) != written) std::abort();
  return 0;
}
