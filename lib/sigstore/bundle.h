// SPDX-License-Identifier: Apache-2.0
// Sigstore bundles: a signature, and what is needed to verify it, in one JSON file.
//
// Reading is strict: a known version and what that version demands, no unknown members, canonical
// base64. Parsing proves nothing; verification is in sigstore/verifier.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "dsse/envelope.h"

namespace sluice::sigstore {

inline constexpr std::string_view kBundleV03 = "application/vnd.dev.sigstore.bundle.v0.3+json";

// JSON values of a bundle, or of the body of an entry. An honest one has some hundred; a hostile
// one of 16 MiB would become a tree of 200 MiB.
inline constexpr std::size_t kBundleValuesMost = 20'000;
inline constexpr std::size_t kLogEntriesMost = 32;   // of one bundle
inline constexpr std::size_t kTimestampsMost = 32;   // of one bundle
inline constexpr std::size_t kProofHashesMost = 64;  // more than any tree of 2^63 leaves needs

enum class BundleVersion : std::uint8_t { v01, v02, v03 };
std::string_view name(BundleVersion version);  // "0.3"

struct PublicKeyHint {
  std::string hint;  // not authenticated; ours and cosign's is base64(SHA-256 of the SPKI key)
};
struct CertificateChain {
  std::vector<Bytes> certificates;  // DER, leaf first; not looked into here
};

// Where an entry stands in a log's tree. The root and the size are those of the checkpoint.
struct InclusionProof {
  std::uint64_t index = 0;
  std::uint64_t tree_size = 0;
  Bytes root;
  std::vector<Bytes> hashes;
  std::string checkpoint;  // a signed note; may be missing in version 0.1
};

// One entry of a transparency log, as the bundle tells it.
struct LogEntry {
  std::uint64_t index = 0;  // over all shards of the log; that of the proof is within one
  Bytes log_id;
  std::string kind;                     // "hashedrekord"
  std::string version;                  // "0.0.1"
  std::optional<Time> integrated_time;  // counts only under a valid promise
  std::optional<Bytes> promise;         // the signed entry timestamp of Rekor v1
  std::optional<InclusionProof> proof;
  Bytes body;  // canonical JSON; what is hashed into the tree
};

struct MessageSignature {
  std::optional<crypto::Digest> digest;  // a hint that has to be true
  Bytes signature;
};

struct Bundle {
  MediaType media_type{std::string(kBundleV03)};
  BundleVersion version = BundleVersion::v03;
  std::variant<PublicKeyHint, CertificateChain> material;
  std::vector<LogEntry> entries;
  std::vector<Bytes> timestamps;  // RFC 3161 replies
  std::variant<MessageSignature, dsse::Envelope> content;
};

[[nodiscard]] Result<Bundle> parse_bundle(std::string_view text);

// The signature itself: of the message, or of the envelope.
const Bytes& signature_of(const Bundle& bundle);

// As version 0.3, or the one that is asked for, whatever version it was read as. The text ends
// without a newline, as cosign writes it. Of a chain of certificates, 0.3 holds the first alone.
// What that version demands of entries is the caller's to look after.
std::string write_bundle(const Bundle& bundle, BundleVersion version = BundleVersion::v03);
// With a public key and nothing else.
std::string write_bundle(const crypto::PublicKey& key, const MessageSignature& signature);
std::string write_bundle(const crypto::PublicKey& key, const dsse::Envelope& envelope);

std::string key_hint(const crypto::PublicKey& key);

}  // namespace sluice::sigstore
