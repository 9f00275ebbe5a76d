// SPDX-License-Identifier: Apache-2.0
#include "sigstore/verifier.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "crypto/memo.h"
#include "sigstore/verify_content.h"
#include "sigstore/verify_evidence.h"
#include "sigstore/verify_key.h"

namespace sluice::sigstore {

namespace {

using crypto::Scheme;
using crypto::SchemeKind;

constexpr std::string_view kEntryV2 = "0.0.2";

// The prehashed form where the bundle says that a digest was signed.
Scheme scheme_for(const crypto::PublicKey& key, const Bundle& bundle) {
  const Scheme own = key.default_scheme();
  if (own.kind != SchemeKind::ed25519) return own;
  const auto* message = std::get_if<MessageSignature>(&bundle.content);
  const bool prehashed =
      message != nullptr
          ? message->digest && message->digest->algorithm() == crypto::HashAlgorithm::sha512
          : std::ranges::any_of(bundle.entries, [](const LogEntry& entry) {
              return entry.kind == "hashedrekord" && entry.version == kEntryV2;
            });
  return prehashed ? Scheme{SchemeKind::ed25519ph, crypto::HashAlgorithm::sha512} : own;
}

std::string age_text(const TrustRoot& trust, std::optional<Time> now) {
  const auto dated = trust.dated();
  if (!dated || !now || *now < *dated) return trust.source();
  const auto days = std::chrono::floor<std::chrono::days>(*now - *dated).count();
  return cat(trust.source(), ", ", days, days == 1 ? " day old" : " days old");
}

struct KindRow {
  std::string_view prefix;
  std::string_view kind;
  std::string_view advice;  // where the check itself had none
};
// The first that fits.
constexpr std::array kKinds{
    KindRow{"bundle.present", "unsigned", ""},
    KindRow{"bundle.format", "malformed", ""},
    KindRow{"bundle.key", "wrong-signer", "name the key that you trust: --key FILE"},
    KindRow{"certificate.format", "malformed",
            "the bundle was put together wrongly: get it again from who signed"},
    KindRow{"artifact.digest", "tampered", "get the file and its bundle again from who signed"},
    KindRow{"signature", "tampered", ""},
    KindRow{"timestamp.certificate", "untrusted",
            "that service was not to be trusted at that time: it has to be signed again"},
    KindRow{"timestamp.signer", "untrusted",
            "get a bundle with a timestamp of a service that is trusted here"},
    KindRow{"timestamp", "tampered",
            "the timestamp was altered, or is another signature's: get the bundle again"},
    KindRow{"log.known", "untrusted", "is the trust material old? sluice trust show"},
    KindRow{"log.threshold", "untrusted",
            "get a bundle with the entry of a log that is trusted here from who signed"},
    KindRow{"log.witnesses", "untrusted",
            "get a bundle with their cosignatures from who signed, or name others in the policy"},
    KindRow{
        "log", "tampered",
        "the entry was altered, or is another signature's: get the bundle again from who signed"},
    KindRow{"time", "untrusted", "get a bundle with a timestamp from who signed"},
    KindRow{"certificate.validity", "untrusted",
            "it was signed outside of the certificate's life: it has to be signed again"},
    KindRow{"certificate.trust-window", "untrusted",
            "is the trust material old? sluice trust show"},
    KindRow{
        "certificate.sct", "untrusted",
        "it has to be signed again with a certificate that a log has seen; or, if it is another "
        "instance's, name its trust material: --trusted-root FILE"},
    KindRow{"certificate", "untrusted",
            "such a certificate cannot be relied on: it has to be signed again with another"},
    KindRow{"identity", "wrong-signer", "there is no identity to name that would accept it"},
    KindRow{"signers", "untrusted", ""},
    KindRow{"statement.format", "wrong-content", "sluice bundle inspect FILE shows what is signed"},
    KindRow{"statement.predicate-type", "wrong-content",
            "get the attestation of that type, or name the one that you mean: --type URI"},
    KindRow{"statement.subject", "wrong-content",
            "get the attestation that belongs to this file, or the file that it is about"},
    KindRow{"statement", "wrong-content", ""},
    KindRow{"payload", "wrong-content",
            "get the envelope that holds this file, or the file that it holds"},
};

bool is_below(std::string_view id, std::string_view prefix) {
  return id.starts_with(prefix) && (id.size() == prefix.size() || id[prefix.size()] == '.');
}

const KindRow* kind_of(const Check& failure) {
  const auto* const row = std::ranges::find_if(
      kKinds, [&](const KindRow& one) { return is_below(failure.id, one.prefix); });
  return row == kKinds.end() ? nullptr : row;
}

class Verification {
 public:
  Verification(const VerifierOptions& options, crypto::SignatureMemo& memo,
               const VerifyRequest& request)
      : options_(options),
        memo_(memo),
        request_(request),
        report_(request.artifact ? shown(*request.artifact) : request.bundle_source) {}

  // Everything that comes before the artifact is looked at.
  Result<void> begin() {
    if (!request_.bundle) {
      refuse_unsigned();
      return {};
    }
    report_.pass("bundle.present", "signed", cat("bundle from ", request_.bundle_source));
    auto parsed = parse_bundle(*request_.bundle);
    if (!parsed) {
      Check& check = report_.fail("bundle.format", "bundle",
                                  cat("the bundle cannot be read: ", parsed.error().text()));
      check.source = request_.bundle_source;
      check.advice = "sluice bundle inspect FILE shows what is in there";
      refuse_early("needs a bundle that can be read");
      return {};
    }
    content_ = VerifiedContent{*std::move(parsed)};
    report_.pass("bundle.format", "bundle", printable(content_->bundle.media_type.str()));
    SLUICE_TRY(signer_, find_signer(content_->bundle));
    if (!signer_) report_.skip("signature", "signature", "needs to know whose it has to be");
    return {};
  }

  // What finish() will ask of the artifact. What a statement names is known only once it is
  // verified; it nearly always is SHA-256.
  void announce(ArtifactReading& artifact) const {
    if (!signer_) return;
    const auto* message = std::get_if<MessageSignature>(&content_->bundle.content);
    if (message == nullptr) return artifact.announce(crypto::HashAlgorithm::sha256);
    const auto& stated = message->digest;
    artifact.announce(signer_->scheme, stated ? std::optional(stated->algorithm()) : std::nullopt);
  }

  Result<Verdict<VerifiedContent>> finish(ArtifactReading* artifact) {
    if (!signer_) return conclude(std::nullopt);
    SLUICE_CHECK(judge(artifact, *signer_, *content_));
    return conclude(std::move(content_));
  }

 private:
  // A refusal never ends without a word on what to do.
  Verdict<VerifiedContent> conclude(std::optional<VerifiedContent> content) {
    const Check* failure = report_.first_failure();
    if (failure != nullptr && failure->advice.empty()) {
      if (const KindRow* row = kind_of(*failure)) {
        report_.advise_first_failure(std::string(row->advice));
      }
    }
    return Verdict<VerifiedContent>::conclude(std::move(report_), std::move(content));
  }

  Result<void> judge(ArtifactReading* artifact, const SignedBy& signer, VerifiedContent& content) {
    ContentJudge judge(artifact, request_, content.bundle, signer, report_);
    SLUICE_CHECK(judge.check_signature());
    if (options_.trust) {
      const Recorded recorded{content.bundle, signer, judge.recorded_digest()};
      EvidenceJudge evidence(options_, memo_, recorded, intermediates_, request_, report_);
      SLUICE_CHECK(evidence.run());
      content.times = evidence.times();
    } else {
      note_what_was_not_looked_at(content.bundle);
    }
    if (report_.passed()) {
      SLUICE_CHECK(judge.check_payload(content));
    } else {
      judge.skip_payload("needs that everything above holds");
    }
    state_signer(signer, content);
    return {};
  }

  void state_signer(const SignedBy& signer, VerifiedContent& content) {
    content.signer_key = key_hint(signer.key);
    if (signer.certificate) {
      content.signer = describe_signer(*signer.certificate);
      report_.fact("signed by", content.signer);
      report_.fact("trust", age_text(*options_.trust, options_.now));
      return;
    }
    content.signer = cat("key ", content.signer_key);
    report_.fact("signed by", signer_text(signer));
  }

  void refuse_unsigned() {
    Check& check =
        report_.fail("bundle.present", "signed", "there is no bundle: the artifact is not signed");
    check.expected = "a Sigstore bundle";
    check.found = "nothing";
    check.source = request_.bundle_source;
    check.advice =
        "name the bundle with --bundle FILE, or sign the file: sluice sign --key KEY FILE";
    refuse_early("needs a bundle");
  }

  void refuse_early(std::string_view why) {
    if (options_.rules.empty()) report_.skip("bundle.key", "key", std::string(why));
    report_.skip("signature", "signature", std::string(why));
  }

  // Nothing: there is no point in going on, and the report says why.
  Result<std::optional<SignedBy>> find_signer(const Bundle& bundle) {
    if (const auto* hint = std::get_if<PublicKeyHint>(&bundle.material)) {
      return find_key(hint->hint, bundle);
    }
    const auto& chain = std::get<CertificateChain>(bundle.material);
    if (options_.rules.empty()) return refuse_certificate();
    if (!options_.trust) return fail(Errc::usage, "certificates need trust material");
    return read_certificates(chain, bundle);
  }

  std::optional<SignedBy> refuse_certificate() {
    Check& check = report_.fail("bundle.key", "key",
                                "the bundle is signed with a certificate, not with a key");
    check.expected = cat("a bundle signed with ", keys_text());
    check.found = "a certificate";
    check.source = request_.bundle_source;
    check.advice =
        "say who may have signed: --certificate-identity and --certificate-oidc-issuer, or --repo";
    return std::nullopt;
  }

  std::string keys_text() const {
    std::vector<std::string> names;
    for (const KeySigner& one : options_.keys) {
      names.push_back(cat(one.key.describe(), " ", key_hint(one.key)));
    }
    return names.empty() ? "a key (none was given)" : join(names, ", or ");
  }

  Check& refuse_key(std::string detail, std::string found) {
    Check& check = report_.fail("bundle.key", "key", std::move(detail));
    check.expected = keys_text();
    check.found = std::move(found);
    check.source = cat(request_.bundle_source, ": verificationMaterial.publicKey.hint");
    return check;
  }

  std::optional<SignedBy> find_key(const std::string& hint, const Bundle& bundle) {
    if (options_.keys.empty()) {
      Check& check = refuse_key("the bundle is signed with a key, not with a certificate",
                                cat("the key ", printable(hint, 100)));
      check.expected = "a certificate";
      check.advice = "name the key that you trust: --key FILE";
      return std::nullopt;
    }
    const auto at = std::ranges::find_if(
        options_.keys, [&](const KeySigner& one) { return key_hint(one.key) == hint; });
    if (at != options_.keys.end()) {
      report_.pass("bundle.key", "key", "the bundle names this key");
      return signer_of(*at, bundle);
    }
    // Others may put any name there; what is as long as a digest has to be the right one.
    const KeySigner& only = options_.keys.front();
    const bool names_a_key = hint.size() == key_hint(only.key).size();
    if (names_a_key || options_.keys.size() > 1) {
      refuse_key(options_.keys.size() > 1 ? "the bundle names none of the keys that were given"
                                          : "the bundle names another key than the one given",
                 printable(hint, 200))
          .advice = "sluice key info FILE prints the hint of a key";
      if (options_.keys.size() > 1) return std::nullopt;
    } else {
      report_.pass("bundle.key", "key", "the bundle names no key; this one is tried");
    }
    return signer_of(only, bundle);
  }

  static SignedBy signer_of(const KeySigner& signer, const Bundle& bundle) {
    return {signer.key, signer.scheme.value_or(scheme_for(signer.key, bundle)), {}};
  }

  std::optional<SignedBy> read_certificates(const CertificateChain& chain, const Bundle& bundle) {
    std::vector<x509::Certificate> certificates;
    for (const Bytes& der : chain.certificates) {
      auto certificate = x509::Certificate::from_der(der);
      if (!certificate) {
        refuse_format(cat("certificate ", certificates.size() + 1,
                          " cannot be read: ", certificate.error().text()));
        return std::nullopt;
      }
      certificates.push_back(*std::move(certificate));
    }
    const x509::Certificate leaf = certificates.front();
    certificates.erase(certificates.begin());
    for (const x509::Certificate& one : certificates) {
      if (!one->is_self_issued()) continue;
      refuse_format("a root came along in its own bundle: trust cannot come from there").found =
          one.describe();
      return std::nullopt;
    }
    report_.pass("certificate.format", "certificate",
                 cat(leaf->key.describe(), ", ", describe_signer(leaf)));
    intermediates_ = std::move(certificates);
    return SignedBy{leaf->key, scheme_for(leaf->key, bundle), leaf};
  }

  Check& refuse_format(std::string detail) {
    Check& check = report_.fail("certificate.format", "certificate", std::move(detail));
    check.source = request_.bundle_source;
    return check;
  }

  void note_what_was_not_looked_at(const Bundle& bundle) {
    if (bundle.entries.empty() && bundle.timestamps.empty()) return;
    report_.fact("unchecked", cat(bundle.entries.size(), " log entries and ",
                                  bundle.timestamps.size(), " timestamps: the key alone decides"));
  }

  const VerifierOptions& options_;
  crypto::SignatureMemo& memo_;
  const VerifyRequest& request_;
  Report report_;
  std::optional<VerifiedContent> content_;
  std::optional<SignedBy> signer_;  // none: it is refused already
  std::vector<x509::Certificate> intermediates_;
};

}  // namespace

struct Verifier::Shared {
  explicit Shared(VerifierOptions given) : options(std::move(given)) {}
  crypto::SignatureMemo& memo() { return options.memo != nullptr ? *options.memo : own_memo; }
  const VerifierOptions options;
  crypto::SignatureMemo own_memo;
};

Verifier::Verifier(VerifierOptions options)
    : shared_(std::make_shared<Shared>(std::move(options))) {}

Result<Verdict<VerifiedContent>> Verifier::verify(Files& files,
                                                  const VerifyRequest& request) const {
  std::optional<ArtifactReading> artifact;
  if (request.artifact) artifact.emplace(files, *request.artifact);
  Verification verification(shared_->options, shared_->memo(), request);
  SLUICE_CHECK(verification.begin());
  return verification.finish(artifact ? &*artifact : nullptr);
}

Result<std::vector<Verdict<VerifiedContent>>> Verifier::verify_together(
    Files& files, const Artifact& artifact, std::vector<VerifyRequest> requests) const {
  ArtifactReading reading(files, artifact);
  std::vector<Verification> begun;
  begun.reserve(requests.size());
  for (VerifyRequest& request : requests) {
    request.artifact = artifact;
    SLUICE_CHECK(begun.emplace_back(shared_->options, shared_->memo(), request).begin());
    begun.back().announce(reading);
  }
  std::vector<Verdict<VerifiedContent>> out;
  for (Verification& one : begun) {
    SLUICE_TRY(auto verdict, one.finish(&reading));
    out.push_back(std::move(verdict));
  }
  return out;
}

std::vector<std::size_t> different_signers(std::span<const VerifiedContent* const> contents) {
  // To whom each belongs, so far: the place of another one, or its own.
  std::vector<std::size_t> first(contents.size());
  for (std::size_t i = 0; i < contents.size(); ++i) {
    first[i] = i;
    for (std::size_t k = 0; k < i; ++k) {
      if (contents[k]->signer != contents[i]->signer &&
          contents[k]->signer_key != contents[i]->signer_key) {
        continue;
      }
      const std::size_t low = std::min(first[k], first[i]);
      const std::size_t high = std::max(first[k], first[i]);
      std::ranges::replace(first, high, low);
    }
  }
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    if (first[i] == i) out.push_back(i);
  }
  return out;
}

std::string_view refusal_kind(const Report& report) {
  const Check* failure = report.first_failure();
  // Nothing is known to be wrong, but not everything was looked at.
  if (failure == nullptr) return report.passed() ? "" : "untrusted";
  const KindRow* row = kind_of(*failure);
  return row == nullptr ? "wrong-content" : row->kind;
}

Result<Verdict<VerifiedContent>> verify_with_key(Files& files, const KeyRequest& request) {
  VerifierOptions options;
  options.keys = {{request.key, request.scheme}};
  return Verifier(std::move(options))
      .verify(files, {request.bundle, request.bundle_source, request.artifact,
                      request.predicate_type, request.judge_statement});
}

}  // namespace sluice::sigstore
