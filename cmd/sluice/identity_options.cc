// SPDX-License-Identifier: Apache-2.0
#include "identity_options.h"

#include "base/text.h"

namespace sluice::cli {

std::vector<Option> identity_options() {
  return {
      {"--certificate-identity", "NAME",
       "who signed, as the certificate names it: an e-mail address, a workflow's URI"},
      {"--certificate-identity-regexp", "RE2", "the same, as an expression that fits all of it"},
      {"--certificate-oidc-issuer", "URL",
       "who vouches for that; with --repo on github.com or gitlab.com it is known"},
      {"--certificate-oidc-issuer-regexp", "RE2", "the same, as an expression that fits all of it"},
      {"--repo", "REPO",
       "whose run signed: OWNER/NAME on github.com, or https://HOST/GROUP/NAME; * and ? are "
       "wildcards"},
      {"--workflow", "FILE",
       "the workflow of --repo that was started: release.yml; on GitLab its path"},
      {"--ref", "REF", "what was built, in full: refs/heads/main, 'refs/tags/v*'"},
      {"--trigger", "EVENT", "what started the run: push"},
      {"--sha", "HEX", "the commit that was built"}};
}

std::vector<Option> cosign_identity_options() {
  return {{"--certificate-github-workflow-trigger", "EVENT", "what started the workflow: push"},
          {"--certificate-github-workflow-sha", "HEX", "the commit that was built"},
          {"--certificate-github-workflow-name", "NAME", "what the workflow calls itself"},
          {"--certificate-github-workflow-repository", "OWNER/NAME", "whose run signed"},
          {"--certificate-github-workflow-ref", "REF", "what was built: refs/heads/main"}};
}

Result<std::optional<sigstore::IdentityWish>> identity_wish(const Arguments& arguments,
                                                            sigstore::Compat compat) {
  for (const auto& options : {identity_options(), cosign_identity_options()}) {
    for (const auto& option : options) {
      if (arguments.get(option.name) == "") return fail(Errc::usage, cat(option.name, " is empty"));
    }
  }
  const auto get = [&](const char* name) { return arguments.get(name); };
  sigstore::IdentityWish wish{
      .identity = get("--certificate-identity"),
      .identity_regexp = get("--certificate-identity-regexp"),
      .issuer = get("--certificate-oidc-issuer"),
      .issuer_regexp = get("--certificate-oidc-issuer-regexp"),
      .repo = get("--repo"),
      .workflow = get("--workflow"),
      .ref = get("--ref"),
      .trigger = get("--trigger"),
      .sha = get("--sha"),
      .github_trigger = get("--certificate-github-workflow-trigger"),
      .github_sha = get("--certificate-github-workflow-sha"),
      .github_name = get("--certificate-github-workflow-name"),
      .github_repository = get("--certificate-github-workflow-repository"),
      .github_ref = get("--certificate-github-workflow-ref"),
      .compat = compat,
  };
  if (wish.empty()) return std::optional<sigstore::IdentityWish>();
  return wish;
}

}  // namespace sluice::cli
