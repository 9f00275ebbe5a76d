// SPDX-License-Identifier: Apache-2.0
#include "ci/context.h"

#include <charconv>

#include "base/text.h"
#include "json/value.h"

namespace sluice::ci {

namespace {

constexpr std::size_t kMaxEvent = 32U << 20;

std::string variable(const Environment& environment, const char* name) {
  return environment.get(name).value_or("");
}

// Its full name, which nothing else can have: "origin/main" could be a tag, and whoever pushes one
// would choose the policy that judges.
std::string branch_of_origin(std::string_view name) { return cat("refs/remotes/origin/", name); }

// All zeros where there is no commit.
bool is_commit(std::string_view id) { return id.find_first_not_of('0') != std::string_view::npos; }

Result<Context> from_pull_request(Context context, const json::Fields& event) {
  SLUICE_TRY(const auto pull, event.object("pull_request"));
  SLUICE_TRY(const auto base, pull.object("base"));
  SLUICE_TRY(const auto head, pull.object("head"));
  SLUICE_TRY(context.request, pull.integer("number"));
  SLUICE_TRY(context.base, base.string("sha"));
  SLUICE_TRY(context.head, head.string("sha"));
  // A fork that was deleted has no repository any more.
  context.from_fork = true;
  if (head.has("repo")) {
    SLUICE_TRY(const auto theirs, head.object("repo"));
    SLUICE_TRY(const auto name, theirs.string("full_name"));
    context.from_fork = name != context.repository;
  }
  return context;
}

Result<Context> from_push(Context context, const json::Fields& event) {
  SLUICE_TRY(const auto ref, event.string("ref"));
  SLUICE_TRY(const auto before, event.string("before"));
  SLUICE_TRY(const auto after, event.string("after"));
  if (!is_commit(after)) return context;  // a deletion
  SLUICE_TRY(const auto repository, event.object("repository"));
  SLUICE_TRY(const auto trunk, repository.string("default_branch"));
  context.head = after;
  context.base = branch_of_origin(trunk);
  if (ref == cat("refs/heads/", trunk)) context.base = is_commit(before) ? before : "";
  return context;
}

Result<Context> from_merge_group(Context context, const json::Fields& event) {
  SLUICE_TRY(const auto group, event.object("merge_group"));
  SLUICE_TRY(context.base, group.string("base_sha"));
  SLUICE_TRY(context.head, group.string("head_sha"));
  return context;
}

Result<Context> github(const Environment& environment, Files& files) {
  Context context{.kind = Kind::github, .event = variable(environment, "GITHUB_EVENT_NAME")};
  context.api = variable(environment, "GITHUB_API_URL");
  context.repository = variable(environment, "GITHUB_REPOSITORY");
  context.output_file = variable(environment, "GITHUB_OUTPUT");
  context.summary_file = variable(environment, "GITHUB_STEP_SUMMARY");
  const auto path = environment.get("GITHUB_EVENT_PATH");
  if (!path) return context;
  SLUICE_TRY(const auto text, within(files.read(*path, kMaxEvent), "reading the event"));
  const json::Limits limits{.bytes = kMaxEvent};
  SLUICE_TRY(const auto value, within(json::parse_strict(text, limits), "reading the event"));
  const json::Fields event(value, "event");
  const auto& name = context.event;
  if (name == "pull_request" || name == "pull_request_target") {
    return from_pull_request(std::move(context), event);
  }
  if (name == "push") return from_push(std::move(context), event);
  if (name == "merge_group") return from_merge_group(std::move(context), event);
  return context;
}

Result<Context> gitlab(const Environment& environment) {
  Context context{.kind = Kind::gitlab, .event = variable(environment, "CI_PIPELINE_SOURCE")};
  context.head = variable(environment, "CI_COMMIT_SHA");
  const auto request = variable(environment, "CI_MERGE_REQUEST_IID");
  if (!request.empty()) {
    std::int64_t number = 0;
    const auto* const end = request.data() + request.size();
    if (const auto read = std::from_chars(request.data(), end, number);
        read.ec != std::errc() || read.ptr != end) {
      return fail(Errc::malformed, "CI_MERGE_REQUEST_IID is no number");
    }
    context.request = number;
    // Not CI_MERGE_REQUEST_DIFF_BASE_SHA: that is the merge base, and who branches off from long
    // ago would be judged by the policy of then, or by none.
    const auto target = variable(environment, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME");
    if (!target.empty()) context.base = branch_of_origin(target);
    // A merged results pipeline runs on a commit that the merge request does not have.
    const auto source = variable(environment, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA");
    if (!source.empty()) context.head = source;
    context.from_fork = variable(environment, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID") !=
                        variable(environment, "CI_MERGE_REQUEST_PROJECT_ID");
    return context;
  }
  const auto trunk = variable(environment, "CI_DEFAULT_BRANCH");
  const auto before = variable(environment, "CI_COMMIT_BEFORE_SHA");
  if (trunk.empty()) return context;
  const bool on_trunk = variable(environment, "CI_COMMIT_BRANCH") == trunk;
  if (!on_trunk) context.base = branch_of_origin(trunk);
  if (on_trunk && is_commit(before)) context.base = before;
  return context;
}

}  // namespace

Result<Context> context_of(const Environment& environment, Files& files) {
  if (environment.get("GITHUB_ACTIONS") == "true") return github(environment, files);
  if (environment.get("GITLAB_CI") == "true") return gitlab(environment);
  return Context{};
}

}  // namespace sluice::ci
