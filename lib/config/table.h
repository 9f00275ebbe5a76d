// SPDX-License-Identifier: Apache-2.0
// The table for the files of this room.
#pragma once

#include "config/settings.h"

namespace sluice::config {

const Row* find_row(std::string_view name);  // nullptr: no such setting

// Why the text is no value of this setting; nothing where it is one.
std::optional<std::string> objection(const Row& row, std::string_view text);

}  // namespace sluice::config
