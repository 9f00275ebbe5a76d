// SPDX-License-Identifier: Apache-2.0
// Answers of Sigstore's services, taken as an attacker's: what is common to the clients beside this
// file. They make requests and judge answers, and leave the sending to signing/sign.h, so that
// many are under way at the same time.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "base/http.h"
#include "base/verdict.h"
#include "json/value.h"

namespace sluice::sigstore {

// What a request to a service may cost.
struct ServicePatience {
  std::chrono::milliseconds total{30'000};  // of one try; Rekor v2 takes up to 20 s
  int tries = 5;                            // of one service for one thing
};

// How far this machine's clock and a service's may be apart.
inline constexpr std::chrono::seconds kClockSkew{60};

// Why a service gave nothing that can be used.
struct Trouble {
  enum class Kind : std::uint8_t {
    outage,   // no answer, or "later": another service may fare better
    refused,  // the service said no to this request
    broken    // an answer that is none: HTML where JSON is due, a body cut short
  };
  Kind kind = Kind::broken;
  Check check;                   // the failed row for a report, with what to do about it
  Errc code = Errc::network;     // of an outage
  bool again = true;             // of an outage: the same service may fare better in a while
  std::string retry_after = {};  // as the service said it (net/retry.h)

  bool may_fare_better_elsewhere() const { return kind != Kind::refused; }
  Error error() const;  // for an outage: nothing was decided
};
template <class T>
using Answered = std::expected<T, Trouble>;

// One kind of service, for the rows of a report: "sign.log", "transparency log".
struct ServiceRole {
  std::string_view id;
  std::string_view title;
};
inline constexpr ServiceRole kCaRole{"sign.certificate", "certificate authority"};
inline constexpr ServiceRole kLogRole{"sign.log", "transparency log"};
inline constexpr ServiceRole kStamperRole{"sign.timestamp", "timestamp authority"};

// "https://host/base" + "api/v2/x", whatever slash the base ends with. Errc::malformed or
// unsupported for a base that is no http URL.
[[nodiscard]] Result<std::string> service_url(std::string_view base, std::string_view path);

// A POST that may be repeated: every one of Sigstore's requests may, since what it creates a second
// time is the same, or found again. It is tried once here: signing/sign.h repeats, since it knows
// the deadline of the whole and who else could be asked.
HttpRequest json_post(std::string url, std::string body, const ServicePatience& patience);

// Sorts an answer by its status: `due` (200 or 201) comes back as it is; none at all, 408, 425, 429
// and 5xx are outages; all other statuses are refusals in the service's own words: the "message" of
// a JSON object, else the beginning of its text. ROLE.reachable, ROLE.refused.
[[nodiscard]] Answered<HttpResponse> sort_answer(const ServiceRole& role, std::string_view url,
                                                 Result<HttpResponse> answer, bool (*due)(int));
bool is_ok(int status);       // 200
bool is_created(int status);  // 200 or 201

// ROLE.answer: the JSON that is due, or why it is none ("HTML", "cut short").
[[nodiscard]] Answered<json::Value> json_answer(const ServiceRole& role,
                                                const HttpResponse& response,
                                                const json::Limits& limits);
// A page of HTML, as what stands between here and a service writes it; what to do about it.
bool is_page(std::string_view body);
inline constexpr std::string_view kPageAdvice =
    "something between here and the service answers: a proxy, a sign-in page?";
// ROLE.answer, for what is JSON and not what it should be.
Trouble broken_answer(const ServiceRole& role, const HttpResponse& response, const Error& why);

// The rows of another report, their ids behind "sign.": what a verifier calls log.body is here
// sign.log.body.
void append_as_signing(Report& to, const Report& rows);
void append_as_signing(Report& to, const Check& check);

}  // namespace sluice::sigstore
