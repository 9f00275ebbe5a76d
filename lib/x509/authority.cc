// SPDX-License-Identifier: Apache-2.0
#include "x509/authority.h"

#include "base/text.h"

namespace sluice::x509 {

namespace {

constexpr std::size_t kAuthorityChainMost = 8;

Result<void> follows(const Certificate& issuer, const Certificate& subject) {
  if (may_have_issued(issuer, subject)) return {};
  return fail(Errc::malformed, cat("trust material in a wrong order: ", issuer.describe(),
                                   " did not issue ", subject.describe()));
}

Result<void> prove_link(const Certificate& issuer, const Certificate& subject) {
  SLUICE_TRY(const crypto::Match match,
             within(subject.signed_by(issuer->key),
                    cat("checking the signature of ", subject.describe())));
  if (match == crypto::Match::yes) return {};
  return fail(Errc::malformed, cat("trust material that is broken: ", subject.describe(),
                                   " was not signed by ", issuer.describe()));
}

}  // namespace

std::string Window::text() const {
  return end ? cat("from ", human_time(start), " to ", human_time(*end))
             : cat("from ", human_time(start), " on");
}

Result<Authority> Authority::from_chain(std::vector<Certificate> chain, Window window,
                                        std::string label, Links links) {
  if (chain.empty()) return fail(Errc::malformed, "an authority without certificates");
  if (chain.size() > kAuthorityChainMost) {
    return fail(Errc::limit,
                cat("an authority of more than ", kAuthorityChainMost, " certificates"));
  }
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    SLUICE_CHECK(follows(chain[i + 1], chain[i]));
  }
  if (label.empty()) label = chain.back().describe();
  return Authority(
      std::make_shared<const State>(std::move(chain), window, std::move(label), links));
}

Result<void> Authority::prove() const {
  if (state_->links == Links::proven) return {};
  std::call_once(state_->once, [this] {
    const auto& chain = state_->chain;
    for (std::size_t i = 0; i + 1 < chain.size() && !state_->broken; ++i) {
      if (auto proven = prove_link(chain[i + 1], chain[i]); !proven) {
        state_->broken = std::move(proven).error();
      }
    }
  });
  if (state_->broken) return fail(*state_->broken);
  return {};
}

const Certificate* Authority::service() const {
  const Certificate& first = state_->chain.front();
  return first->is_authority() ? nullptr : &first;
}

bool may_have_issued(const Certificate& issuer, const Certificate& subject) {
  if (!(issuer->subject == subject->issuer)) return false;
  const ByteView wanted = subject->authority_key_id;
  const ByteView own = issuer->subject_key_id;
  return wanted.empty() || own.empty() || equal(wanted, own);
}

}  // namespace sluice::x509
