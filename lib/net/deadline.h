// SPDX-License-Identifier: Apache-2.0
// An Http that is over at one point in time, whatever is asked of it and however often.
#pragma once

#include <memory>

#include "base/http.h"
#include "base/time.h"

namespace sluice::net {

// Cuts the budget of each request to what is left, and sends nothing when nothing is left: that is
// Errc::timeout. What is asked all at once goes in parts that need no waiting for a connection,
// since the time of a request begins with its turn. The other two have to outlive the result.
std::unique_ptr<Http> until(Http& http, const Clock& clock,
                            std::chrono::steady_clock::time_point deadline);

}  // namespace sluice::net
