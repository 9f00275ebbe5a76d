// SPDX-License-Identifier: Apache-2.0
#include "sigstore/inspect.h"

#include <algorithm>

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "dsse/statement.h"
#include "sigstore/inspect_parts.h"
#include "sigstore/looks_like.h"

namespace sluice::sigstore {

namespace parts {

void Seen::problem(const std::string& where, const Error& error) {
  out.problems.push_back({where, error.text(), error.hint});
}

void Seen::remark(std::string where, std::string what, std::string advice) {
  out.remarks.push_back({std::move(where), std::move(what), std::move(advice)});
}

bool Seen::check(const Result<void>& result, const std::string& where) {
  if (!result) problem(where, result.error());
  return result.has_value();
}

void judge_time(Time time, const std::string& what, const std::string& where, Seen& seen) {
  if (!seen.leaf || (*seen.leaf)->validity.contains(time)) return;
  const auto& validity = (*seen.leaf)->validity;
  seen.remark(where,
              cat(what, " is ", human_time(time), ", when the certificate was not valid (",
                  human_time(validity.not_before), " to ", human_time(validity.not_after), ")"));
}

}  // namespace parts

namespace {

using json::Fields;
using parts::Seen;

constexpr std::size_t kSubjectsShown = 10;
constexpr std::string_view kNotVerified =
    "not verified: this is what the file says, and nothing of it is proven";

json::Value count_of(std::size_t count) { return static_cast<std::int64_t>(count); }

json::Value subject_json(const dsse::Subject& subject) {
  json::Value out;
  out.set("name", subject.name);
  json::Array digests;
  for (const auto& [algorithm, hex] : subject.digests)
    digests.emplace_back(cat(algorithm, ":", hex));
  out.set("digests", std::move(digests));
  return out;
}

json::Value statement_json(ByteView payload, const std::string& where, Seen& seen) {
  json::Value out;
  const auto statement = dsse::parse_statement(payload);
  if (!statement) {
    // The bundle is none the worse as a bundle.
    out.set("broken", statement.error().text());
    seen.remark(where, cat("the payload is no statement: ", statement.error().text()));
    return out;
  }
  out.set("type", statement->type);
  out.set("predicate_type", statement->predicate_type);
  out.set("subject_count", count_of(statement->subjects.size()));
  json::Array subjects;
  for (const auto& subject : statement->subjects) {
    if (subjects.size() == kSubjectsShown) break;
    subjects.push_back(subject_json(subject));
  }
  out.set("subjects", std::move(subjects));
  return out;
}

json::Value envelope_json(const Fields& fields, Seen& seen) {
  json::Value out;
  out.set("kind", "envelope");
  auto envelope = seen.take(dsse::parse(fields), fields.path(), out);
  if (!envelope) {
    // What can still be said of it.
    if (const auto type = fields.string("payloadType")) out.set("payload_type", *type);
    const auto payload = fields.string("payload");
    const auto bytes = payload ? from_base64(*payload) : fail(Errc::malformed, "");
    if (!bytes) return out;
    out.set("payload_bytes", count_of(bytes->size()));
    if (out.find("payload_type") != nullptr &&
        *out.find("payload_type")->string() == dsse::kInTotoPayload)
      out.set("statement", statement_json(*bytes, fields.path(), seen));
    return out;
  }
  seen.check(parts::check_signatures(envelope->signatures.size()), fields.path());
  out.set("payload_type", envelope->payload_type.str());
  out.set("payload_bytes", count_of(envelope->payload.size()));
  json::Array signatures;
  for (const auto& each : envelope->signatures) {
    json::Value signature;
    signature.set("bytes", count_of(each.sig.size()));
    signature.set("signature", to_base64(each.sig));
    if (!each.keyid.empty()) signature.set("key_id", each.keyid);
    signatures.push_back(std::move(signature));
  }
  out.set("signatures", std::move(signatures));
  if (envelope->payload_type.str() == dsse::kInTotoPayload)
    out.set("statement", statement_json(envelope->payload, fields.path(), seen));
  seen.signature = envelope->signatures.front().sig;
  seen.envelope = std::move(*envelope);
  return out;
}

json::Value message_json_of(const Fields& fields, Seen& seen) {
  json::Value out;
  out.set("kind", "message");
  seen.check(parts::check_message_members(fields), fields.path());
  const auto digest =
      seen.take(parts::message_digest(fields), cat(fields.path(), ".messageDigest"), out);
  if (digest && *digest) {
    out.set("digest", (*digest)->text());
    seen.digest = **digest;
  }
  const auto signature =
      seen.take(parts::message_signature(fields), cat(fields.path(), ".signature"), out);
  if (!signature) return out;
  out.set("signature_bytes", count_of(signature->size()));
  out.set("signature", to_base64(*signature));
  seen.signature = *signature;
  return out;
}

void describe_material(const Fields& root, Seen& seen) {
  json::Value& out = seen.out.description;
  json::Value nothing;
  const auto material =
      seen.take(root.object("verificationMaterial"), "bundle.verificationMaterial", nothing);
  if (!material) return;
  seen.check(parts::check_material_members(*material), material->path());
  out.set("signer", parts::describe_signer(*material, seen));
  out.set("log_entries", parts::describe_entries(*material, seen));
  out.set("timestamps", parts::describe_timestamps(*material, seen));
}

// What no single part tells.
void judge_whole(Seen& seen) {
  if (!seen.leaf || !seen.out.problems.empty()) return;
  const json::Value& out = seen.out.description;
  if (out.find("log_entries")->array()->empty())
    seen.remark("bundle", "there is no log entry, which most verifiers ask of a certificate");
  if (!seen.dated) {
    seen.remark("bundle",
                "nothing tells when it was signed: no timestamp, and no integrated time under a "
                "log's promise; a certificate that has expired cannot be relied on then");
  }
}

void describe_bundle(const json::Value& value, Seen& seen) {
  const Fields root(value, "bundle");
  json::Value& out = seen.out.description;
  json::Value nothing;
  const auto media_type = seen.take(root.string("mediaType"), "bundle.mediaType", nothing);
  if (media_type) {
    out.set("media_type", *media_type);
    seen.version = seen.take(parts::version_of(*media_type), "bundle.mediaType", nothing);
    if (seen.version) out.set("version", name(*seen.version));
  }
  seen.check(parts::check_root_members(root), root.path());
  out.set("content", parts::describe_content(root, seen));
  describe_material(root, seen);
  judge_whole(seen);
}

// A document may call itself a bundle, or at least have what only a bundle has.
bool claims_to_be_bundle(const json::Value& value) {
  if (value.find("verificationMaterial") != nullptr) return true;
  const json::Value* type = value.find("mediaType");
  return type != nullptr && type->string() != nullptr &&
         type->string()->starts_with("application/vnd.dev.sigstore.bundle");
}

json::Array findings_json(const std::vector<Finding>& findings) {
  json::Array out;
  for (const Finding& each : findings) {
    json::Value row;
    row.set("where", each.where);
    row.set("what", each.what);
    if (!each.advice.empty()) row.set("advice", each.advice);
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

json::Value parts::describe_content(const Fields& root, Seen& seen) {
  seen.check(parts::check_one_content(root), root.path());
  json::Value broken;
  if (root.has("dsseEnvelope")) {
    const auto fields = seen.take(root.object("dsseEnvelope"), "bundle.dsseEnvelope", broken);
    if (fields) return envelope_json(*fields, seen);
    return broken;
  }
  if (!root.has("messageSignature")) {
    broken.set("broken", "there is neither a messageSignature nor a dsseEnvelope");
    return broken;
  }
  const auto fields = seen.take(root.object("messageSignature"), "bundle.messageSignature", broken);
  if (fields) return message_json_of(*fields, seen);
  return broken;
}

Inspection inspect(std::string_view text) {
  Seen seen;
  const auto value =
      json::parse_strict(text, {.bytes = limits::kBundleFile, .values = kBundleValuesMost});
  if (!value || !claims_to_be_bundle(*value)) {
    const Likeness like = looks_like(text);
    Error error =
        value ? Error{Errc::malformed, "this is JSON, but no Sigstore bundle"} : value.error();
    error.hint = like.advice;
    seen.problem("bundle", error);
    seen.out.looks_like = like.what;
    return std::move(seen.out);
  }
  describe_bundle(*value, seen);
  // The walk above and the parser are made of the same parts, but the parser has the last word.
  const auto strict = parse_bundle(text);
  if (!strict && seen.out.problems.empty()) seen.problem("bundle", strict.error());
  return std::move(seen.out);
}

json::Value to_json(const Inspection& inspection, std::string_view source) {
  json::Value out;
  out.set("kind", "sluice.bundle/v1");
  out.set("source", source);
  out.set("verified", false);
  out.set("note", kNotVerified);
  out.set("sound", inspection.sound());
  if (!inspection.looks_like.empty()) out.set("looks_like", inspection.looks_like);
  out.set("problems", findings_json(inspection.problems));
  out.set("remarks", findings_json(inspection.remarks));
  if (const json::Object* parts = inspection.description.object()) {
    for (const auto& [key, value] : *parts) out.set(key, value);
  }
  return out;
}

}  // namespace sluice::sigstore
