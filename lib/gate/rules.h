// SPDX-License-Identifier: Apache-2.0
// What each known signal leads to. For gate/decide.cc: freshness and doubt are dealt with there.
#pragma once

#include "gate/decide.h"

namespace sluice::gate {

Finding judge_risk(policy::Level level, const Signal& signal, const policy::RiskRule& rule,
                   Time now);
Finding judge_health(Health health, const Signal& signal, const policy::HealthRule& rule, Time now);
// Waits only where the best window is near enough and saves both the percentage and the grams;
// blocks only above a hard limit, which comes before everything else.
Finding judge_carbon(const Carbon& carbon, const policy::CarbonRule& rule, Time now);

// What a finding of effect "condition" asks for.
std::string condition_text(const Finding& finding);

}  // namespace sluice::gate
