// SPDX-License-Identifier: Apache-2.0
#include "sigstore/bundle.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "json/value.h"
#include "sigstore/bundle_parts.h"
#include "sigstore/names.h"

namespace sluice::sigstore {

namespace {

using crypto::Digest;
using crypto::HashAlgorithm;
using json::Fields;

constexpr std::size_t kNodeHash = 32;                    // bytes of a hash in a log's tree
constexpr std::uint64_t kSecondsMost = 253'402'300'799;  // the year 9999

constexpr std::array<std::pair<std::string_view, BundleVersion>, 4> kVersions = {
    {{kBundleV03, BundleVersion::v03},
     {"application/vnd.dev.sigstore.bundle+json;version=0.3", BundleVersion::v03},
     {"application/vnd.dev.sigstore.bundle+json;version=0.2", BundleVersion::v02},
     {"application/vnd.dev.sigstore.bundle+json;version=0.1", BundleVersion::v01}}};

Result<Bytes> base64_field(const Fields& fields, std::string_view key) {
  SLUICE_TRY(const std::string text, fields.string(key));
  return within(from_base64(text), cat("reading ", fields.path(), ".", key));
}

// protobuf's JSON leaves out what is zero.
Result<std::uint64_t> count_field(const Fields& fields, std::string_view key) {
  if (!fields.has(key)) return 0;
  SLUICE_TRY(const std::int64_t value, fields.integer_or_text(key));
  if (value < 0) return fail(Errc::malformed, cat(fields.path(), ".", key, " is negative"));
  return static_cast<std::uint64_t>(value);
}

Result<Bytes> node_hash_of(std::string_view text, std::string_view where) {
  SLUICE_TRY(Bytes hash, within(from_base64(text), cat("reading ", where)));
  if (hash.size() != kNodeHash) {
    return fail(Errc::malformed, cat(where, " has ", hash.size(), " bytes, not ", kNodeHash));
  }
  return hash;
}

Result<InclusionProof> parse_proof(const Fields& fields) {
  SLUICE_CHECK(fields.only({"logIndex", "rootHash", "treeSize", "hashes", "checkpoint"}));
  InclusionProof proof;
  SLUICE_TRY(proof.index, count_field(fields, "logIndex"));
  SLUICE_TRY(proof.tree_size, count_field(fields, "treeSize"));
  SLUICE_TRY(const std::string root, fields.string("rootHash"));
  SLUICE_TRY(proof.root, node_hash_of(root, cat(fields.path(), ".rootHash")));
  if (fields.has("hashes")) {
    SLUICE_TRY(const auto hashes, fields.array("hashes", kProofHashesMost));
    for (const auto& each : hashes) {
      SLUICE_TRY(const std::string text, each.as_string());
      SLUICE_TRY(auto hash, node_hash_of(text, each.path()));
      proof.hashes.push_back(std::move(hash));
    }
  }
  if (fields.has("checkpoint")) {
    SLUICE_TRY(const auto checkpoint, fields.object("checkpoint"));
    SLUICE_CHECK(checkpoint.only({"envelope"}));
    SLUICE_TRY(proof.checkpoint, checkpoint.string("envelope"));
  }
  return proof;
}

Result<std::optional<Digest>> parse_message_digest(const Fields& fields) {
  SLUICE_CHECK(fields.only({"algorithm", "digest"}));
  // cosign writes an empty object for a key that signs no digest (Ed25519).
  if (!fields.has("algorithm") && !fields.has("digest")) return std::nullopt;
  SLUICE_TRY(const std::string name, fields.string("algorithm"));
  SLUICE_TRY(const auto algorithm,
             within(hash_labelled(name), cat("reading ", fields.path(), ".algorithm")));
  SLUICE_TRY(const Bytes raw, base64_field(fields, "digest"));
  SLUICE_TRY(auto digest,
             within(Digest::from_bytes(algorithm, raw), cat("reading ", fields.path())));
  return digest;
}

}  // namespace

namespace parts {

Result<BundleVersion> version_of(std::string_view media_type) {
  for (const auto& [known, version] : kVersions) {
    if (known == media_type) return version;
  }
  return fail(Errc::unsupported, cat("the bundle is of the kind \"", printable(media_type, 100),
                                     "\"; versions 0.1, 0.2 and 0.3 are known"));
}

std::string_view media_type_of(BundleVersion version) {
  return std::ranges::find(kVersions, version, &decltype(kVersions)::value_type::second)->first;
}

Result<void> check_root_members(const Fields& root) {
  return root.only({"mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"});
}

Result<void> check_material_members(const Fields& material) {
  return material.only({"publicKey", "certificate", "x509CertificateChain", "tlogEntries",
                        "timestampVerificationData"});
}

Result<void> check_one_kind(const Fields& material) {
  const int kinds = material.has("publicKey") + material.has("certificate") +
                    material.has("x509CertificateChain");
  if (kinds == 1) return {};
  return fail(Errc::malformed,
              cat(material.path(), " names ", kinds, " kinds of key material, one is wanted"));
}

Result<PublicKeyHint> public_key_hint(const Fields& material) {
  SLUICE_TRY(const auto key, material.object("publicKey"));
  SLUICE_CHECK(key.only({"hint"}));
  PublicKeyHint hint;
  if (key.has("hint")) {
    SLUICE_TRY(hint.hint, key.string("hint"));
  }
  return hint;
}

Result<void> check_chain(const Fields& material, BundleVersion version) {
  if (!material.has("x509CertificateChain") || version != BundleVersion::v03) return {};
  return fail(Errc::malformed,
              "the bundle holds a chain of certificates; version 0.3 holds one certificate");
}

Result<std::vector<Fields>> certificates(const Fields& material) {
  if (material.has("certificate")) {
    SLUICE_TRY(auto single, material.object("certificate"));
    return std::vector<Fields>{std::move(single)};
  }
  SLUICE_TRY(const auto chain, material.object("x509CertificateChain"));
  SLUICE_CHECK(chain.only({"certificates"}));
  return chain.array("certificates", kCertificatesMost);
}

Result<Bytes> certificate_bytes(const Fields& certificate) {
  SLUICE_CHECK(certificate.only({"rawBytes"}));
  return base64_field(certificate, "rawBytes");
}

Result<void> check_entry_members(const Fields& fields) {
  return fields.only({"logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise",
                      "inclusionProof", "canonicalizedBody"});
}

Result<void> read_index(const Fields& fields, LogEntry& entry) {
  SLUICE_TRY(entry.index, count_field(fields, "logIndex"));
  return {};
}

Result<void> read_log_id(const Fields& fields, LogEntry& entry) {
  SLUICE_TRY(const auto log_id, fields.object("logId"));
  SLUICE_CHECK(log_id.only({"keyId"}));
  SLUICE_TRY(entry.log_id, base64_field(log_id, "keyId"));
  return {};
}

Result<void> read_kind(const Fields& fields, LogEntry& entry) {
  SLUICE_TRY(const auto kind, fields.object("kindVersion"));
  SLUICE_CHECK(kind.only({"kind", "version"}));
  SLUICE_TRY(entry.kind, kind.string("kind"));
  SLUICE_TRY(entry.version, kind.string("version"));
  return {};
}

Result<void> read_time(const Fields& fields, LogEntry& entry) {
  SLUICE_TRY(const std::uint64_t seconds, count_field(fields, "integratedTime"));
  if (seconds > kSecondsMost) {
    return fail(Errc::malformed, cat(fields.path(), ".integratedTime is no time"));
  }
  if (seconds != 0) entry.integrated_time = Time(std::chrono::seconds(seconds));
  return {};
}

Result<void> read_promise(const Fields& fields, LogEntry& entry) {
  if (!fields.has("inclusionPromise")) return {};
  SLUICE_TRY(const auto promise, fields.object("inclusionPromise"));
  SLUICE_CHECK(promise.only({"signedEntryTimestamp"}));
  SLUICE_TRY(entry.promise, base64_field(promise, "signedEntryTimestamp"));
  return {};
}

Result<void> read_proof(const Fields& fields, LogEntry& entry) {
  if (!fields.has("inclusionProof")) return {};
  SLUICE_TRY(const auto proof, fields.object("inclusionProof"));
  SLUICE_TRY(entry.proof, parse_proof(proof));
  return {};
}

Result<void> read_body(const Fields& fields, LogEntry& entry) {
  if (!fields.has("canonicalizedBody")) return {};
  SLUICE_TRY(entry.body, base64_field(fields, "canonicalizedBody"));
  return {};
}

Result<void> check_entry(const LogEntry& entry, BundleVersion version, const std::string& path) {
  if (version == BundleVersion::v01) {
    if (entry.promise) return {};
    return fail(Errc::malformed, cat(path, " has no inclusionPromise, which a bundle 0.1 needs"));
  }
  if (!entry.proof) {
    return fail(Errc::malformed,
                cat(path, " has no inclusionProof, which a bundle ", name(version), " needs"));
  }
  if (entry.proof->checkpoint.empty()) {
    return fail(Errc::malformed, cat(path, ".inclusionProof has no checkpoint, which a bundle ",
                                     name(version), " needs"));
  }
  return {};
}

Result<std::vector<Fields>> timestamps(const Fields& material) {
  if (!material.has("timestampVerificationData")) return std::vector<Fields>{};
  SLUICE_TRY(const auto data, material.object("timestampVerificationData"));
  SLUICE_CHECK(data.only({"rfc3161Timestamps"}));
  if (!data.has("rfc3161Timestamps")) return std::vector<Fields>{};
  return data.array("rfc3161Timestamps", kTimestampsMost);
}

Result<Bytes> timestamp_bytes(const Fields& timestamp) {
  SLUICE_CHECK(timestamp.only({"signedTimestamp"}));
  return base64_field(timestamp, "signedTimestamp");
}

Result<void> check_one_content(const Fields& root) {
  if (root.has("messageSignature") != root.has("dsseEnvelope")) return {};
  return fail(Errc::malformed, "the bundle must hold either a messageSignature or a dsseEnvelope");
}

Result<void> check_message_members(const Fields& message) {
  return message.only({"messageDigest", "signature"});
}

Result<std::optional<Digest>> message_digest(const Fields& message) {
  if (!message.has("messageDigest")) return std::nullopt;
  SLUICE_TRY(const auto digest, message.object("messageDigest"));
  return parse_message_digest(digest);
}

Result<Bytes> message_signature(const Fields& message) {
  SLUICE_TRY(auto signature, base64_field(message, "signature"));
  if (signature.empty()) return fail(Errc::malformed, cat(message.path(), ".signature is empty"));
  return signature;
}

Result<void> check_signatures(std::size_t count) {
  if (count == 1) return {};
  return fail(Errc::malformed,
              cat("the bundle's envelope has ", count, " signatures, exactly one is allowed"));
}

}  // namespace parts

namespace {

Result<CertificateChain> parse_certificates(const std::vector<Fields>& list) {
  CertificateChain chain;
  for (const auto& each : list) {
    SLUICE_TRY(auto der, parts::certificate_bytes(each));
    chain.certificates.push_back(std::move(der));
  }
  if (chain.certificates.empty())
    return fail(Errc::malformed, "the bundle's chain has no certificate");
  return chain;
}

Result<void> parse_key_material(const Fields& material, Bundle& bundle) {
  SLUICE_CHECK(parts::check_one_kind(material));
  if (material.has("publicKey")) {
    SLUICE_TRY(bundle.material, parts::public_key_hint(material));
    return {};
  }
  SLUICE_CHECK(parts::check_chain(material, bundle.version));
  SLUICE_TRY(const auto certificates, parts::certificates(material));
  SLUICE_TRY(bundle.material, parse_certificates(certificates));
  return {};
}

Result<LogEntry> parse_entry(const Fields& fields, BundleVersion version) {
  SLUICE_CHECK(parts::check_entry_members(fields));
  LogEntry entry;
  for (const auto read : parts::kEntryParts) SLUICE_CHECK(read(fields, entry));
  SLUICE_CHECK(parts::check_entry(entry, version, fields.path()));
  return entry;
}

Result<void> parse_entries(const Fields& material, Bundle& bundle) {
  if (!material.has("tlogEntries")) return {};
  SLUICE_TRY(const auto list, material.array("tlogEntries", kLogEntriesMost));
  for (const auto& each : list) {
    SLUICE_TRY(auto entry, parse_entry(each, bundle.version));
    bundle.entries.push_back(std::move(entry));
  }
  return {};
}

Result<void> parse_timestamps(const Fields& material, Bundle& bundle) {
  SLUICE_TRY(const auto list, parts::timestamps(material));
  for (const auto& each : list) {
    SLUICE_TRY(auto stamp, parts::timestamp_bytes(each));
    bundle.timestamps.push_back(std::move(stamp));
  }
  return {};
}

Result<void> parse_material(const Fields& material, Bundle& bundle) {
  SLUICE_CHECK(parts::check_material_members(material));
  SLUICE_CHECK(parse_key_material(material, bundle));
  SLUICE_CHECK(parse_entries(material, bundle));
  return parse_timestamps(material, bundle);
}

Result<MessageSignature> parse_message_signature(const Fields& fields) {
  SLUICE_CHECK(parts::check_message_members(fields));
  MessageSignature message;
  SLUICE_TRY(message.digest, parts::message_digest(fields));
  SLUICE_TRY(message.signature, parts::message_signature(fields));
  return message;
}

Result<void> parse_content(const Fields& root, Bundle& bundle) {
  SLUICE_CHECK(parts::check_one_content(root));
  if (root.has("messageSignature")) {
    SLUICE_TRY(const auto fields, root.object("messageSignature"));
    SLUICE_TRY(bundle.content, parse_message_signature(fields));
    return {};
  }
  SLUICE_TRY(const auto fields, root.object("dsseEnvelope"));
  SLUICE_TRY(auto envelope, dsse::parse(fields));
  SLUICE_CHECK(parts::check_signatures(envelope.signatures.size()));
  bundle.content = std::move(envelope);
  return {};
}

}  // namespace

Result<Bundle> parse_bundle(std::string_view text) {
  SLUICE_TRY(const auto value,
             json::parse_strict(text, {.bytes = limits::kBundleFile, .values = kBundleValuesMost}));
  const Fields root(value, "bundle");
  Bundle bundle;
  SLUICE_TRY(std::string media_type, root.string("mediaType"));
  SLUICE_TRY(bundle.version, parts::version_of(media_type));
  bundle.media_type = MediaType(std::move(media_type));
  SLUICE_CHECK(parts::check_root_members(root));
  SLUICE_TRY(const auto material, root.object("verificationMaterial"));
  SLUICE_CHECK(parse_material(material, bundle));
  SLUICE_CHECK(parse_content(root, bundle));
  return bundle;
}

const Bytes& signature_of(const Bundle& bundle) {
  if (const auto* message = std::get_if<MessageSignature>(&bundle.content))
    return message->signature;
  return std::get<dsse::Envelope>(bundle.content).signatures.front().sig;
}

std::string_view name(BundleVersion version) {
  switch (version) {
    case BundleVersion::v01:
      return "0.1";
    case BundleVersion::v02:
      return "0.2";
    case BundleVersion::v03:
      return "0.3";
  }
  return "?";
}

std::string key_hint(const crypto::PublicKey& key) { return to_base64(key.fingerprint().bytes()); }

}  // namespace sluice::sigstore
