// SPDX-License-Identifier: Apache-2.0
// What a redirect turns a request into, and which redirects are refused.
//
//   301, 302   POST becomes GET without a body, as browsers have always done; others stay as they
//   are 303        everything but HEAD becomes GET without a body 307, 308   method and body stay
//
// A body goes to the origin that it was meant for and to no other: a redirect that would carry it
// elsewhere is refused, and so is every change to something else than GET or HEAD there.
// https never leads to http. Credentials are left behind at the first step to another origin, for
// good: a redirect back does not bring them back.
#pragma once

#include <string>
#include <string_view>

#include "net/url.h"

namespace sluice::net {

// One request to one place, on the way to an answer.
struct Hop {
  Url url;
  std::string method;
  bool body = true;         // the request's body goes along
  bool credentials = true;  // so do its authorization and credential headers
};

bool is_redirect(int status);

// Errc::denied where the rules above forbid it, or the location is none.
[[nodiscard]] Result<Hop> follow_redirect(const Hop& from, int status, std::string_view location);

}  // namespace sluice::net
