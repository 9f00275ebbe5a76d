// SPDX-License-Identifier: Apache-2.0
#include "tuf_identity.h"

#include <mutex>

#include "base/text.h"
#include "sigstore/verifier.h"
#include "trust_material.h"
#include "tufrepo/word.h"

namespace sluice::cli {

namespace {

using crypto::Match;
using sigstore::TrustRoot;

constexpr std::string_view kIdentityKeytype = "sigstore-oidc";
constexpr std::string_view kIdentityScheme = "Fulcio";
constexpr std::size_t kKeyvalMost = 16U << 10;
constexpr std::size_t kIdentityMost = 2048;

// The trust material of this run, for all keys. Metadata is read by more than one thread.
class SharedTrust {
 public:
  explicit SharedTrust(Invocation& in) : in_(in) {}

  Result<TrustRoot> get() {
    const std::lock_guard hold(mutex_);
    if (!root_) root_ = trust_root_for(in_);
    return *root_;
  }
  void note(const std::string& who, const std::string& why) {
    const std::lock_guard hold(mutex_);
    in_.log.write(LogLevel::warning, "signature by an identity does not count",
                  {{"key", who}, {"why", why}});
  }
  Files& files() { return in_.world.files; }

 private:
  Invocation& in_;
  std::mutex mutex_;
  std::optional<Result<TrustRoot>> root_;
};

class IdentityKey final : public crypto::SignatureVerifier {
 public:
  IdentityKey(std::shared_ptr<SharedTrust> trust, sigstore::IdentityRule rule, std::string who)
      : trust_(std::move(trust)), rule_(std::move(rule)), who_(std::move(who)) {}

  // Fulcio certifies keys of many kinds; what a bundle is looked up by is always this digest.
  crypto::Scheme scheme() const override {
    return {crypto::SchemeKind::ecdsa, crypto::HashAlgorithm::sha256};
  }
  std::string describe() const override { return who_; }

  Result<Match> verify(const crypto::Message& message, ByteView signature) const override {
    const auto trust = trust_->get();
    if (!trust) return no(cat("no trust material: ", trust.error().text()));
    const sigstore::Verifier verifier({.rules = {rule_}, .trust = *trust});
    const auto verdict =
        verifier.verify(trust_->files(), {.bundle = std::string(text_of(signature)),
                                          .bundle_source = "metadata",
                                          .artifact = message.digest()});
    if (!verdict) return no(verdict.error().text());
    if (!verdict->passed()) return no(reason(*verdict->report().first_failure()));
    // An envelope signs a statement about the metadata, and not the metadata.
    if (std::holds_alternative<dsse::Envelope>(verdict->value()->bundle.content)) {
      return no("it is an attestation");
    }
    return Match::yes;
  }

 private:
  static std::string reason(const Check& failure) {
    return failure.found.empty() ? failure.detail : cat(failure.detail, ": ", failure.found);
  }
  Result<Match> no(const std::string& why) const {
    trust_->note(who_, why);
    return Match::no;
  }

  std::shared_ptr<SharedTrust> trust_;  // shared by all keys of a run
  sigstore::IdentityRule rule_;
  std::string who_;
};

struct IdentityValue {
  std::string identity;
  std::string issuer;
};

Result<IdentityValue> read_identity(std::string_view keyval) {
  SLUICE_TRY(const auto value, json::parse_strict(keyval, {.bytes = kKeyvalMost}));
  const json::Fields fields(value, "keyval");
  IdentityValue out;
  SLUICE_TRY(out.identity, fields.string("identity"));
  SLUICE_TRY(out.issuer, fields.string("issuer"));
  if (std::max(out.identity.size(), out.issuer.size()) > kIdentityMost) {
    return fail(Errc::limit, "an identity that is too long");
  }
  return out;
}

constexpr std::string_view kIdentityPrefix = "sigstore:";
constexpr std::string_view kIssuerPart = "?issuer=";

}  // namespace

Result<tuf::RoleKey> identity_key_for(const std::string& identity, const std::string& issuer) {
  if (std::max(identity.size(), issuer.size()) > kIdentityMost) {
    return fail(Errc::usage, "an identity that is too long");
  }
  SLUICE_TRY(const auto rule,
             sigstore::make_identity_rule({.identity = identity, .issuer = issuer}));
  (void)rule;  // it names somebody
  return tuf::identity_key(identity, issuer);
}

Result<std::optional<tuf::RoleKey>> identity_argument(const std::string& given) {
  if (!given.starts_with(kIdentityPrefix)) return std::nullopt;
  const auto issuer = given.rfind(kIssuerPart);
  if (issuer == std::string::npos) {
    return fail(
        Error{Errc::usage, cat(printable(given, 200), " does not say who vouches for that")}.advise(
            "say sigstore:WHO?issuer=URL"));
  }
  SLUICE_TRY(auto key,
             identity_key_for(given.substr(kIdentityPrefix.size(), issuer - kIdentityPrefix.size()),
                              given.substr(issuer + kIssuerPart.size())));
  return key;
}

tuf::ForeignKeys identity_keys(Invocation& in) {
  return [trust = std::make_shared<SharedTrust>(in)](
             const tuf::ForeignKey& key) -> std::shared_ptr<const crypto::SignatureVerifier> {
    if (key.keytype != kIdentityKeytype || key.scheme != kIdentityScheme) return nullptr;
    const auto value = read_identity(key.keyval);
    if (!value) return nullptr;
    auto rule =
        sigstore::make_identity_rule({.identity = value->identity, .issuer = value->issuer});
    if (!rule) return nullptr;
    // Two keys are one where this is the same: in full.
    return std::make_shared<IdentityKey>(
        trust, *std::move(rule),
        cat("identity ", tuf::as_word(value->identity), ", issuer ", tuf::as_word(value->issuer)));
  };
}

}  // namespace sluice::cli
