// SPDX-License-Identifier: Apache-2.0
// sluice serve, in parts.
#pragma once

#include "invocation.h"

namespace sluice::cli {

[[nodiscard]] Result<int> run_serve(Invocation& in);

}  // namespace sluice::cli
