// SPDX-License-Identifier: Apache-2.0
// GPG keys as python in-toto writes them into layouts (keytype rsa, method pgp+rsa-pkcsv1.5), and
// the signatures that gpg made with them.
//
// Such a signature is over the metadata, followed by the headers of the OpenPGP packet and their
// length (RFC 4880 5.2.4). The expiry and the revocation of a key are gpg's affair and not looked
// at here: the layout says who signs, and expires itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/key.h"
#include "intoto/signed.h"
#include "json/value.h"

namespace sluice::intoto {

// A master key with its subkeys; each of them signs for it. RSA with SHA-256 alone: other methods
// are Errc::unsupported.
class GpgKey {
 public:
  static bool is_one(const json::Fields& fields);  // has "method"
  [[nodiscard]] static Result<GpgKey> parse(const json::Fields& fields);

  const std::string& id() const { return parts_.front().id; }
  std::vector<std::string> ids() const;  // of the master key, then of its subkeys
  std::string describe() const;          // "GPG RSA 2048 7e0c8a17"
  const crypto::PublicKey& material() const { return parts_.front().key; }

  // As SignedMetadata::check: did this key, or a subkey of it, sign these bytes?
  [[nodiscard]] Result<SignatureFinding> check(const SignedMetadata& metadata) const;

 private:
  struct Part {
    std::string id;
    crypto::PublicKey key;
  };
  [[nodiscard]] static Result<Part> part_of(const json::Fields& fields);
  std::vector<Part> parts_;  // at least one
};

// The signature of gpg, as above, over these bytes.
[[nodiscard]] Result<crypto::Match> check_gpg(const crypto::PublicKey& key, ByteView message,
                                              const MetadataSignature& signature);

}  // namespace sluice::intoto
