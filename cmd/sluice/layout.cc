// SPDX-License-Identifier: Apache-2.0
// sluice layout verify and explain.
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "intoto/explain.h"
#include "layout_shared.h"
#include "report/report.h"

namespace sluice::cli {

namespace {

Result<int> run_layout_verify(Invocation& in) {
  SLUICE_TRY(const auto plan, chain_plan(in));
  SLUICE_TRY(const auto verdict,
             intoto::verify_chain(in.world, plan.layout, plan.subject, plan.links, plan.options));
  if (in.json) {
    SLUICE_CHECK(in.print_json(report::as_json(verdict.report())));
  } else {
    SLUICE_CHECK(
        in.console.print(report::as_text(verdict.report(), {in.colour, in.args.has("--checks")})));
  }
  return verdict.passed() ? kDone : kRefused;
}

bool all_pass(const intoto::Explanation& explanation, const std::string& step) {
  for (const auto& queue : explanation.queues) {
    if ((step.empty() || queue.step == step) && !queue.result.passed()) return false;
  }
  return true;
}

Result<int> run_layout_explain(Invocation& in) {
  SLUICE_TRY(const auto plan, chain_plan(in));
  SLUICE_TRY(const auto explanation,
             intoto::explain_chain(in.world, plan.layout, plan.subject, plan.links, plan.options));
  const std::string step = in.args.get("--step").value_or("");
  if (explanation.queues.empty()) {
    // It did not come as far as the rules.
    SLUICE_CHECK(in.json
                     ? in.print_json(report::as_json(explanation.report))
                     : in.console.print(report::as_text(explanation.report, {in.colour, true})));
    return kRefused;
  }
  if (in.json) {
    SLUICE_CHECK(in.print_json(intoto::queues_json(explanation, step)));
  } else {
    const std::string text = intoto::queues_text(explanation, step, in.colour);
    if (text.empty()) {
      return fail(Errc::usage, cat("the layout has no step ", printable(step, 60)));
    }
    SLUICE_CHECK(in.console.print(text));
  }
  return all_pass(explanation, step) ? kDone : kRefused;
}

Command layout_verify_command() {
  auto options = chain_options();
  options.push_back({"--checks", "", "list every check, also where all passed"});
  return {
      .words = {"layout", "verify"},
      .summary = "verify a supply chain: layout, links and rules",
      .description =
          "LAYOUT is signed by its owners (--key); the links of its steps lie in --links, under "
          "the file names of python in-toto or in-toto-golang. Keys are compared by what they "
          "are, not by their ids, so that chains of both are accepted unchanged.\n"
          "Strict: what the other programs let pass although it weakens a layout is refused; "
          "docs/in-toto-layouts.md lists it, and --compat reads as they do.\n"
          "Functionaries are keys (PEM or GPG), certificates, or identities, whose links are "
          "Sigstore bundles.\n"
          "Inspections run commands that the layout names, and only with --run-inspections: in "
          "a copy of --inspect that is thrown away.\n"
          "Exit code 0: verified. 1: refused. 3: could not decide.",
      .examples = {{"a chain", "sluice layout verify root.layout --key owner.pub --links links"},
                   {"of this run alone",
                    "sluice layout verify root.layout --key owner.pub --parameter RUN=1234 "
                    "--require-run 1234 --max-age 24h"}},
      .options = std::move(options),
      .positionals = {{"LAYOUT", "the signed layout"}},
      .run = run_layout_verify};
}

Command layout_explain_command() {
  auto options = chain_options();
  options.insert(options.begin(), {"--step", "NAME", "this step alone"});
  return {
      .words = {"layout", "explain"},
      .summary = "show the artifact queues, rule by rule",
      .description =
          "Verifies signatures and links as `layout verify` does, then shows for each step what "
          "stands in the queue, what each rule takes out of it, what it leaves and why, and, "
          "where it fails, a rule that would make it pass. Inspections are not run.",
      .examples = {{"why a step was refused",
                    "sluice layout explain root.layout --key owner.pub --links links --step "
                    "build"}},
      .options = std::move(options),
      .positionals = {{"LAYOUT", "the signed layout"}},
      .run = run_layout_explain};
}

}  // namespace

std::vector<Command> layout_commands() {
  return {layout_new_command(), layout_check_command(), layout_explain_command(),
          layout_sign_command(), layout_verify_command()};
}

}  // namespace sluice::cli
