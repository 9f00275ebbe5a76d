// SPDX-License-Identifier: Apache-2.0
// Exit codes: scripts rely on them. The one table from error codes to them.
#pragma once

#include "base/result.h"

namespace sluice {

inline constexpr int kDone = 0;
inline constexpr int kRefused = 1;
inline constexpr int kUsage = 2;
inline constexpr int kUndecided = 3;
inline constexpr int kInternal = 4;
inline constexpr int kNotNow = 75;

constexpr int exit_code(Errc code) {
  switch (code) {
    case Errc::usage:
      return kUsage;
    case Errc::internal:
      return kInternal;
    case Errc::malformed:
    case Errc::unsupported:
    case Errc::not_found:
    case Errc::io:
    case Errc::network:
    case Errc::denied:
    case Errc::limit:
    case Errc::timeout:
      return kUndecided;
  }
  return kInternal;
}

}  // namespace sluice
