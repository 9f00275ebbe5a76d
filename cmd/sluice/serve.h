// SPDX-License-Identifier: Apache-2.0
// sluice serve, in parts: what it lives by, what it answers, what it tells.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admission/webhook.h"
#include "gateway/check.h"
#include "invocation.h"
#include "server/metrics.h"
#include "server/server.h"
#include "server/watched.h"
#include "sources/sources.h"

namespace sluice::cli {

[[nodiscard]] Result<int> run_serve(Invocation& in);

// Something that is replaced as a whole while others read it.
template <class T>
class Current {
 public:
  std::shared_ptr<const T> get() const {
    const std::lock_guard hold(mutex_);
    return value_;
  }
  void set(T value) {
    auto next = std::make_shared<const T>(std::move(value));  // shared with those who still read it
    const std::lock_guard hold(mutex_);
    value_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

// What /v1/gate/check needs besides.
struct ServedGate {
  Current<gateway::Callers> callers;
  sources::Access access;
  std::unique_ptr<store::DecisionStore> decisions;
  std::mutex storing;
  std::optional<crypto::PrivateKey> signer;
};

// All that a running server needs, in one place: its threads look at it until they end.
struct Serving {
  Serving(Invocation& from, Log teller) : in(from), log(std::move(teller)) {}

  Invocation& in;
  Log log;  // tells of decisions, unless the settings say otherwise
  admission::Rules rules;
  Current<admission::Trust> trust;
  std::unique_ptr<admission::EvidenceFolder> evidence;
  server::Metrics metrics;
  std::unique_ptr<ServedGate> gate;  // none: nobody may ask
  std::vector<server::Watched> watched;
  std::unique_ptr<server::Server> server;  // last: it ends first
};

// serve_files.cc: what is read again when it changes. Each is read once here.
[[nodiscard]] Result<void> watch_trust(Serving& serving);
[[nodiscard]] Result<server::TlsFiles> read_tls(const Invocation& in, std::string* print);
void look_at_files(Serving& serving);  // once a second, and on SIGHUP

// serve_gate.cc: nothing where --callers is not given.
std::vector<Option> served_gate_options();
[[nodiscard]] Result<void> open_gate(Serving& serving);
server::Route gate_route(Serving& serving);

// serve_routes.cc
void describe_metrics(server::Metrics& metrics);
std::vector<server::Route> routes_of(Serving& serving);

}  // namespace sluice::cli
