// SPDX-License-Identifier: Apache-2.0
#include "change.h"

#include "base/limits.h"
#include "base/text.h"
#include "risk/analysis.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kShownPaths = 5;

std::string counts_text(const risk::Analysis& analysis) {
  std::string out = cat("score ", analysis.assessment.score);
  for (std::size_t i = 0; i < analysis.model.rules.size(); ++i) {
    const auto count = analysis.assessment.paths_by_rule[i];
    if (count > 0) out += cat(", ", count, " ", analysis.model.rules[i].id);
  }
  return out;
}

gate::Signal signal_of(const risk::Analysis& analysis) {
  gate::Signal signal{.id = "risk"};
  if (const auto level = policy::level_named(name(analysis.assessment.level)))
    signal.value = *level;
  signal.text = counts_text(analysis);
  for (const auto& counted : analysis.assessment.counted) {
    if (signal.details.size() == kShownPaths) break;
    signal.details.push_back(
        {cat(counted.points, " points"), analysis.changes.paths[counted.path].path});
  }
  for (const auto& note : analysis.notes) signal.details.push_back({note.id, note.text});
  signal.raw = risk::as_json(analysis);
  return signal;
}

}  // namespace

Result<ChangeFound> change_of(const Invocation& in) {
  const auto& words = in.args.positionals();
  const bool asked = !words.empty() || in.args.has("--repo") || in.args.has("--policy");
  const auto compare = in.args.has("--two-dot") ? git::Compare::trees : git::Compare::merge_base;
  auto repository = git::Repository::open(in.args.get("--repo").value_or("."));
  if (!repository && !asked) return ChangeFound{std::nullopt, std::move(repository).error()};
  if (!repository) return fail(std::move(repository).error());
  auto range =
      words.empty() ? repository->default_range(compare) : repository->range(words[0], compare);
  if (!range && !asked) return ChangeFound{std::nullopt, std::move(range).error()};
  if (!range) return fail(std::move(range).error());
  return ChangeFound{Change{*std::move(repository), *std::move(range)}};
}

gate::Signal missing_risk(const ChangeFound& found, Time now) {
  return {.id = "risk",
          .value = gate::Unknown::missing,
          .text = found.why_none.text(),
          .source = "git",
          .observed_at = now};
}

gate::Signal risk_signal(const Change& change, const Result<risk::PathScorer>& scorer, Time now) {
  gate::Signal signal{.id = "risk"};
  if (!scorer) {
    signal.value = gate::Unknown::not_configured;
    signal.text = cat("the risk model: ", scorer.error().text());
  } else if (const auto analysis = risk::analyse(change.repository, change.range, *scorer)) {
    signal = signal_of(*analysis);
  } else {
    signal.value = gate::Unknown::unreachable;
    signal.text = analysis.error().text();
  }
  signal.source = cat("git ", change.range.base_name, "..", change.range.head_name);
  signal.observed_at = now;
  return signal;
}

Result<std::optional<policy::Policy>> policy_at_base(const Invocation& in, const Change& change) {
  return policy_at(change.repository, change.range.base, change.range.base_name,
                   in.args.get("--policy"));
}

Result<std::optional<policy::Policy>> policy_at(const git::Repository& repository,
                                                const git::ObjectId& commit,
                                                std::string_view commit_name,
                                                const std::optional<std::string>& asked) {
  const std::string path = asked.value_or(std::string(kPolicyFile));
  const auto text = repository.read_at(commit, path, policy::kMaxPolicy);
  if (!text && text.error().code == Errc::not_found && !asked) return std::nullopt;
  if (!text) {
    return fail(Error{
        Errc::usage,
        cat("there is no policy ", printable(path, 200), " at the base ",
            printable(commit_name, 100), ": ", text.error().what),
        {},
        "commit one to the base branch first, or judge by one from disk with --policy-file FILE"});
  }
  auto parsed = policy::parse(*text, cat(commit.brief(), ":", path));
  if (parsed) return std::optional(*std::move(parsed));
  Error error = std::move(parsed).error();
  if (error.code != Errc::internal) error.code = Errc::usage;
  return fail(std::move(error));
}

policy::ReadFile files_at_base(const Invocation& in, const Change& change) {
  return files_at(change.repository, change.range.base, in.args.get("--policy"));
}

policy::ReadFile files_at(const git::Repository& repository, const git::ObjectId& commit,
                          const std::optional<std::string>& asked) {
  const Path policy = asked.value_or(std::string(kPolicyFile));
  const std::string folder = policy.parent_path().generic_string();
  return [&repository, commit, folder](const std::string& name) -> Result<std::string> {
    const std::string path = folder.empty() ? name : cat(folder, "/", name);
    return within(repository.read_at(commit, path, limits::kConfigFile),
                  cat("reading ", printable(path, 200), " at ", commit.brief()));
  };
}

std::vector<Option> change_options() {
  return {
      {"--policy", "PATH", "the policy, as the base of the change has it; default: sluice.yaml"},
      {"--repo", "DIR", "a folder in the repository; default: this one"},
      {"--two-dot", "", "compare the two sides as they are, not from the merge base"}};
}

}  // namespace sluice::cli
