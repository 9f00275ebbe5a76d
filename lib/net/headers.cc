// SPDX-License-Identifier: Apache-2.0
#include "net/headers.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace sluice::net {

namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool breaks_lines(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool is_transport_header(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames = {
      "host", "content-length", "transfer-encoding", "connection",
      "te",   "expect",         "upgrade",           "accept-encoding"};
  return std::ranges::find(kNames, name) != kNames.end();
}

Result<void> check_headers(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!is_token(name)) {
      return fail(Errc::usage, cat("not a header name: \"", printable(name, 40), "\""));
    }
    if (is_transport_header(lower_ascii(name))) {
      return fail(Errc::usage, cat("the header ", name, " is the transport's to set"));
    }
    if (breaks_lines(value)) {
      return fail(Errc::usage, cat("the header ", name, " holds a line break or NUL"));
    }
  }
  return {};
}

}  // namespace

Result<void> check_request(const HttpRequest& request) {
  if (!is_token(request.method) || request.method == "CONNECT") {
    return fail(Errc::usage, cat("not an HTTP method: \"", printable(request.method, 20), "\""));
  }
  SLUICE_CHECK(check_headers(request.headers));
  SLUICE_CHECK(check_headers(request.origin_headers));
  if (!request.authorization) return {};
  if (!request.authorization_scheme.empty() && !is_token(request.authorization_scheme)) {
    return fail(Errc::usage, "not an authorization scheme");
  }
  if (!is_token(request.authorization_header) ||
      is_transport_header(lower_ascii(request.authorization_header))) {
    return fail(Errc::usage, "not a header that can carry a token");
  }
  if (breaks_lines(request.authorization->reveal_text())) {
    return fail(Error{Errc::usage, "the token holds a line break or NUL"}.advise(
        "cut off the line break at the end of the file or variable that holds it"));
  }
  return {};
}

bool is_credential_header(std::string_view name) {
  constexpr std::array<std::string_view, 13> kNames = {"authorization",
                                                       "proxy-authorization",
                                                       "cookie",
                                                       "cookie2",
                                                       "private-token",
                                                       "job-token",
                                                       "deploy-token",
                                                       "x-api-key",
                                                       "api-key",
                                                       "x-auth-token",
                                                       "x-gitlab-token",
                                                       "x-vault-token",
                                                       "x-amz-security-token"};
  return std::ranges::find(kNames, lower_ascii(name)) != kNames.end();
}

bool is_body_header(std::string_view name) { return lower_ascii(name).starts_with("content-"); }

std::string* find_header(Headers& headers, std::string_view lower_case_name) {
  const auto at = std::ranges::find(headers, lower_case_name, &Headers::value_type::first);
  return at == headers.end() ? nullptr : &at->second;
}

Result<void> HeaderReader::line(std::string_view text) {
  bytes_ += text.size();
  if (bytes_ > max_bytes_) {
    return fail(Errc::limit,
                cat("the headers of the answer are larger than ", max_bytes_, " bytes"));
  }
  const bool folded = text.starts_with(' ') || text.starts_with('\t');
  text = trim(text);
  if (text.starts_with("HTTP/") && !in_block_) {
    // The first line of a block. Trailers, which come after the body, start no block.
    in_block_ = true;
    headers_.clear();
    return {};
  }
  if (!in_block_) return {};
  if (text.empty()) return end_of_block();
  if (folded) {  // RFC 9112 5.2
    if (!headers_.empty()) headers_.back().second += cat(" ", text);
    return {};
  }
  if (++count_ > max_count_) {
    return fail(Errc::limit, cat("the answer has more than ", max_count_, " headers"));
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return fail(Errc::malformed, "a header of the answer has no colon");
  }
  headers_.emplace_back(lower_ascii(trim(text.substr(0, colon))),
                        std::string(trim(text.substr(colon + 1))));
  return {};
}

Result<void> HeaderReader::end_of_block() {
  in_block_ = false;
  const std::string* length = find_header(headers_, "content-length");
  if (!body_expected_ || length == nullptr) return {};
  std::uint64_t bytes = 0;
  const auto [end, code] = std::from_chars(length->data(), length->data() + length->size(), bytes);
  // Text that is no number at all is libcurl's to refuse.
  if (code == std::errc::result_out_of_range || (code == std::errc() && bytes > max_body_)) {
    return fail(Errc::limit, cat("the answer announces ", printable(*length, 30),
                                 " bytes, allowed are ", max_body_));
  }
  return {};
}

}  // namespace sluice::net
