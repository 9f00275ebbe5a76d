// SPDX-License-Identifier: Apache-2.0
// Identities that sign roles (TAP 18).
#include <algorithm>

#include "base/text.h"
#include "report/report.h"
#include "sign_services.h"
#include "tuf_identity.h"

namespace sluice::cli {

namespace {

using AlternativeName = x509::AlternativeName;

constexpr std::string_view kAnyIdentity = "sigstore:";

std::string keyval_text(const tuf::RoleKey& key, std::string_view member) {
  const json::Value* found = key.keyval.find(member);
  return found == nullptr || found->string() == nullptr ? std::string() : *found->string();
}

// What a run of the command has once for all that it signs.
class IdentityRun {
 public:
  explicit IdentityRun(Invocation& in) : in_(in), keys_(identity_keys(in)) {}

  // Errc::denied where the token is somebody else's, and for nothing else. The CA has the last
  // word: this is so that nothing is put into a public log in vain.
  Result<void> check_token(const tuf::RoleKey& key) {
    SLUICE_CHECK(begin());
    auto token = setup_->tokens->token(in_.world.clock.now());
    if (!token) {
      if (token.error().code == Errc::denied) token.error().code = Errc::not_found;
      return fail(std::move(token).error());
    }
    const oidc::Claims& claims = (*token)->claims();
    const std::string identity = keyval_text(key, "identity");
    const bool uri = identity.find("://") != std::string::npos;
    const AlternativeName name{uri ? AlternativeName::Kind::uri : AlternativeName::Kind::email,
                               identity};
    const auto judged = sigstore::judge_name(name, claims, {});
    const auto issuers = sigstore::issuers_of(claims);
    const std::string issuer = keyval_text(key, "issuer");
    if (judged.fits && std::ranges::find(issuers, issuer) != issuers.end()) return {};
    return fail(Error{Errc::denied, cat("the token, from ", printable((*token)->origin(), 200),
                                        ", is one of ", printable(judged.expected, 300), " by ",
                                        printable(join(issuers, " or "), 300), ", not of ",
                                        key.describe(), " by ", printable(issuer, 300))}
                    .advise("sign in as who is listed; or list who signs: sluice tuf key add"));
  }

  Result<tuf::RoleSignature> sign(const tuf::RoleKey& key, std::string_view message) {
    SLUICE_CHECK(begin());
    const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(message));
    SLUICE_TRY(const auto report, signing_->sign({{"metadata", digest}}));
    SLUICE_TRY(const std::string bundle, bundle_in(report));
    SLUICE_CHECK(check_bundle(key, message, bundle));
    SLUICE_TRY(const auto value, json::parse_strict(bundle));
    const json::Value* content = value.find("messageSignature");
    const json::Value* signature = content == nullptr ? nullptr : content->find("signature");
    if (signature == nullptr || signature->string() == nullptr) {
      return fail(Errc::internal, "a bundle without a signature");
    }
    return tuf::RoleSignature{key.keyid, *signature->string(), bundle};
  }

 private:
  Result<void> begin() {
    if (signing_) return {};
    SLUICE_TRY(setup_, make_sign_setup(in_, {.keyless = true}));
    signing_.emplace(in_.world, *setup_->http, std::move(setup_->options));
    return {};
  }

  Result<std::string> bundle_in(const sigstore::SignReport& report) const {
    for (const auto& note : report.notes) in_.console.talk(cat("sluice: ", printable(note), "\n"));
    const auto refused = [](const Report& rows) {
      const Check* failure = rows.first_failure();
      return fail(Errc::denied, failure == nullptr ? std::string("the signature was refused")
                                                   : cat(failure->detail, " (", failure->id, ")"));
    };
    if (report.items.empty()) return refused(report.shared);
    const auto& outcome = report.items.front().outcome;
    if (!outcome) return fail(outcome.error());
    if (!outcome->passed()) return refused(outcome->report());
    return outcome->value()->text;
  }

  // As a client will: it is this identity, or nothing.
  Result<void> check_bundle(const tuf::RoleKey& key, std::string_view message,
                            const std::string& bundle) const {
    const auto verifier = keys_({key.keytype, key.scheme, json::write(key.keyval)});
    if (!verifier) return fail(Errc::unsupported, cat(key.describe(), " cannot sign"));
    SLUICE_TRY(const auto about, crypto::Message::of(verifier->scheme(), bytes_of(message)));
    SLUICE_TRY(const auto match, verifier->verify(about, bytes_of(bundle)));
    if (match == crypto::Match::yes) return {};
    return fail(Errc::denied, cat("what was signed is no signature by ", key.describe()));
  }

  Invocation& in_;
  tuf::ForeignKeys keys_;
  std::unique_ptr<SignSetup> setup_;
  std::optional<sigstore::Signing> signing_;
};

class IdentityRoleSigner final : public tuf::RoleSigner {
 public:
  IdentityRoleSigner(std::shared_ptr<IdentityRun> run, tuf::RoleKey key)
      : run_(std::move(run)), key_(std::move(key)) {}
  const tuf::RoleKey& key() const override { return key_; }
  std::string describe() const override {
    return cat(key_.describe(), ", issuer ", printable(keyval_text(key_, "issuer"), 300));
  }
  Result<tuf::RoleSignature> sign(std::string_view message) override {
    return within(run_->sign(key_, message), cat("signing as ", key_.describe()));
  }

 private:
  std::shared_ptr<IdentityRun> run_;  // shared by all signers of a command
  tuf::RoleKey key_;
};

class IdentityOpener final : public tuf::IdentitySigners {
 public:
  explicit IdentityOpener(Invocation& in) : run_(std::make_shared<IdentityRun>(in)) {}

  Result<std::unique_ptr<tuf::RoleSigner>> open(const std::string& location,
                                                const std::optional<tuf::RoleKey>& key) override {
    std::optional<tuf::RoleKey> named;
    if (location != kAnyIdentity) {
      SLUICE_TRY(named, identity_argument(location));
    }
    if (!named && !key) {
      return fail(
          Error{Errc::usage, "which identity is it?"}.advise("say sigstore:WHO?issuer=URL"));
    }
    // A key that is only to be listed: nobody signs yet.
    if (!key) return std::make_unique<IdentityRoleSigner>(run_, *std::move(named));
    if (named && named->json() != key->json()) {
      return fail(Errc::denied,
                  cat(named->describe(), " is not ", key->describe(), ", or by another issuer"));
    }
    SLUICE_CHECK(run_->check_token(*key));
    return std::make_unique<IdentityRoleSigner>(run_, *key);
  }

 private:
  std::shared_ptr<IdentityRun> run_;  // shared with the signers that it hands out
};

}  // namespace

std::shared_ptr<tuf::IdentitySigners> identity_signers(Invocation& in) {
  return std::make_shared<IdentityOpener>(in);
}

}  // namespace sluice::cli
