// SPDX-License-Identifier: Apache-2.0
#include "support/servers/route_server.h"

#include <mutex>
#include <stdexcept>

#include "base/text.h"
#include "json/value.h"
#include "support/temp_folder.h"

namespace sluice::test {

struct RouteServer::Route {
  std::string file;
  std::string method;
  std::string path;
  Headers query;
  Headers asked;  // request headers
  int status = 200;
  Headers answered;  // response headers
};

struct RouteServer::State {
  Path folder;
  std::vector<Route> routes;
  mutable std::mutex mutex;
  std::vector<std::string> served;
};

namespace {

Headers pairs_of(const json::Value* object) {
  Headers out;
  if (object == nullptr || object->object() == nullptr) return out;
  for (const auto& [name, value] : *object->object()) out.emplace_back(name, *value.string());
  return out;
}

Headers query_of(std::string_view target) {
  Headers out;
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return out;
  for (const auto part : split(target.substr(mark + 1), '&')) {
    const auto sign = part.find('=');
    out.emplace_back(part.substr(0, sign),
                     sign == std::string_view::npos ? "" : part.substr(sign + 1));
  }
  return out;
}

bool holds(const Headers& given, const std::string& name, const std::string& value) {
  for (const auto& [key, content] : given) {
    if (key == name) return content == value;
  }
  return false;
}

}  // namespace

RouteServer::RouteServer(const Path& folder) : state_(std::make_shared<State>()) {
  state_->folder = folder;
  const auto index = json::parse_strict(read_file(folder / "routes.json"));
  if (!index) throw std::runtime_error(index.error().text());
  for (const auto& entry : *index->find("routes")->array()) {
    state_->routes.push_back({*entry.find("file")->string(), *entry.find("method")->string(),
                              *entry.find("path")->string(), pairs_of(entry.find("query")),
                              pairs_of(entry.find("request_headers")),
                              static_cast<int>(*entry.find("status")->integer()),
                              pairs_of(entry.find("response_headers"))});
  }
  const auto matches = [](const Route& route, const RawRequest& request) {
    if (route.method != request.method) return false;
    if (route.path != request.target.substr(0, request.target.find('?'))) return false;
    const Headers query = query_of(request.target);
    for (const auto& [name, value] : route.query) {
      if (!holds(query, name, value)) return false;
    }
    for (const auto& [name, value] : route.asked) {
      if (request.header(lower_ascii(name)) != value) return false;
    }
    return true;
  };
  server_ = std::make_unique<HttpServer>([state = state_, matches](const RawRequest& request) {
    const Route* best = nullptr;
    for (const auto& route : state->routes) {
      if (!matches(route, request)) continue;
      const auto weight = [](const Route& r) { return r.query.size() + r.asked.size(); };
      if (best == nullptr || weight(route) > weight(*best)) best = &route;
    }
    const std::lock_guard hold(state->mutex);
    state->served.push_back(best == nullptr ? "404" : best->file);
    if (best == nullptr) return ServedAnswer{.status = 404, .body = "no such route"};
    ServedAnswer answer{.status = best->status, .body = read_file(state->folder / best->file)};
    for (const auto& [name, value] : best->answered) {
      if (lower_ascii(name) == "content-type") {
        answer.type = value;
      } else {
        answer.headers.emplace_back(name, value);
      }
    }
    return answer;
  });
}

std::string RouteServer::url() const { return server_->url(""); }

std::vector<std::string> RouteServer::served() const {
  const std::lock_guard hold(state_->mutex);
  return state_->served;
}

}  // namespace sluice::test
