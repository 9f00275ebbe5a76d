// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/markup.h"
#include "base/text.h"
#include "gate/explain.h"
#include "gate/headline.h"

namespace sluice::gate {

namespace {

constexpr std::size_t kMaxCell = 2000;
constexpr std::size_t kDetailsShown = 50;  // of one signal

std::string source_of(const Signal& signal) {
  if (!signal.asserted) return signal.source;
  return signal.source.empty() ? "the caller says" : cat("the caller says: ", signal.source);
}

// What both pages say, once; the writers differ in how they mark and escape it.
struct Fact {
  std::string label;
  std::string text;
};

std::vector<Fact> facts_of(const Record& record, const std::vector<store::Outcome>& outcomes,
                           const std::optional<store::Skip>& skipped) {
  const Inputs& inputs = record.inputs;
  const Decision& decision = record.decision;
  std::vector<Fact> out;
  if (const std::string subject = subject_of(record); !subject.empty()) {
    out.push_back({"subject", subject});
  }
  out.push_back({"environment", inputs.environment});
  out.push_back({"decided", human_time(inputs.now)});
  if (decision.until) out.push_back({"ask again from", human_time(*decision.until)});
  if (decision.valid_until) out.push_back({"holds until", human_time(*decision.valid_until)});
  for (const Subject& subject : inputs.subjects) {
    out.push_back(
        {"artifact", cat(subject.name, subject.name.empty() ? "" : " ", subject.digest.text())});
  }
  out.push_back({"policy", cat(inputs.policy.source, " (", inputs.policy.digest.text(), ")")});
  out.push_back({"decision", cat(record.id, ", ", record.evaluator)});
  if (skipped) {
    out.push_back({"skipped", cat("by ", skipped->who, " at ", human_time(skipped->at), ": ",
                                  skipped->reason)});
  }
  for (const store::Outcome& outcome : outcomes) {
    out.push_back({"outcome", cat(store::name(outcome.kind), " at ", human_time(outcome.at),
                                  outcome.note.empty() ? "" : ": ", outcome.note)});
  }
  return out;
}

std::vector<std::string> cells_of(const Record& record, const Finding& finding) {
  std::string source;
  const auto& signals = record.inputs.signals;
  const auto at = std::ranges::find(signals, finding.signal, &Signal::id);
  if (at != signals.end()) source = source_of(*at);
  return {std::string(effect_word(finding.effect)),
          finding.signal.empty() ? "policy" : finding.signal,
          finding.value,
          finding.threshold,
          finding.text,
          source,
          finding.code};
}

const std::vector<std::string>& column_names() {
  static const std::vector<std::string> names = {"",    "signal", "value", "policy",
                                                 "why", "source", "rule"};
  return names;
}

bool markup_in_markdown(char c) {
  return std::string_view("\\`*_{}[]()<>#+-.!|~&@:$^=\"'").find(c) != std::string_view::npos;
}

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const auto& cell : cells) out += cat(" ", markdown_escaped(cell), " |");
  return out + "\n";
}

std::string markdown_details(const Signal& signal) {
  if (signal.details.empty()) return "";
  std::string out = cat("\n", markdown_escaped(signal.id), ":\n\n");
  const std::size_t shown = std::min(kDetailsShown, signal.details.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const Detail& detail = signal.details[i];
    out += cat("- ", markdown_escaped(detail.label), " ", markdown_escaped(detail.text), "\n");
  }
  if (shown < signal.details.size()) out += cat("- ", signal.details.size() - shown, " more\n");
  return out;
}

constexpr std::string_view kStyle =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;"
    "color:#1b1f24;background:#fff}"
    "h1{font-size:1.5em;margin:0}h1.approve{color:#1a7f37}h1.delay,h1.undecided{color:#9a6700}"
    "h1.block{color:#cf222e}table{border-collapse:collapse;margin:1em 0;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.3em .7em .3em 0;border-bottom:1px solid "
    "#d0d7de;overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}}";

std::string html_row(const std::vector<std::string>& cells, std::string_view tag) {
  std::string out = "<tr>";
  for (const auto& cell : cells) out += cat("<", tag, ">", html_escaped(cell), "</", tag, ">");
  return out + "</tr>\n";
}

std::string html_class(Verdict verdict) {
  return passes(verdict) ? "approve" : std::string(name(verdict));
}

std::string html_details(const Signal& signal) {
  if (signal.details.empty()) return "";
  std::string out = cat("<h2>", html_escaped(signal.id), "</h2>\n<table>\n");
  for (const Detail& detail : signal.details) out += html_row({detail.label, detail.text}, "td");
  return out + "</table>\n";
}

}  // namespace

std::string markdown_escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text, kMaxCell)) {
    // As entities and not with backslashes: a table's cells are cut before backslashes are read,
    // and a name with an @ must not call anybody.
    if (markup_in_markdown(c)) {
      out += cat("&#", static_cast<int>(c), ";");
    } else {
      out += c;
    }
  }
  return out;
}

std::string html_escaped(std::string_view text) {
  return escaped_markup(printable(text, kMaxCell));
}

std::string as_markdown(const Record& record, const std::vector<store::Outcome>& outcomes,
                        const std::optional<store::Skip>& skipped) {
  const Decision& decision = record.decision;
  std::string out = cat("### ", markdown_escaped(verdict_word(decision)), "\n\n",
                        markdown_escaped(summary_of(record)), "\n\n");
  out += markdown_row(column_names());
  out += "|---|---|---|---|---|---|---|\n";
  for (const Finding& finding : decision.findings) out += markdown_row(cells_of(record, finding));
  if (!decision.conditions.empty()) out += "\nOn condition:\n\n";
  for (const Condition& condition : decision.conditions) {
    out += cat("- ", markdown_escaped(condition.text), "\n");
  }
  for (const Signal& signal : record.inputs.signals) out += markdown_details(signal);
  out += "\n";
  for (const Fact& fact : facts_of(record, outcomes, skipped)) {
    out += cat("- ", fact.label, ": ", markdown_escaped(fact.text), "\n");
  }
  return out;
}

std::string as_html(const Record& record, const std::vector<store::Outcome>& outcomes,
                    const std::optional<store::Skip>& skipped) {
  const Decision& decision = record.decision;
  const std::string title = html_escaped(verdict_word(decision));
  std::string out =
      cat("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'\">\n<title>",
          title, "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n<h1 class=\"",
          html_class(decision.verdict), "\">", title, "</h1>\n<p>",
          html_escaped(summary_of(record)), "</p>\n<table>\n");
  out += html_row(column_names(), "th");
  for (const Finding& finding : decision.findings) {
    out += html_row(cells_of(record, finding), "td");
  }
  out += "</table>\n";
  if (!decision.conditions.empty()) out += "<h2>On condition</h2>\n<ul>\n";
  for (const Condition& condition : decision.conditions) {
    out += cat("<li>", html_escaped(condition.text), "</li>\n");
  }
  if (!decision.conditions.empty()) out += "</ul>\n";
  for (const Signal& signal : record.inputs.signals) out += html_details(signal);
  out += "<h2>Decision</h2>\n<table>\n";
  for (const Fact& fact : facts_of(record, outcomes, skipped)) {
    out += html_row({fact.label, fact.text}, "td");
  }
  return out + "</table>\n</body>\n</html>\n";
}

}  // namespace sluice::gate
