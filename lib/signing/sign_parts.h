// SPDX-License-Identifier: Apache-2.0
// The parts of a run of signing, for sign*.cc alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/memo.h"
#include "net/retry.h"
#include "signing/sign.h"
#include "signing/sign_journal.h"
#include "signing/tsa_client.h"

namespace sluice::sigstore::signing {

using Ticks = std::chrono::steady_clock::time_point;

// A key of ours and what a CA says of it.
struct Session {
  crypto::PrivateKey key;
  SigningCertificate certificate;
};
// Is there time enough left to have a signature stamped?
bool time_to_stamp(const x509::Certificate& certificate, Time now);

// Something that one service has to give for one item.
struct Slot {
  bool is_log = false;
  std::size_t service = 0;  // place among the run's logs, or stampers
  bool done = false;
  int failures = 0;  // of this service
  Ticks due = {};    // not before
};

// What is asked for while the CA is at work, at the first try.
struct Beside {
  crypto::PrivateKey key;  // that the certificate is for
  // What to ask and who hears of the answers, by the place among these requests.
  Http::Meanwhile meanwhile = {};
  bool asked = false;
  std::vector<Result<HttpResponse>> answers = {};  // to those requests
};

// A stamp that came beside the certificate: judged once that is there.
struct EarlyStamp {
  std::size_t slot;
  Bytes nonce;
  Result<HttpResponse> answer;
  Time sent;
};

// One item on its way.
struct Work {
  const SignItem* item = nullptr;
  std::string content = {};  // as JournalItem has it
  crypto::Scheme scheme = {};
  // None once it is signed by a scheme that holds whole messages in memory (Ed25519).
  std::optional<crypto::Message> message = {};
  std::optional<crypto::Digest> digest = {};  // that logs record

  std::optional<SignedBy> signer = {};  // none: not signed yet
  bool embedded_sct = true;
  Bundle bundle = {};
  std::vector<Slot> slots = {};
  std::vector<EarlyStamp> early = {};
  std::vector<x509::VerifiedTime> stamps = {};
  std::vector<LogProof> proofs = {};
  int renewals = 0;

  // Which rows of the run's shared report are about its certificate.
  std::pair<std::size_t, std::size_t> shared_rows = {};
  Report report{""};
  std::vector<std::string> notes = {};
  bool from_journal = false;
  bool found_again = false;
  bool signed_ahead = false;        // by the key of the certificate that is asked for
  std::optional<Error> error = {};  // it cannot be done
  bool refused = false;             // the report says why
  std::string journal_text = {};    // the bundle's; empty: to be written anew

  bool over() const { return error.has_value() || refused; }
  bool open() const;  // a service has still to give something
  bool has_time() const;
  Recorded recorded() const { return {bundle, *signer, digest}; }
  Check& refuse(std::string id, std::string title, std::string detail);
};

// Everything that the parts of one call share.
struct Run {
  Run(const World& world, Http& http, const SignOptions& options, std::size_t items);

  const World& world;
  Http& http;
  const SignOptions& options;
  Ticks deadline;
  net::RetryAllowance allowance;
  Report shared{"signing"};
  std::vector<std::string> notes = {};
  std::size_t certificates = 0;
  // What was proven of an answer need not be proven again of the bundle that it is in.
  mutable crypto::SignatureMemo memo = {};

  Time now() const { return world.clock.now(); }
  std::chrono::milliseconds left() const;
  ServicePatience patience() const;  // cut to what is left
  void note(std::string text);       // once
  void tell(SignProgress::Step step, std::size_t done, std::size_t all) const;
  // When a service that failed so often may be asked again; nothing: not any more.
  std::optional<Ticks> next_try(const Trouble& trouble, int failures);
  void wait_until(Ticks due) const;
};

// What is told of a service that did not answer, after so many tries.
Error told_outage(Trouble trouble, int failures);

// How a key of ours signs this item; the logs may want Ed25519 in its prehashed form.
crypto::Scheme scheme_for(const SignOptions& options, const SignItem& item);
crypto::Scheme scheme_of_type(crypto::KeyType type);

// sign_content.cc. Refuses what would be too large for every log, before anything is asked.
void check_size(const SignOptions& options, Work& work);
// Reads every item once, on all cores; what cannot be read is over.
void absorb_all(const Run& run, std::vector<Work>& works);
// By the item's own scheme; the certificate is none where a key of the user's signs. What was
// signed ahead by this key keeps its signature.
[[nodiscard]] Result<void> sign_by_key(Work& work, const crypto::Signer& key,
                                       const std::optional<x509::Certificate>& certificate);
// What an earlier run had got, as far as it holds.
[[nodiscard]] Result<void> take_from_journal(Run& run, const Journal& journal, Work& work);

// sign_certify.cc: a key and its certificate, a new key where nothing is asked beside. Nothing:
// refused, and the run's shared report says why. Error: the token could not be got, or the CA does
// not answer.
[[nodiscard]] Result<std::optional<Session>> certify(Run& run, Beside* beside);

// sign_early.cc: a stamp is over the signature, which needs no certificate: where no log is asked,
// which takes its own time, a few small items are read, signed and stamped while the CA works.
class EarlyStamps {
 public:
  // Nothing where it would not help. The works outlive it.
  [[nodiscard]] static Result<std::optional<EarlyStamps>> prepare(const Run& run,
                                                                  std::vector<Work>& works);
  // Good as long as this, and until it is moved.
  Beside& beside();
  void absorb();    // where nothing was asked: the works are read at least
  void hand_out();  // the answers, to their works

 private:
  struct Asked {
    Work* work;
    std::size_t slot;
    Bytes nonce;
  };
  EarlyStamps(const Run& run, std::vector<Work>& works, crypto::PrivateKey key)
      : run_(&run), works_(&works), beside_{std::move(key)} {}
  std::vector<HttpRequest> ask();
  [[nodiscard]] Result<void> ask_for(Work& work, std::vector<HttpRequest>& out);
  const std::string& url_of(const Asked& asked) const;
  void look_ahead(std::size_t place, const Result<HttpResponse>& answer) const;

  const Run* run_;            // never none
  std::vector<Work>* works_;  // likewise
  bool absorbed_ = false;
  Beside beside_;
  Time sent_{};
  std::vector<Asked> asked_;
};

// sign_rounds.cc: asks all services for all items until each has what it needs, or cannot get it.
class Rounds {
 public:
  // `renew` signs the items anew under another certificate; `keep` is called after each round.
  struct Hooks {
    std::function<Result<void>(const std::vector<Work*>&)> renew;
    std::function<Result<void>()> keep;
  };
  Rounds(Run& run, std::vector<Work>& works, Hooks hooks);
  [[nodiscard]] Result<void> run();

 private:
  struct Asked {
    Work* work;
    std::size_t slot;
    StampQuestion question;  // of a stamp: its nonce
    bool early = false;      // asked for beside the certificate
  };
  struct Found {
    std::size_t asked;
    Duplicate duplicate;
  };

  std::vector<Work*> next_wave();
  [[nodiscard]] Result<void> renew_the_expiring(const std::vector<Work*>& wave);
  std::vector<Asked> ask(const std::vector<Work*>& wave);
  void ask_slot(Work& work, std::size_t slot, std::vector<Asked>& out);
  [[nodiscard]] Result<void> take_early();
  [[nodiscard]] Result<void> take(std::vector<Asked>& asked,
                                  std::vector<Result<HttpResponse>> answers, Time sent);
  [[nodiscard]] Result<void> take_stamp(Asked& asked, Result<HttpResponse> answer, Time sent);
  [[nodiscard]] Result<void> take_entry(const Asked& asked, Answered<LogEntry> entry);
  [[nodiscard]] Result<void> take_duplicates(std::vector<Asked>& asked,
                                             const std::vector<Found>& found);
  void fail_slot(Work& work, std::size_t slot, const Trouble& trouble);
  bool wait_for_certificate(Slot& slot, const x509::Certificate& certificate, Time stamped,
                            bool early);
  bool go_elsewhere(Work& work, std::size_t slot, const Trouble& trouble);
  void give_up(Work& work);
  bool do_without(Work& work, std::size_t slot, const Trouble& trouble);
  std::string url_of(const Slot& slot) const;
  std::vector<bool>& down(const Slot& slot) { return slot.is_log ? logs_down_ : stampers_down_; }
  std::size_t progress() const;

  Run& run_;
  std::vector<Work>& works_;
  Hooks hooks_;
  std::vector<LogService> logs_;       // those chosen, then the spare ones
  std::vector<std::string> stampers_;  // likewise
  std::vector<bool> logs_down_;
  std::vector<bool> stampers_down_;
};

// The slots that a new item has; those that a bundle already fills are done.
std::vector<Slot> slots_of(const SignServices& services);

// sign_finish.cc: verifies the bundle by the verifier, as anybody else would, and concludes.
SignResult finish(const Run& run, Work& work);

}  // namespace sluice::sigstore::signing
