// SPDX-License-Identifier: Apache-2.0
// Where signing gets its token, as often as it needs one.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "oidc/token.h"

namespace sluice::oidc {

// Hands out one token until it ages, then gets another one: a job may well take longer than a token
// lives (five minutes on GitHub). For any number of threads; one of them asks, the others wait.
//
// What is refused here, since it is about the job as a whole: a renewed token of another issuer or
// subject (Errc::denied), which would make one run sign as two. All else is for examine(): a token
// may come from here that the CA will not take.
class TokenSource {
 public:
  using Fetch = std::function<Result<Token>()>;

  explicit TokenSource(Fetch fetch) : fetch_(std::move(fetch)) {}

  // Shared: a renewal must not take it from who still uses it. While a renewal fails and the old
  // token is still good, that one is handed out, and the next try is ten seconds later; once it is
  // over, the renewal's error is the answer.
  [[nodiscard]] Result<std::shared_ptr<const Token>> token(Time now);

  // Why the last renewal failed, for a warning; nothing where it did not.
  std::optional<Error> trouble() const;

 private:
  Fetch fetch_;
  mutable std::mutex mutex_;  // what follows
  std::shared_ptr<const Token> current_;
  std::optional<Error> trouble_;
  Time next_try_{};
};

}  // namespace sluice::oidc
