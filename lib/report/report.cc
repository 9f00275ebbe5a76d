// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::report {

namespace {

constexpr std::size_t kShownText = 2000;
constexpr std::size_t kShortest = 64;  // hex digits of a digest

std::string padded(std::string text, std::size_t width) {
  // Counted in bytes: titles and labels are ours, and ASCII.
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string coloured(std::string_view word, std::string_view code, bool colour) {
  return colour ? cat("\x1b[", code, "m", word, "\x1b[0m") : std::string(word);
}

std::size_t title_width(const Report& report) {
  std::size_t width = 0;
  for (const auto& check : report.checks()) width = std::max(width, check.title.size());
  return width + 2;
}

// "sha256:a0cfc71271d6…efa01bf": who compares two sees where they differ; the whole is in the JSON.
std::string with_short_digests(std::string_view text) {
  constexpr std::size_t kFirst = 12;
  constexpr std::size_t kLast = 7;
  constexpr std::string_view kHex = "0123456789abcdefABCDEF";
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_not_of(kHex), text.size());
    const bool labelled =
        out.ends_with("sha256:") || out.ends_with("sha384:") || out.ends_with("sha512:");
    if (labelled && end >= kShortest) {
      out += cat(text.substr(0, kFirst), "…", text.substr(end - kLast, kLast));
    } else {
      out += text.substr(0, end);
    }
    text.remove_prefix(end);
    if (text.empty()) break;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

std::string shown(const std::string& text) {
  return with_short_digests(printable(text, kShownText));
}

// Beside its title a detail may say "it"; where it stands alone, the title goes in front.
std::string headline(const Check& failure) {
  const bool pronoun = failure.detail.starts_with("it ") || failure.detail.starts_with("its ");
  return shown(pronoun ? cat(failure.title, ": ", failure.detail) : failure.detail);
}

std::string row(const Check& check, std::size_t width, bool colour, bool told) {
  std::string word = "not run";
  if (check.outcome == Outcome::pass) word = "ok     ";
  if (check.outcome == Outcome::fail) word = coloured("FAIL", "31", colour) + "   ";
  std::string out = cat("  ", word, "  ", padded(check.title, width));
  std::string indent;
  const auto line = [&](std::string_view label, const std::string& text) {
    if (text.empty()) return;
    out += cat(indent, padded(std::string(label), 10), shown(text), "\n");
    indent.assign(11 + width, ' ');
  };
  const bool failed = check.outcome == Outcome::fail;
  told = told && failed && !(check.expected.empty() && check.source.empty());
  if (!told) {
    out += cat(shown(check.detail), "\n");
    indent.assign(11 + width, ' ');
  }
  if (!failed) return out;
  line("expected", check.expected);
  line("found", check.found);
  line("in", check.source);
  return out;
}

std::string rows(const Report& report, bool colour) {
  std::string out;
  const std::size_t width = title_width(report);
  // What is wrong first stands above the rows.
  const Check* told = report.first_failure();
  for (const auto& check : report.checks()) out += row(check, width, colour, &check == told);
  return out;
}

std::string passed_text(const Report& report, const TextOptions& options) {
  std::string out = cat(coloured("verified", "32", options.colour), "  ",
                        printable(report.subject(), kShownText), "\n");
  for (const auto& [label, value] : report.facts()) {
    out += cat("  ", padded(label, 13), shown(value), "\n");
  }
  if (options.every_check) return out + rows(report, options.colour);
  const auto count = report.checks().size();
  return out + cat(count, count == 1 ? " check" : " checks", " passed; --output json lists them\n");
}

}  // namespace

std::string as_text(const Report& report, const TextOptions& options) {
  if (report.passed()) return passed_text(report, options);
  std::string out = cat(coloured("refused", "31", options.colour), "   ",
                        printable(report.subject(), kShownText), "\n");
  const Check* failure = report.first_failure();
  if (failure != nullptr) out += cat("  ", headline(*failure), "\n");
  out += cat("\n", rows(report, options.colour));
  if (failure != nullptr && !failure->advice.empty())
    out += cat("\n", printable(failure->advice, kShownText), "\n");
  if (failure != nullptr && !failure->command.empty())
    out += cat("  ", printable(failure->command, kShownText), "\n");
  return out;
}

json::Value as_json(const Report& report) {
  json::Array checks;
  for (const auto& check : report.checks()) {
    json::Value entry;
    entry.set("id", check.id);
    entry.set("title", check.title);
    entry.set("outcome", std::string(name(check.outcome)));
    entry.set("detail", printable(check.detail, kShownText));
    const auto maybe = [&](const char* key, const std::string& value) {
      if (!value.empty()) entry.set(key, printable(value, kShownText));
    };
    maybe("expected", check.expected);
    maybe("found", check.found);
    maybe("source", check.source);
    maybe("advice", check.advice);
    maybe("command", check.command);
    checks.push_back(std::move(entry));
  }
  json::Value facts{json::Object{}};
  if (report.passed()) {
    for (const auto& [label, value] : report.facts()) {
      const json::Value* before = facts.find(label);  // "signed by" of several signers, say
      const std::string shown = printable(value, kShownText);
      facts.set(label, before == nullptr ? shown : cat(*before->string(), "; ", shown));
    }
  }
  json::Value out;
  out.set("kind", "sluice.verification/v1");
  out.set("subject", printable(report.subject(), kShownText));
  out.set("verdict", report.passed() ? "verified" : "refused");
  out.set("facts", std::move(facts));
  out.set("checks", std::move(checks));
  return out;
}

std::string as_text(const Error& error) {
  std::string out = cat(printable(error.text(), kShownText), "\n");
  if (!error.hint.empty()) out += cat("  try: ", printable(error.hint, kShownText), "\n");
  return out;
}

json::Value as_json(const Error& error, std::string_view subject) {
  json::Value out;
  out.set("kind", "sluice.error/v1");
  if (!subject.empty()) out.set("subject", printable(subject, kShownText));
  out.set("code", name(error.code));
  out.set("message", printable(error.text(), kShownText));
  if (!error.hint.empty()) out.set("hint", printable(error.hint, kShownText));
  return out;
}

}  // namespace sluice::report
