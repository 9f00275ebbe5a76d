// SPDX-License-Identifier: Apache-2.0
// Words that every form of an explanation uses. For the files of this room.
#pragma once

#include <string>
#include <string_view>

#include "gate/record.h"

namespace sluice::gate {

std::string verdict_word(const Decision& decision);   // "DELAY until 2026-11-20 16:40:00Z"
std::string_view effect_word(policy::Effect effect);  // "ok", "warn", "DELAY"
std::string next_step(const Record& record);          // one line, with a command where one helps

}  // namespace sluice::gate
