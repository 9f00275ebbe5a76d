// SPDX-License-Identifier: Apache-2.0
// A pattern and a text, apart by a newline: the matcher against a plain recursive one, over the
// same reading of stars.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "base/text.h"
#include "intoto/glob.h"

namespace {

using namespace sluice;
using namespace sluice::intoto;

void require(bool holds) {
  if (!holds) std::abort();
}

// Of patterns with stars and ASCII text alone; slow, so for short ones.
bool plainly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return plainly(pattern.substr(1), text) || (!text.empty() && plainly(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         plainly(pattern.substr(1), text.substr(1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all = text_of({data, size});
  const std::size_t cut = all.find('\n');
  if (cut == std::string_view::npos) return 0;
  const auto pattern = all.substr(0, cut);
  const auto text = all.substr(cut + 1);
  const auto glob = Glob::parse(pattern);
  if (!glob || !is_utf8(text)) return 0;
  const bool matches = glob->matches(text);
  if (matches) require(text.starts_with(glob->literal_prefix()));
  if (glob->exact()) require(matches == (text == glob->literal_prefix()));
  if (glob->everything()) require(matches);
  const auto literal = Glob::parse(glob_literal(text));
  if (literal) require(literal->matches(text));
  constexpr std::size_t kShort = 12;
  bool plain = all.size() < 2 * kShort && pattern.find('[') == std::string_view::npos;
  for (const char c : all) plain = plain && static_cast<unsigned char>(c) < 0x80;
  if (plain) require(matches == plainly(pattern, text));
  return 0;
}
