// SPDX-License-Identifier: Apache-2.0
// What is wrong with a layout that can be read: before it is signed, and without any link.
//
// Ids:
//   expired, expires-soon
//   open-end          the rules of a list do not end with DISALLOW *: what no rule names is allowed
//   unknown-step      MATCH ... FROM a step that is not there
//   later-step        MATCH ... FROM a step that comes later
//   dead-rule         it can never take or find anything
//   late-require      REQUIRE behind a rule that takes the file out first
//   unused-functionary
//   runs-command      an inspection with a command: it needs the verifier's permission
#pragma once

#include <string>
#include <vector>

#include "intoto/layout.h"

namespace sluice::intoto {

enum class LintLevel : std::uint8_t { error, warning, note };
std::string_view name(LintLevel level);

struct LintFinding {
  std::string id;
  LintLevel level;
  std::string where;  // "step build, products, rule 2 of 3"; "layout"
  std::string what;
  std::string advice = {};
};

std::vector<LintFinding> lint_layout(const Layout& layout, Time now);

}  // namespace sluice::intoto
