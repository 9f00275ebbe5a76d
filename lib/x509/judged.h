// SPDX-License-Identifier: Apache-2.0
// What a verification of this room answers: the thing, proven; or the failed row for a report, with
// what was expected, what was found, and which certificate it is about.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/verdict.h"

namespace sluice::x509 {

template <class T>
using Judged = std::expected<T, Check>;

inline Check refusal(std::string id, std::string title, std::string detail) {
  return Check{.id = std::move(id),
               .title = std::move(title),
               .outcome = Outcome::fail,
               .detail = std::move(detail)};
}

}  // namespace sluice::x509
