// SPDX-License-Identifier: Apache-2.0
// Header lines in both directions: what we refuse to send, and bounds on what we take in.
#pragma once

#include <string>
#include <string_view>

#include "base/http.h"

namespace sluice::net {

// Errc::usage for a method or header name that is no token (RFC 9110 5.6.2), a value that holds a
// line break or NUL, and headers that are the transport's own (Host, Content-Length, ...).
[[nodiscard]] Result<void> check_request(const HttpRequest& request);

// Does this header carry a credential, so that it must not follow a redirect to another origin?
bool is_credential_header(std::string_view name);
// Does it describe a body, so that it goes where the body goes?
bool is_body_header(std::string_view name);
std::string* find_header(Headers& headers, std::string_view lower_case_name);

// Takes the header lines of one exchange as they arrive: those of interim answers (1xx) and of a
// proxy's tunnel are counted and forgotten, those of the final answer are kept.
class HeaderReader {
 public:
  HeaderReader(const HttpBudget& budget, bool body_expected)
      : max_bytes_(budget.max_headers),
        max_count_(budget.max_header_count),
        max_body_(budget.max_body),
        body_expected_(body_expected) {}

  // One line with its line break. Errc::limit past a bound, also where a Content-Length announces
  // more than max_body.
  [[nodiscard]] Result<void> line(std::string_view text);
  Headers take() { return std::move(headers_); }
  const Headers& headers() const { return headers_; }

 private:
  [[nodiscard]] Result<void> end_of_block();

  std::size_t max_bytes_;
  std::size_t max_count_;
  std::size_t max_body_;
  bool body_expected_;
  bool in_block_ = false;
  std::size_t bytes_ = 0;
  std::size_t count_ = 0;
  Headers headers_;
};

}  // namespace sluice::net
