// SPDX-License-Identifier: Apache-2.0
// What `sluice ci init --signing` writes.
#include <algorithm>

#include "base/text.h"
#include "ci.h"

namespace sluice::cli {

namespace {

constexpr std::string_view kSigningWorkflow =
    R"yaml(# Signs what a tag releases. Written by `sluice ci init github --signing`; it is yours to change.
name: sluice sign
on:
  push:
    tags: ["v*"]
permissions:
  contents: read
  id-token: write # the job signs as this workflow: no key, no secret
jobs:
  sign:
    runs-on: [self-hosted, sluice] # a runner on which sluice is installed
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - run: make dist sbom # whatever builds yours: the files in dist, and what is in them
)yaml";

// Bundles beside the files are left out, so that it may run again.
constexpr std::string_view kSigningByProgram =
    R"yaml(      - run: |
          set -o pipefail
          files() { find dist -type f ! -name '*.sigstore.json' -print0; }
          files | xargs -0 sluice sign --
          files | xargs -0 sluice attest --type cyclonedx --predicate sbom.cdx.json --
          files | xargs -0 sluice verify --repo "$GITHUB_REPOSITORY" --workflow sluice-sign.yml --ref "$GITHUB_REF" --
)yaml";

// HERE and AT are where the actions are.
constexpr std::string_view kSigningByActions =
    R"yaml(      - uses: HERE/actions/sign@AT
        with:
          files: dist/*
      - uses: HERE/actions/attest@AT
        with:
          files: dist/*
          type: cyclonedx
          predicate: sbom.cdx.json
      - uses: HERE/actions/verify@AT
        with:
          files: dist/*
          repo: ${{ github.repository }}
          workflow: sluice-sign.yml
          ref: ${{ github.ref }}
)yaml";

// integrations/gitlab/*.yml, to the letter: their test compares.
constexpr std::string_view kGitlabSign =
    R"yaml(# SPDX-License-Identifier: Apache-2.0
# Signs files by the identity of the job. docs/integrations.md says how to include it.
spec:
  inputs:
    stage:
      default: deploy
    program:
      description: sluice, as a path or a name on PATH
      default: sluice
    files:
      description: paths or patterns, one for each line; folders and bundles (*.sigstore.json) are left out
    key:
      description: file with a private key, in place of the job's identity; SLUICE_PASSWORD holds its password
      default: ""
    signing-config:
      description: file that names the services to use; Sigstore's public ones where nothing is given
      default: ""
    trusted-root:
      description: file that says whom to trust; Sigstore's public instance where nothing is given
      default: ""
    args:
      description: more arguments of sluice sign, one for each line; neither --bundle nor --output
      default: ""
---
sluice-sign:
  stage: $[[ inputs.stage ]]
  rules:
    - if: $CI_COMMIT_TAG
  id_tokens:
    SIGSTORE_ID_TOKEN:
      aud: sigstore
  variables:
    SIGN_PROGRAM: $[[ inputs.program ]]
    SIGN_FILES: $[[ inputs.files ]]
    SIGN_KEY: $[[ inputs.key ]]
    SIGN_SIGNING_CONFIG: $[[ inputs.signing-config ]]
    SIGN_TRUSTED_ROOT: $[[ inputs.trusted-root ]]
    SIGN_ARGS: $[[ inputs.args ]]
  script:
    - |
      set --
      [ -z "$SIGN_KEY" ] || set -- "$@" --key "$SIGN_KEY"
      [ -z "$SIGN_SIGNING_CONFIG" ] || set -- "$@" --signing-config "$SIGN_SIGNING_CONFIG"
      [ -z "$SIGN_TRUSTED_ROOT" ] || set -- "$@" --trusted-root "$SIGN_TRUSTED_ROOT"
      # What is not quoted falls into lines, and files may be patterns. Nothing is run by that.
      IFS='
      '
      set -f
      for word in $SIGN_ARGS; do set -- "$@" "$word"; done
      set +f
      set -- "$@" --
      for file in $SIGN_FILES; do
        case $file in - | sha*:*) [ ! -f "$file" ] || file=./$file ;; esac
        case $file in *.sigstore.json) ;; *) [ -d "$file" ] || set -- "$@" "$file" ;; esac
      done
      unset IFS
      code=0
      "$SIGN_PROGRAM" sign "$@" >sluice-sign.txt || code=$?
      cat sluice-sign.txt
      [ "$code" = 0 ] || exit "$code"
      printf 'SLUICE_SIGNER=%s\n' "$(sed -n 's/^as  //p' sluice-sign.txt | tail -n 1)" >sluice-sign.env
  artifacts:
    paths: ["**/*.sigstore.json"]
    reports:
      dotenv: sluice-sign.env
)yaml";

constexpr std::string_view kGitlabAttest =
    R"yaml(# SPDX-License-Identifier: Apache-2.0
# Signs what is said about artifacts, by the identity of the job. docs/integrations.md says how to include it.
spec:
  inputs:
    stage:
      default: deploy
    program:
      description: sluice, as a path or a name on PATH
      default: sluice
    files:
      description: the artifacts, as paths, patterns or sha256:HEX, one for each line; folders and bundles (*.sigstore.json) are left out
    type:
      description: what kind of predicate it is, as a URI, or custom, slsaprovenance1, spdxjson, cyclonedx, vuln, openvex, link
    predicate:
      description: file with what is said, as JSON
    together:
      description: one statement about all artifacts, in place of one about each; it needs bundle
      type: boolean
      default: false
    bundle:
      description: where the bundle goes, if there is one; it ends with .sigstore.json. FILE.attestation.sigstore.json where nothing is given
      default: ""
    key:
      description: file with a private key, in place of the job's identity; SLUICE_PASSWORD holds its password
      default: ""
    signing-config:
      description: file that names the services to use; Sigstore's public ones where nothing is given
      default: ""
    trusted-root:
      description: file that says whom to trust; Sigstore's public instance where nothing is given
      default: ""
    args:
      description: more arguments of sluice attest, one for each line; neither --bundle nor --output
      default: ""
---
sluice-attest:
  stage: $[[ inputs.stage ]]
  rules:
    - if: $CI_COMMIT_TAG
  id_tokens:
    SIGSTORE_ID_TOKEN:
      aud: sigstore
  variables:
    ATTEST_PROGRAM: $[[ inputs.program ]]
    ATTEST_FILES: $[[ inputs.files ]]
    ATTEST_TYPE: $[[ inputs.type ]]
    ATTEST_PREDICATE: $[[ inputs.predicate ]]
    ATTEST_TOGETHER: "$[[ inputs.together ]]"
    ATTEST_BUNDLE: $[[ inputs.bundle ]]
    ATTEST_KEY: $[[ inputs.key ]]
    ATTEST_SIGNING_CONFIG: $[[ inputs.signing-config ]]
    ATTEST_TRUSTED_ROOT: $[[ inputs.trusted-root ]]
    ATTEST_ARGS: $[[ inputs.args ]]
  script:
    - |
      case $ATTEST_BUNDLE in '' | *.sigstore.json) ;; *) echo 'the bundle has to end with .sigstore.json: no artifact otherwise'; exit 2 ;; esac
      set -- --type "$ATTEST_TYPE" --predicate "$ATTEST_PREDICATE"
      [ "$ATTEST_TOGETHER" != true ] || set -- "$@" --together
      [ -z "$ATTEST_BUNDLE" ] || set -- "$@" --bundle "$ATTEST_BUNDLE"
      [ -z "$ATTEST_KEY" ] || set -- "$@" --key "$ATTEST_KEY"
      [ -z "$ATTEST_SIGNING_CONFIG" ] || set -- "$@" --signing-config "$ATTEST_SIGNING_CONFIG"
      [ -z "$ATTEST_TRUSTED_ROOT" ] || set -- "$@" --trusted-root "$ATTEST_TRUSTED_ROOT"
      # What is not quoted falls into lines, and files may be patterns. Nothing is run by that.
      IFS='
      '
      set -f
      for word in $ATTEST_ARGS; do set -- "$@" "$word"; done
      set +f
      set -- "$@" --
      for file in $ATTEST_FILES; do
        case $file in - | sha*:*) [ ! -f "$file" ] || file=./$file ;; esac
        case $file in *.sigstore.json) ;; *) [ -d "$file" ] || set -- "$@" "$file" ;; esac
      done
      unset IFS
      code=0
      "$ATTEST_PROGRAM" attest "$@" >sluice-attest.txt || code=$?
      cat sluice-attest.txt
      [ "$code" = 0 ] || exit "$code"
      printf 'SLUICE_SIGNER=%s\n' "$(sed -n 's/^as  //p' sluice-attest.txt | tail -n 1)" >sluice-attest.env
  artifacts:
    paths: ["**/*.sigstore.json"]
    reports:
      dotenv: sluice-attest.env
)yaml";

constexpr std::string_view kGitlabVerify =
    R"yaml(# SPDX-License-Identifier: Apache-2.0
# Verifies files against their bundles, and opens no connection. docs/integrations.md says how to include it.
spec:
  inputs:
    stage:
      default: test
    program:
      description: sluice, as a path or a name on PATH
      default: sluice
    files:
      description: paths or patterns, one for each line, or one sha256:HEX with bundle; folders and bundles (*.sigstore.json) are left out
    bundle:
      description: the bundle of one file; FILE.sigstore.json where nothing is given
      default: ""
    repo:
      description: whose run signed, as OWNER/NAME on github.com or https://HOST/GROUP/NAME; * and ? are wildcards
      default: ""
    workflow:
      description: the workflow of repo that was started, such as .gitlab-ci.yml
      default: ""
    ref:
      description: what was built, in full, such as refs/tags/v*
      default: ""
    certificate-identity:
      description: who signed, as the certificate names it
      default: ""
    certificate-oidc-issuer:
      description: who vouches for that; known where repo is on github.com or gitlab.com
      default: ""
    key:
      description: file with a public key that may have signed
      default: ""
    type:
      description: URI of the predicate type that an attestation must have
      default: ""
    trusted-root:
      description: file that says whom to trust; Sigstore's public instance where nothing is given
      default: ""
    args:
      description: more arguments of sluice verify, one for each line
      default: ""
---
sluice-verify:
  stage: $[[ inputs.stage ]]
  rules:
    - if: $CI_COMMIT_TAG
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  variables:
    VERIFY_PROGRAM: $[[ inputs.program ]]
    VERIFY_FILES: $[[ inputs.files ]]
    VERIFY_BUNDLE: $[[ inputs.bundle ]]
    VERIFY_REPO: $[[ inputs.repo ]]
    VERIFY_WORKFLOW: $[[ inputs.workflow ]]
    VERIFY_REF: $[[ inputs.ref ]]
    VERIFY_IDENTITY: $[[ inputs.certificate-identity ]]
    VERIFY_ISSUER: $[[ inputs.certificate-oidc-issuer ]]
    VERIFY_KEY: $[[ inputs.key ]]
    VERIFY_TYPE: $[[ inputs.type ]]
    VERIFY_TRUSTED_ROOT: $[[ inputs.trusted-root ]]
    VERIFY_ARGS: $[[ inputs.args ]]
  script:
    - |
      set --
      [ -z "$VERIFY_BUNDLE" ] || set -- "$@" --bundle "$VERIFY_BUNDLE"
      [ -z "$VERIFY_REPO" ] || set -- "$@" --repo "$VERIFY_REPO"
      [ -z "$VERIFY_WORKFLOW" ] || set -- "$@" --workflow "$VERIFY_WORKFLOW"
      [ -z "$VERIFY_REF" ] || set -- "$@" --ref "$VERIFY_REF"
      [ -z "$VERIFY_IDENTITY" ] || set -- "$@" --certificate-identity "$VERIFY_IDENTITY"
      [ -z "$VERIFY_ISSUER" ] || set -- "$@" --certificate-oidc-issuer "$VERIFY_ISSUER"
      [ -z "$VERIFY_KEY" ] || set -- "$@" --key "$VERIFY_KEY"
      [ -z "$VERIFY_TYPE" ] || set -- "$@" --type "$VERIFY_TYPE"
      [ -z "$VERIFY_TRUSTED_ROOT" ] || set -- "$@" --trusted-root "$VERIFY_TRUSTED_ROOT"
      # What is not quoted falls into lines, and files may be patterns. Nothing is run by that.
      IFS='
      '
      set -f
      for word in $VERIFY_ARGS; do set -- "$@" "$word"; done
      set +f
      set -- "$@" --
      for file in $VERIFY_FILES; do
        case $file in - | sha*:*) [ ! -f "$file" ] || file=./$file ;; esac
        case $file in *.sigstore.json) ;; *) [ -d "$file" ] || set -- "$@" "$file" ;; esac
      done
      unset IFS
      "$VERIFY_PROGRAM" verify "$@"
)yaml";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

// "OWNER/REPO@REF" or "OWNER/REPO/PATH@REF": nothing in it may be more than a name in YAML.
Result<std::string> steps_by_actions(const std::string& where) {
  const std::size_t at = where.find('@');
  const bool plain = std::ranges::all_of(where, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./@").find(c) != std::string_view::npos;
  });
  const std::string_view repo = std::string_view(where).substr(0, at);
  const bool whole = plain && at != std::string::npos && at + 1 < where.size() &&
                     where.find('@', at + 1) == std::string::npos &&
                     repo.find('/') != std::string_view::npos && repo.front() != '/' &&
                     repo.back() != '/';
  if (!whole) {
    return fail(Errc::usage,
                cat("--actions wants OWNER/REPO@COMMIT, not \"", printable(where, 100), "\""));
  }
  std::string out(kSigningByActions);
  replace_all(out, "HERE", repo);
  replace_all(out, "@AT", std::string_view(where).substr(at));
  return out;
}

}  // namespace

Result<std::vector<PipelineFile>> signing_files(std::string_view pipeline,
                                                const std::optional<std::string>& actions) {
  if (pipeline == "gitlab") {
    if (actions) return fail(Errc::usage, "--actions goes with github");
    return std::vector<PipelineFile>{{".gitlab/sluice-sign.yml", std::string(kGitlabSign)},
                                     {".gitlab/sluice-attest.yml", std::string(kGitlabAttest)},
                                     {".gitlab/sluice-verify.yml", std::string(kGitlabVerify)}};
  }
  std::string steps(kSigningByProgram);
  if (actions) {
    SLUICE_TRY(steps, steps_by_actions(*actions));
  }
  return std::vector<PipelineFile>{
      {".github/workflows/sluice-sign.yml", cat(kSigningWorkflow, steps)}};
}

std::string_view signing_next(std::string_view pipeline) {
  if (pipeline == "gitlab") {
    return "  sign      add to .gitlab-ci.yml, for tags:\n"
           "    include:\n"
           "      - local: .gitlab/sluice-sign.yml     # inputs: {files: dist/*}\n"
           "      - local: .gitlab/sluice-attest.yml   # inputs: {files, type, predicate}\n"
           "      - local: .gitlab/sluice-verify.yml   # where it is deployed\n"
           "    sluice-sign:\n"
           "      tags: [sluice]\n";
  }
  return "  sign      on tags v*: put your build into sluice-sign.yml; it signs dist/*\n";
}

}  // namespace sluice::cli
