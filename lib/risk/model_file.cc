// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.h"
#include "risk/seed.h"
#include "yaml/fields.h"

namespace sluice::risk {

namespace {

constexpr std::size_t kRules = 100;
constexpr std::size_t kPattern = 1'000;
constexpr std::size_t kAdvice = 200;
constexpr std::size_t kName = 60;
constexpr std::int64_t kWeight = 1'000'000;
constexpr std::int64_t kThreshold = 1'000'000'000;

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kName && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<std::string> bounded_text(const yaml::Fields& fields, std::string_view key,
                                 std::size_t max) {
  SLUICE_TRY(const auto field, fields.at(key));
  SLUICE_TRY(auto text, field.as_string());
  if (text.empty()) return field.refuse(cat("\"", key, "\" is empty"));
  if (text.size() > max) return field.refuse(cat("\"", key, "\" is longer than ", max, " bytes"));
  return text;
}

Result<std::int64_t> bounded_number(const yaml::Fields& fields, std::string_view key,
                                    std::int64_t max) {
  SLUICE_TRY(const auto field, fields.at(key));
  SLUICE_TRY(const auto number, field.as_integer());
  if (number < 0 || number > max) {
    return field.refuse(cat("\"", key, "\" has to be from 0 to ", max));
  }
  return number;
}

// Which kind of file this is comes before everything that is in it.
Result<void> check_kind(const yaml::Fields& root) {
  if (root.node().kind != yaml::Node::Kind::mapping) {
    return root.refuse("expected a risk model, beginning with \"apiVersion: sluice/v1\"");
  }
  for (const auto& [key, wanted] :
       {std::pair<std::string_view, std::string_view>{"apiVersion", "sluice/v1"},
        {"kind", "RiskModel"}}) {
    SLUICE_TRY(const auto field, root.at(key));
    SLUICE_TRY(const auto found, field.as_string());
    if (found != wanted) {
      return field.refuse(
          cat("expected \"", key, ": ", wanted, "\", found \"", printable(found, 60), "\""));
    }
  }
  return root.only({"apiVersion", "kind", "name", "rules", "levels"});
}

Result<PathRule> read_rule(const yaml::Fields& fields, const std::vector<PathRule>& before) {
  SLUICE_CHECK(fields.only({"id", "pattern", "weight"}));
  PathRule rule;
  SLUICE_TRY(rule.id, bounded_text(fields, "id", kName));
  if (!is_id(rule.id)) return fields.refuse("\"id\" is made of a-z, 0-9 and \"-\"");
  if (std::ranges::find(before, rule.id, &PathRule::id) != before.end()) {
    return fields.refuse(cat("a second rule \"", rule.id, "\""));
  }
  SLUICE_TRY(rule.pattern, bounded_text(fields, "pattern", kPattern));
  SLUICE_TRY(rule.weight, bounded_number(fields, "weight", kWeight));
  // Compiled alone, so that a wrong one is told with its line.
  const auto compiled = PathScorer::compile({"", {rule}, 0, 0, {}});
  if (!compiled) return fields.refuse(compiled.error().what);
  return rule;
}

Result<void> read_level(const yaml::Fields& levels, Level level, std::int64_t* above,
                        PathModel& model) {
  if (!levels.has(name(level))) return {};
  SLUICE_TRY(const auto fields, levels.mapping(name(level)));
  if (above != nullptr) {
    SLUICE_CHECK(fields.only({"above", "advice"}));
    if (fields.has("above")) {
      SLUICE_TRY(*above, bounded_number(fields, "above", kThreshold));
    }
  } else {
    SLUICE_CHECK(fields.only({"advice"}));  // low is what is left
  }
  if (fields.has("advice")) {
    SLUICE_TRY(model.advice[static_cast<std::size_t>(level)],
               bounded_text(fields, "advice", kAdvice));
  }
  return {};
}

Result<PathModel> read_fields(const yaml::Fields& root) {
  SLUICE_CHECK(check_kind(root));
  PathModel model = seed_model();
  model.rules.clear();
  model.name = "custom";
  if (root.has("name")) {
    SLUICE_TRY(model.name, bounded_text(root, "name", kName));
  }
  SLUICE_TRY(const auto rules, root.sequence("rules", kRules));
  for (const auto& fields : rules) {
    SLUICE_TRY(auto rule, read_rule(fields, model.rules));
    model.rules.push_back(std::move(rule));
  }
  if (model.rules.empty()) return root.refuse("a model has at least one rule");
  if (!root.has("levels")) return model;
  SLUICE_TRY(const auto levels, root.mapping("levels"));
  SLUICE_CHECK(levels.only({"low", "medium", "high"}));
  SLUICE_CHECK(read_level(levels, Level::low, nullptr, model));
  SLUICE_CHECK(read_level(levels, Level::medium, &model.medium_above, model));
  SLUICE_CHECK(read_level(levels, Level::high, &model.high_above, model));
  if (model.medium_above > model.high_above) {
    return levels.refuse(cat("medium begins above ", model.medium_above, ", high above ",
                             model.high_above, ": high has to be the larger one"));
  }
  return model;
}

}  // namespace

// What is wrong with a file of ours is wrong with the call.
Result<PathModel> read_model(std::string_view text, std::string_view file) {
  auto model = [&]() -> Result<PathModel> {
    SLUICE_TRY(const auto node, yaml::parse(text, file));
    return read_fields(yaml::Fields(node, std::string(file)));
  }();
  if (!model && model.error().code != Errc::internal) {
    Error error = std::move(model).error();
    error.code = Errc::usage;
    return fail(std::move(error));
  }
  return model;
}

}  // namespace sluice::risk
