// SPDX-License-Identifier: Apache-2.0
// The readers of JSON against each other and against an independent one; what was read is written
// in every form and read again.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "json/tokenizer.h"
#include "json/value.h"

namespace {

using namespace sluice::json;

void must(bool holds) {
  if (!holds) std::abort();
}

// The same bounds for all readers.
constexpr Limits kLimits{.bytes = 1U << 20, .depth = 32, .values = 100'000};

// Token by token, as a caller that looks at everything.
bool walk(std::string_view text) {
  Tokenizer in(text, kLimits);
  std::string buffer;
  for (;;) {
    const Token token = in.next();
    if (token == Token::end) return true;
    if (token == Token::failed) return false;
    must(in.offset() < text.size() && !in.raw().empty());
    if (token == Token::key || token == Token::string) {
      must(in.text(buffer).size() <= in.raw().size() - 2);
    }
  }
}

// Through the reading functions that know what they expect.
bool read_all(Tokenizer& in, std::string_view text) {
  for (;;) {
    const auto key = in.next_key();
    if (!key) return false;
    if (!*key) return in.finish().has_value();
    const auto part = in.skip();
    if (!part) return false;
    // What was skipped is a document of its own, and canonical exactly where it says so.
    const auto value = parse_strict(part->in(text), kLimits);
    must(value.has_value());
    const auto form = canonical_olpc(*value);
    must(part->canonical == (form && *form == part->in(text)));
  }
}

void check_forms(const Value& value) {
  for (const std::string& text : {write(value), write_pretty(value)}) {
    const auto again = parse_strict(text, {});
    must(again && *again == value);
  }
  if (const auto jcs = canonical_jcs(value)) {
    const auto again = parse_strict(*jcs, {});
    must(again && canonical_jcs(*again).value() == *jcs);
  }
  if (const auto olpc = canonical_olpc(value)) {
    // Control characters stand in it as they are, so not every canonical form is JSON.
    if (const auto again = parse_strict(*olpc, {})) must(canonical_olpc(*again).value() == *olpc);
  }
}

bool is_known_difference(const std::string& what) {
  for (const char* reason :
       {"a second time in one object", "a byte-order mark", "nested deeper", "found \"\\x00\""}) {
    if (what.find(reason) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tree = parse_strict(text, kLimits);
  const bool too_many = !tree && tree.error().what.find(" values") != std::string::npos;
  const bool walked = walk(text);
  must(too_many || walked == tree.has_value());
  Tokenizer skipping(text, kLimits);
  must((skipping.skip() && skipping.finish()) == walked);
  if (Tokenizer in(text, kLimits); in.enter_object()) must(read_all(in, text) == walked);
  if (tree) {
    check_forms(*tree);
    // The other parser refuses numbers beyond double; that aside, it accepts what we accept.
    must(nlohmann::json::accept(text) || text.find_first_of("eE") != text.npos || size > 300);
  } else if (!too_many && size < 4096 && nlohmann::json::accept(text)) {
    must(is_known_difference(tree.error().what));
  }
  return 0;
}
