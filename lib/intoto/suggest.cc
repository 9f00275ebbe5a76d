// SPDX-License-Identifier: Apache-2.0
// The rule that would have let pass what the queue refused.
#include <algorithm>

#include "base/text.h"
#include "intoto/queue.h"

namespace sluice::intoto {

namespace {

std::optional<Rule> made(std::vector<std::string> words) {
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

class Suggester {
 public:
  Suggester(const QueueInput& input, const QueueResult& refused)
      : input_(input), refused_(refused), failed_(input.rules[refused.failure->rule]) {}

  std::optional<Rule> run() {
    const QueueFailure& failure = *refused_.failure;
    if (failed_.kind != RuleKind::disallow || failure.artifact == nullptr) return std::nullopt;
    if (failure.nearly && failure.nearly->miss == Miss::other_digest) return std::nullopt;
    for (auto& candidate : candidates(*failure.artifact)) {
      if (candidate && suffices(*candidate)) return candidate;
    }
    return std::nullopt;
  }

 private:
  using Words = std::vector<std::string>;

  // From the one that says most to the one that says least.
  std::vector<std::optional<Rule>> candidates(const Artifact& artifact) const {
    const std::string one = as_pattern(artifact.name);
    const std::string many = common_pattern();
    std::vector<std::optional<Rule>> out;
    for (const std::string& pattern : {one, many}) {
      for (const auto& [name, step] : input_.steps) {
        if (name == input_.step) continue;
        out.push_back(made({"MATCH", pattern, "WITH", "PRODUCTS", "FROM", name}));
      }
    }
    if (auto moved = moved_from(artifact)) out.push_back(std::move(moved));
    for (const std::string& pattern : {one, many}) {
      if (input_.side == Side::products) {
        out.push_back(made({"CREATE", pattern}));
        out.push_back(made({"MODIFY", pattern}));
      } else {
        out.push_back(made({"DELETE", pattern}));
      }
    }
    for (const std::string& pattern : {one, many}) out.push_back(made({"ALLOW", pattern}));
    return out;
  }

  // The folder that holds all that was found, and everything in it.
  std::string common_pattern() const {
    std::optional<std::string> common;
    for (const Artifact* each : found()) {
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

  std::vector<const Artifact*> found() const {
    std::vector<const Artifact*> out;
    for (const Artifact* each : refused_.left) {
      if (failed_.glob.matches(each->name)) out.push_back(each);
    }
    return out;
  }

  // The same bytes under the same last part, elsewhere: MATCH app IN bin WITH PRODUCTS IN out ...
  std::optional<Rule> moved_from(const Artifact& artifact) const {
    const auto [folder, last] = cut(artifact.name);
    for (const auto& [name, step] : input_.steps) {
      if (name == input_.step) continue;
      for (const Artifact& theirs : *step.products) {
        const auto [their_folder, their_last] = cut(theirs.name);
        if (their_last != last || their_folder == folder) continue;
        if (agreement(artifact.digests, theirs.digests) != Agreement::same) continue;
        Words words{"MATCH", as_pattern(last)};
        if (!folder.empty()) words.insert(words.end(), {"IN", std::string(folder)});
        words.insert(words.end(), {"WITH", "PRODUCTS"});
        if (!their_folder.empty()) words.insert(words.end(), {"IN", std::string(their_folder)});
        words.insert(words.end(), {"FROM", name});
        return made(std::move(words));
      }
    }
    return std::nullopt;
  }

  static std::pair<std::string_view, std::string_view> cut(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    if (slash == std::string_view::npos) return {"", name};
    return {name.substr(0, slash), name.substr(slash + 1)};
  }

  // Does the whole list pass with this rule in front of the one that failed?
  bool suffices(const Rule& candidate) const {
    std::vector<Rule> rules(input_.rules.begin(), input_.rules.end());
    rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(refused_.failure->rule), candidate);
    return run_queue({input_.step, input_.side, rules, input_.steps}).passed();
  }

  const QueueInput& input_;
  const QueueResult& refused_;
  const Rule& failed_;
};

}  // namespace

std::optional<Rule> suggest(const QueueInput& input, const QueueResult& refused) {
  if (!refused.failure) return std::nullopt;
  return Suggester(input, refused).run();
}

}  // namespace sluice::intoto
