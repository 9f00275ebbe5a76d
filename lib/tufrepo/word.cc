// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/word.h"

#include <algorithm>

#include "base/text.h"
#include "json/value.h"

namespace sluice::tuf {

bool is_one_word(std::string_view text) {
  if (text.empty() || text.ends_with(':')) return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.@+/*?=~%#$&^!:").find(c) != std::string_view::npos;
  });
}

std::string as_word(std::string_view text, std::size_t max) {
  return printable(is_one_word(text) ? std::string(text) : json::write(json::Value(text)), max);
}

}  // namespace sluice::tuf
