// SPDX-License-Identifier: Apache-2.0
#include "carbon/answer.h"

#include "base/text.h"

namespace sluice::carbon {

namespace {

constexpr json::Limits kAnswerLimits{.bytes = kMaxAnswer, .depth = 16, .values = 500'000};

// What the other side says of its refusal: {"message": …} or {"error": {"message": …}}.
std::string said(const HttpResponse& response) {
  const auto document = json::parse_strict(response.body, kAnswerLimits);
  if (!document) return {};
  const json::Value* holder = document->find("error");
  if (holder == nullptr) holder = &*document;
  const json::Value* message = holder->find("message");
  if (message == nullptr || message->string() == nullptr) return {};
  return cat(": ", printable(*message->string(), 200));
}

bool worth_a_second_try(const Result<HttpResponse>& answer, const HttpRequest& request) {
  if (!answer) return answer.error().code == Errc::network;
  if (answer->status == 401) return request.authorization != nullptr;
  return answer->status >= 500;
}

std::unexpected<Failure> refusal(const Question& question, const HttpResponse& response) {
  const auto because = [&](Trouble trouble, std::string_view what, std::string hint = {}) {
    return fail_as(trouble, cat(question.whom, " ", what, said(response)), std::move(hint));
  };
  switch (response.status) {
    case 401:
    case 403:
      if (!question.request.authorization) {
        return because(Trouble::unauthorised, "wants a token",
                       "set SLUICE_ELECTRICITYMAPS_TOKEN, or give --token-file");
      }
      return because(Trouble::unauthorised, "does not accept the token for this",
                     "look at what the plan of the token covers; it may also mean too many "
                     "requests");
    case 404:
      return because(Trouble::unknown_zone, "does not know this zone");
    case 429:
      return because(Trouble::limited, "had too many requests");
    case 400:
    case 422:
      return because(question.bad_request, "refuses the request");
    default:
      break;
  }
  if (response.status >= 500) {
    return because(Trouble::unreachable, cat("answered ", response.status));
  }
  return because(Trouble::malformed, cat("answered ", response.status));
}

}  // namespace

Answer<json::Value> ask(Http& http, Question question) {
  HttpRequest& request = question.request;
  request.headers.emplace_back("Accept", "application/json");
  request.budget.max_body = kMaxAnswer;
  request.budget.redirects = 0;
  request.budget.tries = 1;
  auto answer = http.send(request);
  if (worth_a_second_try(answer, request)) answer = http.send(request);
  if (!answer) return std::unexpected(Failure(std::move(answer).error()));
  if (answer->status != 200) return refusal(question, *answer);
  if (trim(answer->body).empty()) {
    return fail_as(question.empty_answer, cat(question.whom, " answered with nothing"));
  }
  auto document = json::parse_strict(answer->body, kAnswerLimits);
  if (!document) {
    return std::unexpected(
        Failure(std::move(document).error().in(cat("reading the answer of ", question.whom))));
  }
  return *std::move(document);
}

Result<std::optional<Intensity>> intensity_in(const json::Fields& object, std::string_view key) {
  const json::Value* value = object.value().find(key);
  if (value != nullptr && value->is(json::Value::Kind::null)) return std::nullopt;
  const auto number = value == nullptr ? std::nullopt : value->number();
  if (!number) {
    return fail(Errc::malformed, cat(object.path(), ".", key, ": expected a number or null"));
  }
  const auto intensity = Intensity::of(*number);
  if (!intensity) {
    return fail(Errc::malformed,
                cat(object.path(), ".", key, ": no grid has that many grams per kWh"));
  }
  return *intensity;
}

Result<Time> time_in(const json::Fields& object, std::string_view key) {
  SLUICE_TRY(std::string text, object.string(key));
  if (text.size() == 17 && text.back() == 'Z') text.insert(16, ":00");
  return within(parse_rfc3339(text), cat("reading ", object.path(), ".", key));
}

}  // namespace sluice::carbon
