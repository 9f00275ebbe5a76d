// SPDX-License-Identifier: Apache-2.0
// Links and the files around them: what parses is written and read again as the same thing.
#include <cstdlib>

#include "intoto/link.h"
#include "intoto/signed.h"

namespace {

using namespace sluice;
using namespace sluice::intoto;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_link(std::string_view text) {
  const auto link = parse_link(text);
  if (!link) return;
  for (const auto* side : {&link->materials, &link->products}) {
    for (const auto& each : *side) {
      require(each.digests.strong());
      require(side->find(each.name) == &each);
      require(agreement(each.digests, each.digests) == Agreement::same);
    }
  }
  for (const auto& written : {write_link(*link), write_link_statement(*link)}) {
    const auto again = parse_link(written);
    // A statement is one object deeper, which may be one too many.
    if (!again && link->form == LinkForm::link && again.error().code == Errc::limit) continue;
    require(again.has_value());
    require(again->name == link->name && again->command == link->command);
    require(again->materials == link->materials && again->products == link->products);
    require(again->return_value() == link->return_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of({data, size});
  read_link(text);
  const auto metadata = SignedMetadata::parse(std::string(text));
  if (!metadata) return 0;
  read_link(metadata->payload());
  // Without its signatures it is the same payload, in the same envelope.
  const auto bare = add_signatures(*metadata, {}, false);
  require(bare.has_value());
  const auto again = SignedMetadata::parse(*bare);
  require(again && again->payload() == metadata->payload());
  require(again->wrapping() == metadata->wrapping() && again->signatures().empty());
  require(equal(again->message(), metadata->message()));
  const auto kept = add_signatures(*metadata, {}, true);
  require(kept.has_value());
  require(SignedMetadata::parse(*kept)->signatures().size() == metadata->signatures().size());
  return 0;
}
