// SPDX-License-Identifier: Apache-2.0
// Signing in with a browser: the authorization code flow (OpenID Connect Core 3.1) with PKCE
// (RFC 7636), a state and a nonce.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "base/world.h"
#include "oidc/callback.h"
#include "oidc/sign_in.h"

namespace sluice::oidc {

struct BrowserSignIn {
  Client client;
  // Is a person there to sign in? The caller knows (a terminal on standard error, for one). Without
  // one nothing is opened and nothing is waited for: Errc::denied.
  bool person = false;
  bool open_browser = true;                             // false: the address is only shown
  std::function<void(std::string_view url)> show = {};  // to be copied into a browser, always
  std::chrono::milliseconds within = std::chrono::minutes(5);
};

// Asks the issuer where it wants to be asked, sends the browser there and exchanges the code that
// it brings back. What comes back is believed only with the state of this sign-in, compared in
// constant time; the browser of another one is told so and waiting goes on. An issuer that names
// itself (RFC 9207) must be the one asked. What the issuer refuses is Errc::denied in its words.
//
// A browser is opened (xdg-open) where a screen is (DISPLAY, WAYLAND_DISPLAY); that it cannot be is
// no error, since the address is shown. It stands in that program's arguments, where others on this
// machine may read it: it holds the state and the hash of the verifier, never the verifier.
[[nodiscard]] Result<Token> sign_in_with_browser(const World& world, Http& http, Callback& callback,
                                                 const BrowserSignIn& wish);

}  // namespace sluice::oidc
