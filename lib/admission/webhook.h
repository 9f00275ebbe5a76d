// SPDX-License-Identifier: Apache-2.0
// What an API server's call comes to: from the body of a request to the body of an answer.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "admission/admit.h"
#include "admission/folder.h"

namespace sluice::admission {

struct WebhookAnswer {
  int status = 200;  // 400 for what is no review; everything else is answered in the review
  std::string body;
};

// What was decided, for logs and metrics.
struct WebhookEvent {
  const Review& review;
  const Admission& admission;
  std::chrono::microseconds took;
};

struct Webhook {
  Clock& clock;
  const Rules& rules;
  EvidenceFolder& evidence;
  std::function<std::shared_ptr<const Trust>()> trust;  // as it is now
  std::function<void(const WebhookEvent&)> tell = {};

  // `timeout` is the caller's own limit, as its URL carries it ("5s"; empty or senseless: 10 s).
  // The answer comes 0.2 s before that is over: what could not be looked at by then is refused,
  // with that reason.
  WebhookAnswer answer(std::string_view body, std::string_view timeout,
                       std::chrono::steady_clock::time_point received) const;
};

// "5s", "1m30s", "500ms", at most 30 s.
std::chrono::milliseconds caller_timeout(std::string_view text);

}  // namespace sluice::admission
