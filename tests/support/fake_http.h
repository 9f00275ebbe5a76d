// SPDX-License-Identifier: Apache-2.0
// An Http in memory, with answers that the test wrote down.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/http.h"

namespace sluice::test {

// Knows each request by "METHOD URL". Several answers to the same one come in the order in which
// they were given, and the last of them stays. A request without an answer fails the test and is
// Errc::internal. For any number of threads.
class FakeHttp final : public Http {
 public:
  using Answer = std::function<Result<HttpResponse>(const HttpRequest&)>;

  FakeHttp& answer(const std::string& request, int status, std::string body = {},
                   Headers headers = {});
  FakeHttp& answer_error(const std::string& request, Error error);
  FakeHttp& answer_by(const std::string& request, Answer answer);

  Result<HttpResponse> send(const HttpRequest& request) override;
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override;

  std::vector<HttpRequest> requests() const;  // all that came, in their order
  std::size_t count(const std::string& request) const;

 private:
  struct Script {
    std::vector<Answer> answers;
    std::size_t used = 0;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Script> scripts_;
  std::vector<HttpRequest> requests_;
};

}  // namespace sluice::test
