// SPDX-License-Identifier: Apache-2.0
// Stamps that are asked for beside the certificate.
#include <algorithm>

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
  EarlyStamps out(std::move(key));
  absorb_all(run, works);
  for (Work& work : works) {
    if (work.over()) continue;
    SLUICE_CHECK(out.ask(run, work));
  }
  return out;
}

Result<void> EarlyStamps::ask(const Run& run, Work& work) {
  SLUICE_CHECK(sign_by_key(work, beside_.key, {}));
  work.signer.reset();  // not before there is a certificate
  work.signed_ahead = true;
  for (std::size_t i = 0; i < work.slots.size(); ++i) {
    SLUICE_TRY(auto question,
               stamp_question(run.options.services.stampers[work.slots[i].service],
                              signature_of(work.bundle), run.world.random, run.patience()));
    beside_.requests.push_back(std::move(question.request));
    asked_.push_back({&work, i, std::move(question.nonce)});
  }
  return {};
}

void EarlyStamps::hand_out() {
  for (std::size_t i = 0; i < beside_.answers.size(); ++i) {
    Asked& asked = asked_[i];
    asked.work->early.push_back(
        {asked.slot, std::move(asked.nonce), std::move(beside_.answers[i]), beside_.sent});
  }
}

}  // namespace sluice::sigstore::signing
