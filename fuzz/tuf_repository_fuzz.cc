// SPDX-License-Identifier: Apache-2.0
// What a repository's manager reads from a folder that others may have written: drafts, signatures,
// policies. The first byte picks the reader. What is written is read back as the same.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "tufrepo/difference.h"
#include "tufrepo/proposal.h"
#include "tufrepo/repository.h"

namespace {

using namespace sluice;
using namespace sluice::tuf;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_draft(std::string_view text) {
  const auto draft = Draft::parse(std::string(text));
  if (!draft) return;
  const auto message = draft->message();
  if (!message) return;
  const auto document = draft->document();
  require(document.has_value());
  const auto again = Draft::parse(*document);
  require(again.has_value());
  require(*again->message() == *message);
  require(*again->document() == *document);
  const auto changes = difference(&*draft, *again, nullptr);
  require(changes.has_value() && changes->empty());
  (void)difference(nullptr, *draft, nullptr);
  (void)delegations_of(*draft, {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = text_of({data + 1, size - 1});
  switch (data[0] % 3) {
    case 0:
      read_draft(text);
      break;
    case 1:
      if (const auto signature = parse_staged_signature(text)) {
        const auto again = parse_staged_signature(write_staged_signature(*signature));
        require(again.has_value() && again->keyid == signature->keyid);
      }
      break;
    default:
      if (const auto policy = parse_policy(text, "tuf-repo.yaml")) (void)write_policy(*policy);
  }
  return 0;
}
