// SPDX-License-Identifier: Apache-2.0
// What gpg exports, as a key of a layout: what is read can be read again as such a key, or is
// refused there.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "intoto/gpg_export.h"
#include "intoto/gpg_key.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::intoto;
  const auto object = gpg_key_object({data, size}, {"aa", "bb", "cc"});
  if (!object) return 0;
  const auto key = GpgKey::parse(json::Fields(*object, "key"));
  if (key && key->ids().front() != "aa") std::abort();
  static_cast<void>(gpg_fingerprints(text_of({data, size})));
  return 0;
}
