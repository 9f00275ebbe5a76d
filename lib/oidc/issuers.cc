// SPDX-License-Identifier: Apache-2.0
#include "oidc/issuers.h"

#include <algorithm>
#include <array>
#include <vector>

namespace sluice::oidc {

namespace {

using Names = std::string_view;

constexpr std::size_t kLongestIssuer = 1024;

constexpr std::array<Names, 16> kGithub{"event_name",
                                        "job_workflow_ref",
                                        "job_workflow_sha",
                                        "ref",
                                        "repository",
                                        "repository_id",
                                        "repository_owner",
                                        "repository_owner_id",
                                        "repository_visibility",
                                        "run_attempt",
                                        "run_id",
                                        "runner_environment",
                                        "sha",
                                        "workflow",
                                        "workflow_ref",
                                        "workflow_sha"};
constexpr std::array<Names, 13> kGitlab{"ci_config_ref_uri",
                                        "ci_config_sha",
                                        "job_id",
                                        "namespace_id",
                                        "namespace_path",
                                        "pipeline_source",
                                        "project_id",
                                        "project_path",
                                        "project_visibility",
                                        "ref",
                                        "ref_type",
                                        "runner_environment",
                                        "sha"};
constexpr std::array<Names, 7> kBuildkite{
    "build_commit",      "build_number",  "build_source",      "job_id",
    "organization_slug", "pipeline_slug", "runner_environment"};
constexpr std::array<Names, 5> kCodefresh{"account_id", "account_name", "pipeline_id",
                                          "pipeline_name", "workflow_id"};
// Its templates take a missing claim for an empty text, which makes a name of nobody.
constexpr std::array<Names, 5> kCircleci{
    "oidc.circleci.com/job-id", "oidc.circleci.com/pipeline-definition-id",
    "oidc.circleci.com/pipeline-id", "oidc.circleci.com/project-id",
    "oidc.circleci.com/workflow-id"};
constexpr std::array<Names, 1> kKubernetes{"kubernetes.io"};

constexpr std::array kIssuers{
    KnownIssuer{"GitHub Actions", "https://token.actions.githubusercontent.com", IssuerKind::ci,
                kGithub},
    KnownIssuer{"GitHub Actions of an enterprise", "https://token.actions.githubusercontent.com/*",
                IssuerKind::ci, kGithub},
    KnownIssuer{"GitLab CI", "https://gitlab.com", IssuerKind::ci, kGitlab},
    KnownIssuer{"GitLab CI (dev.gitlab.org)", "https://dev.gitlab.org", IssuerKind::ci, kGitlab},
    KnownIssuer{"GitLab CI (ops.gitlab.net)", "https://ops.gitlab.net", IssuerKind::ci, kGitlab},
    KnownIssuer{"GitLab CI (Arch Linux)", "https://gitlab.archlinux.org", IssuerKind::ci, kGitlab},
    KnownIssuer{"Buildkite", "https://agent.buildkite.com", IssuerKind::ci, kBuildkite},
    KnownIssuer{"CircleCI", "https://oidc.circleci.com", IssuerKind::ci, kCircleci},
    KnownIssuer{"CircleCI, an organisation", "https://oidc.circleci.com/org/*", IssuerKind::ci,
                kCircleci},
    KnownIssuer{"Codefresh", "https://oidc.codefresh.io", IssuerKind::ci, kCodefresh},
    KnownIssuer{"Google", "https://accounts.google.com", IssuerKind::email},
    KnownIssuer{"Sigstore's sign-in", "https://oauth2.sigstore.dev/auth", IssuerKind::email},
    KnownIssuer{"Eclipse Foundation",
                "https://auth.eclipse.org/auth/realms/foundation-service-accounts",
                IssuerKind::email},
    KnownIssuer{"Hello", "https://issuer.hello.coop", IssuerKind::email},
    KnownIssuer{"Kaggle", "https://www.kaggle.com/api/v1/models/signing", IssuerKind::email},
    KnownIssuer{"IBM", "https://sigstore.verify.ibm.com/oauth2", IssuerKind::email},
    KnownIssuer{"Amazon EKS", "https://oidc.eks.*.amazonaws.com/id/*", IssuerKind::kubernetes,
                kKubernetes},
    KnownIssuer{"Azure AKS", "https://oidc.prod-aks.azure.com/*", IssuerKind::kubernetes,
                kKubernetes},
    KnownIssuer{"Azure AKS, a region", "https://*.oic.prod-aks.azure.com/*", IssuerKind::kubernetes,
                kKubernetes},
    KnownIssuer{"Google GKE",
                "https://container.googleapis.com/v1/projects/*/locations/*/clusters/*",
                IssuerKind::kubernetes, kKubernetes},
    KnownIssuer{"Chainguard", "https://issuer.enforce.dev", IssuerKind::other},
};

bool may_stand_for_star(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

std::string_view name(IssuerKind kind) {
  constexpr std::array<std::string_view, 4> kNames = {"email", "ci-provider", "kubernetes",
                                                      "other"};
  return kNames.at(static_cast<std::size_t>(kind));
}

bool matches_issuer(std::string_view pattern, std::string_view issuer) {
  if (issuer.size() > kLongestIssuer) return false;
  // States are places in the pattern; a place before a star stays reachable while characters fit.
  std::vector<bool> at(pattern.size() + 1, false);
  std::vector<bool> next(pattern.size() + 1, false);
  at[0] = true;
  for (const char c : issuer) {
    next.assign(pattern.size() + 1, false);
    bool any = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (!at[i]) continue;
      if (pattern[i] == '*') {
        if (!may_stand_for_star(c)) continue;
        next[i] = next[i + 1] = any = true;
      } else if (pattern[i] == c) {
        next[i + 1] = any = true;
      }
    }
    if (!any) return false;
    std::swap(at, next);
  }
  return at[pattern.size()];
}

const KnownIssuer* known_issuer(std::string_view issuer) {
  const auto at = std::ranges::find_if(
      kIssuers, [&](const KnownIssuer& each) { return matches_issuer(each.pattern, issuer); });
  return at == kIssuers.end() ? nullptr : &*at;
}

const KnownIssuer* issuer_titled(std::string_view title) {
  const auto at = std::ranges::find(kIssuers, title, &KnownIssuer::title);
  return at == kIssuers.end() ? nullptr : &*at;
}

std::span<const KnownIssuer> known_issuers() { return kIssuers; }

}  // namespace sluice::oidc
