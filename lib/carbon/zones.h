// SPDX-License-Identifier: Apache-2.0
// The grid zone that a region of a public cloud lies in, in the words of Electricity Maps.
//
// Written from where the providers say that their regions are, and whose grid that place is on. A
// region is many buildings, and a map like this is never finished: --zone says it better.
#pragma once

#include <span>
#include <string_view>

#include "carbon/intensity.h"

namespace sluice::carbon {

struct CloudRegion {
  std::string_view region;  // "aws:eu-west-1"; sorted
  std::string_view place;   // a city, a state, or whatever the provider tells
  std::string_view zone;
};
std::span<const CloudRegion> cloud_regions();

// "aws:", "gcp:" or "azure:" and the provider's name of the region. An unknown one is
// Errc::not_found, with the name that was probably meant; never another region's zone.
[[nodiscard]] Result<CloudRegion> find_cloud_region(std::string_view text);

}  // namespace sluice::carbon
