// SPDX-License-Identifier: Apache-2.0
// A server on 127.0.0.1 that does exactly what a test tells it, however wrong that is. With or
// without TLS.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/http.h"
#include "support/servers/certificates.h"

namespace sluice::test {

struct RawRequest {
  std::string method;
  std::string target;
  Headers headers;  // names in lower case
  std::string body;

  std::string header(std::string_view lower_case_name) const;  // empty where there is none
};

// One accepted connection, inside its handler.
class RawConnection {
 public:
  virtual ~RawConnection() = default;
  virtual std::optional<RawRequest> read_request() = 0;  // nothing once the peer is gone
  virtual bool write(std::string_view bytes) = 0;        // false once the peer is gone
  virtual void wait_until_closed() = 0;                  // by the peer, or by the end of the test
  virtual void reset() = 0;                              // RST instead of a proper end
  virtual int number() const = 0;                        // 1 for the first connection
};

struct RawTls {
  TestIdentity identity;
  std::string client_authority = {};  // PEM: clients must show a certificate of this authority
};

class RawServer {
 public:
  using Handler = std::function<void(RawConnection&)>;

  // At a port that is free, or at the one that a server before it had.
  explicit RawServer(Handler handler, std::optional<RawTls> tls = {}, int port = 0);
  ~RawServer();  // ends all connections and waits for their handlers
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  // For each request of each connection the text that is answered; connections are kept.
  static Handler answering(std::function<std::string(const RawRequest&)> answer);
  // A well-formed answer: "HTTP/1.1 200 X", the header lines (each with its CRLF), Content-Length.
  static std::string answer(int status, std::string_view body = {}, std::string_view headers = {});

  int port() const { return port_; }
  std::string url(std::string_view path = "/") const;  // with the address; https where it has TLS
  std::string authority() const;                       // 127.0.0.1:port
  int accepted() const { return accepted_; }           // connections so far
  std::vector<RawRequest> requests() const;            // those read so far

 private:
  class Connection;
  struct TlsContext;

  void accept_loop();

  Handler handler_;
  std::unique_ptr<TlsContext> tls_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> accepted_{0};
  mutable std::mutex mutex_;  // what follows
  bool stopping_ = false;
  std::vector<RawRequest> requests_;
  std::vector<std::shared_ptr<Connection>> connections_;  // shared with the handler's thread
  std::vector<std::jthread> threads_;
  std::jthread acceptor_;  // last: everything else is there before it starts
};

}  // namespace sluice::test
