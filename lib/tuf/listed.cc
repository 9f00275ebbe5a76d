// SPDX-License-Identifier: Apache-2.0
#include "tuf/listed.h"

#include "json/text_out.h"

namespace sluice::tuf {

std::string listed_piece(std::string_view key, std::string_view text) {
  std::string out;
  out.reserve(key.size() + text.size() + 3);
  json::append_quoted(out, key);
  if (out.size() == key.size() + 2) {
    out += ':';
  } else {
    out.assign(1, '\0').append(key).append(2, '\0');
  }
  out += text;
  return out;
}

Listed in_piece(std::string_view piece, std::size_t key_size) {
  return {piece.substr(1, key_size), piece.substr(key_size + 3)};
}

Listed keep_listed(std::deque<std::string>& pieces, std::string_view key, std::string_view text) {
  return in_piece(pieces.emplace_back(listed_piece(key, text)), key.size());
}

}  // namespace sluice::tuf
