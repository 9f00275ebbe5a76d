// SPDX-License-Identifier: Apache-2.0
#include "net/retry.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "base/text.h"

namespace sluice::net {

using std::chrono::milliseconds;

bool may_repeat(const HttpRequest& request) {
  constexpr std::array<std::string_view, 5> kIdempotent = {"GET", "HEAD", "PUT", "DELETE",
                                                           "OPTIONS"};
  return request.repeatable.value_or(std::ranges::find(kIdempotent, request.method) !=
                                     kIdempotent.end());
}

bool worth_repeating(int status) {
  constexpr std::array kStatuses = {408, 425, 429, 500, 502, 503, 504};
  return std::ranges::find(kStatuses, status) != kStatuses.end();
}

milliseconds back_off(int tries_made, Random& random) {
  constexpr std::uint32_t kFirst = 500;
  constexpr std::uint32_t kLongest = 10'000;
  const auto doublings = static_cast<unsigned>(std::clamp(tries_made - 1, 0, 10));
  const std::uint32_t ceiling = std::min(kFirst << doublings, kLongest);
  return milliseconds(random.below(ceiling + 1));
}

std::optional<milliseconds> retry_after(std::string_view value, Time now) {
  value = trim(value);
  if (value.empty()) return std::nullopt;
  if (std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) {
    // Longer than any budget is all that matters about a very large number.
    std::int64_t seconds = 0;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    const bool huge = code != std::errc() || seconds > 1'000'000;
    return std::chrono::seconds(huge ? 1'000'000 : seconds);
  }
  const time_t date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date < 0) return std::nullopt;
  const auto wait = Time(std::chrono::seconds(date)) - now;
  return std::max<milliseconds>(wait, milliseconds(0));
}

}  // namespace sluice::net
