// SPDX-License-Identifier: Apache-2.0
// Answers that lie in a folder, served on 127.0.0.1 as its routes.json says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "support/servers/http_server.h"

namespace sluice::test {

// A route matches by method, path, every query pair and every header that it names (an empty header
// value: absent). Of several the one with the most conditions wins; without any it is 404.
class RouteServer {
 public:
  explicit RouteServer(const Path& folder);

  std::string url() const;  // without a slash at the end
  // The file names of the routes that were answered so far, in order; "404" for none.
  std::vector<std::string> served() const;

 private:
  struct Route;
  struct State;
  std::shared_ptr<State> state_;  // shared with the handler in the server's threads
  std::unique_ptr<HttpServer> server_;
};

}  // namespace sluice::test
