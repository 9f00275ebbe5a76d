// SPDX-License-Identifier: Apache-2.0
// Rows of a report about one metadata file: ids such as "tuf.timestamp.rollback", and refusals that
// name the attack, the file and the clause of the specification.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/verdict.h"

namespace sluice::tuf {

class Checks {
 public:
  // `kind` is the middle of the ids: root, timestamp, snapshot, targets, delegated, target.
  Checks(Report& report, std::string kind, std::string file)
      : report_(report), kind_(std::move(kind)), file_(std::move(file)) {}

  void pass(std::string_view what, std::string detail);
  // "rollback attack: timestamp.json has version 6, … (TUF 5.4.3.1)"; a clause of a TAP stands for
  // itself.
  Check& refuse(std::string_view what, std::string_view attack, std::string_view clause,
                std::string_view detail);
  const std::string& file() const { return file_; }

 private:
  std::string id(std::string_view what) const;
  std::string title(std::string_view what) const;

  Report& report_;
  std::string kind_;
  std::string file_;
};

// Adds the rows of one report to another one.
void append(Report& to, const Report& from);

// What the attacks are called in TUF 1.5.2.
inline constexpr std::string_view kArbitrarySoftware = "arbitrary software attack";
inline constexpr std::string_view kRollback = "rollback attack";
inline constexpr std::string_view kFreeze = "freeze attack";
inline constexpr std::string_view kMixAndMatch = "mix-and-match attack";
inline constexpr std::string_view kEndlessData = "endless data attack";
inline constexpr std::string_view kSlowRetrieval = "slow retrieval attack";

// The attack that a request which failed looks like; nothing where it is an error like any other.
struct TransferAttack {
  std::string_view check;  // "endless-data", "slow-retrieval"
  std::string_view name;
  std::string_view clause;
};
std::optional<TransferAttack> attack_in(const Error& error, std::string_view clause_of_size);

}  // namespace sluice::tuf
