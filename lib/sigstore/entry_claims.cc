// SPDX-License-Identifier: Apache-2.0
#include "sigstore/entry_claims.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "json/value.h"
#include "sigstore/bundle.h"
#include "sigstore/names.h"

namespace sluice::sigstore {

namespace {

using crypto::Digest;
using crypto::HashAlgorithm;
using json::Fields;

constexpr std::size_t kEntrySignatures = 64;  // as many as an envelope may have

Result<Bytes> base64_of(const Fields& fields, std::string_view key) {
  SLUICE_TRY(const std::string text, fields.string(key));
  return within(from_base64(text), cat("reading ", fields.path(), ".", key));
}

// base64 of PEM, of one key or certificate: what it holds.
Result<Bytes> armoured_verifier(const Fields& fields, std::string_view key) {
  SLUICE_TRY(const Bytes pem, base64_of(fields, key));
  SLUICE_TRY(auto block, within(crypto::read_public_pem(text_of(pem)),
                                cat("reading ", fields.path(), ".", key)));
  return std::move(block.content);
}

// {"algorithm": "sha256", "value": hex}
Result<Digest> hex_digest(const Fields& fields, std::string_view key) {
  SLUICE_TRY(const auto hash, fields.object(key));
  SLUICE_TRY(const std::string algorithm, hash.string("algorithm"));
  SLUICE_TRY(const std::string value, hash.string("value"));
  return within(Digest::parse(cat(algorithm, ":", value)), cat("reading ", hash.path()));
}

// hashedrekord and rekord 0.0.1.
Result<void> read_rekord(const Fields& spec, EntryClaims& claims) {
  SLUICE_TRY(const auto data, spec.object("data"));
  SLUICE_TRY(claims.artifact, hex_digest(data, "hash"));
  SLUICE_TRY(const auto signature, spec.object("signature"));
  SLUICE_TRY(auto content, base64_of(signature, "content"));
  claims.signatures.push_back(std::move(content));
  SLUICE_TRY(const auto key, signature.object("publicKey"));
  SLUICE_TRY(auto verifier, armoured_verifier(key, "content"));
  claims.verifiers.push_back(std::move(verifier));
  return {};
}

// hashedrekord 0.0.2 (Rekor v2).
Result<void> read_rekord_v2(const Fields& spec, EntryClaims& claims) {
  SLUICE_TRY(const auto record, spec.object("hashedRekordV002"));
  SLUICE_TRY(const auto data, record.object("data"));
  SLUICE_TRY(const std::string label, data.string("algorithm"));
  SLUICE_TRY(const auto algorithm, within(hash_labelled(label), cat("reading ", data.path())));
  SLUICE_TRY(const Bytes raw, base64_of(data, "digest"));
  SLUICE_TRY(claims.artifact,
             within(Digest::from_bytes(algorithm, raw), cat("reading ", data.path())));
  SLUICE_TRY(const auto signature, record.object("signature"));
  SLUICE_TRY(auto content, base64_of(signature, "content"));
  claims.signatures.push_back(std::move(content));
  SLUICE_TRY(const auto verifier, signature.object("verifier"));
  SLUICE_TRY(const auto holder,
             verifier.object(verifier.has("publicKey") ? "publicKey" : "x509Certificate"));
  SLUICE_TRY(auto der, base64_of(holder, "rawBytes"));
  claims.verifiers.push_back(std::move(der));
  return {};
}

Result<void> read_dsse(const Fields& spec, EntryClaims& claims) {
  SLUICE_TRY(claims.payload, hex_digest(spec, "payloadHash"));
  SLUICE_TRY(const auto signatures, spec.array("signatures", kEntrySignatures));
  for (const auto& each : signatures) {
    SLUICE_TRY(auto signature, base64_of(each, "signature"));
    claims.signatures.push_back(std::move(signature));
    SLUICE_TRY(auto verifier, armoured_verifier(each, "verifier"));
    claims.verifiers.push_back(std::move(verifier));
  }
  return {};
}

// 0.0.1 has the key beside the content and no signature; 0.0.2 has both in the envelope, and there
// the signature is base64 of its base64.
Result<void> read_intoto(const Fields& spec, EntryClaims& claims) {
  SLUICE_TRY(const auto content, spec.object("content"));
  if (content.has("payloadHash")) {
    SLUICE_TRY(claims.payload, hex_digest(content, "payloadHash"));
  }
  if (spec.has("publicKey")) {
    SLUICE_TRY(auto verifier, armoured_verifier(spec, "publicKey"));
    claims.verifiers.push_back(std::move(verifier));
  }
  if (!content.has("envelope")) return {};
  SLUICE_TRY(const auto envelope, content.object("envelope"));
  SLUICE_TRY(const auto signatures, envelope.array("signatures", kEntrySignatures));
  for (const auto& each : signatures) {
    SLUICE_TRY(const Bytes inner, base64_of(each, "sig"));
    SLUICE_TRY(auto signature,
               within(from_base64(text_of(inner)), cat("reading ", each.path(), ".sig")));
    claims.signatures.push_back(std::move(signature));
    SLUICE_TRY(auto verifier, armoured_verifier(each, "publicKey"));
    claims.verifiers.push_back(std::move(verifier));
  }
  return {};
}

struct KnownEntry {
  std::string_view kind;
  std::string_view version;
  Result<void> (*read)(const Fields& spec, EntryClaims& claims);
};
constexpr std::array kKnownEntries{
    KnownEntry{"hashedrekord", "0.0.1", read_rekord},
    KnownEntry{"hashedrekord", "0.0.2", read_rekord_v2},
    KnownEntry{"rekord", "0.0.1", read_rekord},
    KnownEntry{"dsse", "0.0.1", read_dsse},
    KnownEntry{"intoto", "0.0.1", read_intoto},
    KnownEntry{"intoto", "0.0.2", read_intoto},
};

Result<json::Value> body_json(ByteView body) {
  return json::parse_strict(text_of(body),
                            {.bytes = limits::kBundleFile, .values = kBundleValuesMost});
}

Result<EntryClaims> claims_of(const Fields& root) {
  EntryClaims claims;
  SLUICE_TRY(claims.kind, root.string("kind"));
  SLUICE_TRY(claims.version, root.string("apiVersion"));
  return claims;
}

}  // namespace

Result<EntryClaims> read_entry_kind(ByteView body) {
  SLUICE_TRY(const auto value, body_json(body));
  return claims_of(Fields(value, "body"));
}

Result<EntryClaims> read_entry_claims(ByteView body) {
  SLUICE_TRY(const auto value, body_json(body));
  const Fields root(value, "body");
  SLUICE_TRY(auto claims, claims_of(root));
  const auto* const known = std::ranges::find_if(kKnownEntries, [&](const KnownEntry& each) {
    return each.kind == claims.kind && each.version == claims.version;
  });
  if (known == kKnownEntries.end()) {
    return fail(Errc::unsupported, cat("entries of the kind ", printable(claims.kind, 60), " ",
                                       printable(claims.version, 60), " are not known here"));
  }
  SLUICE_TRY(const auto spec, root.object("spec"));
  SLUICE_CHECK(known->read(spec, claims));
  return claims;
}

std::optional<bool> same_digest(const EntryClaims& claims, const SignedThing& thing) {
  if (thing.envelope != nullptr) {
    if (claims.payload) {
      return crypto::digest_of(claims.payload->algorithm(), thing.envelope->payload) ==
             *claims.payload;
    }
    if (!claims.artifact) return std::nullopt;
    const Bytes encoded = dsse::pae(thing.envelope->payload_type, thing.envelope->payload);
    return crypto::digest_of(claims.artifact->algorithm(), encoded) == *claims.artifact;
  }
  if (!claims.artifact || !thing.artifact) return std::nullopt;
  if (claims.artifact->algorithm() != thing.artifact->algorithm()) return std::nullopt;
  return *claims.artifact == *thing.artifact;
}

std::optional<bool> has_signature(const EntryClaims& claims, ByteView signature) {
  if (claims.signatures.empty()) return std::nullopt;
  return std::ranges::any_of(claims.signatures,
                             [&](const Bytes& each) { return equal(each, signature); });
}

std::optional<bool> has_verifier(const EntryClaims& claims, ByteView der) {
  if (claims.verifiers.empty()) return std::nullopt;
  return std::ranges::any_of(claims.verifiers, [&](const Bytes& each) { return equal(each, der); });
}

}  // namespace sluice::sigstore
