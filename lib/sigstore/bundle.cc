// SPDX-License-Identifier: Apache-2.0
#include "sigstore/bundle.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "json/value.h"

namespace sluice::sigstore {

namespace {

using crypto::Digest;
using crypto::HashAlgorithm;
using json::Fields;

constexpr std::size_t kMaxEntries = 32;       // of a log, and of timestamps
constexpr std::size_t kMaxCertificates = 16;  // of a chain

constexpr std::array<std::pair<std::string_view, HashAlgorithm>, 3> kHashNames = {
    {{"SHA2_256", HashAlgorithm::sha256},
     {"SHA2_384", HashAlgorithm::sha384},
     {"SHA2_512", HashAlgorithm::sha512}}};

Result<void> check_version(const std::string& media_type) {
  constexpr std::array<std::string_view, 4> kKnown = {
      kBundleV03, "application/vnd.dev.sigstore.bundle+json;version=0.3",
      "application/vnd.dev.sigstore.bundle+json;version=0.2",
      "application/vnd.dev.sigstore.bundle+json;version=0.1"};
  if (std::ranges::find(kKnown, media_type) != kKnown.end()) return {};
  return fail(Errc::unsupported, cat("the bundle is of the kind \"", printable(media_type, 100),
                                     "\"; versions 0.1, 0.2 and 0.3 are known"));
}

Result<Bytes> base64_field(const Fields& fields, std::string_view key) {
  SLUICE_TRY(const std::string text, fields.string(key));
  return within(from_base64(text), cat("reading ", fields.path(), ".", key));
}

Result<CertificateChain> parse_certificates(const std::vector<Fields>& list) {
  CertificateChain chain;
  for (const auto& each : list) {
    SLUICE_CHECK(each.only({"rawBytes"}));
    SLUICE_TRY(auto der, base64_field(each, "rawBytes"));
    chain.certificates.push_back(std::move(der));
  }
  if (chain.certificates.empty())
    return fail(Errc::malformed, "the bundle's chain has no certificate");
  return chain;
}

Result<void> parse_key_material(const Fields& material, Bundle& bundle) {
  const int kinds = material.has("publicKey") + material.has("certificate") +
                    material.has("x509CertificateChain");
  if (kinds != 1) {
    return fail(Errc::malformed,
                cat(material.path(), " names ", kinds, " kinds of key material, one is wanted"));
  }
  if (material.has("publicKey")) {
    SLUICE_TRY(const auto key, material.object("publicKey"));
    SLUICE_CHECK(key.only({"hint"}));
    PublicKeyHint hint;
    if (key.has("hint")) {
      SLUICE_TRY(hint.hint, key.string("hint"));
    }
    bundle.material = std::move(hint);
    return {};
  }
  std::vector<Fields> certificates;
  if (material.has("certificate")) {
    SLUICE_TRY(auto single, material.object("certificate"));
    certificates.push_back(std::move(single));
  } else {
    SLUICE_TRY(const auto chain, material.object("x509CertificateChain"));
    SLUICE_CHECK(chain.only({"certificates"}));
    SLUICE_TRY(certificates, chain.array("certificates", kMaxCertificates));
  }
  SLUICE_TRY(bundle.material, parse_certificates(certificates));
  return {};
}

Result<std::size_t> count_of(const Fields& fields, std::string_view key) {
  if (!fields.has(key)) return 0;
  SLUICE_TRY(const auto list, fields.array(key, kMaxEntries));
  return list.size();
}

Result<void> parse_material(const Fields& material, Bundle& bundle) {
  SLUICE_CHECK(material.only({"publicKey", "certificate", "x509CertificateChain", "tlogEntries",
                              "timestampVerificationData"}));
  SLUICE_CHECK(parse_key_material(material, bundle));
  SLUICE_TRY(bundle.log_entries, count_of(material, "tlogEntries"));
  if (material.has("timestampVerificationData")) {
    SLUICE_TRY(const auto stamps, material.object("timestampVerificationData"));
    SLUICE_CHECK(stamps.only({"rfc3161Timestamps"}));
    SLUICE_TRY(bundle.timestamps, count_of(stamps, "rfc3161Timestamps"));
  }
  return {};
}

Result<std::optional<Digest>> parse_message_digest(const Fields& fields) {
  SLUICE_CHECK(fields.only({"algorithm", "digest"}));
  // cosign writes an empty object for a key that signs no digest (Ed25519).
  if (!fields.has("algorithm") && !fields.has("digest")) return std::nullopt;
  SLUICE_TRY(const std::string name, fields.string("algorithm"));
  const auto* const known = std::ranges::find(kHashNames, std::string_view(name),
                                              [](const auto& row) { return row.first; });
  if (known == kHashNames.end()) {
    return fail(Errc::unsupported, cat(fields.path(), ".algorithm is \"", printable(name, 40),
                                       "\"; SHA2_256, SHA2_384 and SHA2_512 are known"));
  }
  SLUICE_TRY(const Bytes raw, base64_field(fields, "digest"));
  SLUICE_TRY(auto digest,
             within(Digest::from_bytes(known->second, raw), cat("reading ", fields.path())));
  return digest;
}

Result<MessageSignature> parse_message_signature(const Fields& fields) {
  SLUICE_CHECK(fields.only({"messageDigest", "signature"}));
  MessageSignature message;
  if (fields.has("messageDigest")) {
    SLUICE_TRY(const auto digest, fields.object("messageDigest"));
    SLUICE_TRY(message.digest, parse_message_digest(digest));
  }
  SLUICE_TRY(message.signature, base64_field(fields, "signature"));
  if (message.signature.empty())
    return fail(Errc::malformed, cat(fields.path(), ".signature is empty"));
  return message;
}

Result<void> parse_content(const Fields& root, Bundle& bundle) {
  if (root.has("messageSignature") == root.has("dsseEnvelope")) {
    return fail(Errc::malformed,
                "the bundle must hold either a messageSignature or a dsseEnvelope");
  }
  if (root.has("messageSignature")) {
    SLUICE_TRY(const auto fields, root.object("messageSignature"));
    SLUICE_TRY(bundle.content, parse_message_signature(fields));
    return {};
  }
  SLUICE_TRY(const auto fields, root.object("dsseEnvelope"));
  SLUICE_TRY(auto envelope, dsse::parse(fields));
  if (envelope.signatures.size() != 1) {
    return fail(Errc::malformed, cat("the bundle's envelope has ", envelope.signatures.size(),
                                     " signatures, exactly one is allowed"));
  }
  bundle.content = std::move(envelope);
  return {};
}

json::Value skeleton(const crypto::PublicKey& key) {
  json::Value public_key;
  public_key.set("hint", key_hint(key));
  json::Value material;
  material.set("publicKey", std::move(public_key));
  json::Value root;
  root.set("mediaType", kBundleV03);
  root.set("verificationMaterial", std::move(material));
  return root;
}

std::string_view hash_name(HashAlgorithm algorithm) {
  return std::ranges::find(kHashNames, algorithm, [](const auto& row) { return row.second; })
      ->first;
}

}  // namespace

Result<Bundle> parse_bundle(std::string_view text) {
  SLUICE_TRY(const auto value, json::parse_strict(text, {.bytes = limits::kBundleFile}));
  const Fields root(value, "bundle");
  Bundle bundle;
  SLUICE_TRY(std::string media_type, root.string("mediaType"));
  SLUICE_CHECK(check_version(media_type));
  bundle.media_type = MediaType(std::move(media_type));
  SLUICE_CHECK(
      root.only({"mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"}));
  SLUICE_TRY(const auto material, root.object("verificationMaterial"));
  SLUICE_CHECK(parse_material(material, bundle));
  SLUICE_CHECK(parse_content(root, bundle));
  return bundle;
}

std::string write_bundle(const crypto::PublicKey& key, const MessageSignature& signature) {
  json::Value message;
  if (signature.digest) {
    json::Value digest;
    digest.set("algorithm", hash_name(signature.digest->algorithm()));
    digest.set("digest", to_base64(signature.digest->bytes()));
    message.set("messageDigest", std::move(digest));
  }
  message.set("signature", to_base64(signature.signature));
  json::Value root = skeleton(key);
  root.set("messageSignature", std::move(message));
  return json::write(root);
}

std::string write_bundle(const crypto::PublicKey& key, const dsse::Envelope& envelope) {
  json::Value root = skeleton(key);
  root.set("dsseEnvelope", dsse::to_json(envelope));
  return json::write(root);
}

std::string key_hint(const crypto::PublicKey& key) { return to_base64(key.fingerprint().bytes()); }

}  // namespace sluice::sigstore
