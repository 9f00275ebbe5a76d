// SPDX-License-Identifier: Apache-2.0
// The identity that the surroundings give: a CI job, a workload, a machine.
//
// The first of these that is there is asked, in this order. One that is there and fails is the
// answer, by its name and with what to do about it: never silently the next one, which would sign
// as somebody else.
//
//   file       the file that the caller names (--identity-token-file)
//   variable   SIGSTORE_ID_TOKEN holds the token: GitLab's id_tokens, and whoever sets it
//   jenkins    SIGSTORE_ID_TOKEN_FILE names its file: a file binding of Jenkins' credentials, a
//              JWT-SVID that a SPIFFE helper writes, a projected service account token of
//              Kubernetes
//   github     GITHUB_ACTIONS: asks ACTIONS_ID_TOKEN_REQUEST_URL with ..._TOKEN
//   gitlab     GITLAB_CI without SIGSTORE_ID_TOKEN: an error that says what the job lacks
//   buildkite  BUILDKITE: runs `buildkite-agent oidc request-token`
//   circleci   CIRCLECI: CIRCLE_OIDC_TOKEN_V2 if it is for this audience (usually it is for the
//              organisation's id), else runs `circleci run oidc get`
//   azure      SYSTEM_OIDCREQUESTURI: asks it with SYSTEM_ACCESSTOKEN. Azure DevOps chooses the
//              audience itself (api://AzureADTokenExchange): the CA must be set up for that
//   spiffe     SPIFFE_ENDPOINT_SOCKET: runs `spire-agent api fetch jwt`. The Workload API itself is
//              gRPC and not spoken; without that program, use a file. The first identity counts
//   google     GCE_METADATA_HOST, or a machine whose firmware says Google: asks the metadata
//   server.
//              Over http, as it wants it: where a proxy is set, NO_PROXY must name that host. No
//              impersonation (GOOGLE_SERVICE_ACCOUNT_NAME is refused)
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/http.h"
#include "base/world.h"
#include "oidc/token.h"

namespace sluice::oidc {

struct AmbientWish {
  std::string audience = "sigstore";
  Path token_file = {};  // empty: none is named
  // What a Google machine's firmware calls it; tests have their own.
  Path product_name = "/sys/class/dmi/id/product_name";
};

// A row of the table above: "github", "GitHub Actions".
struct Ambient {
  std::string_view id;
  std::string_view title;
};
std::span<const Ambient> ambient_kinds();  // in their order

// Which of them is here; nothing: none. Asks nobody over the network.
std::optional<Ambient> detect_ambient(const World& world, const AmbientWish& wish);

// Its token, not examined yet; nothing where none of them is here.
[[nodiscard]] Result<std::optional<Token>> ambient_token(const World& world, Http& http,
                                                         const AmbientWish& wish);

}  // namespace sluice::oidc
