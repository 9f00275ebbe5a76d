// SPDX-License-Identifier: Apache-2.0
#include "oidc/wire.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace sluice::oidc {

namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = text.size() - i > 2 ? hex_value(text[i + 1]) : -1;
      const int low = text.size() - i > 2 ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return fail(Errc::malformed, "a parameter with a broken escape");
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

// What the body says went wrong, in the other side's words.
std::string said_in(const json::Value& body) {
  std::string said;
  for (const auto* name : {"error", "error_description", "message", "Message"}) {
    const auto* value = body.find(name);
    if (value == nullptr || value->string() == nullptr) continue;
    said += cat(said.empty() ? ": " : ", ", printable(*value->string(), 200));
  }
  return said;
}

bool is_html(std::string_view body) {
  const std::string start = lower_ascii(trim(body.substr(0, 200)));
  return start.starts_with("<!doctype html") || start.starts_with("<html");
}

Errc code_of_status(int status) {
  if (status == 429) return Errc::limit;
  if (status >= 400 && status < 500) return Errc::denied;
  return Errc::network;
}

}  // namespace

bool on_loopback(const net::Url& url) {
  if (url.host == "localhost" || url.host == "[::1]") return true;
  const auto parts = split(url.host, '.');
  return parts.size() == 4 && parts[0] == "127" && std::ranges::all_of(parts, [](auto part) {
           return !part.empty() && part.size() <= 3 &&
                  std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
         });
}

Result<net::Url> secure_url(std::string_view text, std::string_view what) {
  SLUICE_TRY(auto url, within(net::parse_url(text), cat("looking at ", what)));
  if (url.secure() || on_loopback(url)) return url;
  return fail(Errc::denied, cat(what, " is ", url.shown(), ": only https, or this machine itself"));
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(c)) {
      out += c;
    } else {
      out += cat('%', kHexDigits[byte >> 4U], kHexDigits[byte & 0xfU]);
    }
  }
  return out;
}

std::string form(const Parameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    out += cat(out.empty() ? "" : "&", percent_encoded(name), "=", percent_encoded(value));
  }
  return out;
}

std::string with_query(const net::Url& url, const Parameters& parameters) {
  net::Url out = url;
  out.query += cat(out.query.empty() ? "" : "&", form(parameters));
  return out.text();
}

Result<Parameters> parse_form(std::string_view text) {
  if (text.size() > kMaxQuery) return fail(Errc::limit, "a query that is too long");
  Parameters out;
  if (text.empty()) return out;
  for (const auto part : split(text, '&')) {
    if (out.size() == kMaxParameters) return fail(Errc::limit, "too many parameters");
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return fail(Errc::malformed, "a parameter that is no name=value");
    }
    SLUICE_TRY(auto name, percent_decoded(part.substr(0, equals)));
    SLUICE_TRY(auto value, percent_decoded(part.substr(equals + 1)));
    if (find(out, name) != nullptr) {
      return fail(Errc::malformed, cat("the parameter \"", printable(name, 50), "\" twice"));
    }
    out.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

const std::string* find(const Parameters& parameters, std::string_view name) {
  const auto at = std::ranges::find(parameters, name, [](const auto& each) { return each.first; });
  return at == parameters.end() ? nullptr : &at->second;
}

HttpRequest form_request(const net::Url& url, const Parameters& parameters) {
  HttpRequest request{.method = "POST", .url = url.text(), .body = form(parameters)};
  request.headers = {{"content-type", "application/x-www-form-urlencoded"},
                     {"accept", "application/json"}};
  request.repeatable = false;
  request.budget.redirects = 0;
  request.budget.max_body = kMaxAnswer;
  return request;
}

std::unexpected<Error> refusal(const HttpResponse& answer, std::string_view who) {
  const auto body = json::parse_strict(answer.body, {.bytes = kMaxAnswer, .depth = 16});
  return fail(code_of_status(answer.status),
              cat(who, " answered ", answer.status, body ? said_in(*body) : std::string()));
}

std::string error_code(const HttpResponse& answer) {
  const auto body = json::parse_strict(answer.body, {.bytes = kMaxAnswer, .depth = 16});
  const auto* code = body ? body->find("error") : nullptr;
  return code != nullptr && code->string() != nullptr ? *code->string() : std::string();
}

Result<json::Value> read_object(const HttpResponse& answer, std::string_view who) {
  if (is_html(answer.body)) {
    return fail(
        Error{Errc::malformed, cat(who, " answered a page of HTML, where JSON is due")}.advise(
            "something in between may have answered: a proxy, a portal"));
  }
  auto body = json::parse_strict(answer.body, {.bytes = kMaxAnswer, .depth = 16});
  if (!body || body->object() == nullptr) {
    return fail(Errc::malformed, cat(who, " answered something that is no JSON object"));
  }
  return body;
}

Result<json::Value> read_answer(const HttpResponse& answer, std::string_view who) {
  if (answer.status < 200 || answer.status > 299) return refusal(answer, who);
  return read_object(answer, who);
}

}  // namespace sluice::oidc
