// SPDX-License-Identifier: Apache-2.0
#include "admission/webhook.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "json/value.h"

namespace sluice::admission {

namespace {

constexpr std::chrono::milliseconds kDefaultTimeout{10'000};
constexpr std::chrono::milliseconds kLongestTimeout{30'000};
constexpr std::chrono::milliseconds kBefore{200};
constexpr std::chrono::milliseconds kLongestLook{500};

std::chrono::milliseconds unit_of(std::string_view& rest) {
  if (rest.starts_with("ms")) return rest.remove_prefix(2), std::chrono::milliseconds(1);
  if (rest.starts_with("s")) return rest.remove_prefix(1), std::chrono::seconds(1);
  if (rest.starts_with("m")) return rest.remove_prefix(1), std::chrono::minutes(1);
  return std::chrono::milliseconds(0);
}

WebhookAnswer no_review(const Error& error) {
  json::Value body;
  body.set("error", printable(error.text(), 1000));
  return {400, json::write(body) + "\n"};
}

}  // namespace

std::chrono::milliseconds caller_timeout(std::string_view text) {
  std::chrono::milliseconds total{0};
  while (!text.empty()) {
    std::uint32_t number = 0;
    const auto [at, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(at - text.data()));
    const auto unit = unit_of(text);
    if (status != std::errc{} || unit.count() == 0 || number > 1'000'000) return kDefaultTimeout;
    total += number * unit;
  }
  return total.count() == 0 ? kDefaultTimeout : std::min(total, kLongestTimeout);
}

WebhookAnswer Webhook::answer(std::string_view body, std::string_view timeout,
                              std::chrono::steady_clock::time_point received) const {
  const auto until = received + std::max(caller_timeout(timeout) - kBefore, kBefore);
  const auto review = parse_review(body);
  if (!review) return no_review(review.error());
  const Moment moment{clock.now(), [&] { return clock.ticks() >= until; }};
  const auto trusted = trust();
  const auto known = evidence.now();
  auto admission = admit(*review, rules, *trusted, *known, moment);
  // It may have been put there a moment ago.
  if (!admission.allowed && admission.reason >= Reason::no_evidence) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock.ticks());
    const auto newer = evidence.look_again(std::min(left, kLongestLook));
    if (newer != known) admission = admit(*review, rules, *trusted, *newer, moment);
  }
  WebhookAnswer out{200, answer_of(*review, admission)};
  if (tell) {
    tell({*review, admission,
          std::chrono::duration_cast<std::chrono::microseconds>(clock.ticks() - received)});
  }
  return out;
}

}  // namespace sluice::admission
