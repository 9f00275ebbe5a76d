// SPDX-License-Identifier: Apache-2.0
// AlgorithmIdentifiers as schemes and digests. SHA-1, MD5, DSA and the like have no translation.
#pragma once

#include <string>

#include "crypto/key.h"
#include "x509/der.h"

namespace sluice::x509 {

struct AlgorithmId {
  ByteView oid;
  ByteView parameters;  // one whole element, or empty where there are none
  ByteView whole;
};
[[nodiscard]] Result<AlgorithmId> read_algorithm(DerReader& in);

// Errc::unsupported by its name for what is too weak or unknown.
[[nodiscard]] Result<crypto::HashAlgorithm> hash_of(const AlgorithmId& algorithm);
// ECDSA, RSA PKCS#1 and PSS (salt as long as the digest) with SHA-256, -384, -512; Ed25519.
[[nodiscard]] Result<crypto::Scheme> scheme_of(const AlgorithmId& algorithm);

// The AlgorithmIdentifiers as they are written: digests and ECDSA without parameters, PKCS#1 with
// NULL (RFC 4055 5, RFC 5758 3.2).
Bytes write_algorithm(crypto::HashAlgorithm hash);
// Errc::unsupported for RSA-PSS and Ed25519ph, which nothing here has to write.
[[nodiscard]] Result<Bytes> write_algorithm(crypto::Scheme scheme);

}  // namespace sluice::x509
