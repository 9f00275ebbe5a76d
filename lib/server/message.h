// SPDX-License-Identifier: Apache-2.0
// The parts of HTTP that need no socket: which route, and an answer as bytes.
#pragma once

#include <span>
#include <string>

#include "server/server.h"

namespace sluice::server {

struct Found {
  const Route* route = nullptr;
  int status = 200;          // 404 or 405 where there is no route
  std::string allowed = {};  // with 405: the value of Allow
};
Found find_route(std::span<const Route> routes, std::string_view method, std::string_view path);

// Where two readers of one request could see two different ones, or it is more than anybody sends:
// what is answered then. Nothing: it is clear. `version` is 11 for HTTP/1.1.
std::optional<Response> check_framing(const Request& request, unsigned version,
                                      const Limits& limits);

// "application/json" is that of "Application/JSON; charset=utf-8".
bool is_type(std::string_view content_type, std::string_view wanted);

struct AnswerForm {
  bool keep = true;        // the connection stays
  bool head_only = false;  // of a HEAD request: the length, and no body
  Time now{};
};
// Header lines with line ends or control characters in them are left out.
std::string answer_text(const Response& response, const AnswerForm& form);

}  // namespace sluice::server
