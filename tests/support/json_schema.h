// SPDX-License-Identifier: Apache-2.0
// Holds a document against one of docs/schema: the keywords that those use, and no others.
#pragma once

#include <string>

#include "json/value.h"

namespace sluice::test {

json::Value published_schema(const std::string& name);  // "verification.v1"

// The path of the first misfit; empty where there is none.
std::string misfit(const json::Value& schema, const json::Value& value, const std::string& path);

}  // namespace sluice::test
