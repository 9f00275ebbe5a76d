// SPDX-License-Identifier: Apache-2.0
// Sigstore bundles: a signature, and what is needed to verify it, in one JSON file.
//
// Reading is strict: a known version, no unknown members, canonical base64. Parsing proves nothing;
// verification is in sigstore/verify_key.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "crypto/digest.h"
#include "dsse/envelope.h"

namespace sluice::sigstore {

inline constexpr std::string_view kBundleV03 = "application/vnd.dev.sigstore.bundle.v0.3+json";

struct PublicKeyHint {
  std::string hint;  // not authenticated; ours and cosign's is base64(SHA-256 of the SPKI key)
};
struct CertificateChain {
  std::vector<Bytes> certificates;  // DER, leaf first; not looked into here
};

struct MessageSignature {
  std::optional<crypto::Digest> digest;  // a hint that has to be true
  Bytes signature;
};

struct Bundle {
  MediaType media_type{std::string(kBundleV03)};
  std::variant<PublicKeyHint, CertificateChain> material;
  std::size_t log_entries = 0;  // counted only; reading them comes with log verification
  std::size_t timestamps = 0;
  std::variant<MessageSignature, dsse::Envelope> content;
};

[[nodiscard]] Result<Bundle> parse_bundle(std::string_view text);

// Version 0.3 with a public key. The text ends without a newline, as cosign writes it.
std::string write_bundle(const crypto::PublicKey& key, const MessageSignature& signature);
std::string write_bundle(const crypto::PublicKey& key, const dsse::Envelope& envelope);

std::string key_hint(const crypto::PublicKey& key);

}  // namespace sluice::sigstore
