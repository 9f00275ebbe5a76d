// SPDX-License-Identifier: Apache-2.0
// Which proxy a request goes through.
#pragma once

#include <optional>
#include <string>

#include "base/environment.h"
#include "net/url.h"

namespace sluice::net {

struct ProxyChoice {
  std::string proxy;     // as libcurl takes it, may hold a password; empty: none
  std::string no_proxy;  // hosts, domains, addresses and networks that are reached directly

  std::string shown() const;  // scheme, host and port of the proxy
};

// What the caller set comes first (an empty text: no proxy at all), then https_proxy or http_proxy
// for that scheme, then all_proxy; lower case before upper case. HTTP_PROXY in upper case is not
// read where REQUEST_METHOD is set: there a client's "Proxy:" header could have put it.
// NO_PROXY applies to all of them; libcurl matches it.
ProxyChoice choose_proxy(const Url& target, const std::optional<std::string>& own,
                         const Environment& environment);

}  // namespace sluice::net
