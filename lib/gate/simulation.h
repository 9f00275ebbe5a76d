// SPDX-License-Identifier: Apache-2.0
// What a policy would have said of changes that were made already, as a page for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/decide.h"

namespace sluice::gate {

// All texts are foreign: they are made safe where they are shown.
struct SimulatedChange {
  std::string commit = {};  // short
  std::string subject = {};
  std::optional<Time> at = {};
  Verdict verdict = Verdict::undecided;
  std::string rule = {};                // the code of the first reason
  std::string text = {};                // of the evidence
  std::vector<std::string> paths = {};  // those that counted most
};

struct Simulation {
  std::string policy;  // its name
  std::string policy_digest;
  std::string environment;
  std::vector<SimulatedChange> changes;  // newest first
};

// One file, no scripts, nothing loaded from anywhere: a chart of the verdicts over the changes with
// the same numbers as a table, what each rule did, and the changes themselves, those that were held
// back first. Light and dark, for wide and narrow screens.
std::string as_html(const Simulation& simulation);

}  // namespace sluice::gate
