// SPDX-License-Identifier: Apache-2.0
#include "oidc/source.h"

#include "base/text.h"

namespace sluice::oidc {

namespace {

constexpr std::chrono::seconds kPause{10};

std::string who_in(const Token& token) {
  return cat(printable(token.claims().subject, 200), " of ", printable(token.claims().issuer, 200));
}

bool same_identity(const Token& a, const Token& b) {
  return a.claims().issuer == b.claims().issuer && a.claims().subject == b.claims().subject;
}

bool is_over(const Token& token, Time now) {
  const auto left = token.expires_in(now);
  return left && *left <= std::chrono::seconds(0);
}

}  // namespace

Result<std::shared_ptr<const Token>> TokenSource::token(Time now) {
  const std::lock_guard hold(mutex_);
  if (current_ == nullptr) {
    SLUICE_TRY(auto first, fetch_());
    current_ = std::make_shared<const Token>(std::move(first));
    next_try_ = now + kPause;
    return current_;
  }
  const bool over = is_over(*current_, now);
  if (!current_->aged(now) || (!over && now < next_try_)) return current_;
  next_try_ = now + kPause;
  auto renewed = within(fetch_(), "renewing the identity token");
  if (!renewed) {
    trouble_ = renewed.error();
    if (over) return fail(std::move(renewed).error());
    return current_;
  }
  if (!same_identity(*current_, *renewed)) {
    return fail(Errc::denied, cat("the new identity token is somebody else's: expected ",
                                  who_in(*current_), ", found ", who_in(*renewed)));
  }
  trouble_.reset();
  current_ = std::make_shared<const Token>(*std::move(renewed));
  return current_;
}

std::optional<Error> TokenSource::trouble() const {
  const std::lock_guard hold(mutex_);
  return trouble_;
}

}  // namespace sluice::oidc
