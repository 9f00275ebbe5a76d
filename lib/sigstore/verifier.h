// SPDX-License-Identifier: Apache-2.0
// Verifies bundles: by public key, or by the identity in a certificate, offline. Nothing is asked
// but the trust material that is given.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/verdict.h"
#include "dsse/statement.h"
#include "sigstore/artifact.h"
#include "sigstore/bundle.h"
#include "sigstore/identity.h"
#include "sigstore/trust_root.h"
#include "sigstore/witness.h"

namespace sluice::sigstore {

struct KeySigner {
  crypto::PublicKey key;
  // None: the key's own scheme. For Ed25519 the prehashed form where the bundle states a SHA-512
  // digest, or a log of Rekor v2 has recorded it; the pure form elsewhere. The two cannot be
  // mistaken for each other.
  std::optional<crypto::Scheme> scheme = {};
};

// How many different ones are asked for. None: one where a certificate signed, which nothing else
// says when to trust; with a key, none has to be there.
struct Thresholds {
  // That recorded the signature. Where witnesses are asked for, one at least.
  std::optional<std::size_t> logs = {};
  // Services, and logs under their promise. Where a certificate signed, one at least: it is looked
  // at for those times.
  std::optional<std::size_t> times = {};
  std::size_t certificate_logs = 1;  // that have seen the certificate
};

struct VerifierOptions {
  std::vector<KeySigner> keys = {};      // any one of them: the one that the bundle names
  std::vector<IdentityRule> rules = {};  // any one of them
  // None: by key alone; log entries and timestamps are then not looked at, and a fact says so.
  std::optional<TrustRoot> trust = {};
  Thresholds thresholds = {};
  std::optional<WitnessPolicy> witnesses = {};
  std::optional<Time> now = {};  // to tell the age of the trust material, and for nothing else
  // Shared with who checked parts of the bundles already, and outlives the verifier; none: its own.
  crypto::SignatureMemo* memo = nullptr;
};

struct VerifyRequest {
  std::optional<std::string> bundle;  // its text; none: nothing was found where one was expected
  std::string bundle_source;          // where that text came from, or was looked for
  // Required for a message signature. For an envelope: a subject of the statement, or, where the
  // payload is no statement, the payload itself.
  std::optional<Artifact> artifact = {};
  std::optional<std::string> predicate_type = {};  // demanded of a statement
  // What a caller who knows the predicate has to say of it, as further checks.
  std::function<void(const dsse::Statement&, Report&)> judge_statement = {};
  AcceptingCommand accepting = {};  // for the advice of a refusal
  // The payload of an envelope of in-toto's type may be no statement: the caller reads it, and
  // there is no artifact to compare.
  bool any_payload = false;
};

struct VerifiedContent {
  Bundle bundle;
  std::optional<dsse::Statement> statement = {};
  // Who: the fingerprint of a key, or issuer and subject of a certificate.
  std::string signer = {};
  std::string signer_key = {};   // the fingerprint of the key, also where a certificate has it
  std::vector<Time> times = {};  // that are proven
};

// The checks, in this order, as far as they apply:
//   bundle.present            there is one: the artifact is signed at all
//   bundle.format             it parses, and its version is known
//   bundle.key                it is signed with a key, and that is one of those given
//   certificate.format        it is signed with certificates that can be read, no root among them
//   artifact.digest           message: the stated digest is the artifact's
//   signature                 over the artifact, or over the envelope's type and payload
//   timestamp.verified        each timestamp of a trusted service (timestamp.* where it is not)
//   log.*                     each entry of a trusted log (sigstore/entry.h)
//   log.threshold             enough logs have recorded it
//   time.verified             enough of them say when; an inclusion proof is not a clock
//   certificate.chain         valid at every one of these times (certificate.* where it is not)
//   certificate.sct           logs have seen the certificate
//   identity.*                the certificate is the one that was asked for (sigstore/identity.h)
//   statement.format          envelope of in-toto: the payload is a statement
//   statement.predicate-type  where one is demanded
//   statement.subject         where an artifact is given: all its known digests are a subject's
//   ...                       those of judge_statement
//   payload.content           other envelopes, where a file is given: the payload is the file
// What is signed is not interpreted before all of the others have passed. Entries of logs that are
// not known here are set aside where others of known logs are enough; timestamps likewise.
//
// Immutable, and shared by threads: the trust material is decoded once, and certificates that come
// again, as those of one run that signed many files, are not proven again to be signed: only that
// they are good at the time in question.
class Verifier {
 public:
  explicit Verifier(VerifierOptions options);

  // Error: the artifact could not be read, the trust material is malformed, or the question is
  // incomplete.
  [[nodiscard]] Result<Verdict<VerifiedContent>> verify(Files& files,
                                                        const VerifyRequest& request) const;
  // Several bundles about one artifact, which is read once for all of them: a request needs to name
  // none. One verdict for each request, in their order.
  [[nodiscard]] Result<std::vector<Verdict<VerifiedContent>>> verify_together(
      Files& files, const Artifact& artifact, std::vector<VerifyRequest> requests) const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // because copies are cheap that way
};

// Of several verified contents those that differ in who signed: the first of each signer, as places
// in the list. Two are of one signer where they have the same identity (issuer and subject, letter
// for letter), whatever the key; or the same key, whatever the identity; or where a third one is
// the same as both.
std::vector<std::size_t> different_signers(std::span<const VerifiedContent* const> contents);

// Why an artifact was refused, in a word that scripts may rely on, from the first check that
// failed: "unsigned", "malformed", "tampered", "wrong-signer", "untrusted", "wrong-content".
std::string_view refusal_kind(const Report& report);

}  // namespace sluice::sigstore
