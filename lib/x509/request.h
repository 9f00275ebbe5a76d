// SPDX-License-Identifier: Apache-2.0
// What is asked of authorities: a certificate (PKCS#10), a timestamp (RFC 3161 2.4.1). Written, and
// never read.
#pragma once

#include "base/random.h"
#include "crypto/private_key.h"
#include "x509/timestamp.h"

namespace sluice::x509 {

// A CertificationRequest for this key, signed by it; without a subject and without attributes.
// Errc::unsupported for schemes that have no AlgorithmIdentifier (Ed25519ph).
[[nodiscard]] Result<Bytes> certificate_request(const crypto::Signer& key);

struct TimestampQuestion {
  Bytes der;
  Bytes nonce;  // the content of its INTEGER: positive, minimal
};
// About that digest, with a nonce of 64 bits, and asking for the service's certificate.
TimestampQuestion timestamp_question(const crypto::Digest& digest, Random& random);

}  // namespace sluice::x509
