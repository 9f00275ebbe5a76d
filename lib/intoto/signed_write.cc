// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "dsse/envelope.h"
#include "intoto/limits.h"
#include "intoto/signed.h"
#include "json/canonical_text.h"
#include "json/text_out.h"

namespace sluice::intoto {

namespace {

// One signature under each id of its key.
Result<void> append_signed(std::vector<std::string>& entries, Wrapping wrapping, ByteView message,
                           const crypto::Signer& signer) {
  const Key key(signer.public_key());
  if (signer.scheme() != key.scheme()) {
    return fail(Errc::internal, cat("a signer of the scheme ", name(signer.scheme()),
                                    " for a key of the scheme ", key.scheme_name()));
  }
  SLUICE_TRY(const Bytes sig, signer.sign_bytes(message));
  const std::string text = wrapping == Wrapping::dsse ? to_base64(sig) : to_hex(sig);
  for (const std::string& id : {key.python_id(), key.go_id()}) {
    entries.push_back(cat(R"({"keyid":")", id, R"(","sig":")", text, "\"}"));
  }
  return {};
}

std::string written(Wrapping wrapping, std::string_view payload,
                    const std::vector<std::string>& entries) {
  std::string encoded;
  std::string front = cat("{\"signatures\":[", join(entries, ","), "],\"signed\":");
  std::string back = "}\n";
  if (wrapping == Wrapping::dsse) {
    encoded = to_base64(bytes_of(payload));
    payload = encoded;
    front = "{\"payload\":\"";
    back = cat("\",\"payloadType\":\"", dsse::kInTotoPayload, "\",\"signatures\":[",
               join(entries, ","), "]}\n");
  }
  std::string out = std::move(front);
  out.reserve(out.size() + payload.size() + back.size());  // a payload may be tens of megabytes
  out += payload;
  out += back;
  return out;
}

bool is_canonical(std::string_view text) {
  json::Tokenizer in(text, {.bytes = limits::kMetadataFile});
  const auto whole = in.skip();
  return whole && whole->canonical && whole->end == text.size() && in.finish();
}

Result<void> append_entries(std::vector<std::string>& entries, Wrapping wrapping, ByteView message,
                            const std::vector<MetadataSigner>& signers) {
  for (const MetadataSigner& signer : signers) {
    if (const auto* key = std::get_if<const crypto::Signer*>(&signer)) {
      SLUICE_CHECK(append_signed(entries, wrapping, message, **key));
      continue;
    }
    SLUICE_TRY(auto entry, std::get<const EntrySigner*>(signer)->entry(wrapping, message));
    entries.push_back(std::move(entry));
  }
  return {};
}

bool is_of(const MetadataSignature& signature, const MetadataSigner& signer) {
  const auto* key = std::get_if<const crypto::Signer*>(&signer);
  const auto ids = key != nullptr ? Key((*key)->public_key()).ids()
                                  : std::get<const EntrySigner*>(signer)->ids();
  return std::ranges::find(ids, signature.keyid) != ids.end();
}

}  // namespace

Result<std::string> sign_metadata(Wrapping wrapping, std::string_view payload,
                                  const std::vector<MetadataSigner>& signers) {
  std::vector<std::string> entries;
  std::string canonical;  // where the payload is not its own canonical form
  Bytes encoded;
  ByteView message = bytes_of(payload);
  if (wrapping == Wrapping::dsse) {
    encoded = dsse::pae(MediaType(std::string(dsse::kInTotoPayload)), message);
    message = encoded;
  } else if (!is_canonical(payload)) {
    SLUICE_TRY(canonical, json::canonical_olpc_text(payload));
    message = bytes_of(canonical);
  }
  SLUICE_CHECK(append_entries(entries, wrapping, message, signers));
  return written(wrapping, payload, entries);
}

Result<std::string> add_signatures(const SignedMetadata& metadata,
                                   const std::vector<MetadataSigner>& signers, bool keep_others) {
  std::vector<std::string> entries;
  for (const auto& signature : metadata.signatures()) {
    const bool replaced = std::ranges::any_of(
        signers, [&](const MetadataSigner& signer) { return is_of(signature, signer); });
    if (keep_others && !replaced) entries.push_back(signature.json);
  }
  SLUICE_CHECK(append_entries(entries, metadata.wrapping(), metadata.message(), signers));
  return written(metadata.wrapping(), metadata.payload(), entries);
}

}  // namespace sluice::intoto
