// SPDX-License-Identifier: Apache-2.0
// Where an issuer wants to be asked (OpenID Connect Discovery 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "net/url.h"

namespace sluice::oidc {

struct Endpoints {
  std::string issuer;  // exactly as it was asked for
  std::optional<net::Url> authorization;
  std::optional<net::Url> token;
  std::optional<net::Url> device;                   // RFC 8628
  std::vector<std::string> challenge_methods = {};  // of PKCE; empty: it does not say
};

// ISSUER/.well-known/openid-configuration. Refuses (Errc::denied) a document whose issuer is not
// this one to the letter (Discovery 4.3), and endpoints that are neither https nor on this machine.
[[nodiscard]] Result<Endpoints> discover(Http& http, std::string_view issuer);

// May PKCE be relied upon (RFC 7636)? Errc::unsupported where the issuer lists its methods without
// S256: without it a code can be used by whoever sees it.
[[nodiscard]] Result<void> require_pkce(const Endpoints& endpoints);

}  // namespace sluice::oidc
