// SPDX-License-Identifier: Apache-2.0
// An HTTP exchange as the rest of the program sees it. lib/net does it; tests fake it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace sluice {

using Headers = std::vector<std::pair<std::string, std::string>>;

// What an exchange may cost. Reaching a bound is Errc::limit or Errc::timeout, never a short
// answer.
struct HttpBudget {
  std::size_t max_body = 4U << 20;
  std::size_t max_headers = 64U << 10;  // bytes, all of them together
  std::size_t max_header_count = 200;
  std::chrono::milliseconds total{30'000};  // over all tries and redirects
  std::chrono::milliseconds connect{10'000};
  // Slower than this many bytes a second for ten seconds ends it; 0: no such bound. The time in
  // which the server thinks about its answer does not count.
  std::uint32_t least_rate = 16;
  int redirects = 5;
  int tries = 3;  // of requests that may be repeated
};

struct HttpRequest {
  std::string method = "GET";
  std::string url = {};
  Headers headers = {};
  // Sent as well, but past no redirect to another scheme, host or port, whatever their names: what
  // the user gave for this server may be a credential.
  Headers origin_headers = {};
  std::string body = {};
  // Sent as "Authorization: <scheme> <token>" to the first host only, never past a redirect to
  // another scheme, host or port; shared so that a request can be copied for a retry. Some services
  // take the token under a header of their own ("auth-token") and without a scheme (then empty).
  std::string authorization_header = "Authorization";
  std::string authorization_scheme = "Bearer";
  std::shared_ptr<const SecretBytes> authorization = {};
  // Repeat on connection errors, 429 and 5xx. Default: as the method allows (GET, HEAD, PUT, ...).
  std::optional<bool> repeatable = {};
  // false: the body comes as the server stores it, byte for byte (what is hashed or measured).
  bool compressed = true;
  HttpBudget budget = {};
};

struct HttpResponse {
  int status = 0;
  // Names in lower case. As they were sent: of a body that came compressed, content-encoding and
  // content-length still tell what was on the wire.
  Headers headers;
  std::string body;
  std::string url;  // where the answer came from, after redirects
  int tries = 1;

  std::optional<std::string> header(std::string_view lower_case_name) const;
};

// Whether an error of code Errc::timeout says that an answer came, but too slowly: what the error
// then says begins with the URL and these words.
inline constexpr std::string_view kTooSlow = " is too slow: ";
inline bool is_too_slow(const Error& error) {
  return error.code == Errc::timeout && error.what.find(kTooSlow) != std::string::npos;
}

class Http {
 public:
  virtual ~Http() = default;
  // Any status is an answer; an Error means that there was none.
  [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
  // All at once over shared connections; the answers in the order of the requests.
  [[nodiscard]] virtual std::vector<Result<HttpResponse>> send_all(
      const std::vector<HttpRequest>& requests) = 0;

  // Work that can be done while answers are awaited, by this thread. Either may be empty.
  struct Meanwhile {
    // Called once, as soon as the given requests are on their way: more of them, whose places come
    // after those of the given ones.
    std::function<std::vector<HttpRequest>()> more = {};
    // Hears of each answer as it comes, by the place of the request.
    std::function<void(std::size_t, const Result<HttpResponse>&)> answered = {};
  };
  // By itself it asks for more first, and tells of the answers once all are there.
  [[nodiscard]] virtual std::vector<Result<HttpResponse>> send_all_meanwhile(
      const std::vector<HttpRequest>& requests, const Meanwhile& meanwhile);
};

}  // namespace sluice
