// SPDX-License-Identifier: Apache-2.0
// sluice risk: how risky a range of commits is.
#include "base/limits.h"
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "invocation.h"
#include "risk/analysis.h"

namespace sluice::cli {

namespace {

Result<risk::PathScorer> chosen_scorer(const Invocation& in) {
  const auto file = in.args.get("--model");
  if (!file) return risk::PathScorer::compile(risk::seed_model());
  SLUICE_TRY(const auto text, in.world.files.read(*file, limits::kConfigFile));
  SLUICE_TRY(auto model, risk::read_model(text, *file));
  return risk::PathScorer::compile(std::move(model));
}

Result<int> run_analyse(Invocation& in) {
  SLUICE_TRY(const auto scorer, chosen_scorer(in));
  SLUICE_TRY(const auto repository, git::Repository::open(in.args.get("--repo").value_or(".")));
  const auto compare = in.args.has("--two-dot") ? git::Compare::trees : git::Compare::merge_base;
  const auto& words = in.args.positionals();
  SLUICE_TRY(auto range, words.empty() ? repository.default_range(compare)
                                       : repository.range(words[0], compare));
  SLUICE_TRY(const auto analysis, risk::analyse(repository, std::move(range), scorer));
  SLUICE_CHECK(in.json ? in.print_json(risk::as_json(analysis))
                       : in.console.print(risk::as_text(analysis, in.colour)));
  const auto bound = in.args.get("--fail-on");
  if (!bound) return kDone;
  SLUICE_TRY(const auto least, risk::level_named(*bound));
  return analysis.assessment.level >= least ? kRefused : kDone;
}

}  // namespace

std::vector<Command> risk_commands() {
  return {
      {.words = {"risk", "analyse"},
       .summary = "say how risky a range of commits is, by the paths that it changes",
       .description =
           "Paths that match terraform, k8s or helm count 3, those that match migration or schema "
           "count 5; above 10 is high, above 5 medium. --model FILE has other patterns, weights "
           "and thresholds (docs/risk.md).\n"
           "A range means what HEAD did since it left BASE; with --two-dot it means BASE as it is "
           "now against HEAD. Without a range, BASE is the branch's upstream, else the default "
           "branch of its remote, else a local main or master.\n"
           "A renamed file counts once, under its new name, as in git diff --name-only.\n"
           "Exit code 0: analysed, however risky. 1: only with --fail-on. 3: could not be "
           "analysed, say because the history is not there.",
       .examples = {{"what am I about to push?", "sluice risk analyse"},
                    {"a pull request, in CI", "sluice risk analyse origin/main..HEAD"},
                    {"stop a pipeline at high risk",
                     "sluice risk analyse origin/main..HEAD --fail-on high"}},
       .options = {{"--repo", "DIR", "a folder in the repository; default: this one"},
                   {"--two-dot", "", "compare the two sides as they are, not from the merge base"},
                   {"--model", "FILE", "patterns, weights and thresholds instead of the built-in"},
                   {"--fail-on", "LEVEL", "exit 1 at this level and above", {"medium", "high"}}},
       .positionals = {{"RANGE", "BASE..HEAD; a side that is left out is HEAD", false}},
       .run = run_analyse}};
}

}  // namespace sluice::cli
