// SPDX-License-Identifier: Apache-2.0
// A member of a large object — "meta" of snapshot, "targets" of targets — where it stands in
// memory: a list of many thousands is two numbers and an address each.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace sluice::tuf {

class Listed {
 public:
  // The text stands two bytes behind the key: "key":text, as both are written. A key that is not
  // written as it is stands between other bytes, see keep_listed().
  Listed(std::string_view key, std::string_view text)
      : key_(key.data()),
        key_size_(static_cast<std::uint32_t>(key.size())),
        text_size_(static_cast<std::uint32_t>(text.size())) {}

  std::string_view key() const { return {key_, key_size_}; }
  std::string_view text() const { return {key_ + key_size_ + 2, text_size_}; }
  // Between its first quote and the end of its text.
  bool as_written() const { return key_[key_size_] == '"'; }

 private:
  const char* key_;
  std::uint32_t key_size_;
  std::uint32_t text_size_;
};

// Whether the text stands where Listed wants it, in one document with the key.
inline bool stand_together(std::string_view key, std::string_view text) {
  return text.data() == key.data() + key.size() + 2;
}

// A member as memory holds it for Listed: where its key has to be escaped, NULs stand around that.
std::string listed_piece(std::string_view key, std::string_view text);
Listed in_piece(std::string_view piece, std::size_t key_size);
// In a piece of its own, which stays where it is.
Listed keep_listed(std::deque<std::string>& pieces, std::string_view key, std::string_view text);

}  // namespace sluice::tuf
