// SPDX-License-Identifier: Apache-2.0
#include "net/redirect.h"

#include "base/text.h"

namespace sluice::net {

namespace {

std::unexpected<Error> refused_redirect(const Hop& from, std::string_view why) {
  return fail(Errc::denied, cat("a redirect of ", from.url.shown(), " is refused: ", why));
}

void change_method(Hop& hop, int status) {
  const bool to_get = status == 303 ? hop.method != "HEAD" : status < 303 && hop.method == "POST";
  if (!to_get) return;
  hop.method = "GET";
  hop.body = false;
}

}  // namespace

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<Hop> follow_redirect(const Hop& from, int status, std::string_view location) {
  auto target = resolve_url(from.url, location);
  if (!target) return refused_redirect(from, target.error().what);
  Hop next = from;
  next.url = *std::move(target);
  change_method(next, status);
  if (from.url.secure() && !next.url.secure()) {
    return refused_redirect(from, cat("it leads from https to ", next.url.shown()));
  }
  if (same_origin(from.url, next.url)) return next;
  next.credentials = false;
  if (next.body || (next.method != "GET" && next.method != "HEAD")) {
    return refused_redirect(
        from, cat("it would carry the ", printable(next.method, 20), " to ", next.url.shown()));
  }
  return next;
}

}  // namespace sluice::net
