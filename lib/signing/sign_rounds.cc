// SPDX-License-Identifier: Apache-2.0
// All services, for all items, until each has what it needs.
#include <algorithm>

#include "base/text.h"
#include "signing/sign_parts.h"

namespace sluice::sigstore::signing {

namespace {

constexpr int kFailuresBeforeAnother = 2;  // where another service could be asked
constexpr unsigned kRecoveriesAtOnce = 8;
constexpr std::chrono::seconds kTogether{1};  // requests due within this time go out together

std::string_view short_url(std::string_view url) { return url.substr(0, 200); }

}  // namespace

Rounds::Rounds(Run& run, std::vector<Work>& works, Hooks hooks)
    : run_(run), works_(works), hooks_(std::move(hooks)) {
  const SignServices& services = run.options.services;
  logs_ = services.logs;
  logs_.insert(logs_.end(), services.spare_logs.begin(), services.spare_logs.end());
  stampers_ = services.stampers;
  stampers_.insert(stampers_.end(), services.spare_stampers.begin(), services.spare_stampers.end());
  logs_down_.resize(logs_.size());
  stampers_down_.resize(stampers_.size());
}

Result<void> Rounds::run() {
  SLUICE_CHECK(take_early());
  for (;;) {
    const auto wave = next_wave();
    if (wave.empty()) return {};
    SLUICE_CHECK(renew_the_expiring(wave));
    auto asked = ask(wave);
    std::vector<HttpRequest> requests;
    requests.reserve(asked.size());
    for (Asked& one : asked) requests.push_back(std::move(one.question.request));
    const Time sent = run_.now();
    SLUICE_CHECK(take(asked, run_.http.send_all(requests), sent));
    SLUICE_CHECK(hooks_.keep());
    run_.tell(SignProgress::Step::recorded, progress(), works_.size());
  }
}

Result<void> Rounds::take_early() {
  for (Work& work : works_) {
    for (EarlyStamp& stamp : work.early) {
      if (work.over() || !work.signer) break;
      Asked asked{&work, stamp.slot, {{}, std::move(stamp.nonce)}, true};
      SLUICE_CHECK(take_stamp(asked, std::move(stamp.answer), stamp.sent));
    }
    work.early.clear();
  }
  return {};
}

std::size_t Rounds::progress() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(works_, [](const Work& work) { return !work.open(); }));
}

// Those that can be asked for now, in their order. Where all have to wait, so does this, and a
// little longer for those that come next: what is asked alone holds the others up.
std::vector<Work*> Rounds::next_wave() {
  for (;;) {
    std::vector<Work*> wave;
    std::vector<Ticks> waiting;
    const auto now = run_.world.clock.ticks();
    const bool late = run_.left() <= std::chrono::milliseconds(0);
    for (Work& work : works_) {
      if (!work.open()) continue;
      if (late) {
        give_up(work);
        continue;
      }
      bool due = false;
      for (const Slot& slot : work.slots) {
        if (slot.done) continue;
        due = due || slot.due <= now;
        if (slot.due > now) waiting.push_back(slot.due);
      }
      if (due && wave.size() < run_.options.at_once) wave.push_back(&work);
    }
    if (!wave.empty() || waiting.empty()) return wave;
    std::ranges::sort(waiting);
    run_.wait_until(
        *std::ranges::prev(std::ranges::upper_bound(waiting, waiting.front() + kTogether)));
  }
}

Result<void> Rounds::renew_the_expiring(const std::vector<Work*>& wave) {
  std::vector<Work*> expiring;
  for (Work* work : wave) {
    const auto& certificate = work->signer->certificate;
    if (!certificate || work->has_time()) continue;
    if (!time_to_stamp(*certificate, run_.now())) expiring.push_back(work);
  }
  return expiring.empty() ? Result<void>() : hooks_.renew(expiring);
}

std::vector<Rounds::Asked> Rounds::ask(const std::vector<Work*>& wave) {
  std::vector<Asked> out;
  const auto now = run_.world.clock.ticks();
  for (Work* work : wave) {
    for (std::size_t i = 0; i < work->slots.size(); ++i) {
      if (work->over()) break;
      if (!work->slots[i].done && work->slots[i].due <= now) ask_slot(*work, i, out);
    }
  }
  std::erase_if(out, [](const Asked& one) { return one.work->over(); });
  return out;
}

void Rounds::ask_slot(Work& work, std::size_t at, std::vector<Asked>& out) {
  Slot& slot = work.slots[at];
  if (slot.failures == 0 && down(slot)[slot.service]) go_elsewhere(work, at, {});
  const auto patience = run_.patience();
  if (!slot.is_log) {
    auto question = stamp_question(stampers_[slot.service], signature_of(work.bundle),
                                   run_.world.random, patience);
    if (question) {
      out.push_back({&work, at, *std::move(question)});
    } else {
      work.error = std::move(question).error();
    }
    return;
  }
  auto request = entry_request(logs_[slot.service], work.recorded(), patience);
  if (request) {
    out.push_back({&work, at, {*std::move(request), {}}});
    return;
  }
  if (request.error().code != Errc::limit) {
    work.error = std::move(request).error();
    return;
  }
  Trouble trouble{Trouble::Kind::broken, Check{.id = "sign.log.size",
                                               .title = std::string(kLogRole.title),
                                               .outcome = Outcome::fail,
                                               .detail = request.error().what,
                                               .source = printable(logs_[slot.service].url, 200),
                                               .advice = request.error().hint}};
  fail_slot(work, at, trouble);
  if (!work.over() && !slot.done) ask_slot(work, at, out);  // another log has taken its place
}

Result<void> Rounds::take(std::vector<Asked>& asked, std::vector<Result<HttpResponse>> answers,
                          Time sent) {
  // Stamps first: they tell the time for which a log has to be trusted.
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (asked[i].work->slots[asked[i].slot].is_log) continue;
    SLUICE_CHECK(take_stamp(asked[i], std::move(answers[i]), sent));
  }
  std::vector<Found> found;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const Slot& slot = asked[i].work->slots[asked[i].slot];
    if (!slot.is_log || asked[i].work->over()) continue;
    auto answer = read_entry_answer(logs_[slot.service], std::move(answers[i]));
    if (!answer) {
      fail_slot(*asked[i].work, asked[i].slot, std::move(answer).error());
    } else if (auto* entry = std::get_if<LogEntry>(&*answer)) {
      SLUICE_CHECK(take_entry(asked[i], std::move(*entry)));
    } else {
      found.push_back({i, std::get<Duplicate>(*std::move(answer))});
    }
  }
  return take_duplicates(asked, found);
}

Result<void> Rounds::take_duplicates(std::vector<Asked>& asked, const std::vector<Found>& found) {
  if (found.empty()) return {};
  EntryRecovery recovery(run_.http, run_.world.clock, *run_.options.trust, run_.deadline,
                         run_.patience());
  std::vector<std::optional<Answered<LogEntry>>> entries(found.size());
  for_each_parallel(found.size(), kRecoveriesAtOnce, [&](std::size_t i) {
    const Asked& one = asked[found[i].asked];
    const LogService& log = logs_[one.work->slots[one.slot].service];
    entries[i] = recovery.recover(log, found[i].duplicate);
  });
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Asked& one = asked[found[i].asked];
    SLUICE_CHECK(take_entry(one, *std::move(entries[i])));
    if (one.work->slots[one.slot].done) one.work->found_again = true;
  }
  return {};
}

Result<void> Rounds::take_entry(const Asked& asked, Answered<LogEntry> entry) {
  Work& work = *asked.work;
  if (!entry) {
    fail_slot(work, asked.slot, std::move(entry).error());
    return {};
  }
  std::vector<Time> times;
  for (const auto& stamp : work.stamps) times.push_back(stamp.time);
  if (times.empty()) times.push_back(run_.now());
  Report rows("");
  SLUICE_TRY(auto proof, judge_entry(*entry, work.recorded(), {*run_.options.trust, times}, rows,
                                     url_of(work.slots[asked.slot])));
  append_as_signing(work.report, rows);
  if (!proof) {
    work.refused = true;
    return {};
  }
  work.proofs.push_back(*std::move(proof));
  work.bundle.entries.push_back(*std::move(entry));
  work.journal_text.clear();
  work.slots[asked.slot].done = true;
  return {};
}

Result<void> Rounds::take_stamp(Asked& asked, Result<HttpResponse> answer, Time sent) {
  Work& work = *asked.work;
  if (work.over()) return {};
  const std::string url = url_of(work.slots[asked.slot]);
  auto stamp = read_stamp_answer(url, std::move(answer));
  if (!stamp) {
    fail_slot(work, asked.slot, std::move(stamp).error());
    return {};
  }
  SLUICE_TRY(auto time, judge_stamp(*stamp,
                                    {.signature = signature_of(work.bundle),
                                     .nonce = asked.question.nonce,
                                     .trust = *run_.options.trust,
                                     .between = std::pair(sent, run_.now()),
                                     .memo = &run_.memo},
                                    url, work.report));
  if (!time) {
    work.refused = true;
    return {};
  }
  // Stamped too late, by a service that was slow: the next round signs anew.
  const auto& certificate = work.signer->certificate;
  const bool late = certificate && time->time > (*certificate)->validity.not_after &&
                    !time_to_stamp(*certificate, run_.now());
  if (late) return {};
  if (certificate &&
      wait_for_certificate(work.slots[asked.slot], *certificate, time->time, asked.early)) {
    return {};
  }
  work.stamps.push_back(*std::move(time));
  work.bundle.timestamps.push_back((*stamp)->der);
  work.journal_text.clear();
  work.slots[asked.slot].done = true;
  return {};
}

// A CA whose clock is ahead of the timestamp authority's: a stamp from before the certificate would
// be worth nothing. True: asked again once the certificate has begun; one that came beside it, at
// once.
bool Rounds::wait_for_certificate(Slot& slot, const x509::Certificate& certificate, Time stamped,
                                  bool early_answer) {
  const auto early = certificate->validity.not_before - stamped;
  const bool once_more = early > std::chrono::seconds(0) && early <= kClockSkew &&
                         ++slot.failures < run_.options.bad_days.patience.tries &&
                         early < run_.left();
  if (once_more && !early_answer) slot.due = run_.world.clock.ticks() + early;
  return once_more;
}

std::string Rounds::url_of(const Slot& slot) const {
  return printable(slot.is_log ? logs_[slot.service].url : stampers_[slot.service], 200);
}

void Rounds::fail_slot(Work& work, std::size_t at, const Trouble& trouble) {
  Slot& slot = work.slots[at];
  ++slot.failures;
  if (trouble.may_fare_better_elsewhere()) {
    if (go_elsewhere(work, at, trouble)) return;
    if (trouble.kind == Trouble::Kind::outage &&
        slot.failures < run_.options.bad_days.patience.tries) {
      if (const auto due = run_.next_try(trouble, slot.failures)) {
        slot.due = *due;
        return;
      }
    }
    if (do_without(work, at, trouble)) return;
  }
  if (trouble.kind == Trouble::Kind::outage) {
    const int failures = slot.failures;
    work.error = told_outage(trouble, failures);
  } else {
    work.report.fail(trouble.check.id, trouble.check.title, trouble.check.detail) = trouble.check;
    work.refused = true;
  }
}

bool Rounds::go_elsewhere(Work& work, std::size_t at, const Trouble& trouble) {
  Slot& slot = work.slots[at];
  std::vector<bool>& out = down(slot);
  const bool known = out[slot.service];
  const bool one_more_try =
      trouble.kind == Trouble::Kind::outage && !known && slot.failures < kFailuresBeforeAnother;
  if (one_more_try) return false;
  const SignServices& services = run_.options.services;
  const std::size_t first_spare = slot.is_log ? services.logs.size() : services.stampers.size();
  for (std::size_t spare = first_spare; spare < out.size(); ++spare) {
    const bool used = std::ranges::any_of(work.slots, [&](const Slot& other) {
      return other.is_log == slot.is_log && other.service == spare;
    });
    if (used || out[spare]) continue;
    const std::string left = url_of(slot);
    const bool too_large = trouble.check.id == "sign.log.size";
    if (!too_large) out[slot.service] = true;
    slot.service = spare;
    slot.failures = 0;
    slot.due = {};
    if (!known && !too_large) {
      run_.note(
          cat(left, " was out (", trouble.check.detail, "): ", url_of(slot), " was asked instead"));
    }
    work.notes.push_back(cat(url_of(slot), " instead of ", left));
    return true;
  }
  return false;
}

// There is no time left: what may be done without is, and the rest is an error.
void Rounds::give_up(Work& work) {
  const std::string length =
      human_duration(std::chrono::floor<std::chrono::seconds>(run_.options.bad_days.deadline));
  Trouble late{.kind = Trouble::Kind::outage, .check = {}, .code = Errc::timeout};
  late.check.detail = cat("no answer within ", length);
  for (std::size_t i = 0; i < work.slots.size(); ++i) {
    if (work.slots[i].done || do_without(work, i, late)) continue;
    work.error = Error{Errc::timeout,
                       cat("not everything was there within ", length, ": ", url_of(work.slots[i]),
                           " was asked last"),
                       {},
                       "allow more time, or try again later"};
    return;
  }
}

bool Rounds::do_without(Work& work, std::size_t at, const Trouble& trouble) {
  Slot& slot = work.slots[at];
  const BadDays& days = run_.options.bad_days;
  const bool has_certificate = work.signer->certificate.has_value();
  if (slot.is_log) {
    if (!days.without_log || (has_certificate && stampers_.empty())) return false;
    work.notes.push_back(cat("without an entry in a log (", url_of(slot), ": ",
                             trouble.check.detail,
                             "): verifiers accept it only if they are told to"));
  } else {
    const bool log_tells_time = std::ranges::any_of(work.slots, [&](const Slot& other) {
      return other.is_log && logs_[other.service].version == 1;
    });
    if (!days.without_stamp || (has_certificate && !log_tells_time)) return false;
    work.notes.push_back(cat("without a timestamp (", url_of(slot), ": ", trouble.check.detail,
                             "): the log's time stands in for it"));
  }
  if (slot.is_log) {
    run_.note(cat(short_url(url_of(slot)), " was out: ", trouble.check.detail));
  }
  slot.done = true;
  return true;
}

}  // namespace sluice::sigstore::signing
