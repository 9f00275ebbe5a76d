// SPDX-License-Identifier: Apache-2.0
#include "sigstore/convert_parts.h"

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "sigstore/bundle_parts.h"
#include "sigstore/entry_claims.h"
#include "x509/timestamp.h"

namespace sluice::sigstore::parts {

namespace {

using json::Fields;

constexpr std::size_t kNodeBytes = 32;
constexpr std::size_t kBareSignatureMost = 1024;  // bytes: RSA of 8192 bits

Result<std::uint64_t> natural(const Fields& fields, std::string_view key) {
  SLUICE_TRY(const auto value, fields.integer(key));
  if (value < 0) return fail(Errc::malformed, cat(fields.path(), ".", key, " is negative"));
  return static_cast<std::uint64_t>(value);
}

// A hash of a log's tree.
Result<Bytes> node_in_hex(std::string_view text, std::string_view what) {
  SLUICE_TRY(Bytes out, within(from_hex(text), cat("reading ", what)));
  if (out.size() == kNodeBytes) return out;
  return fail(Errc::malformed, cat(what, " has ", out.size(), " bytes, not ", kNodeBytes));
}

}  // namespace

Result<LogEntry> logged_entry(const Fields& payload) {
  LogEntry entry;
  SLUICE_TRY(const auto body, payload.string("body"));
  SLUICE_TRY(entry.body, within(from_base64(body), cat("reading ", payload.path(), ".body")));
  SLUICE_TRY(const auto seconds, natural(payload, "integratedTime"));
  if (seconds == 0 || seconds > 253'402'300'799U)  // the year 9999
    return fail(Errc::malformed, cat(payload.path(), ".integratedTime is no time"));
  entry.integrated_time = Time(std::chrono::seconds(seconds));
  SLUICE_TRY(entry.index, natural(payload, "logIndex"));
  SLUICE_TRY(const auto id, payload.string("logID"));
  SLUICE_TRY(entry.log_id, within(from_hex(id), cat("reading ", payload.path(), ".logID")));
  SLUICE_TRY(const auto claims,
             within(read_entry_kind(entry.body), cat("reading ", payload.path(), ".body")));
  entry.kind = claims.kind;
  entry.version = claims.version;
  return entry;
}

Result<InclusionProof> answered_proof(const Fields& entry) {
  SLUICE_TRY(const auto verification, entry.object("verification"));
  SLUICE_TRY(const auto fields, verification.object("inclusionProof"));
  InclusionProof proof;
  SLUICE_TRY(proof.index, natural(fields, "logIndex"));
  SLUICE_TRY(proof.tree_size, natural(fields, "treeSize"));
  SLUICE_TRY(const auto root, fields.string("rootHash"));
  SLUICE_TRY(proof.root, node_in_hex(root, "rootHash"));
  SLUICE_TRY(const auto hashes, fields.array("hashes", kProofHashesMost));
  for (const auto& each : hashes) {
    SLUICE_TRY(const auto hex, each.as_string());
    SLUICE_TRY(auto hash, node_in_hex(hex, each.path()));
    proof.hashes.push_back(std::move(hash));
  }
  SLUICE_TRY(proof.checkpoint, fields.string("checkpoint"));
  return proof;
}

namespace {

Result<std::pair<LogEntry, InclusionProof>> answered(std::string_view text) {
  SLUICE_TRY(const auto value,
             json::parse_strict(text, {.bytes = limits::kBundleFile, .values = kBundleValuesMost}));
  const json::Object* members = value.object();
  if (members == nullptr || members->size() != 1)
    return fail(Errc::malformed, "the answer is not one entry");
  const Fields fields(members->front().second, "the answer");
  SLUICE_TRY(auto entry, logged_entry(fields));
  SLUICE_TRY(auto proof, answered_proof(fields));
  return std::pair{std::move(entry), std::move(proof)};
}

// What a file holds behind its base64, where it is base64; else the text itself.
std::string unwrapped(std::string_view text) {
  text = trim(text);
  if (text.starts_with("-----BEGIN ")) return std::string(text);
  const auto inside = from_base64(text);
  return inside ? std::string(text_of(*inside)) : std::string(text);
}

}  // namespace

Result<LogEntry> entry_of_rekor_bundle(const Fields& fields) {
  SLUICE_CHECK(fields.only({"SignedEntryTimestamp", "Payload"}));
  SLUICE_TRY(const auto promise, fields.string("SignedEntryTimestamp"));
  SLUICE_TRY(const auto payload, fields.object("Payload"));
  SLUICE_CHECK(payload.only({"body", "integratedTime", "logIndex", "logID"}));
  SLUICE_TRY(auto entry, logged_entry(payload));
  SLUICE_TRY(entry.promise,
             within(from_base64(promise), cat("reading ", fields.path(), ".SignedEntryTimestamp")));
  return entry;
}

Result<InclusionProof> proof_of_answer(std::string_view text, const LogEntry& entry) {
  auto answer = answered(text);
  if (!answer) {
    Error error = std::move(answer).error();
    error.code = Errc::network;
    return fail(std::move(error).in("reading what the log answered"));
  }
  auto& [there, proof] = *answer;
  const bool same = there.index == entry.index && equal(there.log_id, entry.log_id) &&
                    equal(there.body, entry.body) &&
                    (!entry.integrated_time || there.integrated_time == entry.integrated_time);
  if (same) return std::move(proof);
  return fail(Errc::malformed, cat("the log's entry ", entry.index,
                                   " is another one than the "
                                   "signature came with"));
}

Result<Signer> signer_of_text(std::string_view text) {
  const std::string pem = unwrapped(text);
  if (pem.find("-----BEGIN PUBLIC KEY-----") != std::string::npos) {
    SLUICE_TRY(auto key, crypto::PublicKey::from_pem(pem));
    return Signer{.key = std::move(key)};
  }
  SLUICE_TRY(auto chain, x509::Certificate::list_from_pem(pem, kCertificatesMost));
  return Signer{.certificate = std::move(chain.front())};
}

Result<Signer> signer_of_der(ByteView der) {
  if (auto certificate = x509::Certificate::from_der(der))
    return Signer{.certificate = *std::move(certificate)};
  SLUICE_TRY(auto key, crypto::PublicKey::from_der(der));
  return Signer{.key = std::move(key)};
}

Result<Bytes> signature_of_text(std::string_view text) {
  const auto decoded = from_base64(trim(text));
  Bytes signature = decoded ? *decoded : copy_of(bytes_of(text));
  if (signature.empty()) return fail(Errc::malformed, "the signature is empty");
  if (signature.size() > kBareSignatureMost) {
    return fail(Errc::malformed, cat("a signature of ", signature.size(), " bytes; ",
                                     kBareSignatureMost, " is the most that any has"));
  }
  return signature;
}

Result<Bytes> timestamp_of_text(std::string_view text) {
  Bytes reply = copy_of(bytes_of(text));
  if (trim(text).starts_with("{")) {
    SLUICE_TRY(const auto value, json::parse_strict(text, {.bytes = limits::kBundleFile,
                                                           .values = kBundleValuesMost}));
    const Fields fields(value, "timestamp");
    SLUICE_CHECK(fields.only({"SignedRFC3161Timestamp"}));
    SLUICE_TRY(const auto base64, fields.string("SignedRFC3161Timestamp"));
    SLUICE_TRY(reply, from_base64(base64));
  }
  SLUICE_CHECK(x509::Timestamp::from_reply(reply));
  return reply;
}

}  // namespace sluice::sigstore::parts
