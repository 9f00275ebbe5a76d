// SPDX-License-Identifier: Apache-2.0
// What a repository's manager reads from a folder that others may have written: drafts, signatures,
// policies. The first byte picks the reader. What is written is read back as the same.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "tufrepo/difference.h"
#include "tufrepo/form.h"
#include "tufrepo/proposal.h"
#include "tufrepo/repository.h"

namespace {

using namespace sluice;
using namespace sluice::tuf;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::size_t kMax = 1U << 20;

// A snapshot that the client's reader took apart is the same to change; and what was read of a text
// before it was signed is what is read of the document.
void compare_readers(const Document& document, const Result<Draft>& draft) {
  const auto opened = open_snapshot(document, kMax);
  if (!opened) return;
  const auto taken = Draft::of(opened->snapshot);
  require(taken.has_value() == draft.has_value());
  if (!taken) return;
  require(taken->count() == draft->count());
  const auto message = draft->message_text();
  require(taken->message_text().has_value() == message.has_value());
  if (!message) return;
  require(*taken->message() == *draft->message());
  require(*taken->document() == *draft->document());
  const auto read = parse_snapshot(message->held, message->text);
  const auto whole = draft->shared_document();
  require(whole.has_value());
  const auto again = open_snapshot(*whole, 2 * kMax);
  const auto around = read && read->document() == *whole ? opened_around(*read, 2 * kMax)
                                                         : std::optional<OpenedSnapshot>();
  if (!around) return;
  require(again && again->envelope.message() == around->envelope.message());
  require(again->envelope.signatures == around->envelope.signatures);
  require(again->snapshot.count() == around->snapshot.count());
  for (std::size_t i = 0; i < again->snapshot.count(); ++i) {
    require(again->snapshot.file(i).name == around->snapshot.file(i).name);
    require(again->snapshot.file(i).version == around->snapshot.file(i).version);
  }
}

void read_draft(std::string_view text) {
  const auto copy = std::make_shared<const std::string>(text);
  const auto draft = Draft::parse(copy);
  if (!draft || draft->type() == RoleType::snapshot) compare_readers(copy, draft);
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
  (void)defects_of_form(nullptr, *draft, {});
  const auto defects = defects_of_form(&*draft, *again, {});  // what was published so may stay
  require(!defects.has_value() || defects->empty());
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
