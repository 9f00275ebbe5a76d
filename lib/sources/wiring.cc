// SPDX-License-Identifier: Apache-2.0
#include "sources/wiring.h"

#include "base/text.h"
#include "carbon/electricity_maps.h"
#include "carbon/uk.h"
#include "carbon/zones.h"
#include "net/url.h"

namespace sluice::sources {

namespace {

bool stays_here(const net::Url& url) {
  return url.host == "127.0.0.1" || url.host == "[::1]" || url.host == "localhost";
}

// A base URL, without a slash at its end.
Result<net::Url> base_url(std::string_view text, bool with_secret) {
  auto url = net::parse_url(text);
  if (!url) return fail(Errc::usage, url.error().what);
  if (!url->query.empty()) return fail(Errc::usage, "it has to be a URL without a query");
  if (with_secret && !url->secure() && !stays_here(*url)) {
    return fail(Errc::usage, cat("a credential goes over https, or to this machine, and ",
                                 url->shown(), " is neither"));
  }
  return *std::move(url);
}

std::string without_slash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

}  // namespace

Result<aiops::Endpoint> endpoint(std::string_view url, const Credential& credential,
                                 std::chrono::milliseconds timeout) {
  SLUICE_TRY(const auto base, base_url(url, credential.secret != nullptr));
  aiops::Endpoint out{
      .url = base.text(), .scheme = credential.scheme, .credential = credential.secret};
  out.budget.total = timeout;
  out.budget.tries = 2;
  return out;
}

Result<aiops::Sources> prometheus(std::string_view url, std::string_view alertmanager,
                                  const Credential& credential, std::chrono::milliseconds timeout) {
  aiops::Sources out;
  SLUICE_TRY(out.prometheus, endpoint(url, credential, timeout));
  if (alertmanager.empty()) return out;
  SLUICE_TRY(const auto first, net::parse_url(out.prometheus.url));
  SLUICE_TRY(const auto second, base_url(alertmanager, false));
  const Credential shown = net::same_origin(first, second) ? credential : Credential{};
  SLUICE_TRY(out.alertmanager, endpoint(alertmanager, shown, timeout));
  return out;
}

Result<std::unique_ptr<carbon::Provider>> carbon_service(Http& http, const CarbonService& service) {
  const bool uk = service.provider == "uk";
  std::shared_ptr<const SecretBytes> token = service.token.secret;
  // A policy cannot have a token sent to wherever it likes: whoever wants that names the file.
  if (uk || (service.token.ambient && !service.url.empty())) token.reset();
  std::string url;
  if (!service.url.empty()) {
    SLUICE_TRY(const auto base, base_url(service.url, token != nullptr));
    url = without_slash(base.text());
  }
  if (uk) {
    carbon::UkOptions options{.timeout = service.timeout};
    if (!url.empty()) options.url = url;
    return carbon::uk_carbon_intensity(http, std::move(options));
  }
  carbon::ElectricityMapsOptions options{.token = std::move(token), .timeout = service.timeout};
  if (!url.empty()) options.url = url;
  return carbon::electricity_maps(http, std::move(options));
}

Result<carbon::Zone> carbon_zone(std::string_view zone, std::string_view region) {
  if (region.empty()) return carbon::parse_zone(zone);
  SLUICE_TRY(const auto found, carbon::find_cloud_region(region));
  return carbon::Zone(std::string(found.zone));
}

Result<risk::PathScorer> risk_scorer(const policy::Sources& sources, const policy::ReadFile& read) {
  if (sources.risk_model.empty()) return risk::PathScorer::compile(risk::seed_model());
  SLUICE_TRY(const std::string text, read(sources.risk_model));
  SLUICE_TRY(auto model, risk::read_model(text, sources.risk_model));
  return risk::PathScorer::compile(std::move(model));
}

}  // namespace sluice::sources
