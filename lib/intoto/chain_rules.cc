// SPDX-License-Identifier: Apache-2.0
// Of a chain: the artifact queues, and what a refusal says.
#include <algorithm>

#include "base/text.h"
#include "intoto/chain.h"

namespace sluice::intoto {

namespace {

// For a shell: a step is called as its layout says, and that may be a command.
std::string shell_quoted(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (plain && !text.starts_with('-')) return std::string(text);
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string rule_place(const QueueInput& input, std::size_t number) {
  return cat("rule ", number + 1, " of ", input.rules.size(), ": ",
             printable(input.rules[number].text(), 300));
}

// What the step did to have it there: a product may be a material that was left as it was.
std::string_view did(const QueueInput& input, const Artifact* artifact) {
  if (input.side == Side::materials) return "used";
  const auto& materials = *input.steps.find(input.step)->second.materials;
  const Artifact* before = artifact == nullptr ? nullptr : materials.find(artifact->name);
  const bool kept =
      before != nullptr && agreement(before->digests, artifact->digests) == Agreement::same;
  return kept ? "kept" : "made";
}

void report_missing(const QueueInput& input, const QueueFailure& failure, Check& row) {
  const std::string name = printable(input.rules[failure.rule].pattern, 200);
  if (failure.artifact == nullptr) {
    row.expected = name;
    row.found = cat("not among its ", intoto::name(input.side));
  } else if (failure.taken_by) {
    row.expected = cat(name, " still in the queue");
    row.found = cat("taken out by ", rule_place(input, *failure.taken_by));
    row.advice = "REQUIRE looks only at what no earlier rule took: put it in front of that one.";
  }
  row.source = rule_place(input, failure.rule);
}

void report_near_miss(const QueueInput& input, const QueueFailure& failure, Check& row) {
  const NearMiss& nearly = *failure.nearly;
  const Rule& rule = input.rules[nearly.rule];
  const std::string own = failure.artifact->digests.text();
  if (nearly.miss == Miss::other_digest || nearly.miss == Miss::no_common_one) {
    const bool match = rule.kind == RuleKind::match;
    row.expected =
        cat(nearly.theirs->digests.text(), ", ",
            match ? cat(rule.with == Side::materials ? "used" : "made", " by ", rule.from)
                  : "its material");
    row.found = cat(own, ", ", did(input, failure.artifact), " by ", input.step);
    row.source = cat(rule_place(input, nearly.rule), "; refused by rule ", failure.rule + 1, ": ",
                     printable(input.rules[failure.rule].text(), 200));
    return;
  }
  row.expected = cat("allowed by ", rule_place(input, nearly.rule));
  row.found = clause(nearly.miss, rule);
  row.source =
      cat(rule_place(input, failure.rule), ", which refuses what no rule before it allows");
}

// whose: "step build".
std::string headline_of(const QueueInput& input, const QueueFailure& failure,
                        const std::string& whose) {
  const std::string step(input.step);
  if (failure.taken_by) {
    return cat(whose, " has ", printable(input.rules[failure.rule].pattern, 200), ", but rule ",
               failure.rule + 1, " of its ", name(input.side), " asks for it after rule ",
               *failure.taken_by + 1, " took it: the order of the rules is wrong");
  }
  if (failure.artifact == nullptr || input.rules[failure.rule].kind == RuleKind::require) {
    return cat(whose, " lacks ", printable(input.rules[failure.rule].pattern, 200),
               ", which is required of its ", name(input.side));
  }
  const std::string artifact = printable(failure.artifact->name, 200);
  const std::string more =
      failure.count > 1 ? cat(" (and ", failure.count - 1, " more)") : std::string();
  if (failure.nearly && failure.nearly->miss == Miss::other_digest) {
    const Rule& rule = input.rules[failure.nearly->rule];
    if (rule.from == step) return cat(whose, ": ", artifact, " changed", more);
    if (!whose.starts_with("step ")) {
      return cat(whose, ": ", artifact, " is not what step ", rule.from, " has", more);
    }
    return cat(artifact, " changed between the steps ", rule.from, " and ", step, more);
  }
  return cat(whose, " ", did(input, failure.artifact), " ", artifact, ", which no rule allows",
             more);
}

}  // namespace

void report_failure(const QueueInput& input, const QueueResult& result, const std::string& id,
                    const std::string& title, const std::string& explain, Report& report) {
  const QueueFailure& failure = *result.failure;
  auto& row = report.fail(id, title, headline_of(input, failure, title));
  if (input.rules[failure.rule].kind == RuleKind::require) {
    report_missing(input, failure, row);
  } else if (failure.nearly) {
    report_near_miss(input, failure, row);
  } else {
    row.expected = "an earlier rule that allows it; none of them names it";
    row.found = cat(printable(failure.artifact->name, 200), ", ", failure.artifact->digests.text());
    row.source =
        cat(rule_place(input, failure.rule), ", which refuses what no rule before it allows");
  }
  if (row.advice.empty() && !explain.empty()) {
    row.advice = "Rule by rule, and what would let it pass:";
    row.command = cat(explain, " --step ", shell_quoted(input.step));
  }
}

bool ChainVerifier::judge_queue(const ChainLevel& level, const std::string& step, const char* id,
                                const QueueInput& input, Tracing tracing, const Seen& seen) {
  const QueueResult result = run_queue(input, tracing);
  if (seen) seen(input, result);
  const bool of_step = std::string_view(id).starts_with("rule");
  const std::string row_title = cat(of_step ? "step " : "inspection ", level.at, step);
  if (!result.passed()) {
    // Only queues of the layout that was named are explained.
    const bool explained = of_step && level.at.empty();
    report_failure(input, result, id, row_title, explained ? options_.explain : "", report_);
    return false;
  }
  const auto total = input.steps.find(input.step)->second.side(input.side).size();
  report_.pass(id, row_title,
               cat(total, " ", name(input.side), " against ", input.rules.size(), " rules",
                   result.left.empty()
                       ? ""
                       : cat("; ", result.left.size(), " that no rule is about are allowed")));
  return true;
}

bool ChainVerifier::judge_rules(const ChainLevel& level, Tracing tracing, const Seen& seen) {
  const StepsArtifacts steps = artifacts_of(level);
  bool good = true;
  for (const Step& step : level.layout.steps) {
    const QueueInput materials{step.name, Side::materials, step.materials, steps};
    const QueueInput products{step.name, Side::products, step.products, steps};
    good = judge_queue(level, step.name, "rule.materials", materials, tracing, seen) && good;
    good = judge_queue(level, step.name, "rule.products", products, tracing, seen) && good;
  }
  return good;
}

}  // namespace sluice::intoto
