// SPDX-License-Identifier: Apache-2.0
// Which pipeline is this, and what change is it about? What the runner says, without asking anyone.
//
// Everything here is the pipeline's word: ids and names are foreign text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/environment.h"
#include "base/files.h"

namespace sluice::ci {

enum class Kind : std::uint8_t { none, github, gitlab };

struct Context {
  Kind kind = Kind::none;
  // What the change is to go into and where it ends; empty: the pipeline is about no change. Ids,
  // or full names of references.
  std::string base = {};
  std::string head = {};
  std::string event = {};  // for people: "pull_request", "merge request"
  // A pull or merge request.
  std::optional<std::int64_t> request = {};
  bool from_fork = false;
  // Of GitHub: where its API is and whose repository, for comments.
  std::string api = {};
  std::string repository = {};
  // Files that the runner reads afterwards; empty: none.
  Path output_file = {};
  Path summary_file = {};
};

// By GITHUB_ACTIONS and GITLAB_CI. Errc::malformed where the runner's event cannot be understood.
//
//   GitHub   pull_request, pull_request_target  base and head of the request
//            merge_group                        its base and head
//            push to the default branch         what was there before
//            push to another branch or a tag    the default branch
//   GitLab   merge request                      the branch that it is to go into
//            push to the default branch         CI_COMMIT_BEFORE_SHA
//            another branch or a tag            the default branch
//
// A branch is compared with the default branch and not with its own last state, so that a first
// push cannot loosen the policy that judges the second.
[[nodiscard]] Result<Context> context_of(const Environment& environment, Files& files);

}  // namespace sluice::ci
