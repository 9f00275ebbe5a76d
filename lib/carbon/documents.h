// SPDX-License-Identifier: Apache-2.0
// Readings, windows and forecasts as JSON: docs/schema/carbon-reading.v1.json,
// carbon-window.v1.json. The reading and the forecast can be read back (the cache keeps them).
#pragma once

#include "carbon/intensity.h"
#include "carbon/window.h"
#include "json/value.h"

namespace sluice::carbon {

json::Value as_json(const Reading& reading);
[[nodiscard]] Result<Reading> reading_from(const json::Value& value);

json::Value as_json(const Forecast& forecast);
[[nodiscard]] Result<Forecast> forecast_from(const json::Value& value);

// The answer to "when": what was found, in which forecast, and what to do about it.
json::Value as_json(const Window& window, const Advice& advice, const Forecast& forecast,
                    const Job& job);

}  // namespace sluice::carbon
