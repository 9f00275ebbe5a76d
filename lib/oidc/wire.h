// SPDX-License-Identifier: Apache-2.0
// What issuers are asked and answer over HTTP: addresses, forms, JSON, and what they refuse.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http.h"
#include "json/value.h"
#include "net/url.h"

namespace sluice::oidc {

inline constexpr std::size_t kMaxAnswer = 256U << 10;  // of an issuer, whatever it is about
inline constexpr std::size_t kMaxQuery = 16U << 10;    // what a browser brings back
inline constexpr std::size_t kMaxParameters = 32;

// 127.0.0.0/8, ::1 and localhost: what is said there stays on this machine.
bool on_loopback(const net::Url& url);

// An address that tokens and codes may go to: https, or http to this machine. Errc::denied for
// others; `what` names it in the error ("the token endpoint").
[[nodiscard]] Result<net::Url> secure_url(std::string_view text, std::string_view what);

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::string percent_encoded(std::string_view text);  // RFC 3986: all but the unreserved characters
std::string form(const Parameters& parameters);      // a=1&b=2
// The address with these parameters behind those that it has.
std::string with_query(const net::Url& url, const Parameters& parameters);
// application/x-www-form-urlencoded, read strictly: whole escapes, no name twice, at most kMaxQuery
// bytes and kMaxParameters of them.
[[nodiscard]] Result<Parameters> parse_form(std::string_view text);
const std::string* find(const Parameters& parameters, std::string_view name);  // nullptr: none

// A request that is sent once and follows no redirect: it carries what works once only.
HttpRequest form_request(const net::Url& url, const Parameters& parameters);

// The object in an answer. Errc::denied, limit, network by its status; Errc::malformed for what is
// no JSON (a page of HTML is named as such). `who` is asked ("GitHub Actions"). What the body says
// of an error (message; error, error_description: RFC 6749 5.2) is told, and never a token.
[[nodiscard]] Result<json::Value> read_answer(const HttpResponse& answer, std::string_view who);
[[nodiscard]] Result<json::Value> read_object(const HttpResponse& answer, std::string_view who);
std::unexpected<Error> refusal(const HttpResponse& answer, std::string_view who);

// The "error" member of a refusal (RFC 6749 5.2), empty where there is none.
std::string error_code(const HttpResponse& answer);

}  // namespace sluice::oidc
