// SPDX-License-Identifier: Apache-2.0
// When a request is tried again, and after how long.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/http.h"
#include "base/random.h"
#include "base/time.h"

namespace sluice::net {

// As the request says, otherwise as its method allows (RFC 9110 9.2.2).
bool may_repeat(const HttpRequest& request);

// 408, 425, 429, 500, 502, 503, 504: the same request may fare better in a while.
bool worth_repeating(int status);

// Full jitter: anything between nothing and 500 ms doubled for each try made, at most 10 s. Many
// clients that failed together so do not come back together.
std::chrono::milliseconds back_off(int tries_made, Random& random);

// RFC 9110 10.2.3: seconds, or a date. Nothing where the value is neither.
std::optional<std::chrono::milliseconds> retry_after(std::string_view value, Time now);

// How many repetitions all requests of one call may use up together, so that a server in trouble is
// not asked tries times as often as usual: one for each request, and ten.
class RetryAllowance {
 public:
  explicit RetryAllowance(std::size_t requests = 0) : left_(requests + 10) {}
  void grow(std::size_t requests) { left_ += requests; }
  bool take() {
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  std::size_t left_;
};

}  // namespace sluice::net
