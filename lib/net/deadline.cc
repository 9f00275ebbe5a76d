// SPDX-License-Identifier: Apache-2.0
#include "net/deadline.h"

#include <algorithm>

#include "net/client.h"

namespace sluice::net {

namespace {

class Until final : public Http {
 public:
  Until(Http& http, const Clock& clock, std::chrono::steady_clock::time_point deadline)
      : http_(http), clock_(clock), deadline_(deadline) {}

  Result<HttpResponse> send(const HttpRequest& request) override {
    const auto left = time_left();
    if (left <= std::chrono::milliseconds(0)) return too_late();
    return http_.send(shortened(request, left));
  }

  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    const std::size_t at_once = ClientOptions{}.max_connections_per_host;
    std::vector<Result<HttpResponse>> answers;
    for (std::size_t first = 0; first < requests.size(); first += at_once) {
      const std::size_t size = std::min(at_once, requests.size() - first);
      const auto left = time_left();
      if (left <= std::chrono::milliseconds(0)) {
        answers.insert(answers.end(), size, too_late());
        continue;
      }
      std::vector<HttpRequest> part;
      for (std::size_t i = 0; i < size; ++i) part.push_back(shortened(requests[first + i], left));
      for (auto& answer : http_.send_all(part)) answers.push_back(std::move(answer));
    }
    return answers;
  }

 private:
  std::chrono::milliseconds time_left() const {
    return std::chrono::floor<std::chrono::milliseconds>(deadline_ - clock_.ticks());
  }

  static Result<HttpResponse> too_late() {
    return fail(Errc::timeout, "no time was left before the deadline");
  }

  static HttpRequest shortened(HttpRequest request, std::chrono::milliseconds left) {
    request.budget.total = std::min(request.budget.total, left);
    request.budget.connect = std::min(request.budget.connect, left);
    return request;
  }

  Http& http_;
  const Clock& clock_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace

std::unique_ptr<Http> until(Http& http, const Clock& clock,
                            std::chrono::steady_clock::time_point deadline) {
  return std::make_unique<Until>(http, clock, deadline);
}

}  // namespace sluice::net
