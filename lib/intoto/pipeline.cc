// SPDX-License-Identifier: Apache-2.0
// The jobs of other systems' pipeline files as steps.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "intoto/draft.h"
#include "intoto/link.h"
#include "yaml/node.h"

namespace sluice::intoto {

namespace {

constexpr std::size_t kJobsMost = 256;
// What stands beside the jobs at the top of a .gitlab-ci.yml.
constexpr std::array<std::string_view, 13> kGitlabWords{
    "after_script", "before_script", "cache",  "default", "image",     "include", "pages",
    "services",     "spec",          "stages", "types",   "variables", "workflow"};

std::unexpected<Error> at_node(std::string_view file, const yaml::Node& node,
                               std::string_view what) {
  return fail(Errc::malformed, cat(file, ":", node.line, ":", node.column, ": ", what));
}

// A job's name as a step's: what a file's name cannot have becomes a hyphen.
std::string step_name(std::string_view job) {
  std::string out;
  for (const char c : job) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-';
    if (plain) {
      out += c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (out.ends_with('-')) out.pop_back();
  return out;
}

std::vector<std::string> texts_of(const yaml::Node* node) {
  std::vector<std::string> out;
  if (node == nullptr) return out;
  if (node->kind == yaml::Node::Kind::scalar && !node->text.empty()) out.push_back(node->text);
  for (const auto& each : node->elements) {
    if (each.kind == yaml::Node::Kind::scalar) out.push_back(each.text);
    // GitLab: - job: NAME
    if (const auto* job = each.find("job")) out.push_back(job->text);
  }
  return out;
}

// Folders as they are handed on: "dist/", "./dist" and "dist/**" are what is below dist.
std::string artifact_pattern(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  while (path.ends_with('*')) path.remove_suffix(1);
  if (path.ends_with('/')) return cat(path, "*");
  if (path.empty()) return "*";
  return cat(path, path.find('.', path.rfind('/') + 1) == std::string_view::npos ? "/*" : "");
}

// Only plain paths: what has expressions in it is not known before the run.
void add_artifacts(DraftStep& step, const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    for (const auto line : split(path, '\n')) {
      const auto text = trim(line);
      if (text.empty() || text.find_first_of("${}!?[]") != std::string_view::npos) continue;
      if (text.starts_with('/') || text.find("..") != std::string_view::npos) continue;
      step.artifacts.push_back(artifact_pattern(text));
    }
  }
}

DraftStep github_job(const std::string& name, const yaml::Node& job) {
  DraftStep out{.name = step_name(name)};
  for (const auto& each : texts_of(job.find("needs"))) out.needs.push_back(step_name(each));
  const auto* steps = job.find("steps");
  if (steps == nullptr) return out;
  for (const auto& step : steps->elements) {
    const auto* uses = step.find("uses");
    const auto* with = step.find("with");
    if (uses == nullptr || with == nullptr) continue;
    if (!uses->text.starts_with("actions/upload-artifact@")) continue;
    add_artifacts(out, texts_of(with->find("path")));
  }
  return out;
}

DraftStep gitlab_job(const std::string& name, const yaml::Node& job) {
  DraftStep out{.name = step_name(name)};
  const auto* needs = job.find("needs");
  for (const auto& each : texts_of(needs != nullptr ? needs : job.find("dependencies"))) {
    out.needs.push_back(step_name(each));
  }
  if (const auto* artifacts = job.find("artifacts")) {
    add_artifacts(out, texts_of(artifacts->find("paths")));
  }
  return out;
}

// Each behind those that it needs; the order of the file otherwise.
Result<std::vector<DraftStep>> in_order(std::vector<DraftStep> jobs, std::string_view file) {
  std::vector<DraftStep> out;
  std::set<std::string> done;
  std::set<std::string> all;
  for (const auto& each : jobs) {
    if (!all.insert(each.name).second) {
      return fail(Errc::malformed, cat(file, ": two jobs would be the step ", each.name));
    }
  }
  while (!jobs.empty()) {
    const auto next = std::ranges::find_if(jobs, [&](const DraftStep& job) {
      return std::ranges::all_of(job.needs, [&](const std::string& need) {
        return done.contains(need) || !all.contains(need);
      });
    });
    if (next == jobs.end()) {
      return fail(Errc::malformed, cat(file, ": the jobs need each other in a circle"));
    }
    std::erase_if(next->needs, [&](const std::string& need) { return !all.contains(need); });
    done.insert(next->name);
    out.push_back(std::move(*next));
    jobs.erase(next);
  }
  return out;
}

Result<std::vector<DraftStep>> github_steps(const yaml::Node& jobs, std::string_view file) {
  std::vector<DraftStep> out;
  for (const auto& [name, line, column, job] : jobs.members) {
    if (out.size() == kJobsMost) return at_node(file, job, cat("more than ", kJobsMost, " jobs"));
    if (job.kind != yaml::Node::Kind::mapping) return at_node(file, job, "a job is a mapping");
    out.push_back(github_job(name, job));
  }
  return in_order(std::move(out), file);
}

// Jobs of a stage that say nothing else need those of the stage before.
Result<std::vector<DraftStep>> gitlab_steps(const yaml::Node& root, std::string_view file) {
  std::vector<std::string> stages = texts_of(root.find("stages"));
  if (stages.empty()) stages = {"build", "test", "deploy"};
  stages.insert(stages.begin(), ".pre");
  stages.emplace_back(".post");
  std::map<std::string, std::vector<DraftStep>> by_stage;
  std::size_t count = 0;
  for (const auto& [name, line, column, job] : root.members) {
    const bool word = std::ranges::find(kGitlabWords, name) != kGitlabWords.end();
    if ((word && name != "pages") || name.starts_with('.')) continue;
    if (job.kind != yaml::Node::Kind::mapping) continue;
    if (++count > kJobsMost) return at_node(file, job, cat("more than ", kJobsMost, " jobs"));
    const auto* stage = job.find("stage");
    const std::string at = stage == nullptr ? "test" : stage->text;
    if (std::ranges::find(stages, at) == stages.end()) {
      return at_node(file, job, cat("there is no stage ", printable(at, 60)));
    }
    by_stage[at].push_back(gitlab_job(name, job));
  }
  std::vector<DraftStep> out;
  std::vector<std::string> before;
  for (const auto& stage : stages) {
    auto& jobs = by_stage[stage];
    if (jobs.empty()) continue;
    std::vector<std::string> now;
    for (auto& job : jobs) {
      now.push_back(job.name);
      if (job.needs.empty()) job.needs = before;
      out.push_back(std::move(job));
    }
    before = std::move(now);
  }
  return in_order(std::move(out), file);
}

}  // namespace

Result<std::vector<DraftStep>> pipeline_steps(std::string_view text, std::string_view file) {
  SLUICE_TRY(const auto root, yaml::parse(text, file, {.aliases = yaml::Aliases::expanded}));
  const auto* jobs = root.find("jobs");
  const bool github =
      jobs != nullptr && jobs->kind == yaml::Node::Kind::mapping && root.find("stages") == nullptr;
  SLUICE_TRY(auto steps, github ? github_steps(*jobs, file) : gitlab_steps(root, file));
  if (steps.empty()) {
    return at_node(file, root, "there are no jobs of GitHub Actions or GitLab CI in it");
  }
  return steps;
}

}  // namespace sluice::intoto
