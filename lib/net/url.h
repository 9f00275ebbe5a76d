// SPDX-License-Identifier: Apache-2.0
// A URL taken apart once, at the border. Only http and https, and never with a user or a password.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::net {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 address keeps its brackets
  std::uint16_t port = 0;
  std::string path;   // starts with a slash; dot segments are resolved
  std::string query;  // without the question mark; empty: none

  std::string text() const;       // whole, for sending
  std::string shown() const;      // for messages: safe on a terminal, without the query
  std::string authority() const;  // host, and the port where it is not the scheme's own
  bool secure() const { return scheme == "https"; }
  bool operator==(const Url&) const = default;
};

// A fragment is dropped. Refuses other schemes (Errc::unsupported), credentials (Errc::denied), and
// everything that is not printable ASCII, so that a name means the same to every build of libcurl.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

// What a Location header means at this base (RFC 3986 5). Blanks and bytes above ASCII in its path
// are encoded, since servers send them; otherwise as strict as parse_url.
[[nodiscard]] Result<Url> resolve_url(const Url& base, std::string_view reference);

// Same scheme, host and port: who gets to see a credential for the other (RFC 6454 5).
bool same_origin(const Url& a, const Url& b);

}  // namespace sluice::net
