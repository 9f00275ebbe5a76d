// SPDX-License-Identifier: Apache-2.0
// What gpg exports, as a key of a layout: what is read can be read again as such a key, or is
// refused there.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "intoto/gpg_export.h"
#include "intoto/gpg_key.h"
#include "intoto/gpg_packet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::intoto;
  const ByteView all{data, size};
  if (const auto made = parse_gpg_signature(all)) {
    // What was read is what is hashed behind the message.
    const auto again = read_gpg_headers(made->headers);
    if (!again || again->fingerprint != made->said.fingerprint) std::abort();
  }
  static_cast<void>(gpg_listing(text_of(all)));
  // A listing in front, the export behind an empty line.
  const auto end = text_of(all).find("\n\n");
  if (end == std::string_view::npos) return 0;
  const auto listed = gpg_listing(text_of(all.first(end)));
  if (!listed) return 0;
  const auto object = gpg_key_object(all.subspan(end + 2), *listed);
  if (!object) return 0;
  const auto key = GpgKey::parse(json::Fields(*object, "key"));
  if (key && key->ids().front() != listed->front().fingerprint) std::abort();
  return 0;
}
