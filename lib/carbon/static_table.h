// SPDX-License-Identifier: Apache-2.0
// Numbers that the user wrote down, where no service is to be asked.
//
//   kind: sluice.carbon-table/v1
//   signal: average-lifecycle
//   zones:
//     DE: 350                 # all day
//     FR: [41, 40, …]         # 24 numbers, for the hours of the day in UTC
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "carbon/intensity.h"

namespace sluice::carbon {

inline constexpr std::size_t kMaxTableZones = 2'000;

struct StaticTable {
  std::string file;  // for messages, and as the source of what is read
  Signal signal = Signal::average_lifecycle;
  std::map<Zone, std::vector<Intensity>> zones;  // one number, or 24
};

// YAML or JSON; what is wrong is Errc::usage with file, line and column.
[[nodiscard]] Result<StaticTable> parse_static_table(std::string_view text, std::string_view file);

// Its readings are estimated; it looks as far ahead as it is asked to, up to kHorizon.
std::unique_ptr<Provider> static_provider(StaticTable table);

}  // namespace sluice::carbon
