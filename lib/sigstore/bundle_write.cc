// SPDX-License-Identifier: Apache-2.0
// Bundles as protobuf's JSON: 64-bit numbers as text, what is empty left out.
#include "base/codec.h"
#include "base/text.h"
#include "json/value.h"
#include "sigstore/bundle.h"
#include "sigstore/bundle_parts.h"
#include "sigstore/names.h"

namespace sluice::sigstore {

namespace {

json::Value object_of(std::string key, json::Value value) {
  json::Value out;
  out.set(std::move(key), std::move(value));
  return out;
}

json::Value proof_json(const InclusionProof& proof) {
  json::Value out;
  out.set("logIndex", cat(proof.index));
  out.set("rootHash", to_base64(proof.root));
  out.set("treeSize", cat(proof.tree_size));
  json::Array hashes;
  for (const Bytes& hash : proof.hashes) hashes.emplace_back(to_base64(hash));
  out.set("hashes", std::move(hashes));
  if (!proof.checkpoint.empty()) out.set("checkpoint", object_of("envelope", proof.checkpoint));
  return out;
}

json::Value entry_json(const LogEntry& entry) {
  json::Value kind = object_of("kind", entry.kind);
  kind.set("version", entry.version);
  json::Value out;
  out.set("logIndex", cat(entry.index));
  out.set("logId", object_of("keyId", to_base64(entry.log_id)));
  out.set("kindVersion", std::move(kind));
  if (entry.integrated_time) {
    out.set("integratedTime", cat(entry.integrated_time->time_since_epoch().count()));
  }
  if (entry.promise) {
    out.set("inclusionPromise", object_of("signedEntryTimestamp", to_base64(*entry.promise)));
  }
  if (entry.proof) out.set("inclusionProof", proof_json(*entry.proof));
  out.set("canonicalizedBody", to_base64(entry.body));
  return out;
}

void add_key_material(json::Value& out, const Bundle& bundle, BundleVersion version) {
  if (const auto* key = std::get_if<PublicKeyHint>(&bundle.material)) {
    out.set("publicKey", object_of("hint", key->hint));
    return;
  }
  const auto& chain = std::get<CertificateChain>(bundle.material).certificates;
  if (version == BundleVersion::v03) {
    out.set("certificate", object_of("rawBytes", to_base64(chain.front())));
    return;
  }
  json::Array all;
  for (const Bytes& each : chain) all.push_back(object_of("rawBytes", to_base64(each)));
  out.set("x509CertificateChain", object_of("certificates", std::move(all)));
}

json::Value material_json(const Bundle& bundle, BundleVersion version) {
  json::Value out;
  add_key_material(out, bundle, version);
  if (!bundle.entries.empty()) {
    json::Array entries;
    for (const LogEntry& entry : bundle.entries) entries.push_back(entry_json(entry));
    out.set("tlogEntries", std::move(entries));
  }
  if (!bundle.timestamps.empty()) {
    json::Array stamps;
    for (const Bytes& stamp : bundle.timestamps)
      stamps.push_back(object_of("signedTimestamp", to_base64(stamp)));
    out.set("timestampVerificationData", object_of("rfc3161Timestamps", std::move(stamps)));
  }
  return out;
}

json::Value message_json(const MessageSignature& signature) {
  json::Value message;
  if (signature.digest) {
    json::Value digest = object_of("algorithm", hash_label(signature.digest->algorithm()));
    digest.set("digest", to_base64(signature.digest->bytes()));
    message.set("messageDigest", std::move(digest));
  }
  message.set("signature", to_base64(signature.signature));
  return message;
}

}  // namespace

std::string write_bundle(const Bundle& bundle, BundleVersion version) {
  json::Value root = object_of("mediaType", parts::media_type_of(version));
  root.set("verificationMaterial", material_json(bundle, version));
  if (const auto* message = std::get_if<MessageSignature>(&bundle.content)) {
    root.set("messageSignature", message_json(*message));
  } else {
    root.set("dsseEnvelope", dsse::to_json(std::get<dsse::Envelope>(bundle.content)));
  }
  return json::write(root);
}

std::string write_bundle(const crypto::PublicKey& key, const MessageSignature& signature) {
  Bundle bundle;
  bundle.material = PublicKeyHint{key_hint(key)};
  bundle.content = signature;
  return write_bundle(bundle);
}

std::string write_bundle(const crypto::PublicKey& key, const dsse::Envelope& envelope) {
  Bundle bundle;
  bundle.material = PublicKeyHint{key_hint(key)};
  bundle.content = envelope;
  return write_bundle(bundle);
}

}  // namespace sluice::sigstore
