// SPDX-License-Identifier: Apache-2.0
// One request on its way to an answer, over redirects and tries, within its budget. It decides and
// does no I/O: whoever carries it out calls begin(), sends hop(), and tells what came of it.
#pragma once

#include <chrono>
#include <optional>

#include "base/random.h"
#include "base/time.h"
#include "net/failure.h"
#include "net/redirect.h"
#include "net/retry.h"

namespace sluice::net {

class Exchange {
 public:
  using Ticks = std::chrono::steady_clock::time_point;
  enum class State : std::uint8_t { ready, sending, waiting, done };

  // The request and the others must outlive the exchange.
  Exchange(const HttpRequest& request, Clock& clock, Random& random, RetryAllowance& allowance);

  State state() const { return state_; }
  const HttpRequest& request() const { return request_; }
  const Hop& hop() const { return hop_; }

  void begin();  // ready -> sending; the first call starts the budget's clock
  void wake();   // waiting -> ready, once due
  Ticks due() const { return due_; }
  Ticks deadline() const { return deadline_; }
  std::chrono::milliseconds left() const;  // of the budget, at least 1 ms while there is any

  // sending -> ready (a redirect), waiting (a retry) or done.
  void conclude(TryResult outcome);
  void time_is_up();

  // Watches the transfer rate; the error once it was too low for ten seconds.
  std::optional<Error> too_slow(std::uint64_t bytes_moved, bool server_is_thinking);

  // Once it is done.
  const Result<HttpResponse>& result() const { return *result_; }
  [[nodiscard]] Result<HttpResponse> take() { return *std::move(result_); }

 private:
  void start_over();
  void on_answer(HttpResponse response);
  void on_failure(Failure failure);
  // Schedules another try; false where there is none left.
  bool schedule_retry(std::optional<std::chrono::milliseconds> asked);
  void finish(Result<HttpResponse> result);
  std::string tried() const;  // " (3 tries)"

  const HttpRequest& request_;
  Clock& clock_;
  Random& random_;
  RetryAllowance& allowance_;
  State state_ = State::ready;
  std::optional<Url> url_;
  Hop hop_;
  int tries_ = 0;
  int redirects_ = 0;
  bool redirected_ = false;  // the next hop belongs to the same try
  Ticks due_{};
  Ticks deadline_{};
  Ticks window_start_{};
  std::uint64_t window_bytes_ = 0;
  std::uint64_t moved_ = 0;  // of an answer that has begun
  std::optional<Result<HttpResponse>> result_;
};

}  // namespace sluice::net
