// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/text.h"
#include "gate/explain.h"
#include "gate/headline.h"

namespace sluice::gate {

namespace {

using policy::Effect;

constexpr std::size_t kColumns = 80;
constexpr std::size_t kSignalsShown = 5;   // two lines each
constexpr std::size_t kRoomyFindings = 3;  // may have three
constexpr std::size_t kConditionsShown = 3;
constexpr std::size_t kTextColumn = 20;  // where what is said of a signal begins

std::string painted(std::string_view word, std::string_view code, bool colour) {
  return colour ? cat("\x1b[", code, "m", word, "\x1b[0m") : std::string(word);
}

std::string_view colour_code(Verdict verdict) {
  if (verdict == Verdict::block) return "31";
  return passes(verdict) ? "32" : "33";
}

std::string line(std::string_view text) { return fitted(text, kColumns) + "\n"; }

std::string in_column(std::string_view text, std::size_t width) {
  std::string out(text);
  if (out.size() < width) out.append(width - out.size(), ' ');
  return out;
}

// The source of the signal that a finding is about.
const Signal* signal_of(const Record& record, const Finding& finding) {
  const auto& signals = record.inputs.signals;
  const auto at = std::ranges::find(signals, finding.signal, &Signal::id);
  return at == signals.end() ? nullptr : &*at;
}

// "[the caller says, git]"; empty where nobody is named.
std::string source_text(const Record& record, const Finding& finding) {
  const Signal* signal = signal_of(record, finding);
  if (signal == nullptr || (signal->source.empty() && !signal->asserted)) return {};
  return cat("[", signal->asserted ? "the caller says" : "",
             signal->asserted && !signal->source.empty() ? ", " : "", printable(signal->source, 60),
             "]");
}

// Two lines, or three where there is room and the source does not fit beside the text.
std::string finding_rows(const Record& record, const Finding& finding, bool room) {
  const std::string_view word = effect_word(finding.effect);
  const std::string about = finding.signal.empty() ? "policy" : printable(finding.signal, 20);
  std::string first = cat("  ", in_column(word, 8), in_column(about, 9));
  const std::string_view value = finding.value.empty() ? finding.text : finding.value;
  first += cat(" ", in_column(printable(value, 200), 13));
  if (!finding.value.empty()) first += cat(" ", printable(finding.threshold, 200));
  if (finding.value.empty()) return line(first);
  constexpr std::size_t kLeft = kColumns - kTextColumn;
  const std::string indent(kTextColumn, ' ');
  const std::string text = printable(finding.text, 400);
  const std::string source = source_text(record, finding);
  if (source.empty()) return line(first) + line(indent + text);
  const std::string together = cat(text, "  ", source);
  if (fitted(together, kLeft) == together) return line(first) + line(indent + together);
  if (room) return line(first) + line(indent + text) + line(indent + source);
  const std::string shown = cat("  ", fitted(source, 30));
  return line(first) + line(indent + fitted(text, kLeft - 32) + shown);
}

// The worst first where not all can be shown; otherwise in the policy's order.
std::vector<const Finding*> shown_findings(const Decision& decision) {
  std::vector<const Finding*> out;
  for (const Finding& finding : decision.findings) out.push_back(&finding);
  if (out.size() <= kSignalsShown) return out;
  std::ranges::stable_sort(out, std::greater(), &Finding::effect);
  out.resize(kSignalsShown);
  return out;
}

std::string headline(const Record& record, bool colour) {
  const Decision& decision = record.decision;
  const std::string word = verdict_word(decision);
  std::string subject = printable(subject_of(record), 200);
  if (subject.empty()) subject = "this change";
  // The environment is never what is cut off.
  const std::string where = cat(" -> ", fitted(printable(record.inputs.environment, 40), 24));
  const std::size_t left = kColumns - word.size() - 3 - 4 - 24;
  const std::string rest = cat("   ", fitted(subject, left), where);
  return painted(word, colour_code(decision.verdict), colour) + rest + "\n";
}

std::string conditions_rows(const Decision& decision) {
  if (decision.conditions.empty()) return "";
  std::string out = "\n";
  for (std::size_t i = 0; i < std::min(kConditionsShown, decision.conditions.size()); ++i) {
    out += line(cat("  on condition: ", printable(decision.conditions[i].text, 200)));
  }
  return out;
}

std::string outcome_row(const std::vector<store::Outcome>& outcomes) {
  if (outcomes.empty()) return "";
  const store::Outcome& last = outcomes.back();
  std::string note = last.note.empty() ? "" : cat(": ", printable(last.note, 100));
  return line(cat("Outcome: ", store::name(last.kind), " at ", human_time(last.at), note));
}

std::string skip_row(const std::optional<store::Skip>& skipped) {
  if (!skipped) return "";
  return line(
      cat("Skipped by ", printable(skipped->who, 60), ": ", printable(skipped->reason, 200)));
}

std::string footer(const Record& record, const TextOptions& options) {
  std::string out = "\n";
  std::string about = cat("Decision ", printable(record.id, 48));
  if (!options.stored) about = "This decision was not stored";
  if (!options.signed_file.empty()) about += cat(", signed: ", printable(options.signed_file, 200));
  out += line(about);
  out += skip_row(options.skipped);
  out += outcome_row(options.outcomes);
  out += line(next_step(record));
  if (!options.stored) return out;
  const std::string id = printable(record.id, 48);
  const bool outcome_awaited = passes(record.decision.verdict) && options.outcomes.empty();
  return out + line(outcome_awaited ? cat("  how it went:  sluice gate outcome ", id, " ok")
                                    : cat("  sluice gate explain ", id));
}

}  // namespace

std::string as_text(const Record& record, const TextOptions& options) {
  const Decision& decision = record.decision;
  std::string out = headline(record, options.colour);
  out += line(cat("  ", printable(summary_of(record), 300)));
  out += "\n";
  const auto shown = shown_findings(decision);
  for (const Finding* finding : shown) {
    out += finding_rows(record, *finding, shown.size() <= kRoomyFindings);
  }
  if (decision.findings.size() > kSignalsShown) {
    out += line(
        cat("  and ", decision.findings.size() - kSignalsShown, " more: --output json lists them"));
  }
  return out + conditions_rows(decision) + footer(record, options);
}

}  // namespace sluice::gate
