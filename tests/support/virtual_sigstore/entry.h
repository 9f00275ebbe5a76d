// SPDX-License-Identifier: Apache-2.0
// What Rekor writes into its logs about a signature.
#pragma once

#include "support/virtual_sigstore/virtual_sigstore.h"

namespace sluice::test {

// "PKIX_ECDSA_P256_SHA_256"
std::string key_details(const crypto::PublicKey& key, crypto::Scheme scheme);
std::string_view hash_name(crypto::HashAlgorithm hash);  // "SHA2_256"

json::Value envelope_of(const Made& made);

// The body before it is canonical.
json::Value body_v1(EntryKind kind, const Made& made, bool payload_in_intoto = false);
json::Value body_v2(const Made& made, bool verifier_is_key = false);

}  // namespace sluice::test
