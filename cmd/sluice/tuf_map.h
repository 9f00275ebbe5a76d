// SPDX-License-Identifier: Apache-2.0
// sluice tuf client download --map: targets on which several repositories agree (TAP 4).
#pragma once

#include "invocation.h"

namespace sluice::cli {

// Each repository has its cache in a folder of its own below --cache; below each of its URLs are
// metadata/ and targets/, or the metadata itself and targets/.
[[nodiscard]] Result<int> download_by_map(Invocation& in);

}  // namespace sluice::cli
