// SPDX-License-Identifier: Apache-2.0
// sluice gate history, explain, replay and outcome: decisions that were made.
#include <charconv>

#include "base/text.h"
#include "exit.h"
#include "gate/explain.h"
#include "gate_shared.h"
#include "report/report.h"

namespace sluice::cli {

namespace {

// $XDG_STATE_HOME/sluice, or ~/.local/state/sluice (XDG base directories 0.8). A relative one would
// lead into the folder that sluice was called in, whoever it belongs to.
Result<Path> default_store(const Invocation& in) {
  const auto state = in.world.environment.get("XDG_STATE_HOME");
  if (state && state->starts_with('/')) return Path(*state) / "sluice" / "decisions.db";
  const auto home = in.world.environment.get("HOME");
  if (home && home->starts_with('/')) {
    return Path(*home) / ".local" / "state" / "sluice" / "decisions.db";
  }
  return fail(
      Error{Errc::usage, "there is no home folder to keep decisions in", {}, "--store FILE"});
}

// What --output says; the settings know text and json alone.
std::string form_of(const Invocation& in) {
  return in.args.get("--output").value_or(in.json ? "json" : "text");
}

std::string padded_word(std::string_view text, std::size_t width) {
  std::string out(text);
  if (out.size() < width) out.append(width - out.size(), ' ');
  return out;
}

Result<std::int64_t> count_of(const Invocation& in, std::string_view option, std::int64_t fallback,
                              std::int64_t most) {
  const auto text = in.args.get(option);
  if (!text) return fallback;
  std::int64_t value = 0;
  const auto* const end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < 1 || value > most) {
    return fail(Errc::usage, cat(option, " is a number from 1 to ", most));
  }
  return value;
}

Result<store::Filter> filter_of(const Invocation& in) {
  store::Filter filter;
  filter.environment = in.args.get("--env");
  filter.verdict = in.args.get("--verdict");
  filter.subject = in.args.get("--subject");
  if (const auto since = in.args.get("--since")) {
    auto time = parse_rfc3339(*since);
    if (!time) return fail(Errc::usage, cat("--since: ", time.error().what));
    filter.since = *time;
  }
  SLUICE_TRY(const auto limit, count_of(in, "--last", 20, 100'000));
  filter.limit = static_cast<std::size_t>(limit);
  return filter;
}

json::Value row_json(const store::Row& row) {
  json::Value out;
  out.set("id", row.id);
  out.set("at", rfc3339(row.at));
  out.set("environment", row.environment);
  out.set("verdict", row.verdict);
  out.set("subject", printable(row.subject));
  out.set("summary", printable(row.summary, 2000));
  out.set("policy_digest", row.policy_digest);
  if (row.skipped) {
    json::Value skip;
    skip.set("at", rfc3339(row.skipped->at));
    skip.set("who", printable(row.skipped->who));
    skip.set("reason", printable(row.skipped->reason, 2000));
    out.set("skipped", std::move(skip));
  }
  return out;
}

std::string history_row(const store::Row& row) {
  std::string about = printable(row.subject, 200);
  if (!about.empty()) about += "  ";
  std::string out = cat(padded_word(row.verdict, 23), "  ", human_time(row.at), "  ",
                        printable(row.environment, 60), "\n  ",
                        gate::fitted(cat(about, printable(row.summary, 300)), 77), "\n");
  if (row.skipped) {
    out += cat("  ",
               gate::fitted(cat("skipped by ", printable(row.skipped->who, 60), ": ",
                                printable(row.skipped->reason, 300)),
                            77),
               "\n");
  }
  return out + cat("  ", row.id, "\n");
}

Result<int> run_history(Invocation& in) {
  SLUICE_TRY(const auto filter, filter_of(in));
  SLUICE_TRY(const auto decisions, open_store(in, store::Access::read));
  SLUICE_TRY(const auto rows, decisions->list(filter));
  if (in.json) {
    json::Array list;
    for (const auto& row : rows) list.push_back(row_json(row));
    json::Value out;
    out.set("kind", "sluice.history/v1");
    out.set("decisions", std::move(list));
    SLUICE_CHECK(in.print_json(out));
    return kDone;
  }
  if (rows.empty()) in.console.talk("sluice: no such decision is in the store\n");
  std::string text;
  for (const auto& row : rows) text += history_row(row);
  SLUICE_CHECK(in.console.print(text));
  return kDone;
}

Result<std::string> latest_id(store::DecisionStore& decisions) {
  SLUICE_TRY(const auto rows, decisions.list({.limit = 1}));
  if (rows.empty()) return fail(Errc::not_found, "the store holds no decision");
  return rows.front().id;
}

Result<std::string> id_of(const Invocation& in, store::DecisionStore& decisions) {
  if (!in.args.positionals().empty()) return in.args.positionals().front();
  return latest_id(decisions);
}

Result<int> run_explain(Invocation& in) {
  SLUICE_TRY(const auto decisions, open_store(in, store::Access::read));
  SLUICE_TRY(const std::string id, id_of(in, *decisions));
  SLUICE_TRY(const auto stored, decisions->get(id));
  SLUICE_TRY(const auto record, within(gate::parse_record(stored.record),
                                       cat("reading the decision ", stored.row.id)));
  SLUICE_TRY(auto outcomes, decisions->outcomes(stored.row.id));
  SLUICE_CHECK(print_explanation(
      in, {.record = record, .outcomes = std::move(outcomes), .skipped = stored.row.skipped}));
  return kDone;
}

Result<std::vector<std::string>> ids_to_replay(const Invocation& in,
                                               store::DecisionStore& decisions) {
  if (!in.args.positionals().empty()) {
    if (in.args.has("--last")) return fail(Errc::usage, "give ids or --last, not both");
    return in.args.positionals();
  }
  SLUICE_TRY(const auto last, count_of(in, "--last", 1, 100'000));
  SLUICE_TRY(const auto rows, decisions.list({.limit = static_cast<std::size_t>(last)}));
  if (rows.empty()) return fail(Errc::not_found, "the store holds no decision");
  std::vector<std::string> ids;
  for (const auto& row : rows) ids.push_back(row.id);
  return ids;
}

Result<int> run_replay(Invocation& in) {
  SLUICE_TRY(const auto decisions, open_store(in, store::Access::read));
  SLUICE_TRY(const auto ids, ids_to_replay(in, *decisions));
  json::Array reports;
  std::size_t failed = 0;
  for (const std::string& id : ids) {
    SLUICE_TRY(const auto stored, decisions->get(id));
    const Report report = gate::replay(stored.record, stored.row.id);
    if (!report.passed()) ++failed;
    if (in.json) {
      reports.push_back(report::as_json(report));
    } else if (report.passed()) {
      SLUICE_CHECK(
          in.console.print(cat("equal     ", stored.row.id, "  ", stored.row.verdict, "\n")));
    } else {
      SLUICE_CHECK(in.console.print(report::as_text(report, {in.colour, true})));
    }
  }
  if (in.json) {
    SLUICE_CHECK(in.print_json(json::Value(std::move(reports))));
  } else {
    SLUICE_CHECK(in.console.print(
        cat(ids.size() - failed, " of ", ids.size(), " decided again, with the same result\n")));
  }
  return failed == 0 ? kDone : kRefused;
}

Result<int> run_outcome(Invocation& in) {
  const auto& words = in.args.positionals();
  SLUICE_TRY(const auto decisions, open_store(in, store::Access::write));
  const store::Outcome outcome{.kind = *store::outcome_named(words[1]),
                               .at = in.world.clock.now(),
                               .note = printable(in.args.get("--note").value_or(""), 2000)};
  SLUICE_CHECK(decisions->add_outcome(words[0], outcome));
  SLUICE_TRY(const auto stored, decisions->get(words[0]));
  if (in.json) {
    json::Value out;
    out.set("kind", "sluice.outcome/v1");
    out.set("id", stored.row.id);
    out.set("outcome", store::name(outcome.kind));
    out.set("at", rfc3339(outcome.at));
    if (!outcome.note.empty()) out.set("note", outcome.note);
    SLUICE_CHECK(in.print_json(out));
    return kDone;
  }
  SLUICE_CHECK(
      in.console.print(cat("recorded  ", stored.row.id, "  ", store::name(outcome.kind), "\n")));
  return kDone;
}

}  // namespace

Result<std::unique_ptr<store::DecisionStore>> open_store(const Invocation& in,
                                                         store::Access access) {
  const auto given = in.args.get("--store");
  SLUICE_TRY(const Path file, given ? Result<Path>(*given) : default_store(in));
  if (access == store::Access::write && !given) {
    auto made = in.world.files.make_folders(file.parent_path());
    if (!made) return fail(std::move(made).error().advise("--store FILE"));
  }
  const auto info = in.world.files.info(file);
  if (access == store::Access::read && !info && info.error().code == Errc::not_found) {
    return fail(Error{Errc::not_found,
                      cat("there are no decisions: ", shown(file), " is not there"),
                      {},
                      "sluice gate check makes the first"});
  }
  return store::open_sqlite(file, access);
}

Option store_option() {
  return {"--store", "FILE",
          "where decisions are kept; default: ~/.local/state/sluice/decisions.db"};
}

Option form_option() {
  return {"--output",
          "FORMAT",
          "how the decision is explained: text, json, markdown or html",
          {"text", "json", "markdown", "html"}};
}

Result<void> print_explanation(Invocation& in, const Explanation& explanation) {
  const gate::Record& record = explanation.record;
  const std::string form = form_of(in);
  if (form == "json") return in.print_json(gate::to_json(record));
  if (form == "markdown") {
    return in.console.print(gate::as_markdown(record, explanation.outcomes, explanation.skipped));
  }
  if (form == "html")
    return in.console.print(gate::as_html(record, explanation.outcomes, explanation.skipped));
  return in.console.print(gate::as_text(record, {.colour = in.colour,
                                                 .signed_file = explanation.signed_file,
                                                 .outcomes = explanation.outcomes,
                                                 .skipped = explanation.skipped}));
}

std::vector<Command> journal_commands() {
  const Positional id{"ID", "a decision, or the beginning of its id; default: the last one", false};
  return {
      {.words = {"gate", "history"},
       .summary = "list decisions, newest first",
       .examples = {{"what was held back in production?",
                     "sluice gate history --env production --verdict block"}},
       .options = {{"--env", "NAME", "of this environment"},
                   {"--verdict",
                    "WORD",
                    "with this verdict",
                    {"approve", "approve-with-conditions", "delay", "undecided", "block"}},
                   {"--subject", "TEXT", "about exactly this"},
                   {"--since", "TIME", "from this time on, as 2026-11-20T14:00:00Z"},
                   {"--last", "N", "at most so many; default: 20"},
                   store_option()},
       .run = run_history},
      {.words = {"gate", "explain"},
       .summary = "say why a decision came out as it did",
       .examples = {{"the last one", "sluice gate explain"},
                    {"for a pull request", "sluice gate explain --output markdown"}},
       .options = {store_option(), form_option()},
       .positionals = {id},
       .run = run_explain},
      {.words = {"gate", "replay"},
       .summary = "decide again from the stored inputs, and compare",
       .description = "Exit code 0: each comes out the same. 1: one does not, or its record was "
                      "changed.",
       .examples = {{"the last hundred", "sluice gate replay --last 100"}},
       .options = {{"--last", "N", "the last so many; default: 1"}, store_option()},
       .positionals = {{"ID", "a decision, or the beginning of its id", false, true}},
       .run = run_replay},
      {.words = {"gate", "outcome"},
       .summary = "record what became of a rollout",
       .examples = {{"it was rolled back",
                     "sluice gate outcome 20261120T1402 rolled-back --note 'p95 doubled'"}},
       .options = {{"--note", "TEXT", "what happened, in a few words"}, store_option()},
       .positionals = {{"ID", "a decision, or the beginning of its id"},
                       {"OUTCOME",
                        "ok, rolled-back or incident",
                        true,
                        false,
                        {"ok", "rolled-back", "incident"}}},
       .run = run_outcome}};
}

}  // namespace sluice::cli
