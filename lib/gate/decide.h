// SPDX-License-Identifier: Apache-2.0
// The decision: a pure function of a policy, an environment, the evidence and the time.
//
// Each piece of evidence leads to one finding with one effect; the worst effect is the verdict:
//
//   block > undecided > delay > approve with conditions > approve
//
// A known reason to block stays one whatever else is unknown. Something unknown is not outweighed
// by a delay: when the delay is over, it would still be unknown. Where nothing at all is known and
// the policy ignores each signal that is unknown, the verdict is undecided: nothing was approved
// of.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "gate/signal.h"
#include "policy/policy.h"

namespace sluice::gate {

// Stored with each decision: what is decided differently one day gets another name, and this one
// stays able to replay its own.
inline constexpr std::string_view kEvaluator = "sluice.gate/1";

enum class Verdict : std::uint8_t { approve, conditions, delay, undecided, block };
std::string_view name(Verdict verdict);  // "approve-with-conditions"
std::optional<Verdict> verdict_named(std::string_view word);
bool passes(Verdict verdict);  // approve, with or without conditions; nothing else

// Every reason code there is, with what it means.
struct ReasonCode {
  std::string_view code;
  std::string_view meaning;
};
std::span<const ReasonCode> reason_codes();

struct Finding {
  std::string code;    // one of reason_codes()
  std::string signal;  // empty: of the decision as a whole
  policy::Effect effect = policy::Effect::approve;
  std::string value = {};          // "medium", "212 g/kWh", "unknown"
  std::string threshold = {};      // what the policy says: "blocks at high"
  std::string text = {};           // one clause
  std::optional<Time> until = {};  // of a delay
  bool operator==(const Finding&) const = default;
};

struct Condition {
  std::string code;
  std::string signal;
  std::string text;  // what has to be done while this rolls out
  bool operator==(const Condition&) const = default;
};

struct Decision {
  Verdict verdict = Verdict::undecided;
  std::optional<Time> until;        // of a delay: when to ask again
  std::optional<Time> valid_until;  // of an approval
  std::vector<Finding> findings;    // counted signals in the policy's order, then the others
  std::vector<Condition> conditions;
  bool operator==(const Decision&) const = default;

  // The findings that made the verdict: those with its effect.
  std::vector<const Finding*> reasons() const;
};

Decision decide(const policy::Policy& policy, std::string_view environment,
                std::span<const Signal> signals, Time now);

std::string short_number(double value);  // "212", "0.3"

}  // namespace sluice::gate
