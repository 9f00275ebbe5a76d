// SPDX-License-Identifier: Apache-2.0
// The Carbon Intensity API of Great Britain: no token, half hours, two days ahead.
#pragma once

#include <memory>
#include <string>

#include "base/http.h"
#include "carbon/intensity.h"

namespace sluice::carbon {

struct UkOptions {
  std::string url = "https://api.carbonintensity.org.uk";  // without a slash at the end
  std::chrono::milliseconds timeout{30'000};
};

// Averages over combustion alone, so lower than what life-cycle sources say of the same hour.
// Zones: "GB"; "GB-12", one of its regions 1 to 17; "GB-RG10", the first half of a postcode.
// Regions have forecasts only, so their readings are estimated.
std::unique_ptr<Provider> uk_carbon_intensity(Http& http, UkOptions options);

}  // namespace sluice::carbon
