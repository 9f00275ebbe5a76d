// SPDX-License-Identifier: Apache-2.0
// What signing in by browser and by device have in common.
#pragma once

#include <string>
#include <string_view>

#include "base/http.h"
#include "base/random.h"
#include "json/value.h"
#include "oidc/token.h"

namespace sluice::oidc {

// A public client in the sense of RFC 6749 2.1: it has no secret, PKCE stands in for it. An issuer
// that wants a secret of its clients is not supported.
struct Client {
  std::string issuer = {};
  std::string id = "sigstore";
  std::string scope = "openid email";
};

// Proof Key for Code Exchange (RFC 7636), method S256.
struct Pkce {
  std::string verifier;
  std::string challenge;
};
Pkce make_pkce(Random& random);

std::string random_text(Random& random);  // 256 bits as base64url

// The identity token in what a token endpoint answered. Errc::denied where it is of another issuer
// than the one asked, or where its nonce is not this one (compared in constant time; empty: none
// was asked for).
[[nodiscard]] Result<Token> token_in(const json::Value& answer, std::string_view issuer,
                                     std::string_view nonce);

}  // namespace sluice::oidc
