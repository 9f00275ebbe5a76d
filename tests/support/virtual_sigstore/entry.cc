// SPDX-License-Identifier: Apache-2.0
#include "support/virtual_sigstore/entry.h"

#include <array>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::test {

namespace {

using crypto::HashAlgorithm;
using crypto::SchemeKind;

json::Value hash_v1(const crypto::Digest& digest) {
  return object({{"algorithm", crypto::name(digest.algorithm())}, {"value", digest.hex()}});
}
json::Value hash_v1(std::string_view text) {
  return hash_v1(crypto::digest_of(HashAlgorithm::sha256, bytes_of(text)));
}

std::string verifier_pem(const Made& made) {
  return made.chain.empty() ? made.key.public_key().pem() : pem_of_certificate(made.chain.front());
}

json::Value body(std::string_view kind, std::string_view version, json::Value spec) {
  return object({{"apiVersion", version}, {"kind", kind}, {"spec", std::move(spec)}});
}

json::Value hashedrekord_v1(const Made& made) {
  return body(
      "hashedrekord", "0.0.1",
      object({{"data", object({{"hash", hash_v1(made.digest())}})},
              {"signature",
               object({{"content", to_base64(made.signature)},
                       {"publicKey", object({{"content", base64(verifier_pem(made))}})}})}}));
}

json::Value dsse_v1(const Made& made) {
  return body(
      "dsse", "0.0.1",
      object({{"envelopeHash", hash_v1(json::write(envelope_of(made)))},
              {"payloadHash", hash_v1(made.payload)},
              {"signatures", json::Array{object({{"signature", to_base64(made.signature)},
                                                 {"verifier", base64(verifier_pem(made))}})}}}));
}

// Its signature, and the payload where it is there, are base64 of base64.
json::Value intoto_v2(const Made& made, bool with_payload) {
  json::Value signature = object(
      {{"publicKey", base64(verifier_pem(made))}, {"sig", base64(to_base64(made.signature))}});
  if (!made.key_id.empty()) signature.set("keyid", made.key_id);
  json::Value envelope = object(
      {{"payloadType", made.payload_type}, {"signatures", json::Array{std::move(signature)}}});
  if (with_payload) envelope.set("payload", base64(base64(made.payload)));
  return body("intoto", "0.0.2",
              object({{"content", object({{"envelope", std::move(envelope)},
                                          {"hash", hash_v1(json::write(envelope_of(made)))},
                                          {"payloadHash", hash_v1(made.payload)}})}}));
}

}  // namespace

std::string key_details(const crypto::PublicKey& key, crypto::Scheme scheme) {
  switch (scheme.kind) {
    case SchemeKind::ed25519:
      return "PKIX_ED25519";
    case SchemeKind::ed25519ph:
      return "PKIX_ED25519_PH";
    case SchemeKind::rsa_pkcs1:
      return cat("PKIX_RSA_PKCS1V15_", key.bits(), "_SHA256");
    case SchemeKind::rsa_pss:
      return cat("PKIX_RSA_PSS_", key.bits(), "_SHA256");
    case SchemeKind::ecdsa:
      break;
  }
  return cat("PKIX_ECDSA_P", key.bits(), "_SHA_", 8 * crypto::digest_size(scheme.hash));
}

std::string_view hash_name(HashAlgorithm hash) {
  constexpr std::array<std::string_view, 3> kNames = {"SHA2_256", "SHA2_384", "SHA2_512"};
  return kNames.at(static_cast<std::size_t>(hash));
}

json::Value envelope_of(const Made& made) {
  json::Value signature = object({{"sig", to_base64(made.signature)}});
  if (!made.key_id.empty()) signature.set("keyid", made.key_id);
  return object({{"payload", base64(made.payload)},
                 {"payloadType", made.payload_type},
                 {"signatures", json::Array{std::move(signature)}}});
}

json::Value body_v1(EntryKind kind, const Made& made, bool payload_in_intoto) {
  switch (kind) {
    case EntryKind::dsse:
      return dsse_v1(made);
    case EntryKind::intoto:
      return intoto_v2(made, payload_in_intoto);
    case EntryKind::hashedrekord:
      break;
  }
  return hashedrekord_v1(made);
}

json::Value body_v2(const Made& made, bool verifier_is_key) {
  const crypto::Digest digest = made.digest();
  const bool by_key = verifier_is_key || made.chain.empty();
  const Bytes& raw = by_key ? made.key.public_key().der() : made.chain.front();
  return body(
      "hashedrekord", "0.0.2",
      object({{"hashedRekordV002",
               object({{"data", object({{"algorithm", hash_name(digest.algorithm())},
                                        {"digest", to_base64(digest.bytes())}})},
                       {"signature",
                        object({{"content", to_base64(made.signature)},
                                {"verifier",
                                 object({{"keyDetails",
                                          key_details(made.key.public_key(), made.key.scheme())},
                                         {by_key ? "publicKey" : "x509Certificate",
                                          object({{"rawBytes", to_base64(raw)}})}})}})}})}}));
}

}  // namespace sluice::test
