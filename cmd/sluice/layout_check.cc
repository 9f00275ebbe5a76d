// SPDX-License-Identifier: Apache-2.0
// sluice layout check: what is wrong with a layout, before it is signed.
#include "base/text.h"
#include "exit.h"
#include "intoto/limits.h"
#include "intoto/lint.h"
#include "intoto/signed.h"
#include "layout_shared.h"
#include "report/report.h"

namespace sluice::cli {

namespace {

using intoto::LintFinding;
using intoto::LintLevel;

// Values for those that are not given: what is checked is the form.
Result<intoto::Parameters> with_stand_ins(const Invocation& in, const std::string& payload) {
  SLUICE_TRY(auto parameters, layout_parameters_given(in));
  for (const auto& name : intoto::layout_parameters(payload)) parameters.try_emplace(name, name);
  return parameters;
}

json::Value lint_json(const std::vector<LintFinding>& findings, const std::string& file,
                      bool good) {
  json::Array list;
  for (const auto& each : findings) {
    json::Value one;
    one.set("id", each.id);
    one.set("level", name(each.level));
    one.set("where", each.where);
    one.set("what", each.what);
    if (!each.advice.empty()) one.set("advice", each.advice);
    list.push_back(std::move(one));
  }
  json::Value out;
  out.set("kind", "sluice.layout-check/v1");
  out.set("file", printable(file, 500));
  out.set("verdict", good ? "pass" : "fail");
  out.set("findings", std::move(list));
  return out;
}

std::string lint_text(const std::vector<LintFinding>& findings, const std::string& file,
                      const intoto::Layout& layout) {
  if (findings.empty()) {
    return cat("good      ", printable(file, 500), "\n  ", layout.steps.size(),
               " steps; nothing to say against it\n");
  }
  std::string out = cat(printable(file, 500), ": ", findings.size(), " to look at\n");
  for (const auto& each : findings) {
    out += cat("  ", name(each.level), "  ", each.where, ": ", each.what, "  [", each.id, "]\n");
    if (!each.advice.empty()) out += cat("    ", each.advice, "\n");
  }
  return out;
}

// Levels that make it fail: errors always, warnings where that is asked for.
bool passes(const std::vector<LintFinding>& findings, bool strict) {
  for (const auto& each : findings) {
    if (each.level == LintLevel::error || (strict && each.level == LintLevel::warning))
      return false;
  }
  return true;
}

Result<int> run_layout_check(Invocation& in) {
  const std::string& file = in.args.positionals().front();
  SLUICE_TRY(const auto text, in.world.files.read(file, intoto::limits::kMetadataFile));
  Report report(file);
  const auto payload = layout_payload(text);
  std::optional<intoto::Layout> layout;
  if (payload) {
    SLUICE_TRY(const auto parameters, with_stand_ins(in, *payload));
    layout = intoto::read_layout(*payload, parameters, {}, report);
  } else {
    report.fail("layout.envelope", "layout", payload.error().text());
  }
  if (layout) judge_identities(*layout, report);
  if (!layout || report.first_failure() != nullptr) {
    SLUICE_CHECK(in.json ? in.print_json(report::as_json(report))
                         : in.console.print(report::as_text(report, {in.colour, true})));
    return kRefused;
  }
  const auto findings = intoto::lint_layout(*layout, in.world.clock.now());
  const bool good = passes(findings, in.args.has("--strict"));
  SLUICE_CHECK(in.json ? in.print_json(lint_json(findings, file, good))
                       : in.console.print(lint_text(findings, file, *layout)));
  return good ? kDone : kRefused;
}

}  // namespace

Command layout_check_command() {
  return {.words = {"layout", "check"},
          .summary = "look for mistakes in a layout",
          .description =
              "Reads a layout, signed or not, as strictly as `layout verify`, and says what it "
              "leaves open: rules that do not end with DISALLOW *, MATCH from a step that is not "
              "there, rules that can never apply, functionaries that no step names, expiry.\n"
              "Exit code 0: no errors (with --strict: no warnings either). 1: some.",
          .examples = {{"before it is signed", "sluice layout check shop.layout --strict"}},
          .options =
              {{"--strict", "", "warnings count as errors"},
               {"--parameter", "NAME=VALUE", "a value for {NAME} in the layout", {}, false, true}},
          .positionals = {{"LAYOUT", "the layout, signed or not"}},
          .run = run_layout_check};
}

}  // namespace sluice::cli
