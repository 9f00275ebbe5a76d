// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "json/value.h"
#include "yaml/node.h"

namespace sluice::yaml {

// The tree as JSON, plain scalars resolved by the core schema. Refuses what JSON cannot say
// (.inf, .nan) and integers that programs read differently (0644).
[[nodiscard]] Result<json::Value> to_json(const Node& node, std::string_view file);

}  // namespace sluice::yaml
