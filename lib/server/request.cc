// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.h"
#include "json/value.h"
#include "server/server.h"

namespace sluice::server {

std::optional<std::string_view> Request::header(std::string_view lower_case_name) const {
  const auto at = std::ranges::find(
      headers, lower_case_name, [](const auto& field) { return std::string_view(field.first); });
  if (at == headers.end()) return std::nullopt;
  return at->second;
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  for (const std::string_view pair : split(query, '&')) {
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return pair.substr(equals + 1);
    }
  }
  return std::nullopt;
}

Response refusal(int status, std::string_view what) {
  json::Value body;
  body.set("error", printable(what, 2000));
  return {.status = status, .body = json::write(body) + "\n"};
}

}  // namespace sluice::server
