// SPDX-License-Identifier: Apache-2.0
// The pieces that a conversion reads, and what Rekor v1 answers. For the files of this room alone.
#pragma once

#include <optional>
#include <string_view>

#include "crypto/key.h"
#include "json/value.h"
#include "sigstore/bundle.h"
#include "x509/certificate.h"

namespace sluice::sigstore::parts {

// {"SignedEntryTimestamp", "Payload": {"body", "integratedTime", "logIndex", "logID"}}
[[nodiscard]] Result<LogEntry> entry_of_rekor_bundle(const json::Fields& fields);
// {"body", "integratedTime", "logIndex", "logID"}: what Rekor v1 says of an entry, in its answers
// and in what cosign kept of them. Without promise and proof.
[[nodiscard]] Result<LogEntry> logged_entry(const json::Fields& fields);
// Its "verification.inclusionProof", in hex.
[[nodiscard]] Result<InclusionProof> answered_proof(const json::Fields& entry);
// Rekor's answer: the proof of this very entry. Errc::malformed where it is of another one.
[[nodiscard]] Result<InclusionProof> proof_of_answer(std::string_view text, const LogEntry& entry);

// Who signed: a certificate, or a public key.
struct Signer {
  std::optional<x509::Certificate> certificate = {};
  std::optional<crypto::PublicKey> key = {};
  const Bytes& der() const { return certificate ? (*certificate)->der : key->der(); }
};
// PEM or base64 of PEM, of certificates (the first is taken) or of a public key.
[[nodiscard]] Result<Signer> signer_of_text(std::string_view text);
// DER, as a log's entry names it.
[[nodiscard]] Result<Signer> signer_of_der(ByteView der);

// base64 or raw.
[[nodiscard]] Result<Bytes> signature_of_text(std::string_view text);
// {"SignedRFC3161Timestamp": base64}, or DER.
[[nodiscard]] Result<Bytes> timestamp_of_text(std::string_view text);

}  // namespace sluice::sigstore::parts
