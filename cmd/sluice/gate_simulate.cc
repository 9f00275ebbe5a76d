// SPDX-License-Identifier: Apache-2.0
// sluice gate simulate: what the gate would have said of the commits that are there already.
#include <map>

#include "base/text.h"
#include "change.h"
#include "exit.h"
#include "gate/simulation.h"
#include "gate_shared.h"
#include "policy_file.h"
#include "sources/sources.h"

namespace sluice::cli {

namespace {

constexpr std::int64_t kMostCommits = 5000;
constexpr std::size_t kShownCommits = 12;

using gate::SimulatedChange;

Result<std::int64_t> how_many(const Invocation& in) {
  const std::string word = in.args.get("--last").value_or("200");
  const auto number = json::parse_strict(word);
  const auto count = number ? number->integer() : std::nullopt;
  if (!count || *count < 1 || *count > kMostCommits) {
    return fail(Errc::usage, cat("--last is a number from 1 to ", kMostCommits, "; \"",
                                 printable(word, 40), "\" is none"));
  }
  return *count;
}

Result<policy::Policy> policy_to_try(const Invocation& in) {
  if (const auto file = in.args.get("--policy-file")) return load_policy(in, *file);
  return policy::parse(policy::builtin_text(), "built in");
}

SimulatedChange judge(const Change& change, const policy::Policy& policy,
                      const std::string& environment, const Result<risk::PathScorer>& scorer,
                      Time now) {
  const std::vector<gate::Signal> signals = {risk_signal(change, scorer, now)};
  const auto decision = gate::decide(policy, environment, signals, now);
  SimulatedChange judged{.commit = change.range.head.brief(), .verdict = decision.verdict};
  if (const auto note = change.repository.note_of(change.range.head)) {
    judged.subject = note->subject;
    judged.at = note->at;
  }
  if (const auto reasons = decision.reasons(); !reasons.empty())
    judged.rule = reasons.front()->code;
  judged.text = signals.front().text;
  for (const auto& detail : signals.front().details) {
    if (detail.label.ends_with(" points")) judged.paths.push_back(detail.text);
  }
  return judged;
}

// Along the first parents from HEAD, newest first; ends early at the root, or where history is cut
// off.
Result<std::vector<SimulatedChange>> judge_last(const Invocation& in, const policy::Policy& policy,
                                                const std::string& environment,
                                                std::int64_t count) {
  const Path folder = in.args.get("--repo").value_or(".");
  SLUICE_TRY(auto repository, git::Repository::open(folder));
  SLUICE_TRY(std::ignore, repository.commit("HEAD"));
  const policy::Environment& rules = *policy.find(environment);
  const auto scorer = sources::risk_scorer(
      rules.sources, files_beside(in, in.args.get("--policy-file").value_or("")));
  const Time now = in.world.clock.now();
  std::vector<SimulatedChange> out;
  for (std::int64_t i = 0; i < count; ++i) {
    auto range = repository.range(cat("HEAD~", i + 1, "..HEAD~", i), git::Compare::trees);
    if (!range) break;
    Change change{std::move(repository), *std::move(range)};
    out.push_back(judge(change, policy, environment, scorer, now));
    repository = std::move(change.repository);
  }
  if (out.empty()) {
    Error error{Errc::not_found, "HEAD has no parent: there is no change to judge"};
    if (repository.shallow()) error.hint = "this is a shallow clone: git fetch --unshallow";
    return fail(std::move(error));
  }
  return out;
}

using Tally = std::map<std::pair<gate::Verdict, std::string>, std::size_t>;

std::string bar(std::size_t part, std::size_t whole) {
  std::string out;
  for (std::size_t i = 0; i < (part * 30 + whole - 1) / whole; ++i) out += '#';
  return out;
}

std::string as_text(const std::vector<SimulatedChange>& judged, const Tally& tally) {
  std::string out = cat(judged.size(), judged.size() == 1 ? " change" : " changes",
                        ", by the first parents of HEAD\n\n");
  for (const auto& [key, count] : tally) {
    const std::string what = cat(name(key.first), key.second.empty() ? "" : " by ", key.second);
    out += cat("  ", what, std::string(what.size() < 40 ? 40 - what.size() : 1, ' '), count, "  ",
               bar(count, judged.size()), "\n");
  }
  std::size_t shown = 0;
  for (const auto& each : judged) {
    if (gate::passes(each.verdict)) continue;
    if (shown++ == kShownCommits) break;
    out += cat(shown == 1 ? "\n" : "", "  ", name(each.verdict), "  ", each.commit, "  ",
               printable(each.text, 200), "\n");
  }
  return out +
         "\nOnly the risk of each change was judged: what metrics and the grid said then is not "
         "known.\n";
}

json::Value as_json(const std::vector<SimulatedChange>& judged, const Tally& tally,
                    const policy::Policy& policy, const std::string& environment) {
  json::Array changes;
  for (const auto& each : judged) {
    json::Value row;
    row.set("commit", each.commit);
    row.set("subject", printable(each.subject, 2000));
    if (each.at) row.set("at", rfc3339(*each.at));
    row.set("verdict", name(each.verdict));
    row.set("rule", each.rule);
    row.set("risk", printable(each.text, 2000));
    changes.push_back(std::move(row));
  }
  json::Array counts;
  for (const auto& [key, count] : tally) {
    json::Value row;
    row.set("verdict", name(key.first));
    row.set("rule", key.second);
    row.set("count", static_cast<std::int64_t>(count));
    counts.push_back(std::move(row));
  }
  json::Value out;
  out.set("kind", "sluice.simulation/v1");
  out.set("policy_digest", policy.digest.text());
  out.set("environment", environment);
  out.set("counts", std::move(counts));
  out.set("changes", std::move(changes));
  return out;
}

Result<int> run_simulate(Invocation& in) {
  SLUICE_TRY(const auto count, how_many(in));
  SLUICE_TRY(const auto policy, policy_to_try(in));
  const std::string environment = in.args.get("--env").value_or(policy.environments.front().name);
  if (policy.find(environment) == nullptr) {
    return fail(Errc::usage,
                cat("the policy has no environment \"", printable(environment, 60), "\""));
  }
  SLUICE_TRY(const auto judged, judge_last(in, policy, environment, count));
  Tally tally;
  for (const auto& each : judged) ++tally[{each.verdict, each.rule}];
  if (in.args.get("--output") == "html") {
    const gate::Simulation simulation{policy.source, policy.digest.text(), environment, judged};
    SLUICE_CHECK(in.console.print(gate::as_html(simulation)));
    return kDone;
  }
  SLUICE_CHECK(in.json ? in.print_json(as_json(judged, tally, policy, environment))
                       : in.console.print(as_text(judged, tally)));
  return kDone;
}

}  // namespace

Command simulate_command() {
  return {.words = {"gate", "simulate"},
          .summary = "what the gate would have said of the last changes",
          .description =
              "Judges each commit along the first parents of HEAD as a change of its own, by the "
              "policy in "
              "a file or by risk alone. Nothing is stored, and nothing outside the repository is "
              "asked.",
          .examples = {{"before the gate is switched on", "sluice gate simulate --last 200"},
                       {"what would this policy have done?",
                        "sluice gate simulate --policy-file sluice.yaml --env production"},
                       {"as a page to pass on", "sluice gate simulate --output html > gate.html"}},
          .options = {{"--last", "N", "how many changes; default: 200"},
                      {"--policy-file", "FILE", "the policy to try; default: risk alone"},
                      {"--env", "NAME", "the environment; default: the policy's first"},
                      {"--repo", "DIR", "a folder in the repository; default: this one"},
                      {"--output",
                       "FORMAT",
                       "text, json, or html: one page with a chart, no scripts, nothing loaded",
                       {"text", "json", "html"}}},
          .run = run_simulate};
}

}  // namespace sluice::cli
