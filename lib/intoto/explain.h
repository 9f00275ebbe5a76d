// SPDX-License-Identifier: Apache-2.0
// The artifact queues, rule by rule, for people and for tools.
#pragma once

#include <string>
#include <string_view>

#include "intoto/verify.h"
#include "json/value.h"

namespace sluice::intoto {

// Of all steps, or of one.
std::string queues_text(const Explanation& explanation, std::string_view step, bool colour);
// docs/schema/layout-explanation.v1.json
json::Value queues_json(const Explanation& explanation, std::string_view step);

}  // namespace sluice::intoto
