// SPDX-License-Identifier: Apache-2.0
// What the tests of this room share.
#pragma once

#include <memory>
#include <string>

#include "carbon/electricity_maps.h"
#include "carbon/uk.h"
#include "support/fake_http.h"

namespace sluice::carbon {

// 2030-01-15 09:20:00Z
inline constexpr Time kNow =
    std::chrono::sys_days(std::chrono::year(2030) / 1 / 15) + std::chrono::minutes(560);

inline std::shared_ptr<const SecretBytes> a_token(std::string_view text = "synthetic-em-token") {
  return std::make_shared<const SecretBytes>(SecretBytes::copy_of(text));
}

inline std::string latest_url(std::string_view zone) {
  return "GET http://em/v3/carbon-intensity/latest?zone=" + std::string(zone) +
         "&shouldUseFallbackCallerLookup=false";
}
inline std::string forecast_url(std::string_view zone, std::string_view horizon = "24") {
  return "GET http://em/v3/carbon-intensity/forecast?zone=" + std::string(zone) +
         "&shouldUseFallbackCallerLookup=false&horizonHours=" + std::string(horizon);
}
inline std::string latest_body(std::string_view zone, std::string_view grams,
                               std::string_view at = "2030-01-15T09:00:00.000Z",
                               std::string_view more = "") {
  return R"({"zone":")" + std::string(zone) + R"(","carbonIntensity":)" + std::string(grams) +
         R"(,"datetime":")" + std::string(at) + "\"" + std::string(more) + "}";
}

}  // namespace sluice::carbon
