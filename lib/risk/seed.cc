// SPDX-License-Identifier: Apache-2.0
#include "risk/seed.h"

#include <re2/re2.h>

#include "base/text.h"

namespace sluice::risk {

namespace {

constexpr std::int64_t kPatternMemory = 1 << 20;  // of each; RE2 is slower with less, never wrong

re2::RE2::Options pattern_options() {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // names are bytes
  options.set_max_mem(kPatternMemory);
  options.set_log_errors(false);
  options.set_dot_nl(true);
  return options;
}

Level level_of(const PathModel& model, std::int64_t score) {
  if (score > model.high_above) return Level::high;
  if (score > model.medium_above) return Level::medium;
  return Level::low;
}

}  // namespace

std::string_view name(Level level) {
  switch (level) {
    case Level::low:
      return "low";
    case Level::medium:
      return "medium";
    case Level::high:
      return "high";
  }
  return "high";
}

Result<Level> level_named(std::string_view word) {
  for (const auto level : {Level::low, Level::medium, Level::high}) {
    if (name(level) == word) return level;
  }
  return fail(Errc::usage, cat("unknown level \"", printable(word, 60), "\""));
}

PathModel seed_model() {
  return {.name = "seed",
          .rules = {{"infrastructure", "(terraform|k8s|helm)", 3},
                    {"database", "(migration|schema)", 5}},
          .medium_above = 5,
          .high_above = 10,
          .advice = {"Standard deployment approved", "Enable enhanced monitoring during deployment",
                     "Consider staged rollout with canary deployment"}};
}

struct PathScorer::Patterns {
  std::vector<std::unique_ptr<re2::RE2>> of_rules;
};

PathScorer::PathScorer(PathModel model, std::unique_ptr<Patterns> patterns)
    : model_(std::move(model)), patterns_(std::move(patterns)) {}
PathScorer::PathScorer(PathScorer&&) noexcept = default;
PathScorer& PathScorer::operator=(PathScorer&&) noexcept = default;
PathScorer::~PathScorer() = default;

Result<PathScorer> PathScorer::compile(PathModel model) {
  auto patterns = std::make_unique<Patterns>();
  for (const auto& rule : model.rules) {
    auto pattern = std::make_unique<re2::RE2>(rule.pattern, pattern_options());
    if (!pattern->ok()) {
      return fail(Errc::usage, cat("rule \"", printable(rule.id, 60), "\": the pattern ",
                                   printable(rule.pattern, 100),
                                   " is no RE2 expression: ", printable(pattern->error(), 200)));
    }
    patterns->of_rules.push_back(std::move(pattern));
  }
  return PathScorer(std::move(model), std::move(patterns));
}

Assessment PathScorer::assess(std::span<const std::string_view> paths) const {
  Assessment out;
  out.paths_by_rule.resize(model_.rules.size());
  for (std::size_t path = 0; path < paths.size(); ++path) {
    Counted counted{.path = path, .rules = {}};
    for (std::size_t rule = 0; rule < model_.rules.size(); ++rule) {
      const re2::StringPiece text(paths[path].data(), paths[path].size());
      if (!re2::RE2::PartialMatch(text, *patterns_->of_rules[rule])) continue;
      counted.rules.push_back(rule);
      counted.points += model_.rules[rule].weight;
      ++out.paths_by_rule[rule];
    }
    out.score += counted.points;
    if (!counted.rules.empty()) out.counted.push_back(std::move(counted));
  }
  out.level = level_of(model_, out.score);
  return out;
}

}  // namespace sluice::risk
