// SPDX-License-Identifier: Apache-2.0
#include "support/fake_http.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"

namespace sluice::test {

namespace {
std::string key_of(const HttpRequest& request) { return cat(request.method, " ", request.url); }
}  // namespace

FakeHttp& FakeHttp::answer(const std::string& request, int status, std::string body,
                           Headers headers) {
  return answer_by(request, [=](const HttpRequest& asked) {
    return HttpResponse{
        .status = status, .headers = headers, .body = body, .url = asked.url, .tries = 1};
  });
}

FakeHttp& FakeHttp::answer_error(const std::string& request, Error error) {
  return answer_by(request, [error = std::move(error)](const HttpRequest&) -> Result<HttpResponse> {
    return std::unexpected(error);
  });
}

FakeHttp& FakeHttp::answer_by(const std::string& request, Answer answer) {
  const std::lock_guard hold(mutex_);
  scripts_[request].answers.push_back(std::move(answer));
  return *this;
}

Result<HttpResponse> FakeHttp::send(const HttpRequest& request) {
  Answer answer;
  {
    const std::lock_guard hold(mutex_);
    requests_.push_back(request);
    const auto at = scripts_.find(key_of(request));
    if (at != scripts_.end()) {
      Script& script = at->second;
      answer = script.answers[std::min(script.used++, script.answers.size() - 1)];
    }
  }
  if (answer) return answer(request);
  ADD_FAILURE() << "FakeHttp has no answer to " << key_of(request);
  return fail(Errc::internal, cat("FakeHttp has no answer to ", key_of(request)));
}

std::vector<Result<HttpResponse>> FakeHttp::send_all(const std::vector<HttpRequest>& requests) {
  std::vector<Result<HttpResponse>> results;
  for (const HttpRequest& request : requests) results.push_back(send(request));
  return results;
}

std::vector<HttpRequest> FakeHttp::requests() const {
  const std::lock_guard hold(mutex_);
  return requests_;
}

std::size_t FakeHttp::count(const std::string& request) const {
  const std::lock_guard hold(mutex_);
  return static_cast<std::size_t>(std::ranges::count(requests_, request, key_of));
}

}  // namespace sluice::test
