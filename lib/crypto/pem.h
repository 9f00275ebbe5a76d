// SPDX-License-Identifier: Apache-2.0
// PEM armour (RFC 7468), strict: one block and nothing else in the text.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace sluice::crypto {

struct PemBlock {
  std::string_view label;  // "PUBLIC KEY"; a view of the text that was read
  SecretBytes content;     // secret, because whoever reads the armour does not know what it holds
};

// Refuses text around the block, a second block, headers (old encryption), broken base64, and more
// than limits::kKeyFile bytes.
[[nodiscard]] Result<PemBlock> read_pem(std::string_view text);
// The same of what is no secret: a certificate, a public key. A block whose label says PRIVATE
// comes without its content.
struct PublicPem {
  std::string_view label;
  Bytes content;
};
[[nodiscard]] Result<PublicPem> read_public_pem(std::string_view text);
// The label alone; the content is not looked at.
[[nodiscard]] Result<std::string_view> pem_label(std::string_view text);

std::string write_pem(std::string_view label, ByteView content);
SecretBytes write_secret_pem(std::string_view label, ByteView content);

}  // namespace sluice::crypto
