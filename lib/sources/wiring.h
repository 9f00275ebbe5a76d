// SPDX-License-Identifier: Apache-2.0
// From a URL and a credential to something that can be asked: for `aiops check`, `carbon now` and
// the gate alike.
//
// A credential goes over https, or to this machine; anything else is refused before it is sent.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "aiops/check.h"
#include "base/http.h"
#include "carbon/intensity.h"
#include "policy/policy.h"
#include "risk/seed.h"

namespace sluice::sources {

// Of a Prometheus or an engine.
struct Credential {
  std::string scheme = "Bearer";                   // or "Basic"
  std::shared_ptr<const SecretBytes> secret = {};  // shared with the requests that carry it
};

// Of Electricity Maps.
struct CarbonToken {
  std::shared_ptr<const SecretBytes> secret = {};
  // It was found in the environment and not named by the caller: it goes to the provider's own
  // address alone, never to a URL that a policy names.
  bool ambient = false;
};

// Errc::usage for a URL with a query, or one that a credential must not be sent to.
[[nodiscard]] Result<aiops::Endpoint> endpoint(std::string_view url, const Credential& credential,
                                               std::chrono::milliseconds timeout);

// The Alertmanager sees the credential only where it is the same server. No URL: none is asked.
[[nodiscard]] Result<aiops::Sources> prometheus(std::string_view url, std::string_view alertmanager,
                                                const Credential& credential,
                                                std::chrono::milliseconds timeout);

struct CarbonService {
  std::string provider;  // "electricitymaps" or "uk"
  std::string url = {};  // empty: the provider's public address
  CarbonToken token = {};
  std::chrono::milliseconds timeout{30'000};
};
// Errc::usage as above. The Http has to outlive the provider.
[[nodiscard]] Result<std::unique_ptr<carbon::Provider>> carbon_service(
    Http& http, const CarbonService& service);

// The zone itself, or that of a cloud region; the other one is empty.
[[nodiscard]] Result<carbon::Zone> carbon_zone(std::string_view zone, std::string_view region);

// The model that the policy names, or the built-in one.
[[nodiscard]] Result<risk::PathScorer> risk_scorer(const policy::Sources& sources,
                                                   const policy::ReadFile& read);

}  // namespace sluice::sources
