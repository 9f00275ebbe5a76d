// SPDX-License-Identifier: Apache-2.0
#include "oidc/discovery.h"

#include <algorithm>

#include "base/text.h"
#include "json/value.h"
#include "oidc/wire.h"

namespace sluice::oidc {

namespace {

constexpr std::size_t kMaxMethods = 16;
constexpr std::string_view kWellKnown = "/.well-known/openid-configuration";

Result<std::optional<net::Url>> endpoint_in(const json::Fields& document, std::string_view name) {
  if (!document.has(name)) return std::nullopt;
  SLUICE_TRY(const auto text, document.string(name));
  SLUICE_TRY(auto url, secure_url(text, cat("the issuer's ", name)));
  return url;
}

Result<Endpoints> read_document(const json::Value& value, std::string_view asked) {
  const json::Fields document(value, "configuration");
  Endpoints endpoints;
  SLUICE_TRY(endpoints.issuer, document.string("issuer"));
  if (endpoints.issuer != asked) {
    return fail(Errc::denied,
                cat("the document is of another issuer: expected ", printable(asked, 200),
                    ", found ", printable(endpoints.issuer, 200)));
  }
  SLUICE_TRY(endpoints.authorization, endpoint_in(document, "authorization_endpoint"));
  SLUICE_TRY(endpoints.token, endpoint_in(document, "token_endpoint"));
  SLUICE_TRY(endpoints.device, endpoint_in(document, "device_authorization_endpoint"));
  if (document.has("code_challenge_methods_supported")) {
    SLUICE_TRY(const auto methods, document.array("code_challenge_methods_supported", kMaxMethods));
    for (const auto& each : methods) {
      SLUICE_TRY(auto method, each.as_string());
      endpoints.challenge_methods.push_back(std::move(method));
    }
  }
  return endpoints;
}

}  // namespace

Result<Endpoints> discover(Http& http, std::string_view issuer) {
  const std::string doing = cat("asking ", printable(issuer, 200), " for its configuration");
  SLUICE_CHECK(within(secure_url(issuer, "the issuer"), doing));
  if (issuer.find_first_of("?#") != std::string_view::npos) {
    return fail(Error{Errc::denied, "the issuer is a URL with a query or a fragment"}.in(doing));
  }
  std::string_view base = issuer;
  if (base.ends_with('/')) base.remove_suffix(1);
  HttpRequest request{.url = cat(base, kWellKnown), .headers = {{"accept", "application/json"}}};
  request.budget.max_body = kMaxAnswer;
  SLUICE_TRY(const auto answer, within(http.send(request), doing));
  SLUICE_TRY(const auto document, within(read_answer(answer, "the issuer"), doing));
  return within(read_document(document, issuer), doing);
}

Result<void> require_pkce(const Endpoints& endpoints) {
  const auto& methods = endpoints.challenge_methods;
  if (methods.empty() || std::ranges::find(methods, "S256") != methods.end()) return {};
  return fail(Errc::unsupported,
              cat(printable(endpoints.issuer, 200), " does not support PKCE with S256"));
}

}  // namespace sluice::oidc
