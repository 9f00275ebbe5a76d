// SPDX-License-Identifier: Apache-2.0
// Secrets, quiet by type: they have no way into a stream, a log line or an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace sluice {

// Key material, a password, a token. In locked, guarded memory; wiped when it goes; never copied.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);      // zeroed
  static SecretBytes copy_of(ByteView bytes);  // the source stays the caller's to wipe
  static SecretBytes copy_of(std::string_view text);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  SecretBytes clone() const;
  void shrink(std::size_t size);  // to at most the present size; what is cut is wiped

  // The only way to the bytes; search for reveal() to find every use.
  std::span<std::uint8_t> reveal() { return {data_, size_}; }
  ByteView reveal() const { return {data_, size_}; }
  std::string_view reveal_text() const { return text_of(reveal()); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

bool equal_secrets(ByteView a, ByteView b);  // in constant time for equal lengths
void wipe(std::span<std::uint8_t> bytes);

}  // namespace sluice
