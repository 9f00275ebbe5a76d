// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"
#include "crypto/legacy_key.h"
#include "tufrepo/pkcs11.h"
#include "tufrepo/role_key_parts.h"

// Key files of every format, and what names a token or a command.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string_view text = text_of({data, size});
  const auto password = SecretBytes::copy_of("correct horse");
  (void)crypto::decrypt_securesystemslib(text, password, {.pbkdf2_rounds = 1'000});
  if (!crypto::is_securesystemslib_text(text)) {
    (void)tuf::read_private_key(
        text, [&] { return Result<SecretBytes>(fail(Errc::denied, "no password")); });
  }
  (void)tuf::parse_pkcs11_uri(text);
  (void)tuf::split_command(text);
  return 0;
}
