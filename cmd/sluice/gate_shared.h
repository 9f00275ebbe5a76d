// SPDX-License-Identifier: Apache-2.0
// What the commands about decisions have in common.
#pragma once

#include <memory>
#include <vector>

#include "gate/record.h"
#include "invocation.h"
#include "store/sqlite.h"

namespace sluice::cli {

// --store, or the file in the user's state folder, which is made where it is not there.
[[nodiscard]] Result<std::unique_ptr<store::DecisionStore>> open_store(const Invocation& in,
                                                                       store::Access access);
Option store_option();

// --output text|json|markdown|html
Option form_option();
struct Explanation {
  const gate::Record& record;
  std::vector<store::Outcome> outcomes = {};
  std::string signed_file = {};
  std::optional<store::Skip> skipped = {};
};
[[nodiscard]] Result<void> print_explanation(Invocation& in, const Explanation& explanation);

Command simulate_command();
std::vector<Command> journal_commands();  // history, explain, replay, outcome

}  // namespace sluice::cli
