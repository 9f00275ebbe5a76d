// SPDX-License-Identifier: Apache-2.0
// Keys as the metadata of TUF and of in-toto writes them: keytype, scheme, and the public part as
// text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/key.h"

namespace sluice::crypto {

// ed25519; ecdsa on P-256, P-384, P-521; rsa with PSS or PKCS#1 v1.5 and SHA-256, -384, -512.
struct MetadataScheme {
  std::string_view keytype;  // "ecdsa"
  std::string_view name;     // "ecdsa-sha2-nistp256"
  Scheme scheme;
  KeyType type;
};

// nullptr where it is none of them. Of ECDSA the name of the scheme is read as a keytype, too.
const MetadataScheme* find_metadata_scheme(std::string_view keytype, std::string_view scheme);
// What a key has that says nothing of its own: RSA signs with PSS and SHA-256.
const MetadataScheme& default_metadata_scheme(KeyType type);

// PEM, or, but for RSA, the key's own bytes in hex. A key of another type than the scheme's is
// malformed.
[[nodiscard]] Result<PublicKey> read_metadata_key(const MetadataScheme& scheme,
                                                  std::string_view text);
// Hex for Ed25519; PEM, with its closing newline, for the others.
std::string metadata_key_text(const PublicKey& key);

}  // namespace sluice::crypto
