// SPDX-License-Identifier: Apache-2.0
// A server with routes that show what came, for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "base/text.h"
#include "server/server.h"
#include "support/servers/raw_client.h"

namespace sluice::test {

class ServerTest : public testing::Test {
 public:
  ~ServerTest() override { release(); }

 protected:
  server::TlsFiles tls_files() const {
    return {identity_.certificate, SecretBytes::copy_of(identity_.key), client_authorities_};
  }

  server::Setup setup() {
    server::Setup setup{.clock = system_clock(), .limits = limits_, .routes = routes()};
    setup.observe = [this](const server::Exchange& exchange) {
      const std::lock_guard hold(mutex_);
      exchanges_.push_back(exchange);
    };
    return setup;
  }

  void start() {
    auto started = server::Server::start(setup(), tls_files());
    ASSERT_TRUE(started) << started.error().text();
    server_ = *std::move(started);
  }

  std::unique_ptr<RawClient> connect(std::optional<TestIdentity> identity = {}) {
    return std::make_unique<RawClient>(server_->port(),
                                       RawClientTls{authority_.pem(), std::move(identity)});
  }
  static std::optional<RawAnswer> ask(RawClient& client, const std::string& request) {
    (void)client.send(request);  // it may be refused before all of it is sent
    return client.answer();
  }
  static std::string get(std::string_view path) {
    return cat("GET ", path, " HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  static std::string post(std::string_view path, std::string_view body) {
    return cat("POST ", path, " HTTP/1.1\r\nHost: x\r\nContent-Length: ", body.size(), "\r\n\r\n",
               body);
  }

  // Lets the handlers of /wait go on.
  void release() {
    {
      const std::lock_guard hold(mutex_);
      released_ = true;
    }
    wake_.notify_all();
  }
  static void wait_for(const std::function<bool()>& done) {
    for (int i = 0; i < 2000; ++i) {
      if (done()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ADD_FAILURE() << "what was waited for did not come";
  }

  std::vector<server::Route> routes() {
    using server::Request;
    using server::Response;
    return {{"POST", "/echo",
             [this](const Request& request) {
               ++handled_;
               return Response{.body = request.body};
             }},
            {"POST", "/json", [this](const Request&) { return ++handled_, Response{}; },
             server::Lane::quick, "application/json"},
            {"GET", "/plain", [](const Request&) { return Response{.body = "plain"}; },
             server::Lane::at_once},
            {"POST", "/seen",
             [](const Request& request) {
               return Response{.body = cat(request.method, " ", request.path, " ?", request.query,
                                           " body=", request.body, " authorization=",
                                           request.header("authorization").value_or(""))};
             }},
            {"GET", "/who",
             [](const Request& request) {
               if (!request.certificate) return Response{.body = "nobody"};
               const auto& shown = *request.certificate;
               return Response{.body = cat(shown.subject, "|", join(shown.names, ","), "|",
                                           shown.fingerprint.substr(0, 7))};
             }},
            {"POST", "/certified",
             [this](const Request& request) {
               ++handled_;
               return Response{.body = request.body};
             },
             server::Lane::quick, "", true},
            {"POST", "/hold",
             [this](const Request&) {
               std::unique_lock hold(mutex_);
               ++waiting_;
               wake_.wait_for(hold, std::chrono::seconds(20), [this] { return released_; });
               return Response{.body = "held"};
             }},
            {"POST", "/short", [](const Request&) { return Response{}; }, server::Lane::quick, "",
             false, 10},
            {"POST", "/throw", [](const Request&) -> Response { throw std::runtime_error("no"); }},
            {"POST", "/wait",
             [this](const Request&) {
               std::unique_lock hold(mutex_);
               ++waiting_;
               wake_.wait_for(hold, std::chrono::seconds(20), [this] { return released_; });
               return Response{.body = "waited"};
             },
             server::Lane::slow},
            {"GET", "/large",
             [](const Request&) { return Response{.body = std::string(32U << 20, 'z')}; }}};
  }

  TestAuthority authority_;
  TestIdentity identity_ = authority_.issue();
  std::string client_authorities_;
  server::Limits limits_{.body = 100'000};
  std::atomic<int> handled_{0};
  std::atomic<int> waiting_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool released_ = false;
  std::vector<server::Exchange> exchanges_;
  std::unique_ptr<server::Server> server_;  // last: its handlers use the rest
};

}  // namespace sluice::test
