// SPDX-License-Identifier: Apache-2.0
#include "risk/analysis.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::risk {

namespace {

constexpr std::size_t kListed = 10;      // paths under each rule, as text
constexpr std::size_t kShownPath = 200;  // bytes of one path, as text

std::vector<Note> notes_on(const git::Repository& repository, const git::Range& range,
                           const git::Changes& changes) {
  std::vector<Note> notes;
  if (repository.shallow()) {
    notes.push_back({"shallow-clone",
                     range.compare == git::Compare::merge_base
                         ? "this is a shallow clone: where the branches parted may lie in what was "
                           "left out"
                         : "this is a shallow clone: part of the history is not here"});
  }
  if (changes.merge_bases > 1) {
    notes.push_back(
        {"several-merge-bases",
         cat(changes.merge_bases, " merge bases are equally good; the newest is used")});
  }
  if (!changes.renames_complete) {
    notes.push_back({"renames-incomplete",
                     "not every rename was looked for: the old path of some may count as well"});
  }
  return notes;
}

// Columns of our own words: ASCII, counted in bytes.
std::string in_column(std::string_view text, std::size_t width) {
  std::string out(text);
  if (out.size() < width) out.append(width - out.size(), ' ');
  return out;
}

std::string_view colour_of(Level level) {
  switch (level) {
    case Level::low:
      return "32";
    case Level::medium:
      return "33";
    case Level::high:
      return "31";
  }
  return "31";
}

std::string paths_word(std::size_t count) { return cat(count, count == 1 ? " path" : " paths"); }

std::string range_text(const git::Range& range) {
  return cat(printable(range.base_name, kShownPath),
             range.compare == git::Compare::trees ? ".." : "...",
             printable(range.head_name, kShownPath));
}

std::string headline(const Analysis& analysis, bool colour) {
  const auto& assessment = analysis.assessment;
  std::string word(name(assessment.level));
  if (colour) word = cat("\x1b[", colour_of(assessment.level), "m", word, "\x1b[0m");
  word.append(8 - name(assessment.level).size(), ' ');
  std::string why = cat("score ", assessment.score);
  if (assessment.level == Level::high) why += cat(", above ", analysis.model.high_above);
  if (assessment.level == Level::medium) why += cat(", above ", analysis.model.medium_above);
  return cat(word, "  ", range_text(analysis.range), ": ", why, "\n");
}

std::string compared_text(const Analysis& analysis) {
  const auto& range = analysis.range;
  const std::size_t count = analysis.changes.paths.size();
  std::string out = cat("  ", count == 0 ? std::string("nothing") : paths_word(count),
                        " changed from ", analysis.changes.from.brief());
  if (range.compare == git::Compare::merge_base) {
    out += cat(" (merge base with ", printable(range.base_name, kShownPath));
    if (range.origin != "given") out += cat(", ", printable(range.origin, kShownPath));
    out += ")";
  } else if (range.origin != "given") {
    out += cat(" (", printable(range.origin, kShownPath), ")");
  }
  return cat(out, " to ", range.head.brief(), "\n");
}

std::string rule_text(const Analysis& analysis, std::size_t rule) {
  const auto& assessment = analysis.assessment;
  const auto& [id, pattern, weight] = analysis.model.rules[rule];
  const std::size_t count = assessment.paths_by_rule[rule];
  if (count == 0) return "";
  const auto points = weight * static_cast<std::int64_t>(count);
  std::string out = cat("\n  ", in_column(id, 16), "  ", paths_word(count), " x ", weight, " = ",
                        points, "   ", printable(pattern, kShownPath), "\n");
  std::size_t listed = 0;
  for (const auto& counted : assessment.counted) {
    if (std::ranges::find(counted.rules, rule) == counted.rules.end()) continue;
    if (listed++ == kListed) break;
    const auto& change = analysis.changes.paths[counted.path];
    out += cat("    ", in_column(name(change.status), 14), printable(change.path, kShownPath));
    if (!change.old_path.empty())
      out += cat("  (was ", printable(change.old_path, kShownPath), ")");
    out += "\n";
  }
  if (count > kListed) {
    out += cat("    and ", count - kListed, " more; --output json lists them\n");
  }
  return out;
}

// A name as JSON can hold it; where that loses something, its bytes beside it.
void set_path(json::Value& out, const std::string& key, const std::string& path) {
  if (is_utf8(path)) {
    out.set(key, path);
    return;
  }
  out.set(key, printable(path, path.size() * 4));
  out.set(key + "_base64", to_base64(bytes_of(path)));
}

json::Value counted_json(const Analysis& analysis, const Counted& counted) {
  const auto& change = analysis.changes.paths[counted.path];
  json::Value out;
  set_path(out, "path", change.path);
  if (!change.old_path.empty()) set_path(out, "old_path", change.old_path);
  out.set("status", std::string(name(change.status)));
  json::Array rules;
  for (const auto rule : counted.rules) rules.emplace_back(analysis.model.rules[rule].id);
  out.set("rules", std::move(rules));
  out.set("points", counted.points);
  return out;
}

json::Value model_json(const Analysis& analysis) {
  const auto& model = analysis.model;
  json::Array rules;
  for (std::size_t i = 0; i < model.rules.size(); ++i) {
    const auto& rule = model.rules[i];
    const auto count = static_cast<std::int64_t>(analysis.assessment.paths_by_rule[i]);
    json::Value entry;
    entry.set("id", rule.id);
    entry.set("pattern", printable(rule.pattern, rule.pattern.size() * 4));
    entry.set("weight", rule.weight);
    entry.set("paths", count);
    entry.set("points", count * rule.weight);
    rules.push_back(std::move(entry));
  }
  json::Value out;
  out.set("name", printable(model.name));
  out.set("medium_above", model.medium_above);
  out.set("high_above", model.high_above);
  out.set("rules", std::move(rules));
  return out;
}

json::Value range_json(const Analysis& analysis) {
  const auto& range = analysis.range;
  json::Value out;
  out.set("base", range.base.hex());
  out.set("head", range.head.hex());
  out.set("from", analysis.changes.from.hex());
  out.set("base_name", printable(range.base_name));
  out.set("head_name", printable(range.head_name));
  out.set("compare", range.compare == git::Compare::trees ? "trees" : "merge-base");
  out.set("origin", printable(range.origin));
  return out;
}

}  // namespace

const std::string& Analysis::advice() const {
  return model.advice[static_cast<std::size_t>(assessment.level)];
}

Result<Analysis> analyse(const git::Repository& repository, git::Range range,
                         const PathScorer& scorer) {
  SLUICE_TRY(auto changes, repository.changes(range));
  std::vector<std::string_view> paths;
  paths.reserve(changes.paths.size());
  for (const auto& change : changes.paths) paths.push_back(change.path);
  auto notes = notes_on(repository, range, changes);
  auto assessment = scorer.assess(paths);
  return Analysis{std::move(range), std::move(changes), scorer.model(), std::move(assessment),
                  std::move(notes)};
}

std::string as_text(const Analysis& analysis, bool colour) {
  std::string out = headline(analysis, colour) + compared_text(analysis);
  for (const auto& note : analysis.notes) out += cat("  note: ", note.text, "\n");
  for (std::size_t rule = 0; rule < analysis.model.rules.size(); ++rule) {
    out += rule_text(analysis, rule);
  }
  return cat(out, "\n", printable(analysis.advice()), "\n");
}

json::Value as_json(const Analysis& analysis) {
  json::Array counted;
  for (const auto& entry : analysis.assessment.counted) {
    counted.push_back(counted_json(analysis, entry));
  }
  json::Array notes;
  for (const auto& note : analysis.notes) {
    notes.emplace_back(json::Object{{"id", note.id}, {"text", note.text}});
  }
  json::Value out;
  out.set("kind", "sluice.risk/v1");
  out.set("level", std::string(name(analysis.assessment.level)));
  out.set("score", analysis.assessment.score);
  out.set("advice", printable(analysis.advice()));
  out.set("changed_paths", static_cast<std::int64_t>(analysis.changes.paths.size()));
  out.set("range", range_json(analysis));
  out.set("model", model_json(analysis));
  out.set("counted", std::move(counted));
  out.set("notes", std::move(notes));
  return out;
}

}  // namespace sluice::risk
