// SPDX-License-Identifier: Apache-2.0
#include "sigstore/convert.h"

#include <algorithm>

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "sigstore/bundle_parts.h"
#include "sigstore/convert_parts.h"
#include "sigstore/entry_claims.h"
#include "sigstore/looks_like.h"
#include "x509/timestamp.h"

namespace sluice::sigstore {

namespace {

using json::Fields;
using parts::Signer;

// A bundle on its way, and who signed as far as that is known.
struct Draft {
  Bundle bundle;
  std::optional<Signer> signer;
  std::vector<std::string> notes;
};

Error disagreement(std::string what) {
  return Error{Errc::malformed, std::move(what), {}, "they belong to different signatures"};
}

// A signature, or an envelope, as cosign wrote both into the same places.
Result<void> read_content(std::string_view text, Draft& draft) {
  if (trim(text).starts_with("{")) {
    SLUICE_TRY(draft.bundle.content, dsse::parse(text));
    return {};
  }
  SLUICE_TRY(auto signature, parts::signature_of_text(text));
  draft.bundle.content = MessageSignature{{}, std::move(signature)};
  return {};
}

Result<void> read_old_bundle(const json::Value& value, Draft& draft) {
  const Fields root(value, "bundle");
  SLUICE_CHECK(root.only({"base64Signature", "cert", "rekorBundle"}));
  SLUICE_TRY(const std::string base64, root.string("base64Signature"));
  SLUICE_TRY(const Bytes inside, within(from_base64(base64), "reading bundle.base64Signature"));
  const bool is_envelope = text_of(inside).starts_with("{");
  SLUICE_CHECK(read_content(is_envelope ? text_of(inside) : std::string_view(base64), draft));
  if (root.has("cert")) {
    SLUICE_TRY(const std::string cert, root.string("cert"));
    if (!cert.empty()) {
      SLUICE_TRY(draft.signer, within(parts::signer_of_text(cert), "reading bundle.cert"));
    }
  }
  if (root.has("rekorBundle")) {
    SLUICE_TRY(const auto rekor, root.object("rekorBundle"));
    SLUICE_TRY(auto entry, parts::entry_of_rekor_bundle(rekor));
    draft.bundle.entries.push_back(std::move(entry));
  }
  return {};
}

// A bundle that breaks a rule of its own version alone: a chain in 0.3, or an entry without the
// proof that 0.2 and 0.3 ask for. Older versions allow that, and what is written keeps the rules
// again.
Result<Bundle> mended(json::Value value, const Error& error, Draft& draft) {
  const json::Value* type = value.find("mediaType");
  if (type->string() == nullptr || !parts::version_of(*type->string())) return fail(error);
  for (const auto version : {BundleVersion::v02, BundleVersion::v01}) {
    value.set("mediaType", parts::media_type_of(version));
    auto bundle = parse_bundle(json::write(value));
    if (!bundle) continue;
    draft.notes.push_back(cat("mended: ", error.what));
    return bundle;
  }
  return fail(error);
}

Result<void> read_bundle(std::string_view text, const json::Value& value, Draft& draft) {
  auto bundle = parse_bundle(text);
  if (!bundle) bundle = mended(value, bundle.error(), draft);
  if (!bundle) return fail(std::move(bundle).error());
  draft.bundle = *std::move(bundle);
  if (draft.bundle.version == BundleVersion::v03)
    draft.notes.emplace_back("it was a bundle 0.3 already");
  auto* chain = std::get_if<CertificateChain>(&draft.bundle.material);
  if (chain == nullptr) return {};
  if (chain->certificates.size() > 1) {
    draft.notes.push_back(cat("of its ", chain->certificates.size(),
                              " certificates only the signer's was kept: the others come from what "
                              "a verifier trusts"));
    chain->certificates.resize(1);
  }
  SLUICE_TRY(auto leaf, x509::Certificate::from_der(chain->certificates.front()));
  draft.signer = Signer{.certificate = std::move(leaf)};
  return {};
}

Result<void> read_input(std::string_view text, Draft& draft) {
  if (!trim(text).starts_with("{")) {
    // A certificate in base64 would pass for a signature in base64.
    const Likeness like = looks_like(text);
    if (like.what.find("signature") != std::string::npos || !is_utf8(text))
      return read_content(text, draft);
    return fail(Error{
        Errc::malformed, cat("this is no signature; it looks like ", like.what), {}, like.advice});
  }
  SLUICE_TRY(const auto value,
             json::parse_strict(text, {.bytes = limits::kBundleFile, .values = kBundleValuesMost}));
  if (value.find("base64Signature") != nullptr) return read_old_bundle(value, draft);
  if (value.find("payloadType") != nullptr) return read_content(text, draft);
  if (value.find("mediaType") != nullptr) return read_bundle(text, value, draft);
  const Likeness like = looks_like(text);
  return fail(Error{
      Errc::malformed, cat("nothing to convert: it looks like ", like.what), {}, like.advice});
}

bool has_hint(const Bundle& bundle) {
  const auto* key = std::get_if<PublicKeyHint>(&bundle.material);
  return key != nullptr && !key->hint.empty();
}

// The signer: the one that is given, which must be the one that the output names, or that one.
Result<void> settle_signer(const ConvertRequest& request, Draft& draft) {
  std::optional<Signer> given;
  if (request.certificate) {
    SLUICE_TRY(given,
               within(parts::signer_of_text(*request.certificate), "reading the certificate"));
    if (!given->certificate)
      return fail(Errc::malformed, "the certificate is a public key; give it as the key");
  } else if (request.key) {
    given = Signer{.key = request.key};
  }
  if (given && draft.signer && !equal(given->der(), draft.signer->der()))
    return fail(disagreement("the output names another signer than the one that is given"));
  if (given) draft.signer = std::move(given);
  if (draft.signer || has_hint(draft.bundle) || draft.bundle.entries.empty()) return {};
  // The log's entry knows it.
  const auto claims = read_entry_claims(draft.bundle.entries.front().body);
  if (!claims || claims->verifiers.size() != 1) return {};
  SLUICE_TRY(draft.signer, within(parts::signer_of_der(claims->verifiers.front()),
                                  "reading the signer from the log's entry"));
  draft.notes.emplace_back("the signer was taken from the log's entry");
  return {};
}

Result<void> write_signer(Draft& draft) {
  Bundle& bundle = draft.bundle;
  if (!draft.signer) {
    if (has_hint(bundle)) return {};
    return fail(Error{Errc::malformed,
                      "nothing says who signed",
                      {},
                      "give the certificate with --certificate FILE, or the key with --key FILE"});
  }
  if (draft.signer->certificate) {
    bundle.material = CertificateChain{{(*draft.signer->certificate)->der}};
    return {};
  }
  const std::string hint = key_hint(*draft.signer->key);
  if (has_hint(bundle) && std::get<PublicKeyHint>(bundle.material).hint != hint) {
    draft.notes.emplace_back(
        "the bundle hinted at its key in another way; the hint is now that of "
        "the key that is given");
  }
  bundle.material = PublicKeyHint{hint};
  return {};
}

// The entry must be about this signature by this signer, and tells the digest.
Result<void> agree_with_entry(const LogEntry& entry, Draft& draft) {
  SLUICE_TRY(const auto claims, within(read_entry_claims(entry.body),
                                       cat("reading the body of log entry ", entry.index)));
  if (claims.kind != entry.kind || claims.version != entry.version)
    return fail(disagreement(cat("log entry ", entry.index, " is of another kind than its body")));
  if (has_signature(claims, signature_of(draft.bundle)) == false)
    return fail(disagreement(cat("log entry ", entry.index, " is about another signature")));
  if (draft.signer && has_verifier(claims, draft.signer->der()) == false)
    return fail(disagreement(cat("log entry ", entry.index, " names another signer")));
  auto* message = std::get_if<MessageSignature>(&draft.bundle.content);
  const auto* envelope = std::get_if<dsse::Envelope>(&draft.bundle.content);
  if (message != nullptr && !message->digest) message->digest = claims.artifact;
  if (same_digest(claims, {message != nullptr ? message->digest : std::nullopt, envelope}) == false)
    return fail(disagreement(cat("log entry ", entry.index, " is about another digest")));
  return {};
}

Result<void> add_digest(const ConvertRequest& request, Draft& draft) {
  auto* message = std::get_if<MessageSignature>(&draft.bundle.content);
  if (message == nullptr) return {};
  if (request.artifact_digest) {
    // Without a log's entry nothing tells the hash; cosign 1 and 2 knew but one.
    const auto algorithm =
        message->digest ? message->digest->algorithm() : crypto::HashAlgorithm::sha256;
    SLUICE_TRY(const auto digest, request.artifact_digest(algorithm));
    if (message->digest && *message->digest != digest) {
      return fail(Error{
          Errc::malformed,
          cat("the artifact's digest is ", digest.text(), ", signed was ", message->digest->text()),
          {},
          "name the artifact that this signature is of"});
    }
    message->digest = digest;
  }
  if (!message->digest) {
    draft.notes.emplace_back(
        "the bundle states no digest, which cosign refuses; --artifact FILE adds it");
  }
  return {};
}

Result<void> add_timestamp(const ConvertRequest& request, Draft& draft) {
  if (!request.timestamp) return {};
  SLUICE_TRY(auto reply,
             within(parts::timestamp_of_text(*request.timestamp), "reading the timestamp"));
  SLUICE_TRY(const auto stamp, x509::Timestamp::from_reply(reply));
  const auto due = crypto::digest_of(stamp->imprint_hash, signature_of(draft.bundle));
  if (!equal(due.bytes(), stamp->imprint))
    return fail(disagreement("the timestamp is of something else than this signature"));
  draft.bundle.timestamps.push_back(std::move(reply));
  return {};
}

bool is_proven(const LogEntry& entry) { return entry.proof && !entry.proof->checkpoint.empty(); }

// Version 0.3 where every entry has its proof, asked for or at hand; else 0.1.
Result<BundleVersion> settle_version(const ConvertRequest& request, Draft& draft) {
  bool proven = true;
  for (LogEntry& entry : draft.bundle.entries) {
    if (!is_proven(entry) && request.ask_log) {
      SLUICE_TRY(const std::string answer, request.ask_log(entry.index));
      SLUICE_TRY(entry.proof, parts::proof_of_answer(answer, entry));
      draft.notes.push_back(cat("the proof of log entry ", entry.index, " comes from the log"));
    }
    proven = proven && is_proven(entry);
  }
  if (proven) return BundleVersion::v03;
  if (std::ranges::any_of(draft.bundle.entries, [](const auto& each) { return !each.promise; })) {
    return fail(Error{Errc::malformed,
                      "a log entry has neither a whole inclusion proof nor a promise",
                      {},
                      "--rekor-url URL asks the log for the proof"});
  }
  draft.notes.emplace_back(
      "version 0.1, since the log's promise came without its inclusion proof, and later versions "
      "need that; --rekor-url URL asks the log for it");
  return BundleVersion::v01;
}

}  // namespace

Result<Converted> convert(const ConvertRequest& request) {
  Draft draft;
  SLUICE_CHECK(read_input(request.text, draft));
  if (const auto* envelope = std::get_if<dsse::Envelope>(&draft.bundle.content);
      envelope != nullptr && envelope->signatures.size() != 1) {
    return fail(Errc::unsupported, cat("the envelope has ", envelope->signatures.size(),
                                       " signatures, a bundle holds exactly one"));
  }
  SLUICE_CHECK(settle_signer(request, draft));
  for (const LogEntry& entry : draft.bundle.entries) SLUICE_CHECK(agree_with_entry(entry, draft));
  SLUICE_CHECK(write_signer(draft));
  SLUICE_CHECK(add_digest(request, draft));
  SLUICE_CHECK(add_timestamp(request, draft));
  SLUICE_TRY(const auto version, settle_version(request, draft));
  Converted out{write_bundle(draft.bundle, version), version, std::move(draft.notes)};
  SLUICE_CHECK(within(parse_bundle(out.text), "reading the bundle that was made"));
  return out;
}

}  // namespace sluice::sigstore
