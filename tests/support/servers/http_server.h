// SPDX-License-Identifier: Apache-2.0
// A proper HTTP/1.1 server on 127.0.0.1 (cpp-httplib, which shares no code with our client), for
// tests that want many connections, kept connections and compression.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "support/servers/raw_server.h"

namespace sluice::test {

struct ServedAnswer {
  int status = 200;
  std::string body = {};
  Headers headers = {};
  std::string type = "text/plain";  // compressed where the client takes it
};

class HttpServer {
 public:
  using Handler = std::function<ServedAnswer(const RawRequest&)>;  // called by many threads

  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url(std::string_view path = "/") const;
  std::size_t connections() const;  // that requests came over so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::test
