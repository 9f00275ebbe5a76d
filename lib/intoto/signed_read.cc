// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "dsse/envelope.h"
#include "intoto/limits.h"
#include "intoto/signed.h"
#include "json/canonical_text.h"

namespace sluice::intoto {

namespace {

// Both alphabets of base64 (DSSE: "either standard or URL-safe"), the second with its padding or
// without.
Result<Bytes> from_either_base64(std::string_view text) {
  const bool url = text.find_first_of("-_") != std::string_view::npos || text.size() % 4 != 0;
  if (!url) return from_base64(text);
  while (text.ends_with('=')) text.remove_suffix(1);
  return from_base64url(text);
}

}  // namespace

// The member "_type", and no more of the payload than that takes: whoever reads on checks the rest.
Result<PayloadKind> payload_kind(std::string_view payload) {
  json::Tokenizer in(payload, {.bytes = limits::kMetadataFile});
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) return fail(Errc::malformed, "the payload has no \"_type\"");
    if (*key != "_type") {
      SLUICE_CHECK(in.skip());
      continue;
    }
    SLUICE_TRY(const auto type, in.read_string());
    if (type == "link") return PayloadKind::link;
    if (type == "layout") return PayloadKind::layout;
    if (type.starts_with("https://in-toto.io/Statement/")) return PayloadKind::statement;
    return fail(Errc::unsupported, cat("the payload is of the type \"", printable(type, 60),
                                       "\"; link, layout and statements are known"));
  }
}

class SignedReader {
 public:
  explicit SignedReader(std::string document) {
    out_.document_ = std::make_unique<const std::string>(std::move(document));
  }

  Result<SignedMetadata> run() && {
    json::Tokenizer in(*out_.document_, {.bytes = limits::kMetadataFile});
    SLUICE_CHECK(in.enter_object());
    for (;;) {
      SLUICE_TRY(const auto key, in.next_key());
      if (!key) break;
      SLUICE_CHECK(member(in, *key));
    }
    SLUICE_CHECK(in.finish());
    if (!has_signatures_) return fail(Errc::malformed, "there are no \"signatures\"");
    if (part_ && (payload_ || payload_type_)) {
      return fail(Errc::malformed,
                  "\"signed\" and \"payload\" in one file: it is one thing to some "
                  "readers and another one to others");
    }
    SLUICE_CHECK(part_ ? finish_metablock() : finish_dsse());
    SLUICE_CHECK(read_signatures());
    SLUICE_TRY(out_.kind_, payload_kind(out_.payload()));
    return std::move(out_);
  }

 private:
  Result<void> member(json::Tokenizer& in, std::string_view key) {
    if (key == "signed") {
      SLUICE_TRY(part_, in.skip());
      return {};
    }
    if (key == "payload" || key == "payloadType") {
      auto& into = key == "payload" ? payload_ : payload_type_;
      SLUICE_TRY(const auto text, in.read_string());
      into = std::string(text);
      return {};
    }
    if (key != "signatures") {
      return fail(in.error_here(
          Errc::malformed, cat("\"", printable(key, 60), "\" is no member of signed metadata")));
    }
    has_signatures_ = true;
    SLUICE_CHECK(in.enter_array());
    for (;;) {
      SLUICE_TRY(const bool more, in.next_element());
      if (!more) return {};
      if (entries_.size() == limits::kSignatures) {
        return fail(
            in.error_here(Errc::limit, cat("more than ", limits::kSignatures, " signatures")));
      }
      SLUICE_TRY(const auto entry, in.skip());
      entries_.push_back(entry);
    }
  }

  Result<void> finish_metablock() {
    out_.wrapping_ = Wrapping::metablock;
    out_.payload_ = *part_;
    const std::string_view text = out_.payload();
    if (!text.starts_with('{')) return fail(Errc::malformed, "\"signed\" is no object");
    if (part_->canonical) return {};
    SLUICE_TRY(auto canonical, json::canonical_olpc_text(text));
    out_.message_ = std::make_unique<const std::string>(std::move(canonical));
    return {};
  }

  Result<void> finish_dsse() {
    if (!payload_ || !payload_type_) {
      return fail(Errc::malformed, "there is neither \"signed\" nor a payload with its type");
    }
    if (*payload_type_ != dsse::kInTotoPayload) {
      return fail(Errc::unsupported, cat("the payload is of the type \"",
                                         printable(*payload_type_, 80), "\", not in-toto's"));
    }
    out_.wrapping_ = Wrapping::dsse;
    SLUICE_TRY(const auto bytes, within(from_either_base64(*payload_), "reading the payload"));
    out_.decoded_ = std::make_unique<const std::string>(text_of(bytes));
    const auto encoded = dsse::pae(MediaType(*payload_type_), bytes);
    out_.message_ = std::make_unique<const std::string>(text_of(encoded));
    return {};
  }

  Result<void> read_signatures() {
    for (const json::Slice& entry : entries_) {
      const std::string_view text = entry.in(*out_.document_);
      SLUICE_TRY(const auto value, json::parse_strict(text));
      SLUICE_TRY(auto signature,
                 within(signature_of(json::Fields(value, "signature")), "reading a signature"));
      signature.json = std::string(text);
      out_.signatures_.push_back(std::move(signature));
    }
    return {};
  }

  Result<MetadataSignature> signature_of(const json::Fields& fields) const {
    MetadataSignature out;
    const bool envelope = out_.wrapping_ == Wrapping::dsse;
    if (!envelope && fields.has("other_headers")) {
      SLUICE_CHECK(fields.only({"keyid", "signature", "other_headers", "short_keyid"}));
      SLUICE_TRY(out.other_headers, fields.string("other_headers"));
      SLUICE_TRY(const std::string hex, fields.string("signature"));
      SLUICE_TRY(out.sig, from_hex(lower_ascii(hex)));
    } else {
      SLUICE_CHECK(fields.only({"keyid", "sig", "cert"}));
      SLUICE_TRY(const std::string text, fields.string("sig"));
      SLUICE_TRY(out.sig, envelope ? from_either_base64(text) : from_hex(lower_ascii(text)));
    }
    if (fields.has("keyid") || !envelope) {
      SLUICE_TRY(out.keyid, fields.string("keyid"));
    }
    if (fields.has("cert")) {
      SLUICE_TRY(out.certificate, fields.string("cert"));
    }
    return out;
  }

  SignedMetadata out_;
  std::optional<json::Slice> part_;
  std::optional<std::string> payload_;
  std::optional<std::string> payload_type_;
  std::vector<json::Slice> entries_;
  bool has_signatures_ = false;
};

Result<SignedMetadata> SignedMetadata::parse(std::string document) {
  return SignedReader(std::move(document)).run();
}

}  // namespace sluice::intoto
