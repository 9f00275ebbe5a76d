// SPDX-License-Identifier: Apache-2.0
// The seed model: a change is as risky as the kinds of paths that it touches.
//
// Each rule is a pattern with a weight. A path counts for every rule whose pattern is found in it,
// anywhere and with upper and lower case told apart; the score is the sum of the weights. Above one
// threshold it is medium, above another one high. Pure: names in, assessment out.
//
// The model as it began, in the shell:
//   I=$(git diff --name-only A..B | grep -cE '(terraform|k8s|helm)')
//   D=$(git diff --name-only A..B | grep -cE '(migration|schema)')
//   score=$((I * 3 + D * 5))            # above 10 high, above 5 medium, else low
// It differs in one thing: git writes names with unusual bytes in quotes, and "\t" followed by
// "erraform" would then count. Here the bytes of the name count, as with git diff -z and grep -z.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::risk {

enum class Level : std::uint8_t { low, medium, high };
std::string_view name(Level level);
[[nodiscard]] Result<Level> level_named(std::string_view word);

struct PathRule {
  std::string id;           // "infrastructure"
  std::string pattern;      // RE2, over the bytes of the path: "." is one byte
  std::int64_t weight = 0;  // 0 to 1,000,000
};

struct PathModel {
  std::string name;
  std::vector<PathRule> rules;
  std::int64_t medium_above = 0;
  std::int64_t high_above = 0;
  std::array<std::string, 3> advice;  // for each level
};

PathModel seed_model();

// A model from a file, as docs/risk.md describes it. Errc::usage with line and column.
[[nodiscard]] Result<PathModel> read_model(std::string_view text, std::string_view file);

// A path that counted: its place in what was given, and the rules (by place) that it counted for.
struct Counted {
  std::size_t path = 0;
  std::vector<std::size_t> rules;
  std::int64_t points = 0;
};

struct Assessment {
  Level level = Level::low;
  std::int64_t score = 0;
  std::vector<std::size_t> paths_by_rule;  // how many paths counted for each rule
  std::vector<Counted> counted;            // in the order of the paths
};

class PathScorer {
 public:
  // Errc::usage where a pattern is no RE2 expression, or needs too much memory.
  [[nodiscard]] static Result<PathScorer> compile(PathModel model);
  PathScorer(PathScorer&&) noexcept;
  PathScorer& operator=(PathScorer&&) noexcept;
  ~PathScorer();

  const PathModel& model() const { return model_; }
  Assessment assess(std::span<const std::string_view> paths) const;

 private:
  struct Patterns;
  PathScorer(PathModel model, std::unique_ptr<Patterns> patterns);
  PathModel model_;
  std::unique_ptr<Patterns> patterns_;
};

}  // namespace sluice::risk
