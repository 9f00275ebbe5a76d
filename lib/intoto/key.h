// SPDX-License-Identifier: Apache-2.0
// Keys as layouts list them, and the ids by which python in-toto and in-toto-golang call one and
// the same key.
//
// An id is a name and proves nothing: whoever compares keys compares their material.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/metadata_key.h"
#include "crypto/private_key.h"
#include "json/value.h"

namespace sluice::intoto {

class Key {
 public:
  // With the scheme that both peers choose: RSA signs with PSS and SHA-256.
  explicit Key(const crypto::PublicKey& key);

  // A key object of a layout: keyid, keyid_hash_algorithms, keytype, scheme, keyval. Refuses one
  // with a private part, unknown members, and keytypes and schemes that do not go together or are
  // not among crypto/metadata_key.h's (GPG's are Errc::unsupported here).
  [[nodiscard]] static Result<Key> parse(const json::Fields& fields);

  const crypto::PublicKey& material() const { return key_; }
  crypto::Scheme scheme() const { return scheme_->scheme; }
  std::string_view scheme_name() const { return scheme_->name; }
  const std::string& certificate() const { return certificate_; }  // PEM; mostly empty

  const std::string& python_id() const { return python_id_; }  // securesystemslib's
  const std::string& go_id() const { return go_id_; }
  // The one that it was listed by, else python's.
  const std::string& id() const { return listed_id_.empty() ? python_id_ : listed_id_; }
  // All by which a signature may call it: listed, python's, Go's; each once.
  std::vector<std::string> ids() const;

  // As both peers read it, under that id.
  json::Value to_json(std::string_view id) const;
  std::string describe() const;  // "Ed25519 d8d1f2f5"
  bool same_material(const Key& other) const { return key_ == other.key_; }

 private:
  Key(crypto::PublicKey key, const crypto::MetadataScheme& scheme);

  crypto::PublicKey key_;
  const crypto::MetadataScheme* scheme_;
  std::string listed_id_;
  std::string python_id_;
  std::string go_id_;
  std::string certificate_;
};

// The key, signing by the scheme that its metadata says.
[[nodiscard]] Result<crypto::PrivateKey> metadata_signer(const crypto::PrivateKey& key);

// An id for a functionary that is an identity and has no key of its own: the same for each of its
// certificates. `signer` is what a verified bundle says of it. Its links are called
// STEP.<first 8 digits>.link, too.
std::string identity_id(std::string_view signer);

}  // namespace sluice::intoto
