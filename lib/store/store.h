// SPDX-License-Identifier: Apache-2.0
// Where decisions and what became of them are kept. One interface; SQLite now (store/sqlite.h).
//
// The store takes records as text with a few columns to search by; what a record says is the
// gate's business (gate/record.h). Contract, held by tests/store/contract.h for every
// implementation:
//   - append() answers only when the record survives a crash of the program and of the machine;
//   - a record is never changed or removed, and an id is used once;
//   - several programs may use one store at a time; a writer waits for another, with a bound.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace sluice::store {

// Somebody went on without waiting for a decision, or against it: who, and why in their words. The
// decision stays what it is.
struct Skip {
  Time at{};
  std::string who;
  std::string reason;
};

struct Row {
  std::string id;
  Time at{};
  std::string environment;
  std::string verdict;
  std::string subject;        // what the decision is about, for people; may be empty
  std::string summary;        // one line
  std::string policy_digest;  // sha256:…
  // The last one that add_skip() put to it; append() does not look at it.
  std::optional<Skip> skipped = {};
};

struct StoredDecision {
  Row row;
  std::string record;  // as it was appended, byte for byte
};

struct Filter {
  std::optional<std::string> environment = {};
  std::optional<std::string> verdict = {};
  std::optional<std::string> subject = {};  // exactly this one
  std::optional<Time> since = {};           // at or after
  std::optional<Time> until = {};           // before
  std::size_t limit = 20;
};

// What became of a rollout: fed back to the models later.
enum class OutcomeKind : std::uint8_t { ok, rolled_back, incident };
std::string_view name(OutcomeKind kind);  // "ok", "rolled-back", "incident"
std::optional<OutcomeKind> outcome_named(std::string_view word);

struct Outcome {
  OutcomeKind kind = OutcomeKind::ok;
  Time at{};
  std::string note;
};

class DecisionStore {
 public:
  virtual ~DecisionStore() = default;

  // Errc::denied where the id is taken.
  [[nodiscard]] virtual Result<void> append(const Row& row, std::string_view record) = 0;
  // Newest first.
  [[nodiscard]] virtual Result<std::vector<Row>> list(const Filter& filter) = 0;
  // By the whole id or by its beginning, where that means one decision: otherwise Errc::not_found
  // or Errc::malformed.
  [[nodiscard]] virtual Result<StoredDecision> get(std::string_view id) = 0;
  // Of a decision that is there; several may follow each other, and the last one counts.
  [[nodiscard]] virtual Result<void> add_outcome(std::string_view id, const Outcome& outcome) = 0;
  [[nodiscard]] virtual Result<std::vector<Outcome>> outcomes(std::string_view id) = 0;  // in order
  // To a decision that is there; never changed or removed either.
  [[nodiscard]] virtual Result<void> add_skip(std::string_view id, const Skip& skip) = 0;
};

}  // namespace sluice::store
