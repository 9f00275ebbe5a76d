// SPDX-License-Identifier: Apache-2.0
// A TLS client that sends exactly what a test tells it, however wrong that is.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/http.h"
#include "support/servers/certificates.h"

namespace sluice::test {

struct RawAnswer {
  int status = 0;
  Headers headers;  // names in lower case
  std::string body;
  std::string header(std::string_view lower_case_name) const;  // empty where there is none
};

struct RawClientTls {
  std::string authority;                      // PEM: the server must be of it
  std::optional<TestIdentity> identity = {};  // to be shown to the server
  std::string protocols = {};                 // ALPN, as it is on the wire: "\x02h2"
};

class RawClient {
 public:
  RawClient(int port, const RawClientTls& tls);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const;  // the handshake is done
  bool send(std::string_view bytes);
  // The next answer; nothing where the server closed, or said nothing for as long as that.
  std::optional<RawAnswer> answer(bool head_only = false,
                                  std::chrono::milliseconds within = std::chrono::seconds(20));
  bool closed(std::chrono::milliseconds within = std::chrono::seconds(20));  // by the server
  std::string server_certificate() const;                                    // PEM
  std::string protocol() const;  // that ALPN agreed upon

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A connection without TLS: for bytes that are none.
class PlainSocket {
 public:
  explicit PlainSocket(int port);
  ~PlainSocket();
  PlainSocket(const PlainSocket&) = delete;
  PlainSocket& operator=(const PlainSocket&) = delete;
  bool connected() const { return socket_ >= 0; }
  bool send(std::string_view bytes) const;
  bool closed(std::chrono::milliseconds within) const;  // whatever comes is dropped

 private:
  int socket_ = -1;
};

}  // namespace sluice::test
