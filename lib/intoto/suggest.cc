// SPDX-License-Identifier: Apache-2.0
// The rules that would have let pass what the queue refused.
#include <algorithm>

#include "base/text.h"
#include "intoto/queue.h"

namespace sluice::intoto {

namespace {

std::optional<Rule> made(const std::vector<std::string>& words) {
  auto rule = parse_rule(words, {}, {.unclean_names = true});
  if (!rule) return std::nullopt;
  return *std::move(rule);
}

// A name as a pattern, also where it has braces.
std::string as_pattern(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool special = c == '*' || c == '?' || c == '[' || c == '{' || c == '}';
    out += special ? cat("[", c, "]") : std::string(1, c);
  }
  return out;
}

constexpr std::size_t kRulesSuggested = 8;
constexpr std::size_t kMovesTried = 8;

// The folder that holds all of them, and everything in it; "*" where they have none in common.
std::string common_pattern(const std::vector<const Artifact*>& all) {
  std::optional<std::string> common;
  for (const Artifact* each : all) {
    if (!common) common = each->name;
    std::size_t same = 0;
    while (same < common->size() && same < each->name.size() &&
           (*common)[same] == each->name[same]) {
      ++same;
    }
    common->resize(same);
  }
  const std::size_t slash = common ? common->rfind('/') : std::string::npos;
  return slash == std::string::npos ? "*" : as_pattern(common->substr(0, slash + 1)) + "*";
}

// "d/x" and "e/x" with the longest x: d and e. Nothing where not even the last part is the same.
struct Move {
  std::string_view from;
  std::string_view to;
  std::string_view same;
};
std::optional<Move> move_between(std::string_view ours, std::string_view theirs) {
  std::size_t same = 0;
  std::size_t part = 0;
  while (same < ours.size() && same < theirs.size() &&
         ours[ours.size() - 1 - same] == theirs[theirs.size() - 1 - same]) {
    ++same;
    if (ours[ours.size() - same] == '/') part = same;
  }
  if (same == ours.size() || same == theirs.size()) {
    const std::string_view longer = ours.size() > theirs.size() ? ours : theirs;
    if (longer.size() == same || longer[longer.size() - 1 - same] == '/') part = same + 1;
  }
  if (part < 2) return std::nullopt;
  --part;  // without the slash in front
  const auto folder = [part](std::string_view name) {
    return name.size() == part ? std::string_view() : name.substr(0, name.size() - part - 1);
  };
  return Move{folder(theirs), folder(ours), ours.substr(ours.size() - part)};
}

class Suggester {
 public:
  Suggester(const QueueInput& input, const QueueResult& refused,
            std::span<const std::string> earlier)
      : input_(input),
        refused_(refused),
        earlier_(earlier),
        failed_(input.rules[refused.failure->rule]) {
    for (const Artifact* each : refused_.left) {
      if (failed_.glob.matches(each->name)) found_.push_back(each);
    }
  }

  std::optional<Suggestion> run() const {
    const QueueFailure& failure = *refused_.failure;
    if (failed_.kind != RuleKind::disallow || failure.artifact == nullptr) return std::nullopt;
    if (failure.nearly && failure.nearly->miss == Miss::other_digest) return std::nullopt;
    if (auto corrected = in_place()) return corrected;
    const std::string many = found_.size() > 1 ? common_pattern(found_) : "";
    for (auto& candidate : candidates(*failure.artifact, many)) {
      Suggestion out{.side = input_.side, .rules = {}, .at = failure.rule};
      if (candidate) out.rules.push_back(*std::move(candidate));
      if (suffices(out)) return out;
    }
    return each_by_itself();
  }

 private:
  using Words = std::vector<std::string>;
  using Candidates = std::vector<std::optional<Rule>>;

  // A MATCH that took nothing, since it names a step that never had these files.
  std::optional<Suggestion> in_place() const {
    for (std::size_t i = 0; i < refused_.failure->rule; ++i) {
      const Rule& rule = input_.rules[i];
      const RuleTrace& trace = refused_.trace[i];
      if (rule.kind != RuleKind::match || trace.covered == 0 || trace.taken > 0) continue;
      for (const std::string& step : earlier_) {
        if (step == rule.from) continue;
        Words words = rule.words();
        words.back() = step;
        auto other = made(std::move(words));
        if (!other) continue;
        Suggestion out{
            .side = input_.side, .rules = {*std::move(other)}, .at = i, .in_place = true};
        if (suffices(out)) return out;
      }
    }
    return std::nullopt;
  }

  // From the one that says most to the one that says least.
  Candidates candidates(const Artifact& artifact, const std::string& many) const {
    std::vector<std::string> patterns{as_pattern(artifact.name)};
    if (!many.empty()) patterns.push_back(many);
    Candidates out;
    for (const std::string& pattern : patterns) {
      for (const std::string& step : earlier_) {
        out.push_back(made({"MATCH", pattern, "WITH", "PRODUCTS", "FROM", step}));
      }
    }
    append_moved(artifact, !many.empty(), out);
    // A rule that compares nothing has to say what it is about.
    if (many == "*") patterns.pop_back();
    for (const std::string& pattern : patterns) {
      if (input_.side == Side::products) {
        out.push_back(made({"CREATE", pattern}));
        out.push_back(made({"MODIFY", pattern}));
      } else {
        out.push_back(made({"DELETE", pattern}));
      }
    }
    for (const std::string& pattern : patterns) out.push_back(made({"ALLOW", pattern}));
    return out;
  }

  // The same bytes elsewhere: MATCH app IN bin WITH PRODUCTS IN out ...
  void append_moved(const Artifact& artifact, bool many, Candidates& out) const {
    std::size_t tried = 0;  // empty files may be the same by the thousand
    for (const std::string& step : earlier_) {
      for (const Artifact& theirs : *input_.steps.find(step)->second.products) {
        const auto moved = move_between(artifact.name, theirs.name);
        if (!moved || moved->from == moved->to) continue;
        if (agreement(artifact.digests, theirs.digests) != Agreement::same) continue;
        if (++tried > kMovesTried) return;
        Words words{"MATCH", many ? "*" : as_pattern(moved->same)};
        if (!moved->to.empty()) words.insert(words.end(), {"IN", std::string(moved->to)});
        words.insert(words.end(), {"WITH", "PRODUCTS"});
        if (!moved->from.empty()) words.insert(words.end(), {"IN", std::string(moved->from)});
        words.insert(words.end(), {"FROM", step});
        out.push_back(made(std::move(words)));
      }
    }
  }

  // Of a few files that have nothing in common, a rule for each.
  std::optional<Suggestion> each_by_itself() const {
    if (found_.size() < 2 || found_.size() > kRulesSuggested) return std::nullopt;
    Suggestion out{.side = input_.side, .rules = {}, .at = refused_.failure->rule};
    for (const Artifact* artifact : found_) {
      for (auto& candidate : candidates(*artifact, "")) {
        if (!candidate || !takes(*candidate, *artifact)) continue;
        out.rules.push_back(*std::move(candidate));
        break;
      }
    }
    if (!suffices(out)) return std::nullopt;
    return out;
  }

  // Is that artifact taken, whatever comes of the others?
  bool takes(const Rule& candidate, const Artifact& artifact) const {
    const std::vector<Rule> rules = applied(
        {.side = input_.side, .rules = {candidate}, .at = refused_.failure->rule}, input_.rules);
    const auto result = run_queue({input_.step, input_.side, rules, input_.steps});
    return std::ranges::find(result.left, artifact.name, [](const Artifact* each) {
             return std::string_view(each->name);
           }) == result.left.end();
  }

  // Does the whole list pass with it?
  bool suffices(const Suggestion& suggestion) const {
    if (suggestion.rules.empty()) return false;
    const std::vector<Rule> rules = applied(suggestion, input_.rules);
    return run_queue({input_.step, input_.side, rules, input_.steps}).passed();
  }

  const QueueInput& input_;
  const QueueResult& refused_;
  std::span<const std::string> earlier_;
  const Rule& failed_;
  std::vector<const Artifact*> found_;
};

std::string pattern_shown(const Rule& rule) {
  const std::string pattern = rule.pattern == "*" ? "everything" : printable(rule.pattern, 200);
  return rule.in.empty() ? pattern : cat(pattern, " in ", printable(rule.in, 200), "/");
}

std::string allowed_by(const Rule& rule, Side side, std::string_view step) {
  const std::string what = pattern_shown(rule);
  switch (rule.kind) {
    case RuleKind::match:
      return cat(what, " as step ", printable(rule.from, 200), " made it",
                 rule.with_in.empty() ? "" : cat(" in ", printable(rule.with_in, 200), "/"),
                 ", byte for byte");
    case RuleKind::create:
      return cat("step ", step, " may make ", what, ", with any content");
    case RuleKind::modify:
      return cat("step ", step, " may change ", what, " into anything");
    case RuleKind::remove:
      return cat("step ", step, " may remove ", what);
    default:
      return cat("step ", step, side == Side::materials ? " may use " : " may have ", what,
                 ", with any content, wherever it comes from");
  }
}

}  // namespace

std::string Suggestion::allows(std::string_view step) const {
  std::vector<std::string> out;
  for (const Rule& rule : rules) out.push_back(allowed_by(rule, side, step));
  return join(out, "; ");
}

bool Suggestion::compares() const {
  return std::ranges::all_of(rules, [](const Rule& rule) { return rule.kind == RuleKind::match; });
}

std::vector<Rule> applied(const Suggestion& suggestion, std::span<const Rule> rules) {
  std::vector<Rule> out(rules.begin(), rules.end());
  const auto at = out.begin() + static_cast<std::ptrdiff_t>(suggestion.at);
  if (suggestion.in_place) {
    *at = suggestion.rules.front();
  } else {
    out.insert(at, suggestion.rules.begin(), suggestion.rules.end());
  }
  return out;
}

std::optional<Suggestion> suggest(const QueueInput& input, const QueueResult& refused,
                                  std::span<const std::string> earlier) {
  if (!refused.failure) return std::nullopt;
  return Suggester(input, refused, earlier).run();
}

}  // namespace sluice::intoto
