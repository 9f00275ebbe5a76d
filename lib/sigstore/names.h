// SPDX-License-Identifier: Apache-2.0
// The names of Sigstore's enumerations (protobuf-specs, sigstore_common.proto).
#pragma once

#include <string_view>

#include "crypto/key.h"

namespace sluice::sigstore {

// "SHA2_256"; Errc::unsupported for names that are not known here.
std::string_view hash_label(crypto::HashAlgorithm algorithm);
[[nodiscard]] Result<crypto::HashAlgorithm> hash_labelled(std::string_view label);

// A kind of key, and how it signs: "PKIX_ECDSA_P256_SHA_256". Keys of RSA say their size as well.
struct KeyDetails {
  crypto::KeyType type;
  crypto::Scheme scheme;
  unsigned bits = 0;   // of RSA; 0: not said
  bool pkcs1 = false;  // the bytes are an RSAPublicKey, not an SPKI
  bool operator==(const KeyDetails&) const = default;
};
// Errc::unsupported where the enumeration has no name for it, or this program not the algorithm.
[[nodiscard]] Result<std::string_view> key_details_label(const crypto::PublicKey& key,
                                                         crypto::Scheme scheme);
[[nodiscard]] Result<KeyDetails> key_details_labelled(std::string_view label);
// Does the key go with what was said of it?
bool goes_with(const crypto::PublicKey& key, const KeyDetails& details);

}  // namespace sluice::sigstore
