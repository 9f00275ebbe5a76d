// SPDX-License-Identifier: Apache-2.0
// A first layout, to be edited: from a template, or from the jobs of a pipeline file.
//
// What is drafted passes `layout check`: each list ends with DISALLOW *, each MATCH names a step
// that is there. Where a job says of what it makes nothing that a rule could be made of, its rules
// allow what is new, changed and unchanged, and nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "intoto/layout.h"
#include "json/value.h"

namespace sluice::intoto {

struct DraftStep {
  std::string name;
  std::vector<std::string> needs = {};      // the steps whose products it works on
  std::vector<std::string> artifacts = {};  // what it hands on, as patterns; none: not known
  std::vector<std::vector<std::string>> materials = {};  // rules; empty: made from the above
  std::vector<std::vector<std::string>> products = {};
  std::vector<std::string> command = {};
};

struct DraftFunctionary {
  std::string step;  // empty: of every step that has none of its own
  json::Value key;   // as a layout lists it, with its keyid
};

// clone, security-scan, build, sign, deploy: docs/in-toto-layouts.md
std::vector<DraftStep> chain_template();

// The jobs of a workflow of GitHub Actions, or of a pipeline of GitLab CI: which of both it is
// shows in the file. Errc::malformed, with line and column, for what is neither.
[[nodiscard]] Result<std::vector<DraftStep>> pipeline_steps(std::string_view text,
                                                            std::string_view file);

// JSON text of the layout. Errc::usage where a step has no functionary, or a functionary no step.
[[nodiscard]] Result<json::Value> draft_layout(const std::vector<DraftStep>& steps,
                                               const std::vector<DraftFunctionary>& functionaries,
                                               Time expires);

}  // namespace sluice::intoto
