// SPDX-License-Identifier: Apache-2.0
// What the body of a log's entry says, and whether that is about a bundle.
//
// For inspection and conversion: nothing here proves that the log ever had such an entry. Kinds
// that are known: hashedrekord 0.0.1 and 0.0.2, rekord 0.0.1, dsse 0.0.1, intoto 0.0.1 and 0.0.2
// (what Rekor's clients write of blobs). Another kind is Errc::unsupported.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "dsse/envelope.h"

namespace sluice::sigstore {

struct EntryClaims {
  std::string kind;     // "hashedrekord"
  std::string version;  // "0.0.1"
  // What was signed: a file, or, in hashedrekord 0.0.2, an envelope in its encoding for signing.
  std::optional<crypto::Digest> artifact;
  std::optional<crypto::Digest> payload;  // of an envelope
  std::vector<Bytes> signatures;
  std::vector<Bytes> verifiers;  // DER: certificates, or public keys (SPKI)
};

// Kind and version alone, of any kind.
[[nodiscard]] Result<EntryClaims> read_entry_kind(ByteView body);
[[nodiscard]] Result<EntryClaims> read_entry_claims(ByteView body);

// What was signed, as far as it is at hand.
struct SignedThing {
  std::optional<crypto::Digest> artifact;  // of the message
  const dsse::Envelope* envelope = nullptr;
};
// Is the entry's digest that of the thing? None: they cannot be compared (another algorithm, or one
// of them is not said).
std::optional<bool> same_digest(const EntryClaims& claims, const SignedThing& thing);
// None: the entry holds no signature, or no key.
std::optional<bool> has_signature(const EntryClaims& claims, ByteView signature);
std::optional<bool> has_verifier(const EntryClaims& claims, ByteView der);

}  // namespace sluice::sigstore
