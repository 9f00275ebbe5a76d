// SPDX-License-Identifier: Apache-2.0
// Keys as metadata lists them. What is not understood stays in the list and never counts.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/key.h"
#include "json/tokenizer.h"

namespace sluice::tuf {

// A key that this room does not know: say an identity (TAP 18). Whoever does know it answers with a
// verifier; the signature that this gets is the decoded "sig", or the JSON text of "bundle" where
// the signature has such a member, or of "sig" where that is an object. What describe() says has to
// tell it from every other key. May be asked by another thread than the caller's.
struct ForeignKey {
  std::string keytype;
  std::string scheme;
  std::string keyval;  // JSON text, as it was received
};
using ForeignKeys =
    std::function<std::shared_ptr<const crypto::SignatureVerifier>(const ForeignKey&)>;

struct Key {
  std::string keytype;
  std::string scheme_name;
  std::optional<crypto::PublicKey> key;  // none: never counts
  std::optional<crypto::Scheme> scheme;
  std::shared_ptr<const crypto::SignatureVerifier> foreign;  // shared: one key, many roles
  std::string keyval;  // of a foreign one: JSON text, as it was received
  // What the key is, whatever its keyid: two entries with the same material are one key.
  std::string material;
  std::string why_unusable;  // where it never counts

  bool usable() const { return key.has_value() || foreign != nullptr; }
  std::string describe() const;
};

using Keys = std::map<std::string, Key, std::less<>>;  // by keyid

// TUF 4.2 (KEY): ed25519; ecdsa in both spellings of the keytype, on P-256, P-384, P-521; rsa with
// PSS or PKCS#1 v1.5 and SHA-256, -384, -512. Points in hex, as the oldest metadata has them, are
// read too. Malformed only where it is no JSON object of the right shape.
[[nodiscard]] Result<Key> read_key(json::Tokenizer& in, std::string_view document,
                                   const ForeignKeys& foreign);

// An object of keys by keyid.
[[nodiscard]] Result<Keys> read_keys(json::Tokenizer& in, std::string_view document,
                                     const ForeignKeys& foreign);

}  // namespace sluice::tuf
