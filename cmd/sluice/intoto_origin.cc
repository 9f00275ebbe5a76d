// SPDX-License-Identifier: Apache-2.0
// What a link is bound to: the pipeline's run and the commit.
#include <algorithm>

#include "base/text.h"
#include "ci/context.h"
#include "git/repository.h"
#include "intoto_step.h"

namespace sluice::cli {

namespace {

bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Of the pipeline, as its runner says it.
std::optional<std::string> pipeline_run(const Environment& environment) {
  if (environment.get("GITHUB_ACTIONS") == "true") {
    const auto id = environment.get("GITHUB_RUN_ID");
    const auto attempt = environment.get("GITHUB_RUN_ATTEMPT");
    return id && attempt ? cat(*id, "-", *attempt) : id;
  }
  return environment.get("GITLAB_CI") == "true" ? environment.get("CI_PIPELINE_ID") : std::nullopt;
}

Result<std::string> commit_here(const Invocation& in) {
  SLUICE_TRY(const auto repository,
             git::Repository::open(in.args.get("--base-path").value_or(".")));
  SLUICE_TRY(const auto id, repository.commit("HEAD"));
  return id.hex();
}

}  // namespace

std::vector<Option> origin_options() {
  return {{"--bind", "",
           "say in the link for which run and commit it was made, and when: as the pipeline and "
           "the repository have it"},
          {"--run-id", "ID", "with --bind: the run, where it is not the pipeline's"},
          {"--commit", "ID", "with --bind: the commit, where it is not the one checked out here"}};
}

Result<std::optional<intoto::StepOrigin>> origin_of(const Invocation& in) {
  if (!in.args.has("--bind")) {
    if (in.args.has("--run-id") || in.args.has("--commit")) {
      return fail(Errc::usage, "--run-id and --commit go with --bind");
    }
    return std::nullopt;
  }
  intoto::StepOrigin out;
  out.run = in.args.get("--run-id");
  if (!out.run) out.run = pipeline_run(in.world.environment);
  out.commit = in.args.get("--commit");
  if (out.commit && !is_commit(*out.commit)) {
    return fail(Errc::usage, cat("\"", printable(*out.commit, 80), "\" is no commit's id"));
  }
  if (!out.commit) {
    auto commit = commit_here(in);
    if (!commit) {
      Error error = std::move(commit).error().in("looking for the commit to bind the link to");
      error.hint = "say it by --commit ID";
      return fail(std::move(error));
    }
    out.commit = *std::move(commit);
  }
  return out;
}

}  // namespace sluice::cli
