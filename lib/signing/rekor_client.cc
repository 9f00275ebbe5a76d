// SPDX-License-Identifier: Apache-2.0
#include "signing/rekor_client.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "sigstore/bundle_parts.h"
#include "sigstore/convert_parts.h"
#include "sigstore/merkle.h"
#include "sigstore/names.h"

namespace sluice::sigstore {

namespace {

using json::Fields;
using json::Value;

constexpr std::size_t kLeafHashHex = 64;
constexpr std::size_t kTreeIdHex = 16;  // may stand before the hash in an entry's id

Value one_member(std::string key, Value value) {
  Value out;
  out.set(std::move(key), std::move(value));
  return out;
}

std::string signer_pem(const SignedBy& signer) {
  return signer.certificate ? signer.certificate->pem() : signer.key.pem();
}

Value rekor1_record(const Recorded& recorded) {
  Value hash = one_member("algorithm", name(recorded.digest->algorithm()));
  hash.set("value", recorded.digest->hex());
  Value signature = one_member("content", to_base64(signature_of(recorded.bundle)));
  signature.set("publicKey",
                one_member("content", to_base64(bytes_of(signer_pem(recorded.signer)))));
  Value spec = one_member("data", one_member("hash", std::move(hash)));
  spec.set("signature", std::move(signature));
  return spec;
}

Value rekor1_envelope(const dsse::Envelope& envelope, const SignedBy& signer) {
  Value proposed = one_member("envelope", json::write(dsse::to_json(envelope)));
  proposed.set("verifiers", json::Array{to_base64(bytes_of(signer_pem(signer)))});
  return one_member("proposedContent", std::move(proposed));
}

Value rekor1_entry(const Recorded& recorded) {
  const auto* envelope = std::get_if<dsse::Envelope>(&recorded.bundle.content);
  Value out = one_member("apiVersion", "0.0.1");
  out.set("kind", envelope == nullptr ? "hashedrekord" : "dsse");
  out.set("spec", envelope == nullptr ? rekor1_record(recorded)
                                      : rekor1_envelope(*envelope, recorded.signer));
  return out;
}

Result<Value> rekor2_entry(const Recorded& recorded) {
  const SignedBy& signer = recorded.signer;
  if (signer.scheme.kind == crypto::SchemeKind::ed25519) {
    return fail(Errc::unsupported, "logs of Rekor v2 take Ed25519 in its prehashed form alone");
  }
  SLUICE_TRY(const auto details, key_details_label(signer.key, signer.scheme));
  Value verifier = one_member("keyDetails", details);
  verifier.set(signer.certificate ? "x509Certificate" : "publicKey",
               one_member("rawBytes", to_base64(signer.der())));
  Value signature = one_member("content", to_base64(signature_of(recorded.bundle)));
  signature.set("verifier", std::move(verifier));
  Value record = one_member("digest", to_base64(recorded.digest->bytes()));
  record.set("signature", std::move(signature));
  return one_member("hashedRekordRequestV002", std::move(record));
}

Trouble lost_duplicate(const LogService& log, std::string detail) {
  return {Trouble::Kind::broken, Check{.id = "sign.log.duplicate",
                                       .title = std::string(kLogRole.title),
                                       .outcome = Outcome::fail,
                                       .detail = std::move(detail),
                                       .source = printable(log.url, 200)}};
}

bool is_entry_id(std::string_view id) {
  const bool long_enough = id.size() == kLeafHashHex || id.size() == kLeafHashHex + kTreeIdHex;
  return long_enough && std::ranges::all_of(id, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Answered<EntryAnswer> read_duplicate(const LogService& log, const HttpResponse& response) {
  if (log.version == 1) {
    const auto location = response.header("location");
    if (!location) {
      return std::unexpected(
          lost_duplicate(log, "it has this entry already, and does not say where"));
    }
    // Only the id is taken from there: the entry is read from the log that was asked.
    const std::string id = location->substr(location->rfind('/') + 1);
    if (!is_entry_id(id)) {
      return std::unexpected(lost_duplicate(
          log, cat("it has this entry already, at what is no entry: ", printable(*location, 200))));
    }
    return Duplicate{id, 0};
  }
  const auto index = response.header("x-log-index");
  const bool digits = index && !index->empty() && index->size() <= 18 &&
                      std::ranges::all_of(*index, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) {
    return std::unexpected(lost_duplicate(
        log, index ? cat("it has this entry already, at what is no index: ", printable(*index, 60))
                   : "it has this entry already, and does not say at which index"));
  }
  std::uint64_t at = 0;
  for (const char c : *index) at = at * 10 + static_cast<std::uint64_t>(c - '0');
  return Duplicate{{}, at};
}

bool is_entry_answer(int status) { return status == 200 || status == 201 || status == 409; }

Result<LogEntry> rekor1_fields(const Fields& fields) {
  SLUICE_TRY(LogEntry out, parts::logged_entry(fields));
  SLUICE_TRY(const Fields verification, fields.object("verification"));
  SLUICE_TRY(const std::string promise, verification.string("signedEntryTimestamp"));
  SLUICE_TRY(out.promise, within(from_base64(promise), "reading signedEntryTimestamp"));
  SLUICE_TRY(out.proof, parts::answered_proof(fields));
  return out;
}

}  // namespace

bool is_too_large(const LogService& log, std::size_t payload) {
  constexpr std::size_t kAround = 8U << 10;  // signature, certificate, member names
  return log.version == 1 && payload / 3 * 4 + kAround > log.request_most;
}

Result<HttpRequest> entry_request(const LogService& log, const Recorded& recorded,
                                  const ServicePatience& patience) {
  if (!recorded.digest) return fail(Errc::internal, "an entry without a digest");
  const bool v1 = log.version == 1;
  if (!v1 && log.version != 2) {
    return fail(Errc::unsupported, cat("logs of version ", log.version, " are not known here"));
  }
  SLUICE_TRY(std::string url,
             service_url(log.url, v1 ? "api/v1/log/entries" : "api/v2/log/entries"));
  SLUICE_TRY(const Value body, v1 ? Result<Value>(rekor1_entry(recorded)) : rekor2_entry(recorded));
  HttpRequest out = json_post(std::move(url), json::write(body), patience);
  if (v1 && out.body.size() > log.request_most) {
    return fail(Error{Errc::limit,
                      cat("the log's entry would be ", human_bytes(out.body.size()),
                          "; logs of Rekor v1 take the whole attestation, and this one at most ",
                          human_bytes(log.request_most))}
                    .advise("use a log of Rekor v2, which gets a digest alone, or a smaller "
                            "attestation"));
  }
  out.budget.max_body = kLogAnswerMost;
  return out;
}

Answered<EntryAnswer> read_entry_answer(const LogService& log, Result<HttpResponse> answer) {
  auto response = sort_answer(kLogRole, log.url, std::move(answer), is_entry_answer);
  if (!response) return std::unexpected(std::move(response).error());
  if (response->status == 409) return read_duplicate(log, *response);
  const auto json = json_answer(kLogRole, *response, {.bytes = kLogAnswerMost, .values = 2000});
  if (!json) return std::unexpected(json.error());
  auto entry =
      log.version == 1 ? parse_rekor1_entry(response->body) : parse_rekor2_entry(response->body);
  if (!entry) return std::unexpected(broken_answer(kLogRole, *response, entry.error()));
  return *std::move(entry);
}

Result<LogEntry> parse_rekor1_entry(std::string_view json) {
  SLUICE_TRY(const Value value,
             json::parse_strict(json, {.bytes = kLogAnswerMost, .values = 2000}));
  if (value.object() == nullptr || value.object()->size() != 1) {
    return fail(Errc::malformed, "its answer is not one entry");
  }
  const auto& [id, content] = value.object()->front();
  if (!is_entry_id(id)) {
    return fail(Errc::malformed, cat("what is no id of an entry: ", printable(id, 100)));
  }
  SLUICE_TRY(LogEntry out, rekor1_fields(Fields(content, "entry")));
  if (!id.ends_with(to_hex(leaf_hash(out.body)))) {
    return fail(Errc::malformed, "the entry's id is not that of its body");
  }
  return out;
}

Result<LogEntry> parse_rekor2_entry(std::string_view json) {
  SLUICE_TRY(const Value value,
             json::parse_strict(json, {.bytes = kLogAnswerMost, .values = 2000}));
  const Fields fields(value, "entry");
  SLUICE_CHECK(parts::check_entry_members(fields));
  LogEntry out;
  for (const auto& read : parts::kEntryParts) SLUICE_CHECK(read(fields, out));
  SLUICE_CHECK(parts::check_entry(out, BundleVersion::v03, fields.path()));
  return out;
}

}  // namespace sluice::sigstore
