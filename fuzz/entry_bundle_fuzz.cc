// SPDX-License-Identifier: Apache-2.0
// Bundles of a log's entries, and what a watcher keeps: what is read is written back as it was, and
// no entry, however it is made, is taken for one of a key that nobody has. The first byte is the
// number of entries, less one.
#include <cstdlib>

#include "base/text.h"
#include "sigstore/entry_bundle.h"
#include "sigstore/entry_match.h"
#include "sigstore/log_state.h"

namespace {

using namespace sluice;

std::string written(const std::vector<ByteView>& entries) {
  std::string out;
  for (const ByteView entry : entries) {
    out += static_cast<char>(entry.size() >> 8U);
    out += static_cast<char>(entry.size() & 0xFFU);
    out += text_of(entry);
  }
  return out;
}

const sigstore::WatchList& nobody() {
  static const sigstore::WatchList list{
      .rules = {sigstore::make_identity_rule(
                    {.identity = "nobody@invalid.test", .issuer = "https://invalid.test"})
                    .value()},
      .keys = {crypto::digest_of(crypto::HashAlgorithm::sha256, {})},
      .artifacts = {crypto::digest_of(crypto::HashAlgorithm::sha512, {})}};
  return list;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const auto trust = sigstore::TrustRoot::embedded(sigstore::Instance::production).value();
  const ByteView rest = ByteView(data, size).subspan(1);
  const unsigned width = data[0] + 1U;
  if (const auto entries = sigstore::parse_entry_bundle(width, rest)) {
    if (entries->size() != width || written(*entries) != text_of(rest)) std::abort();
    for (const ByteView entry : *entries) {
      const auto finding = sigstore::match_entry(nobody(), trust, 0, entry);
      if (finding && finding->what.empty()) std::abort();
      // An input may state the digest, and then it is rightly found; no key has that fingerprint.
      if (finding && finding->why == sigstore::EntryFinding::Why::key) std::abort();
    }
  }
  if (const auto state = sigstore::parse_log_state(text_of(rest))) {
    const std::string text = sigstore::write_log_state(*state);
    const auto again = sigstore::parse_log_state(text);
    if (!again || sigstore::write_log_state(*again) != text) std::abort();
    if (state->read.size() > state->head.size()) std::abort();
  }
  return 0;
}
