// SPDX-License-Identifier: Apache-2.0
// A verification report as people read it and as tools read it.
#pragma once

#include <string>
#include <string_view>

#include "base/verdict.h"
#include "json/value.h"

namespace sluice::report {

struct TextOptions {
  bool colour = false;
  bool every_check = false;  // list the checks also where all passed
};

// The answer, why, and what to do: SCREENS in docs/architecture.md describes the order.
std::string as_text(const Report& report, const TextOptions& options);

// docs/schema/verification.v1.json
json::Value as_json(const Report& report);

}  // namespace sluice::report
