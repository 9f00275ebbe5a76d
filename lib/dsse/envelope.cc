// SPDX-License-Identifier: Apache-2.0
#include "dsse/envelope.h"

#include <algorithm>

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"

namespace sluice::dsse {

namespace {

constexpr std::size_t kMaxSignatures = 64;

Result<Bytes> base64_member(const json::Fields& fields, std::string_view key) {
  SLUICE_TRY(const std::string text, fields.string(key));
  return within(from_base64(text), cat("reading ", fields.path(), ".", key));
}

Result<Signature> parse_signature(const json::Fields& fields) {
  SLUICE_CHECK(fields.only({"sig", "keyid"}));
  Signature signature;
  SLUICE_TRY(signature.sig, base64_member(fields, "sig"));
  if (signature.sig.empty()) return fail(Errc::malformed, cat(fields.path(), ".sig is empty"));
  if (fields.has("keyid")) {
    SLUICE_TRY(signature.keyid, fields.string("keyid"));
  }
  return signature;
}

}  // namespace

Bytes pae(const MediaType& payload_type, ByteView payload) {
  const std::string head =
      cat("DSSEv1 ", payload_type.str().size(), " ", payload_type.str(), " ", payload.size(), " ");
  Bytes out = copy_of(bytes_of(head));
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Result<Envelope> parse(const json::Fields& fields) {
  SLUICE_CHECK(fields.only({"payload", "payloadType", "signatures"}));
  Envelope envelope;
  SLUICE_TRY(std::string type, fields.string("payloadType"));
  if (type.empty()) return fail(Errc::malformed, cat(fields.path(), ".payloadType is empty"));
  envelope.payload_type = MediaType(std::move(type));
  SLUICE_TRY(envelope.payload, base64_member(fields, "payload"));
  if (envelope.payload.size() > limits::kPayload) {
    return fail(Errc::limit, cat("the payload is larger than ", human_bytes(limits::kPayload)));
  }
  SLUICE_TRY(const auto signatures, fields.array("signatures", kMaxSignatures));
  if (signatures.empty()) return fail(Errc::malformed, cat(fields.path(), " has no signature"));
  for (const auto& each : signatures) {
    SLUICE_TRY(auto signature, parse_signature(each));
    envelope.signatures.push_back(std::move(signature));
  }
  return envelope;
}

Result<Envelope> parse(std::string_view text) {
  SLUICE_TRY(const auto value, json::parse_strict(text, {.bytes = limits::kBundleFile}));
  return parse(json::Fields(value, "envelope"));
}

json::Value to_json(const Envelope& envelope) {
  json::Array signatures;
  for (const auto& signature : envelope.signatures) {
    json::Value entry;
    entry.set("sig", to_base64(signature.sig));
    if (!signature.keyid.empty()) entry.set("keyid", signature.keyid);
    signatures.push_back(std::move(entry));
  }
  json::Value out;
  out.set("payload", to_base64(envelope.payload));
  out.set("payloadType", envelope.payload_type.str());
  out.set("signatures", std::move(signatures));
  return out;
}

namespace {
// What every reader takes: visible ASCII, and not too much of it.
bool is_media_type(std::string_view text) {
  return !text.empty() && text.size() <= 255 &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}
}  // namespace

Result<Envelope> sign(const MediaType& payload_type, ByteView payload,
                      const crypto::Signer& signer) {
  if (!is_media_type(payload_type.str())) {
    return fail(Errc::usage, cat("\"", printable(payload_type.str(), 60),
                                 "\" is no media type, such as application/json"));
  }
  if (payload.size() > limits::kPayload) {
    return fail(Errc::limit, cat("the payload is ", human_bytes(payload.size()), ", the limit is ",
                                 human_bytes(limits::kPayload)));
  }
  SLUICE_TRY(const auto message, crypto::Message::of(signer.scheme(), pae(payload_type, payload)));
  SLUICE_TRY(auto signature, signer.sign(message));
  return Envelope{payload_type, copy_of(payload), {Signature{std::move(signature), {}}}};
}

}  // namespace sluice::dsse
