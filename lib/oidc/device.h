// SPDX-License-Identifier: Apache-2.0
// Signing in from a machine without a browser: the device authorization grant (RFC 8628). A person
// types a code on another device, while this one asks again and again whether that was done.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/world.h"
#include "oidc/sign_in.h"

namespace sluice::oidc {

// For people; both texts are safe to show.
struct DevicePrompt {
  std::string url;       // https, or on this machine
  std::string code;      // to be typed there
  std::string full_url;  // with the code in it; empty: the issuer gave none
  std::chrono::seconds good_for{0};
};

struct DeviceSignIn {
  Client client;
  std::function<void(const DevicePrompt&)> show = {};
  std::chrono::milliseconds within = std::chrono::minutes(10);  // or the issuer's own, if shorter
};

// Asks as often as the issuer allows: every 5 s unless it says otherwise, 5 s more each time that
// it says slow_down (3.5), twice as long after a network error, a 429 or a
// 5xx. Errc::denied: the person refused;
// Errc::timeout: the code expired, or time is up. All waiting goes through the world's clock.
// PKCE goes along: some issuers (Dex) want it here too, others ignore it as they must.
[[nodiscard]] Result<Token> sign_in_with_device(const World& world, Http& http,
                                                const DeviceSignIn& wish);

}  // namespace sluice::oidc
