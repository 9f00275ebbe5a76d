// SPDX-License-Identifier: Apache-2.0
// Reports and readings as signals of the gate. Pure: nothing is asked here.
#pragma once

#include <string>
#include <string_view>

#include "aiops/health.h"
#include "carbon/intensity.h"
#include "carbon/window.h"
#include "gate/signal.h"

namespace sluice::sources {

// Health with all its signals as details; of an unknown one, why: of several reasons the first of
// unreachable, malformed, stale, no-data.
gate::Signal health_signal(const aiops::HealthReport& report);

// The intensity now. An assumed one is unknown: with the trouble's own reason where a source was
// asked and failed.
gate::Signal carbon_signal(const carbon::Reading& reading, Time now);

// Adds the best window where the forecast has one that can be compared with now; otherwise a detail
// that says why there is none.
void add_window(gate::Signal& signal, const carbon::Answer<carbon::Forecast>& forecast,
                const carbon::Job& job);

// For a source that could not even be asked: the policy's own mistake, or this machine's.
gate::Signal not_asked(std::string_view id, std::string_view source, const Error& error);

}  // namespace sluice::sources
