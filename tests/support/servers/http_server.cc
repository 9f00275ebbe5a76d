// SPDX-License-Identifier: Apache-2.0
#include "support/servers/http_server.h"

// As Debian compiled its library: these change its classes.
#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_OPENSSL_SUPPORT
#endif
#ifndef CPPHTTPLIB_ZLIB_SUPPORT
#define CPPHTTPLIB_ZLIB_SUPPORT
#endif
#ifndef CPPHTTPLIB_BROTLI_SUPPORT
#define CPPHTTPLIB_BROTLI_SUPPORT
#endif
#include <httplib.h>

#include <set>
#include <thread>

#include "base/text.h"

namespace sluice::test {

struct HttpServer::State {
  Handler handler;
  httplib::Server server;
  int port = 0;
  std::mutex mutex;
  std::set<int> client_ports;
  std::jthread thread;

  void serve(const httplib::Request& asked, httplib::Response& out) {
    {
      const std::lock_guard hold(mutex);
      client_ports.insert(asked.remote_port);
    }
    RawRequest request{asked.method, asked.target, {}, asked.body};
    for (const auto& [name, value] : asked.headers) {
      request.headers.emplace_back(lower_ascii(name), value);
    }
    const ServedAnswer answer = handler(request);
    out.status = answer.status;
    for (const auto& [name, value] : answer.headers) out.set_header(name, value);
    out.set_content(answer.body, answer.type);
  }
};

HttpServer::HttpServer(Handler handler) : state_(std::make_unique<State>()) {
  state_->handler = std::move(handler);
  httplib::Server& server = state_->server;
  const auto serve = [state = state_.get()](const httplib::Request& asked, httplib::Response& out) {
    state->serve(asked, out);
  };
  server.Get(".*", serve).Post(".*", serve).Put(".*", serve).Patch(".*", serve);
  server.Delete(".*", serve).Options(".*", serve);
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(10'000);
  // One thread serves one connection for as long as it is kept.
  server.new_task_queue = [] { return new httplib::ThreadPool(64); };
  state_->port = server.bind_to_any_port("127.0.0.1");
  state_->thread = std::jthread([state = state_.get()] { state->server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::yield();  // stop() before that does nothing
}

HttpServer::~HttpServer() { state_->server.stop(); }

std::string HttpServer::url(std::string_view path) const {
  return cat("http://127.0.0.1:", state_->port, path);
}

std::size_t HttpServer::connections() const {
  const std::lock_guard hold(state_->mutex);
  return state_->client_ports.size();
}

}  // namespace sluice::test
