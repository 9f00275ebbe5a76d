// SPDX-License-Identifier: Apache-2.0
// Requests as a TUF client makes them: bytes as they are stored, bounded in size, time and rate.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/http.h"

namespace sluice::tuf {

class Fetcher {
 public:
  // Slower than this ends a request: slow retrieval (TUF 1.5.2). So does an answer that has begun
  // and does not end in time.
  static constexpr std::uint32_t kLeastRate = 1024;

  Fetcher(Http* http, Headers headers, std::chrono::milliseconds time)
      : http_(http), headers_(std::move(headers)), time_(time) {}

  struct Range {
    std::uint64_t from;
    std::uint64_t to;  // included
  };
  HttpRequest request(const std::string& url, std::size_t max,
                      std::optional<Range> range = {}) const;
  // The body; nullopt for 404 and 403. Errc::limit: more than max bytes, or redirects without end.
  [[nodiscard]] Result<std::optional<std::string>> get(const std::string& url,
                                                       std::size_t max) const;
  // All at once; in their order.
  [[nodiscard]] std::vector<Result<HttpResponse>> get_all(
      const std::vector<HttpRequest>& requests) const;
  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) const;
  // As get() sees an answer.
  [[nodiscard]] static Result<std::optional<std::string>> body_of(Result<HttpResponse> answer,
                                                                  const std::string& url);

 private:
  Http* http_;
  Headers headers_;
  std::chrono::milliseconds time_;
};

}  // namespace sluice::tuf
