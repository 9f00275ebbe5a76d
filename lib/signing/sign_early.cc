// SPDX-License-Identifier: Apache-2.0
// Stamps that are asked for beside the certificate.
#include <algorithm>
#include <utility>

#include "signing/sign_parts.h"

namespace sluice::sigstore::signing {

namespace {

// Where the certificate is refused, so many stamps were asked for in vain.
constexpr std::size_t kItemsMost = 8;
// What is larger is read while the CA works.
constexpr std::uint64_t kBytesMost = 1U << 20;

bool is_small(const Run& run, const SignItem& item) {
  const auto* path = std::get_if<Path>(&item.content);
  if (path == nullptr) return true;
  const auto info = run.world.files.info(*path);
  return info && info->kind == FileKind::file && info->size <= kBytesMost;
}

bool would_help(const Run& run, const std::vector<Work>& works) {
  const SignServices& services = run.options.services;
  return services.logs.empty() && !services.stampers.empty() && works.size() <= kItemsMost &&
         std::ranges::all_of(works, [&](const Work& work) { return is_small(run, *work.item); });
}

}  // namespace

Result<std::optional<EarlyStamps>> EarlyStamps::prepare(const Run& run, std::vector<Work>& works) {
  if (!would_help(run, works)) return std::nullopt;
  SLUICE_TRY(auto key, crypto::PrivateKey::generate(run.options.key_type));
  return EarlyStamps(run, works, std::move(key));
}

Beside& EarlyStamps::beside() {
  beside_.meanwhile.more = [this] { return ask(); };
  beside_.meanwhile.answered = [this](std::size_t place, const Result<HttpResponse>& answer) {
    look_ahead(place, answer);
  };
  return beside_;
}

void EarlyStamps::absorb() {
  if (!std::exchange(absorbed_, true)) absorb_all(*run_, *works_);
}

// The CA has its request by now.
std::vector<HttpRequest> EarlyStamps::ask() {
  absorb();
  std::vector<HttpRequest> out;
  for (Work& work : *works_) {
    if (work.over()) continue;
    auto done = ask_for(work, out);
    if (!done) work.error = std::move(done).error();
  }
  sent_ = run_->now();
  return out;
}

// The CA takes longest. What its certificate and the stamp will be judged by is computed while it
// works: the signatures on the stamp, and the links between trusted certificates. Nothing is
// decided here; the judgement comes later and finds them in the memo.
void EarlyStamps::look_ahead(std::size_t place, const Result<HttpResponse>& answer) const {
  const Asked& asked = asked_[place];
  const TrustRoot& trust = *run_->options.trust;
  const auto stamp = read_stamp_answer(url_of(asked), answer);
  if (stamp) {
    const auto stampers = trust.stampers_for(*stamp);
    if (stampers) {
      (void)x509::verify_timestamp(*stamp, signature_of(asked.work->bundle), *stampers,
                                   &run_->memo);
    }
  }
  trust.ready_for_certificates();
}

const std::string& EarlyStamps::url_of(const Asked& asked) const {
  return run_->options.services.stampers[asked.work->slots[asked.slot].service];
}

Result<void> EarlyStamps::ask_for(Work& work, std::vector<HttpRequest>& out) {
  SLUICE_CHECK(sign_by_key(work, beside_.key, {}));
  work.signer.reset();  // not before there is a certificate
  work.signed_ahead = true;
  for (std::size_t i = 0; i < work.slots.size(); ++i) {
    Asked asked{&work, i, {}};
    SLUICE_TRY(auto question, stamp_question(url_of(asked), signature_of(work.bundle),
                                             run_->world.random, run_->patience()));
    out.push_back(std::move(question.request));
    asked.nonce = std::move(question.nonce);
    asked_.push_back(std::move(asked));
  }
  return {};
}

void EarlyStamps::hand_out() {
  for (std::size_t i = 0; i < beside_.answers.size(); ++i) {
    Asked& asked = asked_[i];
    asked.work->early.push_back(
        {asked.slot, std::move(asked.nonce), std::move(beside_.answers[i]), sent_});
  }
}

}  // namespace sluice::sigstore::signing
