// SPDX-License-Identifier: Apache-2.0
#include "intoto/explain.h"

#include "base/text.h"

namespace sluice::intoto {

namespace {

constexpr std::size_t kShownName = 300;
constexpr std::size_t kRuleColumn = 52;

std::string shown_name(const Artifact& artifact) { return printable(artifact.name, kShownName); }

std::string padded_to(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string outcome_of(const Rule& rule, const RuleTrace& trace, bool failed, bool colour) {
  const std::string fail_word = colour ? "\x1b[31mFAIL\x1b[0m" : "FAIL";
  if (rule.kind == RuleKind::disallow) {
    return failed ? cat(fail_word, "  finds ", trace.covered, " of ", trace.queued)
                  : cat("finds none of ", trace.queued);
  }
  if (rule.kind == RuleKind::require) {
    return failed ? cat(fail_word, "  is not in the queue") : "is in the queue";
  }
  return cat("takes ", trace.taken, " of ", trace.queued);
}

std::string samples_of(const RuleTrace& trace, std::size_t count) {
  std::string out;
  for (const Artifact* each : trace.sample) out += cat("         ", shown_name(*each), "\n");
  if (count > trace.sample.size()) {
    out += cat("         and ", count - trace.sample.size(), " more\n");
  }
  return out;
}

std::string misses_of(const ExplainedQueue& queue, const Rule& rule, const RuleTrace& trace) {
  std::string out;
  for (const auto& [artifact, missed] : trace.missed) {
    out += cat("       - ", shown_name(*artifact), " stays: ", clause(missed.miss), "\n");
    if (missed.theirs == nullptr || rule.kind != RuleKind::match) continue;
    out += cat("           ", padded_to(rule.from, 16), missed.theirs->digests.text(), "\n");
    out += cat("           ", padded_to(queue.step, 16), artifact->digests.text(), "\n");
  }
  const std::size_t missed = trace.covered - trace.taken;
  if (missed > trace.missed.size() && !trace.missed.empty()) {
    out += cat("       - and ", missed - trace.missed.size(), " more\n");
  }
  return out;
}

std::string queue_text(const ExplainedQueue& queue, bool colour) {
  const auto& trace = queue.result.trace;
  const std::size_t total = trace.empty() ? queue.result.left.size() : trace.front().queued;
  std::string out =
      cat("step ", queue.step, ", ", name(queue.side), ": ", total, " in the queue\n");
  if (queue.rules.empty()) return out + "  no rules: everything is allowed\n";
  for (std::size_t i = 0; i < queue.rules.size(); ++i) {
    const Rule& rule = queue.rules[i];
    const std::string line =
        cat(i < 9 ? "  " : " ", i + 1, "  ", printable(rule.text(), kShownName));
    if (i >= trace.size()) {
      out += cat(padded_to(line, kRuleColumn), "  not run\n");
      continue;
    }
    const bool failed = queue.result.failure && queue.result.failure->rule == i;
    out +=
        cat(padded_to(line, kRuleColumn), "  ", outcome_of(rule, trace[i], failed, colour), "\n");
    const bool takes = rule.kind != RuleKind::disallow && rule.kind != RuleKind::require;
    if (takes) out += samples_of(trace[i], trace[i].taken);
    if (failed && rule.kind == RuleKind::disallow) out += samples_of(trace[i], trace[i].covered);
    out += misses_of(queue, rule, trace[i]);
  }
  const auto& failure = queue.result.failure;
  if (!failure) {
    if (!queue.result.left.empty()) {
      out += cat("  ", queue.result.left.size(), " left, which no rule is about: allowed\n");
    }
    return out;
  }
  if (queue.suggestion) {
    out += cat("  In front of rule ", failure->rule + 1, " this would make it pass:\n    ",
               printable(queue.suggestion->text(), kShownName), "\n");
  } else if (failure->taken_by) {
    out += cat("  REQUIRE looks only at what is still queued: move it in front of rule ",
               *failure->taken_by + 1, "\n");
  } else if (failure->nearly && failure->nearly->miss == Miss::other_digest) {
    out +=
        "  No rule should make this pass: the artifact is not the one that the other step has\n"
        "  evidence of. Find out who changed it.\n";
  }
  return out;
}

json::Value artifact_json(const Artifact& artifact) {
  json::Value out;
  out.set("name", shown_name(artifact));
  out.set("digest", artifact.digests.text());
  return out;
}

json::Value rule_json(const ExplainedQueue& queue, std::size_t number) {
  const Rule& rule = queue.rules[number];
  json::Value out;
  out.set("rule", printable(rule.text(), kShownName));
  if (number >= queue.result.trace.size()) return out.set("outcome", "not-run"), out;
  const RuleTrace& trace = queue.result.trace[number];
  const bool failed = queue.result.failure && queue.result.failure->rule == number;
  out.set("outcome", failed ? "fail" : "pass");
  out.set("queued", static_cast<std::int64_t>(trace.queued));
  out.set("covered", static_cast<std::int64_t>(trace.covered));
  out.set("taken", static_cast<std::int64_t>(trace.taken));
  json::Array sample;
  for (const Artifact* each : trace.sample) sample.push_back(artifact_json(*each));
  out.set("sample", std::move(sample));
  json::Array missed;
  for (const auto& [artifact, miss] : trace.missed) {
    json::Value one = artifact_json(*artifact);
    one.set("why", clause(miss.miss));
    if (miss.theirs != nullptr) one.set("other", artifact_json(*miss.theirs));
    missed.push_back(std::move(one));
  }
  out.set("missed", std::move(missed));
  return out;
}

}  // namespace

std::string queues_text(const Explanation& explanation, std::string_view step, bool colour) {
  std::string out;
  for (const ExplainedQueue& queue : explanation.queues) {
    if (!step.empty() && queue.step != step) continue;
    if (!out.empty()) out += "\n";
    out += queue_text(queue, colour);
  }
  return out;
}

json::Value queues_json(const Explanation& explanation, std::string_view step) {
  json::Array queues;
  for (const ExplainedQueue& queue : explanation.queues) {
    if (!step.empty() && queue.step != step) continue;
    json::Value one;
    one.set("step", queue.step);
    one.set("side", name(queue.side));
    one.set("verdict", queue.result.passed() ? "pass" : "fail");
    json::Array rules;
    for (std::size_t i = 0; i < queue.rules.size(); ++i) rules.push_back(rule_json(queue, i));
    one.set("rules", std::move(rules));
    one.set("left", static_cast<std::int64_t>(queue.result.left.size()));
    if (queue.suggestion) {
      json::Array words;
      for (const auto& word : queue.suggestion->words()) words.emplace_back(word);
      one.set("suggestion", std::move(words));
      one.set("in_front_of_rule", static_cast<std::int64_t>(queue.result.failure->rule + 1));
    }
    queues.push_back(std::move(one));
  }
  json::Value out;
  out.set("kind", "sluice.layout-explanation/v1");
  out.set("queues", std::move(queues));
  return out;
}

}  // namespace sluice::intoto
