// SPDX-License-Identifier: Apache-2.0
// The text of plain scalars as values. For the files of this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "yaml/node.h"

namespace sluice::yaml {

std::string located(std::string_view file, std::size_t line, std::size_t column,
                    std::string_view what);

// "null", "a boolean", "the string \"x\"", "a mapping": what stands there, for messages.
std::string described(const Node& node);

// 0644 is 644 in YAML 1.2 and 420 in YAML 1.1: no reader of ours takes it for an integer.
bool is_ambiguous(std::string_view integer);

std::optional<bool> boolean_of(const Node& scalar);
std::optional<std::int64_t> integer_of(const Node& scalar);
std::optional<double> number_of(const Node& scalar);  // finite

}  // namespace sluice::yaml
