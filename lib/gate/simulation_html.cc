// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "gate/explain.h"
#include "gate/simulation.h"

namespace sluice::gate {

namespace {

constexpr std::size_t kColumnsOfChart = 60;
constexpr std::size_t kFewestPlaces = 12;  // a single change is no wall
constexpr std::size_t kHeldBackShown = 300;
constexpr std::size_t kPassedShown = 1000;
// Units, not pixels: fine enough that columns need no fractions.
constexpr std::size_t kChartWidth = 7200;
constexpr std::size_t kChartHeight = 1800;

// In the order in which they are stacked, from the ground up.
constexpr std::array<Verdict, 5> kStack = {Verdict::approve, Verdict::conditions, Verdict::delay,
                                           Verdict::undecided, Verdict::block};

std::string_view short_word(Verdict verdict) {
  constexpr std::array<std::string_view, 5> kWords = {"approved", "on condition", "delayed",
                                                      "undecided", "blocked"};
  return kWords.at(static_cast<std::size_t>(verdict));
}

using Counts = std::array<std::size_t, 5>;  // by verdict

std::size_t& at(Counts& counts, Verdict verdict) {
  return counts.at(static_cast<std::size_t>(verdict));
}
std::size_t at(const Counts& counts, Verdict verdict) {
  return counts.at(static_cast<std::size_t>(verdict));
}

// Neighbouring changes, drawn as one column.
struct Bin {
  const SimulatedChange* oldest = nullptr;
  const SimulatedChange* newest = nullptr;
  std::size_t size = 0;
  Counts counts{};
};

// Oldest first: time goes to the right. All but the last have the same size.
std::vector<Bin> bins_of(const std::vector<SimulatedChange>& changes) {
  const std::size_t per_bin =
      std::max<std::size_t>(1, (changes.size() + kColumnsOfChart - 1) / kColumnsOfChart);
  std::vector<Bin> bins;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const SimulatedChange& change = changes[changes.size() - 1 - i];
    if (i % per_bin == 0) bins.push_back({.oldest = &change});
    Bin& bin = bins.back();
    bin.newest = &change;
    ++bin.size;
    ++at(bin.counts, change.verdict);
  }
  return bins;
}

Counts total_of(const std::vector<SimulatedChange>& changes) {
  Counts out{};
  for (const auto& change : changes) ++at(out, change.verdict);
  return out;
}

std::string percent(std::size_t part, std::size_t whole) {
  if (whole == 0) return "0 %";
  if (part > 0 && part * 100 < whole) return "< 1 %";
  return cat((part * 100 + whole / 2) / whole, " %");
}

constexpr std::string_view kStyleOfPage =
    ":root{--ink:#1b1f24;--soft:#57606a;--line:#d8dee4;--ground:#fff;--card:#f6f8fa;"
    "--approve:#1a7f37;--approve-with-conditions:#0b7285;--delay:#9a6700;--undecided:#57606a;"
    "--block:#cf222e}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--line:#30363d;"
    "--ground:#0d1117;--card:#161b22;--approve:#3fb950;--approve-with-conditions:#39c5cf;"
    "--delay:#e3b341;--undecided:#8b949e;--block:#ff6b63}}"
    "*{box-sizing:border-box}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:0 auto;padding:1.5em 1em 4em;"
    "color:var(--ink);background:var(--ground)}"
    "h1{font-size:1.5em;line-height:1.25;margin:0 0 .3em}h2{font-size:1.1em;margin:2.2em 0 .6em}"
    "p{margin:.4em 0}.soft,figcaption,summary{color:var(--soft)}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8em,1fr));gap:.7em;"
    "margin:1.4em 0;padding:0;list-style:none}"
    ".tiles li{background:var(--card);border-radius:8px;padding:.7em .9em;"
    "border-top:4px solid var(--tone)}"
    ".tiles b{display:block;font-size:1.7em;line-height:1.2;font-variant-numeric:tabular-nums}"
    "figure{margin:1em 0}svg{display:block;width:100%;height:11em;"
    "border-bottom:1px solid var(--line)}"
    ".ends{display:flex;justify-content:space-between;gap:1em;font-size:.85em}.few{justify-content:"
    "start}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.35em .7em .35em 0;"
    "border-bottom:1px solid var(--line);overflow-wrap:anywhere}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".bar{background:var(--card);border-radius:3px;height:.6em;margin-top:.45em;min-width:9em}"
    ".bar i{display:block;height:100%;border-radius:3px;background:var(--tone)}"
    ".changes{list-style:none;padding:0;margin:0}"
    ".changes li{border-left:4px solid var(--tone);padding:.1em 0 .1em .8em;margin:.9em 0;"
    "overflow-wrap:anywhere}"
    ".word{font-weight:600;color:var(--tone)}code{font:.9em ui-monospace,monospace}"
    "summary{cursor:pointer;padding:.4em 0}.wide{overflow-x:auto}"
    ".approve{--tone:var(--approve)}"
    ".approve-with-conditions{--tone:var(--approve-with-conditions)}"
    ".delay{--tone:var(--delay)}.undecided{--tone:var(--undecided)}.block{--tone:var(--block)}"
    "rect.approve,rect.approve-with-conditions,rect.delay,rect.undecided,rect.block{"
    "fill:var(--tone)}"
    "rect.approve,rect.approve-with-conditions{opacity:.4}"
    "@media(max-width:30em){.bar{display:none}body{padding:1em .8em 3em}}";

std::string tiles(const Counts& counts, std::size_t all) {
  std::string out = "<ul class=\"tiles\">\n";
  for (const Verdict verdict : kStack) {
    out += cat("<li class=\"", name(verdict), "\"><b>", at(counts, verdict), "</b>",
               short_word(verdict), " <span class=\"soft\">", percent(at(counts, verdict), all),
               "</span></li>\n");
  }
  return out + "</ul>\n";
}

std::string range_of(const Bin& bin) {
  if (bin.oldest == bin.newest) return bin.oldest->commit;
  return cat(bin.oldest->commit, " to ", bin.newest->commit);
}

std::string date_of(const SimulatedChange& change) {
  return change.at ? rfc3339(*change.at).substr(0, 10) : "";
}

// What a column says to whoever points at it, or has it read out.
std::string title_of(const Bin& bin) {
  std::string out = range_of(bin);
  for (const Verdict verdict : kStack) {
    if (at(bin.counts, verdict) > 0)
      out += cat(", ", at(bin.counts, verdict), " ", short_word(verdict));
  }
  return out;
}

std::string column(const Bin& bin, std::size_t place, std::size_t places, std::size_t tallest) {
  const auto left = place * kChartWidth / places;
  const auto right = (place + 1) * kChartWidth / places;
  const auto gap = std::min<std::size_t>(20, (right - left) / 5);
  std::string out = cat("<g><title>", html_escaped(title_of(bin)), "</title>");
  std::size_t below = 0;
  for (const Verdict verdict : kStack) {
    const std::size_t count = at(bin.counts, verdict);
    if (count == 0) continue;
    const auto bottom = below * kChartHeight / tallest;
    below += count;
    const auto top = below * kChartHeight / tallest;
    out += cat("<rect class=\"", name(verdict), "\" x=\"", left, "\" y=\"", kChartHeight - top,
               "\" width=\"", right - left - gap, "\" height=\"", top - bottom, "\"/>");
  }
  return out + "</g>\n";
}

std::string chart(const std::vector<Bin>& bins) {
  std::size_t tallest = 1;
  for (const Bin& bin : bins) tallest = std::max(tallest, bin.size);
  std::string out = cat(
      "<figure>\n<svg viewBox=\"0 0 ", kChartWidth, " ", kChartHeight,
      "\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Verdicts over the changes, oldest "
      "on the left; the table below has the numbers\">\n");
  const std::size_t places = std::max(bins.size(), kFewestPlaces);
  for (std::size_t i = 0; i < bins.size(); ++i) out += column(bins[i], i, places, tallest);
  const auto end = [](const SimulatedChange& change) {
    return cat("<span><code>", html_escaped(change.commit), "</code> ", date_of(change), "</span>");
  };
  out += cat("</svg>\n<div class=\"ends soft", bins.size() < places ? " few" : "", "\">",
             end(*bins.front().oldest));
  if (bins.size() > 1) out += end(*bins.back().newest);
  return out + cat("</div>\n<figcaption>",
                   tallest == 1 ? "Each column is a change"
                                : cat("Each column is up to ", tallest, " changes"),
                   ", oldest on the left.</figcaption>\n</figure>\n");
}

std::string chart_table(const std::vector<Bin>& bins) {
  std::string out =
      "<details>\n<summary>The chart as a table</summary>\n<div class=\"wide\"><table>\n"
      "<tr><th>changes</th>";
  for (const Verdict verdict : kStack) out += cat("<th class=\"n\">", short_word(verdict), "</th>");
  out += "</tr>\n";
  for (const Bin& bin : bins) {
    out += cat("<tr><td>", html_escaped(range_of(bin)), "</td>");
    for (const Verdict verdict : kStack) {
      out += cat("<td class=\"n\">", at(bin.counts, verdict), "</td>");
    }
    out += "</tr>\n";
  }
  return out + "</table></div>\n</details>\n";
}

std::string meaning_of(std::string_view code) {
  for (const ReasonCode& reason : reason_codes()) {
    if (reason.code == code) return std::string(reason.meaning);
  }
  return {};
}

// What held most back stands first; what was approved of stands last.
std::string rules_table(const std::vector<SimulatedChange>& changes) {
  std::map<std::pair<Verdict, std::string>, std::size_t, std::greater<>> tally;
  for (const auto& change : changes) ++tally[{change.verdict, change.rule}];
  std::string out =
      "<h2>By rule</h2>\n<div class=\"wide\"><table>\n<tr><th>verdict</th><th>rule</th>"
      "<th class=\"n\">changes</th><th></th></tr>\n";
  for (const auto& [key, count] : tally) {
    const auto& [verdict, rule] = key;
    const auto width = (count * 100 + changes.size() - 1) / changes.size();
    out +=
        cat("<tr class=\"", name(verdict), "\"><td><span class=\"word\">", name(verdict),
            "</span></td><td><code>", html_escaped(rule), "</code><br><span class=\"soft\">",
            html_escaped(meaning_of(rule)), "</span></td><td class=\"n\">", count, "<br>",
            percent(count, changes.size()), "</td><td><div class=\"bar\"><i style=\"width:", width,
            "%\"></i></div></td></tr>\n");
  }
  return out + "</table></div>\n";
}

std::string item(const SimulatedChange& change) {
  std::string out = cat("<li class=\"", name(change.verdict), "\"><span class=\"word\">",
                        name(change.verdict), "</span> <code>", html_escaped(change.commit),
                        "</code> ", html_escaped(change.subject), "<br><span class=\"soft\">");
  if (change.at) out += cat(date_of(change), " · ");
  out += cat(html_escaped(change.rule), " · ", html_escaped(change.text));
  for (std::size_t i = 0; i < change.paths.size(); ++i) {
    out += cat(i == 0 ? "<br>" : ", ", "<code>", html_escaped(change.paths[i]), "</code>");
  }
  return out + "</span></li>\n";
}

// Those that pass, or those that do not; how many there are, and the newest of them.
std::string list(const std::vector<SimulatedChange>& changes, bool passing, std::size_t most) {
  std::string items;
  std::size_t count = 0;
  for (const auto& change : changes) {
    if (passes(change.verdict) != passing) continue;
    if (++count <= most) items += item(change);
  }
  std::string out = cat("<ol class=\"changes\">\n", items, "</ol>\n");
  if (count > most) {
    out += cat("<p class=\"soft\">The newest ", most, " of ", count,
               "; --output json has them all.</p>\n");
  }
  if (!passing) {
    if (count == 0) return "<h2>Held back</h2>\n<p>Nothing would have been held back.</p>\n";
    return cat("<h2>Held back: ", count, "</h2>\n", out);
  }
  if (count == 0) return "";
  return cat("<details>\n<summary>Approved, perhaps on conditions: ", count, "</summary>\n", out,
             "</details>\n");
}

std::string heading(const Simulation& simulation) {
  const auto& changes = simulation.changes;
  const std::size_t held = static_cast<std::size_t>(std::ranges::count_if(
      changes, [](const SimulatedChange& change) { return !passes(change.verdict); }));
  return cat("<h1>", held, " of ", changes.size(), changes.size() == 1 ? " change" : " changes",
             " would have been held back</h1>\n<p class=\"soft\">",
             html_escaped(simulation.environment), ", by the policy ",
             html_escaped(simulation.policy), " (<code>",
             html_escaped(simulation.policy_digest.substr(0, 19)),
             "…</code>), along the first parents of HEAD.</p>\n");
}

}  // namespace

std::string as_html(const Simulation& simulation) {
  const auto& changes = simulation.changes;
  const auto bins = bins_of(changes);
  std::string out =
      cat("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'\">\n<title>What the gate would have said</title>\n<style>",
          kStyleOfPage, "</style>\n</head>\n<body>\n", heading(simulation));
  if (!bins.empty()) {
    out += tiles(total_of(changes), changes.size());
    out += chart(bins);
    out += chart_table(bins);
    out += rules_table(changes);
    out += list(changes, false, kHeldBackShown);
    out += list(changes, true, kPassedShown);
  }
  return out +
         "<p class=\"soft\">Only the risk of each change was judged: what metrics and the grid "
         "said "
         "then is not known.</p>\n</body>\n</html>\n";
}

}  // namespace sluice::gate
