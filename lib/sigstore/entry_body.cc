// SPDX-License-Identifier: Apache-2.0
// The bodies of log entries against the bundle that carries them.
#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "json/value.h"
#include "sigstore/entry.h"
#include "sigstore/names.h"

namespace sluice::sigstore {

namespace {

using json::Fields;
using Compared = Result<std::optional<Disagreement>>;

constexpr std::size_t kBodyMost = 12U << 20;  // an envelope may be in it

std::string short_base64(ByteView bytes) {
  const std::string text = to_base64(bytes);
  return text.size() <= 44 ? text : cat(text.substr(0, 40), "…");
}

std::optional<Disagreement> differ(std::string what, std::string expected, std::string found) {
  return Disagreement{std::move(what), std::move(expected), std::move(found)};
}

std::optional<Disagreement> same_signature(ByteView ours, ByteView theirs) {
  if (equal(ours, theirs)) return std::nullopt;
  return differ("the entry holds another signature", short_base64(ours), short_base64(theirs));
}

// A PEM block in base64, as Rekor v1 writes keys and certificates.
Compared same_signer(const SignedBy& signer, const std::string& text, std::string_view path) {
  SLUICE_TRY(const Bytes pem, within(from_base64(text), cat("reading ", path)));
  SLUICE_TRY(const auto block,
             within(crypto::read_public_pem(text_of(pem)), cat("reading ", path)));
  const std::string_view due = signer.certificate ? "CERTIFICATE" : "PUBLIC KEY";
  if (block.label != due) {
    return differ("the entry names another kind of signer", std::string(due),
                  printable(block.label, 40));
  }
  if (equal(block.content, signer.der())) return std::nullopt;
  const auto fingerprint = [](ByteView der) {
    return crypto::digest_of(crypto::HashAlgorithm::sha256, der).text();
  };
  return differ(
      signer.certificate ? "the entry holds another certificate" : "the entry holds another key",
      fingerprint(signer.der()), fingerprint(block.content));
}

Result<crypto::Digest> hash_in(const Fields& fields) {
  SLUICE_CHECK(fields.only({"algorithm", "value"}));
  SLUICE_TRY(const std::string algorithm, fields.string("algorithm"));
  SLUICE_TRY(const std::string value, fields.string("value"));
  return within(crypto::Digest::parse(cat(algorithm, ":", value)), cat("reading ", fields.path()));
}

Compared same_payload(const Fields& parent, ByteView payload) {
  SLUICE_TRY(const auto fields, parent.object("payloadHash"));
  SLUICE_TRY(const auto found, hash_in(fields));
  const auto due = crypto::digest_of(found.algorithm(), payload);
  if (found == due) return std::nullopt;
  return differ("the entry is about another payload", due.text(), found.text());
}

// hashedrekord 0.0.1
Compared compare_record(const Fields& spec, const Recorded& recorded) {
  SLUICE_CHECK(spec.only({"data", "signature"}));
  SLUICE_TRY(const auto data, spec.object("data"));
  SLUICE_CHECK(data.only({"hash"}));
  SLUICE_TRY(const auto hash_fields, data.object("hash"));
  SLUICE_TRY(const auto hash, hash_in(hash_fields));
  if (!recorded.digest || hash != *recorded.digest) {
    return differ("the entry is about another artifact",
                  recorded.digest ? recorded.digest->text() : "a digest that the bundle states",
                  hash.text());
  }
  SLUICE_TRY(const auto signature, spec.object("signature"));
  SLUICE_CHECK(signature.only({"content", "publicKey"}));
  SLUICE_TRY(const std::string content, signature.string("content"));
  SLUICE_TRY(const Bytes bytes, within(from_base64(content), "reading signature.content"));
  if (auto other = same_signature(signature_of(recorded.bundle), bytes)) return other;
  SLUICE_TRY(const auto key, signature.object("publicKey"));
  SLUICE_CHECK(key.only({"content"}));
  SLUICE_TRY(const std::string pem, key.string("content"));
  return same_signer(recorded.signer, pem, "signature.publicKey");
}

Result<Fields> only_signature(const Fields& fields) {
  SLUICE_TRY(const auto list, fields.array("signatures", 64));
  if (list.size() == 1) return list.front();
  return fail(Errc::malformed,
              cat(fields.path(), " has ", list.size(), " signatures, the bundle has one"));
}

// dsse 0.0.1. The hash of the envelope is that of a text which is not kept: it proves nothing.
Compared compare_dsse(const Fields& spec, const dsse::Envelope& envelope, const SignedBy& signer) {
  SLUICE_CHECK(spec.only({"envelopeHash", "payloadHash", "signatures"}));
  if (spec.has("envelopeHash")) {
    SLUICE_TRY(const auto fields, spec.object("envelopeHash"));
    SLUICE_CHECK(hash_in(fields));
  }
  SLUICE_TRY(auto other, same_payload(spec, envelope.payload));
  if (other) return other;
  SLUICE_TRY(const auto signature, only_signature(spec));
  SLUICE_CHECK(signature.only({"signature", "verifier"}));
  SLUICE_TRY(const std::string text, signature.string("signature"));
  SLUICE_TRY(const Bytes bytes, within(from_base64(text), "reading the entry's signature"));
  other = same_signature(envelope.signatures.front().sig, bytes);
  if (other) return other;
  SLUICE_TRY(const std::string pem, signature.string("verifier"));
  return same_signer(signer, pem, "the entry's verifier");
}

// A base64 text in base64: intoto entries have their texts encoded once more.
Result<Bytes> twice_encoded(const Fields& fields, std::string_view key) {
  SLUICE_TRY(const std::string outer, fields.string(key));
  SLUICE_TRY(const Bytes inner, within(from_base64(outer), cat("reading ", key)));
  return within(from_base64(text_of(inner)), cat("reading ", key, ", decoded once"));
}

Compared compare_intoto_envelope(const Fields& fields, const dsse::Envelope& envelope,
                                 const SignedBy& signer) {
  SLUICE_CHECK(fields.only({"payload", "payloadType", "signatures"}));
  SLUICE_TRY(const std::string type, fields.string("payloadType"));
  if (type != envelope.payload_type.str()) {
    return differ("the entry is about another type of payload",
                  printable(envelope.payload_type.str(), 100), printable(type, 100));
  }
  if (fields.has("payload")) {
    SLUICE_TRY(const Bytes payload, twice_encoded(fields, "payload"));
    if (!equal(payload, envelope.payload)) {
      return differ("the entry holds another payload", short_base64(envelope.payload),
                    short_base64(payload));
    }
  }
  SLUICE_TRY(const auto signature, only_signature(fields));
  SLUICE_CHECK(signature.only({"keyid", "publicKey", "sig"}));
  SLUICE_TRY(const Bytes bytes, twice_encoded(signature, "sig"));
  if (auto other = same_signature(envelope.signatures.front().sig, bytes)) return other;
  SLUICE_TRY(const std::string pem, signature.string("publicKey"));
  return same_signer(signer, pem, "the entry's key");
}

// intoto 0.0.2
Compared compare_intoto(const Fields& spec, const dsse::Envelope& envelope,
                        const SignedBy& signer) {
  SLUICE_CHECK(spec.only({"content"}));
  SLUICE_TRY(const auto content, spec.object("content"));
  SLUICE_CHECK(content.only({"envelope", "hash", "payloadHash"}));
  if (content.has("hash")) {
    SLUICE_TRY(const auto hash, content.object("hash"));
    SLUICE_CHECK(hash_in(hash));
  }
  SLUICE_TRY(auto other, same_payload(content, envelope.payload));
  if (other) return other;
  SLUICE_TRY(const auto fields, content.object("envelope"));
  return compare_intoto_envelope(fields, envelope, signer);
}

Compared compare_rekor1(const LogEntry& entry, const Recorded& recorded) {
  SLUICE_TRY(
      const auto body,
      json::parse_strict(text_of(entry.body), {.bytes = kBodyMost, .values = kBundleValuesMost}));
  // One text for each body: whoever reads it later, by whatever reader, reads what was compared.
  SLUICE_TRY(const std::string canonical, json::canonical_jcs(body));
  if (canonical != text_of(entry.body)) {
    return differ("the entry's body is not in its canonical form", {}, {});
  }
  const Fields root(body, "body");
  SLUICE_CHECK(root.only({"apiVersion", "kind", "spec"}));
  SLUICE_TRY(const std::string kind, root.string("kind"));
  SLUICE_TRY(const std::string version, root.string("apiVersion"));
  if (kind != entry.kind || version != entry.version) {
    return differ("the entry's body is of another kind than the bundle says",
                  cat(printable(entry.kind, 40), " ", printable(entry.version, 20)),
                  cat(printable(kind, 40), " ", printable(version, 20)));
  }
  SLUICE_TRY(const auto spec, root.object("spec"));
  const auto* envelope = std::get_if<dsse::Envelope>(&recorded.bundle.content);
  if ((kind == "hashedrekord") != (envelope == nullptr)) {
    return differ("the entry records another kind of signature than the bundle holds",
                  envelope == nullptr ? "hashedrekord" : "dsse or intoto", kind);
  }
  if (envelope == nullptr) return compare_record(spec, recorded);
  if (kind == "dsse") return compare_dsse(spec, *envelope, recorded.signer);
  return compare_intoto(spec, *envelope, recorded.signer);
}

// As much of a text as shows where it differs from another.
std::string around(const std::string& text, std::size_t where) {
  constexpr std::size_t kBefore = 60;
  constexpr std::size_t kShown = 120;
  const std::size_t from = where > kBefore ? where - kBefore : 0;
  return cat(from > 0 ? "…" : "", printable(text.substr(from, kShown), kShown),
             from + kShown < text.size() ? "…" : "");
}

Compared compare_rekor2(const LogEntry& entry, const Recorded& recorded) {
  SLUICE_TRY(const std::string due, rekor2_body(recorded));
  if (equal(bytes_of(due), entry.body)) return std::nullopt;
  const std::string found(text_of(entry.body));
  const auto [at, other] = std::ranges::mismatch(due, found);
  const auto where = static_cast<std::size_t>(at - due.begin());
  return differ("the entry is not about this signature", around(due, where), around(found, where));
}

struct KnownKind {
  std::string_view kind;
  std::string_view version;
  Compared (*compare)(const LogEntry&, const Recorded&);
};
constexpr std::array kKinds{KnownKind{"hashedrekord", "0.0.1", compare_rekor1},
                            KnownKind{"dsse", "0.0.1", compare_rekor1},
                            KnownKind{"intoto", "0.0.2", compare_rekor1},
                            KnownKind{"hashedrekord", "0.0.2", compare_rekor2}};

json::Value member(std::string key, json::Value value) {
  json::Value out;
  out.set(std::move(key), std::move(value));
  return out;
}

// The log takes Ed25519 in its prehashed form alone.
crypto::Scheme recorded_scheme(crypto::Scheme scheme) {
  if (scheme.kind == crypto::SchemeKind::ed25519) scheme.kind = crypto::SchemeKind::ed25519ph;
  return scheme;
}

}  // namespace

Result<std::string> rekor2_body(const Recorded& recorded) {
  if (!recorded.digest) return fail(Errc::malformed, "the bundle states no digest");
  const SignedBy& signer = recorded.signer;
  SLUICE_TRY(const auto label, key_details_label(signer.key, recorded_scheme(signer.scheme)));
  json::Value verifier = member("keyDetails", label);
  verifier.set(signer.certificate ? "x509Certificate" : "publicKey",
               member("rawBytes", to_base64(signer.der())));
  json::Value signature = member("content", to_base64(signature_of(recorded.bundle)));
  signature.set("verifier", std::move(verifier));
  json::Value data = member("algorithm", hash_label(recorded.digest->algorithm()));
  data.set("digest", to_base64(recorded.digest->bytes()));
  json::Value record = member("data", std::move(data));
  record.set("signature", std::move(signature));
  json::Value body = member("apiVersion", "0.0.2");
  body.set("kind", "hashedrekord");
  body.set("spec", member("hashedRekordV002", std::move(record)));
  return json::canonical_jcs(body);
}

std::optional<Disagreement> compare_body(const LogEntry& entry, const Recorded& recorded) {
  for (const KnownKind& known : kKinds) {
    if (known.kind != entry.kind || known.version != entry.version) continue;
    if (entry.body.empty()) return Disagreement{"the entry has no body"};
    auto compared = known.compare(entry, recorded);
    if (compared) return *std::move(compared);
    return Disagreement{cat("the entry's body cannot be read: ", compared.error().text())};
  }
  return differ("the entry is of a kind that is not known here",
                "hashedrekord 0.0.1 or 0.0.2, dsse 0.0.1, intoto 0.0.2",
                cat(printable(entry.kind, 40), " ", printable(entry.version, 20)));
}

}  // namespace sluice::sigstore
