// SPDX-License-Identifier: Apache-2.0
#include "signing/sign.h"

#include <algorithm>
#include <array>
#include <thread>

#include "base/limits.h"
#include "base/text.h"
#include "signing/sign_parts.h"

namespace sluice::sigstore {

namespace signing {

Run::Run(const World& outside, Http& sender, const SignOptions& wish, std::size_t items)
    : world(outside),
      http(sender),
      options(wish),
      deadline(outside.clock.ticks() + wish.bad_days.deadline),
      allowance(items + wish.bad_days.more_rounds) {}

std::chrono::milliseconds Run::left() const {
  return std::chrono::floor<std::chrono::milliseconds>(deadline - world.clock.ticks());
}

ServicePatience Run::patience() const {
  ServicePatience out = options.bad_days.patience;
  out.total = std::clamp(left(), std::chrono::milliseconds(1), out.total);
  // Whole seconds, where there are some: people read it.
  if (out.total > std::chrono::seconds(1)) {
    out.total = std::chrono::floor<std::chrono::seconds>(out.total);
  }
  return out;
}

void Run::note(std::string text) {
  if (std::ranges::find(notes, text) == notes.end()) notes.push_back(std::move(text));
}

void Run::tell(SignProgress::Step step, std::size_t done, std::size_t all) const {
  if (options.progress) options.progress({step, done, all});
}

std::optional<Ticks> Run::next_try(const Trouble& trouble, int failures) {
  using std::chrono::milliseconds;
  if (!trouble.again) return std::nullopt;
  const auto asked = net::retry_after(trouble.retry_after, now());
  const milliseconds jitter = net::back_off(failures, world.random);
  milliseconds wait = asked.value_or(milliseconds(0)) + jitter;
  if (asked && wait >= left()) wait = *asked;
  if (failures >= options.bad_days.patience.tries || wait >= left() || !allowance.take()) {
    return std::nullopt;
  }
  return world.clock.ticks() + wait;
}

Error told_outage(Trouble trouble, int failures) {
  if (failures > 1) trouble.check.detail += cat(" (", failures, " tries)");
  return trouble.error();
}

void Run::wait_until(Ticks due) const {
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(due - world.clock.ticks());
  if (wait > std::chrono::milliseconds(0)) world.clock.sleep(wait);
}

bool Work::open() const {
  return !over() && signer &&
         std::ranges::any_of(slots, [](const Slot& slot) { return !slot.done; });
}

bool Work::has_time() const {
  return !stamps.empty() ||
         std::ranges::any_of(proofs, [](const LogProof& proof) { return proof.time.has_value(); });
}

Check& Work::refuse(std::string id, std::string title, std::string detail) {
  refused = true;
  return report.fail(std::move(id), std::move(title), std::move(detail));
}

std::vector<Slot> slots_of(const SignServices& services) {
  std::vector<Slot> out;
  for (std::size_t i = 0; i < services.stampers.size(); ++i) out.push_back({false, i});
  for (std::size_t i = 0; i < services.logs.size(); ++i) out.push_back({true, i});
  return out;
}

}  // namespace signing

using signing::Rounds;
using signing::Run;
using signing::Session;
using signing::Slot;
using signing::Work;

struct Signing::State {
  State(const World& outside, Http& sender, SignOptions wish)
      : world(outside), http(sender), options(std::move(wish)) {}

  World world;
  Http& http;
  SignOptions options;
  std::optional<Session> session = {};
  std::string signer = {};  // whose all certificates of this run are
};

namespace {

constexpr int kKeepPause = 10;    // after a write of the journal, times as long as it took
constexpr int kRenewalsMost = 3;  // of one item: then the services are too slow to sign with

std::string identity_of(const x509::Certificate& certificate) {
  return describe_signer(certificate);
}

// One call of sign().
class SignCall {
 public:
  SignCall(const World& world, Http& http, const SignOptions& options,
           std::optional<Session>& session, std::string& signer, const std::vector<SignItem>& items)
      : options_(options),
        session_(session),
        signer_(signer),
        run_(world, http, options, items.size() * signing::slots_of(options.services).size()),
        works_(items.size()) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      works_[i].item = &items[i];
      works_[i].slots = signing::slots_of(options.services);
    }
  }

  Result<SignReport> run() {
    SLUICE_TRY(const auto lock, open_journal());
    // With a journal it shows only once everything is read whether a certificate is needed.
    for (Work& work : works_) signing::check_size(options_, work);
    const bool any = std::ranges::any_of(works_, [](const Work& work) { return !work.over(); });
    const bool ahead = any && options_.key == nullptr && journal_.items.empty();
    std::optional<Result<void>> certified;
    if (ahead && !session_ && options_.journal.empty()) {
      SLUICE_TRY(early_, signing::EarlyStamps::prepare(run_, works_));
    }
    if (early_) {
      certified = have_session();
      early_->absorb();
      if (*certified && session_) early_->hand_out();
      early_.reset();
    } else {
      const std::jthread hashing([&] { signing::absorb_all(run_, works_); });
      if (ahead) certified = have_session();
    }
    run_.tell(SignProgress::Step::hashed, works_.size(), works_.size());
    SLUICE_CHECK(resume());
    sign_unsigned(certified);
    run_.tell(SignProgress::Step::signed_all, works_.size(), works_.size());
    SLUICE_CHECK(keep());
    Rounds rounds(run_, works_,
                  {[this](const std::vector<Work*>& works) { return renew(works); },
                   [this] { return keep_if_due(); }});
    const auto ran = rounds.run();
    if (stale_) SLUICE_CHECK(keep());
    SLUICE_CHECK(ran);
    return report();
  }

 private:
  Result<std::unique_ptr<FileLock>> open_journal() {
    if (options_.journal.empty()) return nullptr;
    Path beside = options_.journal;
    beside += ".lock";
    auto lock = run_.world.files.lock(beside, std::chrono::milliseconds(0));
    if (!lock && lock.error().code == Errc::timeout) {
      return fail(Error{Errc::denied,
                        cat("another run signs by the journal ", shown(options_.journal)),
                        {},
                        "wait for it, or name another journal"});
    }
    if (!lock) return lock;
    SLUICE_TRY(auto journal, read_journal(run_.world.files, options_.journal));
    if (journal) journal_ = *std::move(journal);
    return lock;
  }

  Result<void> resume() {
    if (journal_.items.empty()) return {};
    std::size_t taken = 0;
    for (Work& work : works_) {
      SLUICE_CHECK(signing::take_from_journal(run_, journal_, work));
      if (!work.from_journal) continue;
      ++taken;
      if (signer_.empty() && work.signer->certificate) {
        signer_ = identity_of(*work.signer->certificate);
      }
    }
    run_.note(cat("the journal had ", taken, " of ", works_.size(), " signatures"));
    return {};
  }

  // A certificate with enough time left. A refusal stands in the shared report: then there is no
  // session, and no error.
  Result<void> have_session() {
    if (session_ && signing::time_to_stamp(session_->certificate.leaf, run_.now())) return {};
    session_.reset();
    const std::size_t first = run_.shared.checks().size();
    auto made = have_new_session();
    shared_rows_ = {first, run_.shared.checks().size()};
    return made;
  }

  Result<void> have_new_session() {
    SLUICE_TRY(session_, signing::certify(run_, early_ ? &early_->beside() : nullptr));
    if (!session_) return {};
    const std::string now = identity_of(session_->certificate.leaf);
    if (signer_.empty()) signer_ = now;
    if (now != signer_) {
      Check& check =
          run_.shared.fail("sign.signer", "identity", "this run was begun by another identity");
      check.expected = signer_;
      check.found = now;
      check.advice = "go on as who began, or begin anew without the journal";
      session_.reset();
      return {};
    }
    run_.tell(SignProgress::Step::certified, run_.certificates, run_.certificates);
    return {};
  }

  std::vector<Work*> unsigned_works() {
    std::vector<Work*> out;
    for (Work& work : works_) {
      if (!work.over() && !work.signer) out.push_back(&work);
    }
    return out;
  }

  void sign_unsigned(std::optional<Result<void>>& certified) {
    const auto works = unsigned_works();
    if (works.empty()) return;
    if (options_.key != nullptr) return sign_with(works, *options_.key, {});
    if (!certified) certified = have_session();
    sign_by_session(works, *certified);
  }

  void sign_by_session(const std::vector<Work*>& works, const Result<void>& certified) {
    for (Work* work : works) {
      if (!certified) work->error = certified.error();
      if (certified && !session_) work->refused = true;
      work->shared_rows = shared_rows_;
    }
    if (!certified || !session_) return;
    sign_with(works, session_->key, session_->certificate.leaf);
    for (Work* work : works) work->embedded_sct = session_->certificate.embedded_sct;
  }

  void sign_with(const std::vector<Work*>& works, const crypto::Signer& key,
                 std::optional<x509::Certificate> certificate) {
    for_each_parallel(works.size(), options_.threads, [&](std::size_t i) {
      Work& work = *works[i];
      auto done = signing::sign_by_key(work, key, certificate);
      if (!done) work.error = std::move(done).error();
    });
  }

  Result<void> renew(const std::vector<Work*>& works) {
    std::vector<Work*> again;
    for (Work* work : works) {
      if (++work->renewals > kRenewalsMost) {
        work->error = Error{Errc::timeout,
                            "the services are too slow: certificates expire before they stamp"};
        continue;
      }
      work->slots = signing::slots_of(options_.services);
      work->early.clear();
      work->report = Report("");
      work->from_journal = false;
      work->notes.emplace_back("signed anew: its certificate expired before it was stamped");
      again.push_back(work);
    }
    const auto certified = again.empty() ? Result<void>() : have_session();
    sign_by_session(again, certified);
    return keep();
  }

  Result<void> keep() {
    if (options_.journal.empty()) return {};
    Journal journal;
    for (Work& work : works_) {
      if (!work.signer || work.content.empty()) continue;
      if (work.journal_text.empty()) work.journal_text = write_bundle(work.bundle);
      journal.items.push_back({work.content, work.journal_text});
    }
    // What an earlier run signed beside this is still good for a later one.
    for (JournalItem& item : journal_.items) {
      if (journal.find(item.content) == nullptr) journal.items.push_back(item);
    }
    const auto began = run_.world.clock.ticks();
    SLUICE_CHECK(keep_journal(run_.world.files, options_.journal, journal));
    const auto ended = run_.world.clock.ticks();
    keep_due_ = ended + kKeepPause * (ended - began);
    stale_ = false;
    return {};
  }

  // After a round. A journal that takes long to write does not hold the services up: what it lacks
  // is asked for again after a kill, and a log that has an entry says so. That there are signatures
  // is always kept, before anybody is asked.
  Result<void> keep_if_due() {
    stale_ = run_.world.clock.ticks() < keep_due_;
    return stale_ ? Result<void>() : keep();
  }

  SignReport report() {
    std::vector<std::optional<SignResult>> results(works_.size());
    for_each_parallel(works_.size(), options_.threads,
                      [&](std::size_t i) { results[i] = signing::finish(run_, works_[i]); });
    SignReport out;
    for (auto& result : results) out.items.push_back(*std::move(result));
    out.shared = std::move(run_.shared);
    out.notes = std::move(run_.notes);
    out.certificates = run_.certificates;
    run_.tell(SignProgress::Step::finished, works_.size(), works_.size());
    return out;
  }

  const SignOptions& options_;
  std::optional<Session>& session_;
  std::string& signer_;
  Run run_;
  std::vector<Work> works_;
  Journal journal_;
  std::optional<signing::EarlyStamps> early_ = {};
  signing::Ticks keep_due_ = {};
  bool stale_ = false;  // the journal lacks what a round has got
  std::pair<std::size_t, std::size_t> shared_rows_ = {};
};

Result<void> check_call(const SignOptions& options, const std::vector<SignItem>& items) {
  const auto wrong = [](std::string what) { return fail(Errc::usage, std::move(what)); };
  if (items.empty()) return wrong("nothing is to be signed");
  if (items.size() > kSignItemsMost) {
    return fail(Errc::limit, cat(items.size(), " items at once; ", kSignItemsMost, " are allowed"));
  }
  const SignServices& services = options.services;
  const bool keyless = options.key == nullptr;
  if (keyless && (options.tokens == nullptr || services.ca.empty())) {
    return wrong("neither a key to sign with, nor a CA and a token");
  }
  const bool asks = keyless || !services.logs.empty() || !services.stampers.empty();
  if (asks && !options.trust) return wrong("services are asked, and no trust material judges them");
  const bool v1 =
      std::ranges::any_of(services.logs, [](const LogService& log) { return log.version == 1; });
  if (keyless && services.stampers.empty() && !v1) {
    return wrong(
        "nothing would prove when it was signed: a certificate needs a timestamp authority, or a "
        "log of Rekor v1");
  }
  const bool ecdsa =
      options.key_type != crypto::KeyType::rsa && options.key_type != crypto::KeyType::ed25519;
  if (keyless && !ecdsa) {
    return fail(Errc::unsupported,
                cat("keys for one run are ECDSA keys, not ", crypto::name(options.key_type)));
  }
  return {};
}

constexpr std::array<std::uint32_t, 1> kCaVersions{1};
constexpr std::array<std::uint32_t, 2> kLogVersions{1, 2};
constexpr std::array<std::uint32_t, 1> kStamperVersions{1};

}  // namespace

Result<SignServices> choose_sign_services(const SigningConfig& config, Time now, bool without_ca) {
  SignServices out;
  if (!without_ca) {
    SLUICE_TRY(const auto ca, choose_services(config, ServiceKind::ca, kCaVersions, now));
    out.ca = ca.chosen.front().url;
  }
  if (!config.logs.empty()) {
    SLUICE_TRY(const auto logs, choose_services(config, ServiceKind::log, kLogVersions, now));
    for (const Service& one : logs.chosen) out.logs.push_back({one.url, one.version});
    for (const Service& one : logs.spare) out.spare_logs.push_back({one.url, one.version});
  }
  if (!config.stampers.empty()) {
    SLUICE_TRY(const auto stampers,
               choose_services(config, ServiceKind::timestamp, kStamperVersions, now));
    for (const Service& one : stampers.chosen) out.stampers.push_back(one.url);
    for (const Service& one : stampers.spare) out.spare_stampers.push_back(one.url);
  }
  return out;
}

bool SignReport::complete() const {
  return std::ranges::all_of(items, [](const SignResult& item) {
    return item.outcome.has_value() && item.outcome->passed();
  });
}

Signing::Signing(const World& world, Http& http, SignOptions options)
    : state_(std::make_unique<State>(world, http, std::move(options))) {}
Signing::Signing(Signing&&) noexcept = default;
Signing& Signing::operator=(Signing&&) noexcept = default;
Signing::~Signing() = default;

Result<SignReport> Signing::sign(const std::vector<SignItem>& items) {
  SLUICE_CHECK(check_call(state_->options, items));
  return SignCall(state_->world, state_->http, state_->options, state_->session, state_->signer,
                  items)
      .run();
}

Result<void> Signing::forget_journal() {
  const Path& journal = state_->options.journal;
  if (journal.empty()) return {};
  for (const char* more : {"", ".lock"}) {
    Path path = journal;
    path += more;
    auto gone = state_->world.files.remove(path);
    if (!gone && gone.error().code != Errc::not_found) return gone;
  }
  return {};
}

}  // namespace sluice::sigstore
