// SPDX-License-Identifier: Apache-2.0
// The rules that a path of certificates has to keep, once its signatures are known to be good.
// Inside this room.
#pragma once

#include "x509/chain.h"

namespace sluice::x509 {

// `path`: leaf first, anchor last.
[[nodiscard]] Judged<void> judge_path(std::span<const Certificate> path, const Authority& authority,
                                      std::span<const Time> times, const ChainRules& rules);

}  // namespace sluice::x509
