// SPDX-License-Identifier: Apache-2.0
// What `sluice ci init --signing` writes.
#include <algorithm>

#include "base/text.h"
#include "ci.h"
#include "embedded.h"

namespace sluice::cli {

namespace {

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

// "OWNER/REPO@REF" or "OWNER/REPO/PATH@REF": nothing in it may be more than a name in YAML.
Result<std::string> workflow_by_actions(const std::string& where) {
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
  std::string out(embedded::kGithubSignByActions);
  replace_all(out, "HERE", repo);
  replace_all(out, "@AT", std::string_view(where).substr(at));
  return out;
}

}  // namespace

Result<std::vector<PipelineFile>> signing_files(std::string_view pipeline,
                                                const std::optional<std::string>& actions) {
  if (pipeline == "gitlab") {
    if (actions) return fail(Errc::usage, "--actions goes with github");
    return std::vector<PipelineFile>{
        {".gitlab/sluice-sign.yml", std::string(embedded::kGitlabSign)},
        {".gitlab/sluice-attest.yml", std::string(embedded::kGitlabAttest)},
        {".gitlab/sluice-verify.yml", std::string(embedded::kGitlabVerify)}};
  }
  std::string workflow(embedded::kGithubSign);
  if (actions) {
    SLUICE_TRY(workflow, workflow_by_actions(*actions));
  }
  return std::vector<PipelineFile>{{".github/workflows/sluice-sign.yml", std::move(workflow)}};
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
