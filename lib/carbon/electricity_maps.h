// SPDX-License-Identifier: Apache-2.0
// Electricity Maps, version 3 of its interface: most of the world, with a token.
#pragma once

#include <memory>
#include <string>

#include "base/http.h"
#include "carbon/intensity.h"

namespace sluice::carbon {

struct ElectricityMapsOptions {
  std::string url = "https://api.electricitymaps.com";  // without a slash at the end
  std::shared_ptr<const SecretBytes> token = {};        // shared with the requests that carry it
  std::chrono::milliseconds timeout{30'000};
};

// Averages over the life cycle. The token goes to that host alone. The service would answer for the
// place of whoever asks where it does not know the zone: it is told not to, and an answer about
// another zone than the one that was asked for is refused.
std::unique_ptr<Provider> electricity_maps(Http& http, ElectricityMapsOptions options);

}  // namespace sluice::carbon
