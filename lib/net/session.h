// SPDX-License-Identifier: Apache-2.0
// Transfers on shared connections: a set of connections, and what is under way on them. One thread
// at a time. A transfer here is one try of one hop; it follows nothing and repeats nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "net/ca.h"
#include "net/client.h"
#include "net/failure.h"
#include "net/proxy.h"
#include "net/redirect.h"

namespace sluice::net {

struct Transfer {
  const HttpRequest& request;  // outlives the transfer
  Hop hop;
  ProxyChoice proxy;
  CaBundle authorities;  // empty where no TLS is to come
  std::chrono::milliseconds left{0};
};

struct Finished {
  std::size_t id;
  TryResult outcome;
};

struct Progress {
  std::uint64_t bytes_moved = 0;
  bool server_is_thinking = false;  // everything is sent and nothing has come back yet
};

class Session {
 public:
  explicit Session(const ClientOptions& options);  // outlives the session
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start(std::size_t id, Transfer transfer);
  void stop(std::size_t id);  // its connection is closed
  Progress progress(std::size_t id) const;
  // Carries on for at most this long; returns early with whatever has finished.
  std::vector<Finished> carry_on(std::chrono::milliseconds longest);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::net
