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

// First the answer, then why, then what to do.
std::string as_text(const Report& report, const TextOptions& options);

// docs/schema/verification.v1.json
json::Value as_json(const Report& report);

// An error: one line and, where there is one, the advice. docs/schema/error.v1.json
std::string as_text(const Error& error);
json::Value as_json(const Error& error, std::string_view subject);

}  // namespace sluice::report
