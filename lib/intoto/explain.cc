// SPDX-License-Identifier: Apache-2.0
#include "intoto/explain.h"

#include <algorithm>

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
  if (trace.covered == 0 && trace.queued > 0) return cat("matches none of ", trace.queued);
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
    out += cat("       - ", shown_name(*artifact), " stays: ", clause(missed.miss, rule), "\n");
    if (missed.theirs == nullptr || rule.kind != RuleKind::match) continue;
    out += cat("           ", padded_to(printable(rule.from, kShownName), 16),
               missed.theirs->digests.text(), "\n");
    out += cat("           ", padded_to(printable(queue.step, kShownName), 16),
               artifact->digests.text(), "\n");
  }
  const std::size_t missed = trace.covered - trace.taken;
  if (missed > trace.missed.size() && !trace.missed.empty()) {
    out += cat("       - and ", missed - trace.missed.size(), " more\n");
  }
  return out;
}

std::size_t size_of(const ExplainedQueue& queue) {
  const auto& trace = queue.result.trace;
  return trace.empty() ? queue.result.left.size() : trace.front().queued;
}

// Paragraphs of advice, in lines of a terminal's width.
std::string wrapped_lines(std::string_view text) {
  constexpr std::size_t kWidth = 92;
  std::string out = "  ";
  std::size_t column = 2;
  for (const auto word : split(text, ' ')) {
    if (column > 2 && column + 1 + word.size() > kWidth) {
      out += "\n  ";
      column = 2;
    }
    if (column > 2) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out + "\n";
}

// Of the step first: a layout is not loosened because something failed.
std::string question_before(const ExplainedQueue& queue, const Suggestion& suggestion) {
  const std::string step = printable(queue.step, kShownName);
  const std::size_t number = suggestion.at + 1;
  if (suggestion.in_place) {
    return cat("Rule ", number, " looks in step ",
               printable(queue.rules[suggestion.at].from, kShownName),
               ", which has none of these. If step ", step, " is meant to take what step ",
               printable(suggestion.rules.front().from, kShownName),
               " made, the layout's owner would put in place of rule ", number,
               ", and sign the layout again:");
  }
  return cat("Was step ", step,
             " meant to do so? If not, the layout is right to refuse it: find out how it came "
             "about, and do the step again, and those after it. If it was, the layout's owner "
             "would put in front of rule ",
             number, ", and sign the layout again:");
}

std::string suggestion_text(const ExplainedQueue& queue, const Suggestion& suggestion) {
  std::string out = wrapped_lines(question_before(queue, suggestion));
  for (const Rule& rule : suggestion.rules) {
    out += cat("    ", printable(rule.text(), kShownName), "\n");
  }
  const std::string_view compared =
      suggestion.compares() ? "" : " Nothing would compare that with what another step recorded.";
  return out +
         wrapped_lines(cat("That allows: ", suggestion.allows(printable(queue.step, kShownName)),
                           ".", compared));
}

// Why it stopped, and what would let it pass: the layout changed, or the step done again.
std::string outcome_text(const ExplainedQueue& queue, const QueueFailure& failure) {
  if (queue.suggestion) return suggestion_text(queue, *queue.suggestion);
  const std::string step = printable(queue.step, kShownName);
  if (failure.taken_by) {
    return wrapped_lines(
        cat("REQUIRE looks only at what is still in the queue, and rule ", *failure.taken_by + 1,
            " took it out. The layout's owner would move rule ", failure.rule + 1,
            " in front of rule ", *failure.taken_by + 1, ". That allows nothing more."));
  }
  if (queue.rules[failure.rule].kind == RuleKind::require) {
    return wrapped_lines(cat("Step ", step, " has to be done again with that file among its ",
                             name(queue.side), "; was it recorded (--", name(queue.side), ")?"));
  }
  if (failure.nearly && failure.nearly->miss == Miss::other_digest) {
    const std::string from = printable(queue.rules[failure.nearly->rule].from, kShownName);
    return wrapped_lines(cat("No rule should let this pass: it is not what step ", from,
                             " recorded. Find out what changed it. Then do step ", step,
                             " again on what step ", from,
                             " has, or both, and each later step that used the result."));
  }
  return wrapped_lines(cat("There are ", queue.result.failure->count,
                           " such files, and no rule narrower than one for everything would let "
                           "them pass: look at each of them."));
}

std::string queue_text(const ExplainedQueue& queue, bool colour) {
  const auto& trace = queue.result.trace;
  std::string out = cat("step ", printable(queue.step, kShownName), ", ", name(queue.side), ": ",
                        size_of(queue), " in the queue\n");
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
  if (failure) return out + outcome_text(queue, *failure);
  if (!queue.result.left.empty()) {
    out += cat("  ", queue.result.left.size(), " left, which no rule is about: allowed\n");
  }
  return out;
}

// In one line, where others failed.
std::string passed_line(const ExplainedQueue& queue) {
  return cat("step ", printable(queue.step, kShownName), ", ", name(queue.side), ": ",
             size_of(queue), " in the queue; passes\n");
}

constexpr std::string_view kHow =
    "Of each step, what it used (materials) and what it has in the end (products) stand in "
    "queues.\n"
    "Rules take some out, from the first to the last. DISALLOW refuses what is still there.\n";

// The answer first, as `layout verify` words it.
std::string answer_text(const Explanation& explanation, std::string_view step) {
  std::vector<std::string> failures;
  for (const Check& check : explanation.report.checks()) {
    const bool of_rule = check.outcome == Outcome::fail && check.id.starts_with("rule.");
    if (!of_rule || (!step.empty() && check.title != cat("step ", step))) continue;
    if (std::ranges::find(failures, check.detail) == failures.end()) {
      failures.push_back(check.detail);
    }
  }
  if (failures.empty()) return "";
  std::string out = cat("refused   ", printable(explanation.report.subject(), 500), "\n");
  for (const auto& each : failures) out += cat("  ", printable(each, 1000), "\n");
  return cat(out, "\n", kHow, "\n");
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
    one.set("why", clause(miss.miss, rule));
    if (miss.theirs != nullptr) one.set("other", artifact_json(*miss.theirs));
    missed.push_back(std::move(one));
  }
  out.set("missed", std::move(missed));
  return out;
}

json::Value suggestion_json(const ExplainedQueue& queue) {
  const Suggestion& suggestion = *queue.suggestion;
  json::Array rules;
  for (const Rule& rule : suggestion.rules) {
    json::Array words;
    for (const auto& word : rule.words()) words.emplace_back(word);
    rules.emplace_back(std::move(words));
  }
  json::Value out;
  out.set("rules", std::move(rules));
  out.set("rule", static_cast<std::int64_t>(suggestion.at + 1));
  out.set("where", suggestion.in_place ? "in-place-of" : "in-front-of");
  out.set("allows", suggestion.allows(printable(queue.step, kShownName)));
  out.set("compares", suggestion.compares());
  return out;
}

}  // namespace

std::string queues_text(const Explanation& explanation, std::string_view step, bool colour) {
  const std::string answer = answer_text(explanation, step);
  // Where something failed, what passed is not looked for, unless the step was named.
  const bool briefly = !answer.empty() && step.empty();
  std::string out;
  bool brief_before = false;
  for (const ExplainedQueue& queue : explanation.queues) {
    if (!step.empty() && queue.step != step) continue;
    const bool brief = briefly && queue.result.passed();
    if (!out.empty() && !(brief && brief_before)) out += "\n";
    out += brief ? passed_line(queue) : queue_text(queue, colour);
    brief_before = brief;
  }
  return out.empty() ? out : answer + out;
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
    if (queue.suggestion) one.set("suggestion", suggestion_json(queue));
    queues.push_back(std::move(one));
  }
  json::Value out;
  out.set("kind", "sluice.layout-explanation/v1");
  out.set("queues", std::move(queues));
  return out;
}

}  // namespace sluice::intoto
