// SPDX-License-Identifier: Apache-2.0
#include "signing/service.h"

#include <algorithm>

#include "base/text.h"
#include "net/retry.h"
#include "net/url.h"

namespace sluice::sigstore {

namespace {

constexpr std::size_t kWordsMost = 300;       // of what a service says, in a message
constexpr std::size_t kReadMost = 16U << 10;  // of it, before tokens are taken out

std::string shown_url(std::string_view url) {
  const auto parsed = net::parse_url(url);
  return parsed ? parsed->shown() : printable(url, 200);
}

Trouble trouble(Trouble::Kind kind, const ServiceRole& role, std::string_view what,
                std::string detail, std::string_view url) {
  Trouble out{kind, Check{.id = cat(role.id, ".", what),
                          .title = std::string(role.title),
                          .outcome = Outcome::fail,
                          .detail = std::move(detail),
                          .source = shown_url(url)}};
  return out;
}

bool looks_like_html(std::string_view body) {
  const std::string head = lower_ascii(trim(body).substr(0, 64));
  return head.starts_with("<!doctype html") || head.starts_with("<html") ||
         head.starts_with("<head") || head.starts_with("<body");
}

// A service that repeats what it was sent would otherwise put the identity token into a log. A
// token begins with the base64 of `{"`, and a part of it is none that anybody could use.
std::string without_tokens(std::string_view text) {
  constexpr std::string_view kBegin = "eyJ";
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  std::string out;
  for (auto at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin)) {
    const auto* const end =
        std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_part);
    out += cat(text.substr(0, at), "[token]");
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  }
  return out += text;
}

// What a service says of its refusal; empty where that is of no use to people.
std::string own_words(const HttpResponse& response) {
  const auto shown = [](std::string_view text) {
    return printable(without_tokens(text.substr(0, kReadMost)), kWordsMost);
  };
  const std::string_view body = trim(response.body);
  if (body.empty() || looks_like_html(body)) return {};
  if (!body.starts_with('{')) return shown(body.substr(0, body.find('\n')));
  const auto value = json::parse_strict(body, {.bytes = 64U << 10, .values = 1000});
  if (!value) return shown(body);
  for (const std::string_view key : {"message", "error"}) {
    const json::Value* said = value->find(key);
    if (said != nullptr && said->string() != nullptr) {
      return shown(trim(*said->string()));
    }
  }
  return {};
}

std::string status_text(const HttpResponse& response) {
  const std::string words = own_words(response);
  std::string out = cat("it answered ", response.status);
  if (!words.empty()) out += cat(": ", words);
  if (response.tries > 1) out += cat(" (", response.tries, " tries)");
  return out;
}

// When it wants to be asked again, in words; empty where it does not say, or names a date.
std::string asked_pause(std::string_view retry_after) {
  if (retry_after.find_first_not_of("0123456789") != std::string_view::npos) return {};
  const auto pause = net::retry_after(retry_after, Time{});
  if (!pause || pause->count() == 0) return {};
  return cat(", and asks to come back in ",
             human_duration(std::chrono::ceil<std::chrono::seconds>(*pause)));
}

Trouble unreachable(const ServiceRole& role, std::string_view url, const Error& error) {
  Trouble out = trouble(Trouble::Kind::outage, role, "reachable", error.text(), url);
  out.code = error.code;
  out.check.advice = error.hint;
  return out;
}

}  // namespace

Error Trouble::error() const {
  return Error{
      code, cat("the ", check.title, " ", check.source, ": ", check.detail), {}, check.advice};
}

Result<std::string> service_url(std::string_view base, std::string_view path) {
  SLUICE_TRY(const net::Url url, net::parse_url(base));
  if (!url.query.empty()) {
    return fail(Errc::malformed, cat("the address of a service with a query: ", url.shown()));
  }
  std::string out = url.text();
  if (path.empty()) return out;
  if (!out.ends_with('/')) out += '/';
  return out += path;
}

HttpRequest json_post(std::string url, std::string body, const ServicePatience& patience) {
  HttpRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  request.body = std::move(body);
  request.repeatable = true;
  request.budget.total = patience.total;
  request.budget.tries = 1;
  return request;
}

bool is_page(std::string_view body) { return looks_like_html(body); }

bool is_ok(int status) { return status == 200; }
bool is_created(int status) { return status == 200 || status == 201; }

Answered<HttpResponse> sort_answer(const ServiceRole& role, std::string_view url,
                                   Result<HttpResponse> answer, bool (*due)(int)) {
  using Kind = Trouble::Kind;
  if (!answer) {
    const Error& error = answer.error();
    Trouble out = unreachable(role, url, error);
    out.again = error.code == Errc::network || error.code == Errc::timeout;
    if (error.code == Errc::limit) {  // more than any good answer has
      out.kind = Kind::broken;
      out.check.id = cat(role.id, ".answer");
    }
    return std::unexpected(std::move(out));
  }
  const int status = answer->status;
  if (due(status)) return *std::move(answer);
  if (net::worth_repeating(status) || status >= 500) {
    Trouble out = trouble(Kind::outage, role, "reachable", status_text(*answer), url);
    out.code = status == 504 || status == 408 ? Errc::timeout : Errc::network;
    out.retry_after = answer->header("retry-after").value_or("");
    out.check.detail += asked_pause(out.retry_after);
    if (status == 429) out.check.advice = "it limits how often it is asked: try again later";
    return std::unexpected(std::move(out));
  }
  Trouble out = trouble(Kind::refused, role, "refused", status_text(*answer), url);
  // 405: a log that is frozen. 404: no such service there. Another one may be what is meant.
  if (status == 404 || status == 405 || status == 410) {
    out.kind = Kind::broken;
    out.check.advice = "is the address right, and the service still in use?";
  }
  if (status == 413) out.check.advice = "what was sent is too large for it";
  return std::unexpected(std::move(out));
}

Trouble broken_answer(const ServiceRole& role, const HttpResponse& response, const Error& why) {
  Trouble out = trouble(Trouble::Kind::broken, role, "answer", why.text(), response.url);
  const auto type = response.header("content-type");
  out.check.expected = "an answer of its protocol";
  out.check.found = cat(type ? printable(*type, 80) : std::string("no content type"), ", ",
                        human_bytes(response.body.size()));
  return out;
}

Answered<json::Value> json_answer(const ServiceRole& role, const HttpResponse& response,
                                  const json::Limits& limits) {
  auto value = json::parse_strict(response.body, limits);
  if (value && value->object() != nullptr) return *std::move(value);
  Error why{Errc::malformed, "its answer is no JSON object"};
  if (is_page(response.body)) {
    why.what = "it answered with a page of HTML where JSON is due";
  } else if (response.body.empty()) {
    why.what = "its answer is empty";
  } else if (!value) {
    why.what = cat("its answer is no JSON: ", value.error().text());
  }
  Trouble out = broken_answer(role, response, why);
  out.check.expected = "a JSON object";
  if (is_page(response.body)) out.check.advice = kPageAdvice;
  return std::unexpected(std::move(out));
}

void append_as_signing(Report& to, const Check& check) {
  Check row = check;
  const bool own = row.id.starts_with("sign.") || row.id.starts_with("oidc.");
  if (!own) row.id = cat("sign.", row.id);
  Check& placed = row.outcome == Outcome::pass   ? to.pass(row.id, row.title, row.detail)
                  : row.outcome == Outcome::fail ? to.fail(row.id, row.title, row.detail)
                                                 : to.skip(row.id, row.title, row.detail);
  placed = std::move(row);
}

void append_as_signing(Report& to, const Report& rows) {
  for (const Check& check : rows.checks()) append_as_signing(to, check);
}

}  // namespace sluice::sigstore
