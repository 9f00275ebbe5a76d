// SPDX-License-Identifier: Apache-2.0
// GPG keys as python in-toto writes them into layouts (RSA: method pgp+rsa-pkcsv1.5, Ed25519:
// pgp+eddsa-ed25519), and the signatures that gpg made with them.
//
// Such a signature is over the metadata, followed by the headers of the OpenPGP packet and their
// length (RFC 4880 5.2.4); the headers have to say that they are of a document, of this kind of key
// and of SHA-256. A key that has expired by what the layout says of it, or whose master key has,
// does not count; nor does a signature that has. A revocation is gpg's affair: the layout says who
// signs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "crypto/key.h"
#include "intoto/signed.h"
#include "json/value.h"

namespace sluice::intoto {

// A master key with its subkeys; each of them signs for it. With SHA-256 alone; other methods are
// Errc::unsupported.
class GpgKey {
 public:
  static bool is_one(const json::Fields& fields);  // has "method"
  [[nodiscard]] static Result<GpgKey> parse(const json::Fields& fields);

  const std::string& id() const { return parts_.front().id; }
  // Who it is, whatever part of it signs.
  const crypto::PublicKey& material() const { return parts_.front().key; }
  std::vector<std::string> ids() const;              // of the master key, then of its subkeys
  std::vector<crypto::PublicKey> materials() const;  // in the same order
  std::string describe() const;                      // "GPG RSA 2048 7e0c8a17"
  const crypto::PublicKey* part(std::string_view id) const;  // nullptr: none of them
  // The same, of which that part alone signs: a step may name a subkey. Nothing: no part of it.
  std::optional<GpgKey> only(std::string_view id) const;

  // As SignedMetadata::check: did this key, or a subkey of it, sign these bytes?
  [[nodiscard]] Result<SignatureFinding> check(const SignedMetadata& metadata, Time now) const;

 private:
  struct Part {
    std::string id;
    crypto::PublicKey key;
    std::optional<Time> expires = {};
  };
  [[nodiscard]] static Result<Part> part_of(const json::Fields& fields);
  bool counts(const Part& part, const std::optional<Time>& signature_expires, Time now) const;
  std::vector<Part> parts_;  // at least one
  std::string alone_;        // the id of the one part that signs; empty: all do
};

// The signature of gpg, as above, over these bytes. What does not follow the form is a "no".
[[nodiscard]] Result<crypto::Match> check_gpg(const crypto::PublicKey& key, ByteView message,
                                              const MetadataSignature& signature);

}  // namespace sluice::intoto
