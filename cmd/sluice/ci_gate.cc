// SPDX-License-Identifier: Apache-2.0
// sluice ci gate: the gate in a pipeline. It knows the change from the runner, and hands the result
// back in the forms that the runner shows.
#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/text.h"
#include "check.h"
#include "ci.h"
#include "ci/context.h"
#include "ci/outputs.h"
#include "exit.h"
#include "forge/github.h"
#include "gate/explain.h"
#include "gate_shared.h"
#include "net/client.h"
#include "report/report.h"
#include "settings.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kMaxOutputs = 1U << 20;
constexpr std::size_t kMaxStepSummary = 1'000U << 10;  // GitHub takes 1,024 KiB

void notice(Invocation& in, std::string_view text) { in.console.talk(cat("sluice: ", text, "\n")); }

// The range that is given, else the one that the runner's event is about.
Result<ChangeFound> change_in_ci(Invocation& in, const ci::Context& context) {
  if (!in.args.positionals().empty() || context.kind == ci::Kind::none) return change_of(in);
  if (context.base.empty() || context.head.empty()) {
    return fail(Error{Errc::usage,
                      cat("the event \"", printable(context.event, 60), "\" names no change"),
                      {},
                      "give a range, say HEAD~1..HEAD"});
  }
  SLUICE_TRY(auto repository, git::Repository::open(in.args.get("--repo").value_or(".")));
  if (repository.shallow()) {
    notice(in, context.kind == ci::Kind::github
                   ? "this checkout is shallow; actions/checkout needs: with: {fetch-depth: 0}"
                   : "this checkout is shallow; the job needs: variables: {GIT_DEPTH: 0}");
  }
  const auto compare = in.args.has("--two-dot") ? git::Compare::trees : git::Compare::merge_base;
  SLUICE_TRY(auto range, repository.range(cat(context.base, "..", context.head), compare));
  range.origin = context.event;
  constexpr std::string_view kRemotes = "refs/remotes/";
  if (range.base_name.starts_with(kRemotes)) range.base_name.erase(0, kRemotes.size());
  return ChangeFound{Change{std::move(repository), std::move(range)}};
}

std::string about(const ci::Context& context, const std::optional<Change>& change) {
  if (!change) return "";
  std::string head = change->range.head.brief();
  if (!context.request) return head;
  return cat(context.kind == ci::Kind::gitlab ? "!" : "#", *context.request, " ", head);
}

// An HTML comment that only this environment's comment begins with.
std::string marker_of(const gate::Record& record) {
  std::string name;
  for (const char c : record.inputs.environment) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += plain ? c : '_';
  }
  return cat("<!-- sluice gate ", name, " -->");
}

Result<forge::Comment> comment_on(Invocation& in, const ci::Context& context,
                                  const gate::Record& record) {
  const auto token = in.world.environment.get("GITHUB_TOKEN");
  if (!token) return fail(Errc::denied, "GITHUB_TOKEN is not set");
  const auto client = net::make_client(in.world, client_options(in.settings));
  return forge::put_comment(
      *client,
      {.api = context.api,
       .repository = context.repository,
       .number = *context.request,
       .token = std::make_shared<const SecretBytes>(SecretBytes::copy_of(*token))},
      marker_of(record), gate::as_markdown(record));
}

// What became of the comment. That it could not be written never changes the verdict.
std::string comment_result(Invocation& in, const ci::Context& context, const gate::Record& record) {
  if (!in.args.has("--comment") || context.kind != ci::Kind::github || !context.request) return "";
  const auto done = comment_on(in, context, record);
  if (done) return std::string(forge::name(*done));
  std::string text = cat("no comment was written: ", printable(done.error().text(), 300));
  if (done.error().code == Errc::denied) {
    text += context.from_fork ? "; a pull request from a fork gets a token that may only read"
                              : "; the job needs: permissions: {pull-requests: write}";
  }
  notice(in, text);
  return "skipped";
}

ci::Outputs outputs_of(const Checked& checked, const std::string& report) {
  const auto& decision = checked.record.decision;
  return {{"verdict", std::string(gate::name(decision.verdict))},
          {"exit-code", cat(exit_of(decision.verdict))},
          {"decision-id", checked.record.id},
          {"delay-until", decision.until ? rfc3339(*decision.until) : ""},
          {"reason", printable(gate::summary_of(checked.record), 1000)},
          {"report", report},
          {"bundle", checked.signed_file}};
}

// What could not be decided is told to the steps that follow as well: they look for a verdict.
ci::Outputs outputs_of(const Error& error) {
  return {{"verdict", "undecided"},
          {"exit-code", cat(exit_code(error.code))},
          {"decision-id", ""},
          {"delay-until", ""},
          {"reason", printable(error.text(), 1000)},
          {"report", ""},
          {"bundle", ""}};
}

Result<void> write_outputs(Invocation& in, const ci::Context& context, ci::Outputs outputs) {
  auto& files = in.world.files;
  if (!context.output_file.empty()) {
    SLUICE_CHECK(ci::append(files, context.output_file,
                            ci::github_outputs(outputs, in.world.random), kMaxOutputs));
  }
  if (const auto file = in.args.get("--dotenv")) {
    // GitLab takes 5 KiB, and what people wrote has no business in variables of a shell.
    std::erase_if(outputs, [](const auto& each) { return each.first == "reason"; });
    SLUICE_CHECK(files.replace(*file, ci::dotenv(outputs)));
  }
  return {};
}

// On GitHub, lines such as "::error::…" on standard output are commands to the runner. What is
// printed holds names from the change, so commands are off until it is printed. JSON begins no
// line with a name, and whoever reads it wants nothing else there.
Result<void> print_inert(Invocation& in, const ci::Context& context, const Explanation& what) {
  const bool json = in.args.get("--output").value_or(in.json ? "json" : "text") == "json";
  if (context.kind != ci::Kind::github || json) return print_explanation(in, what);
  std::array<std::uint8_t, 16> noise{};
  in.world.random.fill(noise);
  const std::string end = to_hex(noise);
  SLUICE_CHECK(in.console.print(cat("::stop-commands::", end, "\n")));
  SLUICE_CHECK(print_explanation(in, what));
  return in.console.print(cat("\n::", end, "::\n"));
}

Result<void> publish(Invocation& in, const ci::Context& context, const Checked& checked) {
  const auto& record = checked.record;
  auto& files = in.world.files;
  const auto report = in.args.get("--report").value_or("");
  if (!report.empty()) {
    SLUICE_CHECK(files.replace(report, json::write_pretty(gate::to_json(record))));
  }
  if (!context.summary_file.empty()) {
    const auto written = ci::append(files, context.summary_file,
                                    cat(gate::as_markdown(record), "\n"), kMaxStepSummary);
    if (!written) notice(in, cat("no step summary: ", printable(written.error().text(), 300)));
  }
  auto outputs = outputs_of(checked, report);
  outputs.emplace_back("comment", comment_result(in, context, record));
  SLUICE_CHECK(write_outputs(in, context, std::move(outputs)));
  return print_inert(in, context, {.record = record, .signed_file = checked.signed_file});
}

Result<Checked> check_in_ci(Invocation& in, const ci::Context& context) {
  SLUICE_TRY(const auto found, change_in_ci(in, context));
  return check_change(in, found, about(context, found.change));
}

Result<int> run_gate_in_ci(Invocation& in) {
  SLUICE_TRY(const auto context, ci::context_of(in.world.environment, in.world.files));
  const auto checked = check_in_ci(in, context);
  if (!checked) {
    SLUICE_CHECK(write_outputs(in, context, outputs_of(checked.error())));
    return fail(checked.error());
  }
  SLUICE_CHECK(publish(in, context, *checked));
  const auto verdict = checked->record.decision.verdict;
  const std::string fail_on = in.args.get("--fail-on").value_or("delay");
  const bool stops = fail_on != "never" && verdict >= *gate::verdict_named(fail_on);
  return stops ? exit_of(verdict) : kDone;
}

}  // namespace

Command gate_in_ci_command() {
  Command command{
      .words = {"ci", "gate"},
      .summary = "gate check in a pipeline: knows the change, hands back the result",
      .description =
          "As gate check, in GitHub Actions and GitLab CI. The range comes from the runner: the "
          "base and head of a pull or merge request or of a merge group, what was there before on "
          "the default branch, the default branch for other branches and tags.\n"
          "On GitHub it writes the step's outputs (verdict, exit-code, decision-id, delay-until, "
          "reason, report, bundle, comment) and the step summary, and with --comment one comment "
          "on the pull request, which is brought up to date each time (GITHUB_TOKEN). What cannot "
          "be commented is said and changes nothing.\n"
          "Exit code: as gate check; 0 for what --fail-on lets through.",
      .examples = {{"in GitHub Actions", "sluice ci gate --env production --comment"},
                   {"in GitLab CI",
                    "sluice ci gate --report sluice-gate.json --dotenv sluice.env"}},
      .options = gate_check_options(),
      .positionals = {{"RANGE", "BASE..HEAD; default: what the runner's event is about", false}},
      .run = run_gate_in_ci};
  command.options.push_back({"--fail-on",
                             "WORD",
                             "what fails the job: block, undecided (and block), delay (and both, "
                             "the default), never",
                             {"block", "undecided", "delay", "never"}});
  command.options.push_back({"--report", "FILE", "write the decision there, as JSON"});
  command.options.push_back({"--dotenv", "FILE", "write results there, as SLUICE_VERDICT=block"});
  command.options.push_back({"--comment", "", "comment on the pull request (GitHub)"});
  command.options.push_back(form_option());
  for (auto& option : network_options()) {
    const bool there =
        std::ranges::find(command.options, option.name, &Option::name) != command.options.end();
    if (!there) command.options.push_back(std::move(option));
  }
  return command;
}

}  // namespace sluice::cli
