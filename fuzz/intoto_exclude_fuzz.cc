// SPDX-License-Identifier: Apache-2.0
// Patterns of what is not recorded: the text up to the first newline is a pattern, the rest a path.
#include <cstdlib>

#include "base/bytes.h"
#include "intoto/exclude.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string_view text = text_of({data, size});
  const auto cut = text.find('\n');
  if (cut == std::string_view::npos) return 0;
  const std::string pattern(text.substr(0, cut));
  const std::string_view path = text.substr(cut + 1);
  const auto excludes = intoto::Excludes::of({pattern});
  if (!excludes) return 0;
  // What a pattern takes, the same one with ! in front gives back; alone it takes nothing.
  if (excludes->match(path, true)) {
    const bool negated = pattern.starts_with('!');
    if (negated) std::abort();
    const auto both = intoto::Excludes::of({pattern, "!" + pattern});
    if (!both || both->match(path, true)) std::abort();
    if (!excludes->match_with_folders(path, true)) std::abort();
  }
  return 0;
}
