// SPDX-License-Identifier: Apache-2.0
#include "server/message.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::server {

namespace {

std::string_view phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Answer";
  }
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; });
}

std::string two_digits(unsigned value) { return cat(value < 10 ? "0" : "", value); }

// RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(Time time) {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto seconds = static_cast<unsigned>((time - day).count());
  return cat(kDays.at(std::chrono::weekday(day).c_encoding()), ", ",
             two_digits(static_cast<unsigned>(date.day())), " ",
             kMonths.at(static_cast<unsigned>(date.month()) - 1), " ",
             static_cast<int>(date.year()), " ", two_digits(seconds / 3600), ":",
             two_digits(seconds / 60 % 60), ":", two_digits(seconds % 60), " GMT");
}

}  // namespace

Found find_route(std::span<const Route> routes, std::string_view method, std::string_view path) {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  Found found{.status = 404};
  for (const Route& route : routes) {
    if (route.path != path) continue;
    if (route.method == wanted) return {.route = &route};
    found.status = 405;
    if (!found.allowed.empty()) found.allowed += ", ";
    found.allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return found;
}

std::optional<Response> check_framing(const Request& request, unsigned version,
                                      const Limits& limits) {
  if (version != 11 && version != 10) return refusal(400, "HTTP/1.1 is spoken here");
  if (request.headers.size() > limits.header_count) return refusal(431, "too many headers");
  if (request.path.size() + request.query.size() > limits.target) {
    return refusal(414, "the target is too long");
  }
  const auto times = [&](std::string_view name) {
    return std::ranges::count(request.headers, name,
                              [](const auto& field) { return std::string_view(field.first); });
  };
  const auto coding = request.header("transfer-encoding");
  const auto length = request.header("content-length");
  if (times("content-length") + times("transfer-encoding") > 1 ||
      (coding && (lower_ascii(*coding) != "chunked" || version != 11)) ||
      (length && !std::ranges::all_of(*length, [](char c) { return c >= '0' && c <= '9'; }))) {
    return refusal(400, "the length of the body is not clear");
  }
  if (times("host") > 1 || (times("host") == 0 && version == 11)) {
    return refusal(400, "one Host is needed");
  }
  if (!request.path.starts_with('/')) return refusal(400, "the target is no path");
  return std::nullopt;
}

bool is_type(std::string_view content_type, std::string_view wanted) {
  return lower_ascii(trim(content_type.substr(0, content_type.find(';')))) == wanted;
}

std::string answer_text(const Response& response, const AnswerForm& form) {
  std::string out;
  out.reserve(320 + response.body.size());
  out +=
      cat("HTTP/1.1 ", response.status, " ", phrase(response.status),
          "\r\nDate: ", http_date(form.now), "\r\nContent-Length: ", response.body.size(), "\r\n");
  if (!response.body.empty() && is_plain(response.type)) {
    out += cat("Content-Type: ", response.type, "\r\nX-Content-Type-Options: nosniff\r\n");
  }
  out += "Cache-Control: no-store\r\n";
  for (const auto& [name, value] : response.headers) {
    if (is_plain(name) && is_plain(value)) out += cat(name, ": ", value, "\r\n");
  }
  if (!form.keep) out += "Connection: close\r\n";
  out += "\r\n";
  if (!form.head_only) out += response.body;
  return out;
}

}  // namespace sluice::server
