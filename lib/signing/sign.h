// SPDX-License-Identifier: Apache-2.0
// Signing with a certificate for ten minutes, or with a key, and with logs and timestamps: many
// files and payloads at once, and through the services' bad days.
//
// One certificate serves all items, and a new one follows when it has expired before everything is
// stamped. The key is made here, lives in locked memory, and never leaves it. Every file is read
// once. For each item the log and the timestamp authority are asked at the same time, and so are
// all items. Every bundle is verified by sigstore/verifier.h before it is handed out; an answer
// that does not hold is a refusal with its own check, an outage is an error.
//
// Checks, in this order, as far as they apply; those of the verification follow them:
//   oidc.*               the CA would take the token (oidc/examine.h)
//   sign.certificate.*   what the CA answered (signing/fulcio_client.h); sign.clock
//   sign.timestamp.*     what the timestamp authority answered (signing/tsa_client.h)
//   sign.log.*           what the log answered (signing/rekor_client.h, entry.h)
//   sign.signer          all of this run is signed by the same identity
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/parallel.h"
#include "base/world.h"
#include "oidc/source.h"
#include "signing/fulcio_client.h"
#include "signing/rekor_client.h"
#include "sigstore/signing_config.h"
#include "sigstore/verifier.h"

namespace sluice::sigstore {

inline constexpr std::size_t kSignItemsMost = 10'000;  // of one call

struct SignPayload {
  MediaType type;
  Bytes bytes;  // at most limits::kPayload
  // Of in-toto's type: it has to be a statement. Links and layouts of in-toto's own form are none.
  bool statement = true;
};
struct SignItem {
  std::string name;  // for people, and to find its result by
  std::variant<Path, crypto::Digest, SignPayload> content;
};

// Whom a run asks. All of `logs` and `stampers` have to answer; where one does not, a spare does.
struct SignServices {
  std::string ca = {};  // empty: a key signs
  std::vector<LogService> logs = {};
  std::vector<LogService> spare_logs = {};
  std::vector<std::string> stampers = {};
  std::vector<std::string> spare_stampers = {};
};
// By the rules of the signing config. A kind of service of which the file names none is not used;
// without_ca: for signing by key.
[[nodiscard]] Result<SignServices> choose_sign_services(const SigningConfig& config, Time now,
                                                        bool without_ca = false);

// What may be done about services that do not answer.
struct BadDays {
  std::chrono::milliseconds deadline = std::chrono::minutes(2);  // of the whole call
  ServicePatience patience = {};                                 // with one request
  // How often requests that failed with all of their repetitions may be made again, in all; the
  // number of items comes on top of it. Their repetitions are bounded by lib/net.
  std::size_t more_rounds = 10;
  // Where no log answers: the timestamp alone, which verifiers accept only if they are told to.
  bool without_log = false;
  // Where no timestamp authority answers: the log's own time, which Rekor v1 alone has.
  bool without_stamp = false;
};

struct SignProgress {
  enum class Step : std::uint8_t { hashed, certified, signed_all, recorded, finished };
  Step step = Step::hashed;
  std::size_t done = 0;
  std::size_t all = 0;
};

struct SignOptions {
  SignServices services = {};
  // Needed wherever a service is asked.
  std::optional<TrustRoot> trust = {};

  // Either of them. The source gives a token for `ca_rules.audience`.
  oidc::TokenSource* tokens = nullptr;
  const crypto::Signer* key = nullptr;

  crypto::KeyType key_type = crypto::KeyType::ecdsa_p256;  // of our own keys: ECDSA
  KeyProof proof = KeyProof::signing_request;
  oidc::CaRules ca_rules = {};

  BadDays bad_days = {};
  Path journal = {};         // empty: none is kept
  std::size_t at_once = 16;  // items under way; the Http should have as many connections
  unsigned threads = hardware_threads();
  std::function<void(const SignProgress&)> progress = {};  // called by the thread that signs
};

// What one item's bundle holds, for people and for JSON.
struct SignedBundle {
  std::string text;                                                 // version 0.3, verified
  std::optional<crypto::Digest> digest;                             // of what was signed
  std::string signer;                                               // as VerifiedContent has it
  std::vector<Time> times;                                          // proven
  std::vector<std::pair<std::string, std::uint64_t>> entries = {};  // log and index
  std::size_t timestamps = 0;
  bool from_journal = false;  // an earlier run had signed it
  bool found_again = false;   // a log had its entry already
  // One clause each: what is not as it was asked for ("no log answered: …").
  std::vector<std::string> notes = {};
};

struct SignResult {
  std::string name;
  Result<Verdict<SignedBundle>> outcome;
};

struct SignReport {
  std::vector<SignResult> items;  // in the order of the call
  // What was done once for all: tokens and certificates.
  Report shared{"signing"};
  std::vector<std::string> notes;  // which services were out, which stood in
  std::size_t certificates = 0;    // that were got in this call
  bool complete() const;           // every item has its bundle
};

// One run: several calls share certificate and key while they are good.
class Signing {
 public:
  // World and http outlive it.
  Signing(const World& world, Http& http, SignOptions options);
  Signing(Signing&&) noexcept;
  Signing& operator=(Signing&&) noexcept;
  ~Signing();

  // Error: the call is wrong, or the journal cannot be used. What happens to single items, and to
  // all of them since the CA gave no certificate, stands in the report.
  [[nodiscard]] Result<SignReport> sign(const std::vector<SignItem>& items);

  // To be called once the bundles are where they belong: the journal has done its duty.
  [[nodiscard]] Result<void> forget_journal();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::sigstore
