// SPDX-License-Identifier: Apache-2.0
// The gate, asked over the network (docs/openapi/gate.v1.yaml): the caller brings the risk of a
// change, the gate gathers everything else itself, decides, stores and signs.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/world.h"
#include "crypto/private_key.h"
#include "gate/record.h"
#include "gateway/callers.h"
#include "store/store.h"

namespace sluice::gateway {

inline constexpr std::size_t kMaxQuestion = 1U << 20;

// sluice.gate-check/v1
struct Question {
  std::string environment;
  std::vector<gate::Subject> subjects = {};
  std::string resource = {};
  std::string change = {};
  std::optional<gate::Signal> risk = {};
};

// Strict. The risk is a report (sluice.risk/v1) or a signal (sluice.signal/v1) of risk; any other
// evidence is refused, for the gate gathers that itself.
[[nodiscard]] Result<Question> parse_question(std::string_view body, Time now);

struct Reply {
  int status = 200;
  std::string body;
  std::string caller = {};   // for the log; empty: nobody that is known
  std::string verdict = {};  // empty: nothing was decided
  std::string id = {};
  std::string trouble = {};  // for the log: may name files of this machine
};

struct Service {
  World world;
  std::string program;                              // "sluice 0.1.0"
  std::function<policy::Policy()> policy;           // as it is now
  std::function<std::optional<Callers>()> callers;  // as they are now
  std::function<std::vector<gate::Signal>(const policy::Environment&, Time)> gather;
  store::DecisionStore& store;
  std::mutex& storing;                     // one decision is stored at a time
  const crypto::Signer* signer = nullptr;  // none: decisions are not signed
  std::optional<Path> publish = {};        // where signed decisions are put

  // A signed decision is always a stored one. Where it could not be put into the folder, it is
  // answered all the same.
  Reply answer(std::string_view body, const Credentials& shown) const;
};

}  // namespace sluice::gateway
