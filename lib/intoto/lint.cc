// SPDX-License-Identifier: Apache-2.0
#include "intoto/lint.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace sluice::intoto {

namespace {

constexpr std::chrono::days kSoon{14};

bool takes(RuleKind kind) { return kind != RuleKind::disallow && kind != RuleKind::require; }

// Whether everything that the second covers is covered by the first; false where that is not plain
// to see.
bool covers_all_of(const Glob& first, const std::string& first_text, const Glob& second,
                   const std::string& second_text) {
  if (first.everything() || first_text == second_text) return true;
  const bool opens_folder =
      first_text.ends_with('*') && first.literal_prefix().size() + 1 == first_text.size();
  return opens_folder && second.literal_prefix().starts_with(first.literal_prefix());
}

class Linter {
 public:
  Linter(const Layout& layout, Time now) : layout_(layout), now_(now) {}

  std::vector<LintFinding> run() {
    expiry();
    for (std::size_t i = 0; i < layout_.steps.size(); ++i) {
      const Step& step = layout_.steps[i];
      list(cat("step ", step.name), step.name, i, Side::materials, step.materials);
      list(cat("step ", step.name), step.name, i, Side::products, step.products);
    }
    for (const Inspection& each : layout_.inspections) {
      const std::string where = cat("inspection ", each.name);
      list(where, each.name, layout_.steps.size(), Side::materials, each.materials);
      if (!each.products.empty()) {
        list(where, each.name, layout_.steps.size(), Side::products, each.products);
      }
      if (!each.run.empty() && !each.run.front().starts_with("sluice:")) {
        add("runs-command", LintLevel::note, where,
            cat("runs ", printable(join(each.run, " "), 200), " on the verifier's machine"),
            "verifiers have to allow it; \"run\": [\"sluice:files\"] needs no permission");
      }
    }
    functionaries();
    return std::move(out_);
  }

 private:
  void add(std::string id, LintLevel level, std::string where, std::string what,
           std::string advice = {}) {
    out_.push_back({std::move(id), level, std::move(where), std::move(what), std::move(advice)});
  }

  void expiry() {
    if (layout_.expires < now_) {
      add("expired", LintLevel::error, "layout", cat("it expired ", human_time(layout_.expires)),
          "give it a later time and sign it");
    } else if (layout_.expires - now_ < kSoon) {
      add("expires-soon", LintLevel::warning, "layout",
          cat("it expires ", human_time(layout_.expires), ", in ",
              human_duration(layout_.expires - now_)));
    }
  }

  void list(const std::string& owner, const std::string& own_name, std::size_t position, Side side,
            const std::vector<Rule>& rules) {
    const std::string where = cat(owner, ", ", name(side));
    const bool closed =
        !rules.empty() && rules.back().kind == RuleKind::disallow && rules.back().glob.everything();
    // The first step has nothing before it that its materials could come from.
    const bool open =
        rules.empty() || (rules.back().kind == RuleKind::allow && rules.back().glob.everything());
    const bool first = position == 0 && side == Side::materials && open;
    if (!closed && !first) {
      add("open-end", LintLevel::warning, where,
          rules.empty()
              ? "there are no rules: everything is allowed"
              : "the rules do not end with DISALLOW *: what none of them names is allowed",
          "add [\"DISALLOW\", \"*\"] at the end");
    }
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const std::string rule_where = cat(where, ", rule ", i + 1, " of ", rules.size());
      if (rules[i].kind == RuleKind::match) origin(rule_where, own_name, position, rules[i]);
      dead(rule_where, side, rules, i);
      late(rule_where, rules, i);
    }
  }

  void origin(const std::string& where, const std::string& own_name, std::size_t position,
              const Rule& rule) {
    const auto at = std::ranges::find(layout_.steps, rule.from, &Step::name);
    if (at == layout_.steps.end()) {
      const bool inspection = std::ranges::find(layout_.inspections, rule.from,
                                                &Inspection::name) != layout_.inspections.end();
      if (inspection && position >= layout_.steps.size()) return;
      std::vector<std::string_view> names;
      for (const Step& each : layout_.steps) names.push_back(each.name);
      const auto meant = closest(rule.from, names);
      add("unknown-step", LintLevel::error, where,
          cat("there is no step ", printable(rule.from, 60), ", so the rule takes nothing"),
          meant.empty() ? "" : cat("did you mean ", meant, "?"));
      return;
    }
    const auto index = static_cast<std::size_t>(at - layout_.steps.begin());
    if (index > position && rule.from != own_name) {
      add("later-step", LintLevel::warning, where,
          cat("step ", rule.from, " comes later than this one"));
    }
  }

  void dead(const std::string& where, Side side, const std::vector<Rule>& rules, std::size_t i) {
    const Rule& rule = rules[i];
    if ((side == Side::materials && rule.kind == RuleKind::create) ||
        (side == Side::products && rule.kind == RuleKind::remove)) {
      add("dead-rule", LintLevel::warning, where,
          side == Side::materials ? "what was created is no material: the rule takes nothing"
                                  : "what was deleted is no product: the rule takes nothing");
      return;
    }
    for (std::size_t k = 0; k < i; ++k) {
      const Rule& before = rules[k];
      const bool ends_it = before.kind == RuleKind::allow || before.kind == RuleKind::disallow;
      const bool same = before.words() == rule.words();
      const bool covered = ends_it && rule.in.empty() &&
                           covers_all_of(before.glob, before.pattern, rule.glob, rule.pattern);
      const bool all = ends_it && before.glob.everything();
      if (rule.kind == RuleKind::require && before.kind == RuleKind::allow) continue;
      if (!same && !covered && !all) continue;
      add("dead-rule", LintLevel::warning, where,
          same ? cat("it is the same as rule ", k + 1)
               : cat("behind rule ", k + 1, " (", printable(before.text(), 100),
                     ") there is nothing left for it"));
      return;
    }
  }

  void late(const std::string& where, const std::vector<Rule>& rules, std::size_t i) {
    if (rules[i].kind != RuleKind::require) return;
    for (std::size_t k = 0; k < i; ++k) {
      const std::string prefix = rules[k].in.empty() ? "" : rules[k].in + "/";
      if (!takes(rules[k].kind) || !rules[i].pattern.starts_with(prefix)) continue;
      if (!rules[k].glob.matches(std::string_view(rules[i].pattern).substr(prefix.size())))
        continue;
      add("late-require", LintLevel::warning, where,
          cat("rule ", k + 1, " may take ", printable(rules[i].pattern, 100),
              " out of the queue first, and then it is missing"),
          cat("put it in front of rule ", k + 1));
      return;
    }
  }

  void functionaries() {
    std::set<std::string> used;
    for (const Step& step : layout_.steps) {
      used.insert(step.functionaries.begin(), step.functionaries.end());
    }
    for (const auto& [id, functionary] : layout_.keys) {
      if (used.contains(id)) continue;
      // Both ids of one key may be there, for python and for Go.
      const bool other_id_used = std::ranges::any_of(layout_.keys, [&](const auto& each) {
        return each.first != id && used.contains(each.first) &&
               material_of(each.second) == material_of(functionary);
      });
      if (other_id_used) continue;
      add("unused-functionary", LintLevel::warning, "layout",
          cat("no step names ", describe(functionary)), "take the key out, or name it in a step");
    }
  }

  const Layout& layout_;
  Time now_;
  std::vector<LintFinding> out_;
};

}  // namespace

std::string_view name(LintLevel level) {
  switch (level) {
    case LintLevel::error:
      return "error";
    case LintLevel::warning:
      return "warning";
    case LintLevel::note:
      return "note";
  }
  return "note";
}

std::vector<LintFinding> lint_layout(const Layout& layout, Time now) {
  return Linter(layout, now).run();
}

}  // namespace sluice::intoto
