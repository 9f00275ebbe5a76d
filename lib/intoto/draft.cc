// SPDX-License-Identifier: Apache-2.0
#include "intoto/draft.h"

#include <algorithm>

#include "base/text.h"
#include "intoto/link.h"

namespace sluice::intoto {

namespace {

using Words = std::vector<std::string>;

json::Value words_json(const Words& words) {
  json::Array out;
  for (const auto& each : words) out.emplace_back(each);
  return out;
}

json::Value rules_json(const std::vector<Words>& rules) {
  json::Array out;
  for (const auto& each : rules) out.push_back(words_json(each));
  return out;
}

// The first step works on nothing that anybody vouches for.
std::vector<Words> drafted_materials(const DraftStep& step) {
  std::vector<Words> out;
  for (const std::string& each : step.needs) {
    out.push_back({"MATCH", "*", "WITH", "PRODUCTS", "FROM", each});
  }
  if (step.needs.empty()) out.push_back({"ALLOW", "*"});
  out.push_back({"DISALLOW", "*"});
  return out;
}

std::vector<Words> drafted_products(const DraftStep& step) {
  std::vector<Words> out;
  out.push_back({"MATCH", "*", "WITH", "MATERIALS", "FROM", step.name});
  for (const std::string& each : step.artifacts) {
    out.push_back({"CREATE", each});
    out.push_back({"MODIFY", each});
  }
  if (step.artifacts.empty()) {
    out.push_back({"CREATE", "*"});
    out.push_back({"MODIFY", "*"});
  }
  out.push_back({"DISALLOW", "*"});
  return out;
}

// The materials with ALLOW * need no DISALLOW: it would be dead.
std::vector<Words> without_dead_end(std::vector<Words> rules) {
  if (rules.size() >= 2 && rules[rules.size() - 2] == Words{"ALLOW", "*"}) rules.pop_back();
  return rules;
}

std::string id_of(const json::Value& key) {
  const auto* id = key.find("keyid");
  return id == nullptr || id->string() == nullptr ? "" : *id->string();
}

Result<json::Value> functionaries_of(const DraftStep& step,
                                     const std::vector<DraftFunctionary>& functionaries) {
  json::Array out;
  for (const bool own : {true, false}) {
    for (const auto& each : functionaries) {
      if (each.step == (own ? step.name : "")) out.emplace_back(id_of(each.key));
    }
    if (!out.empty()) return json::Value(std::move(out));
  }
  return fail(Error{Errc::usage,
                    cat("nobody was named who may do the step ", step.name),
                    {},
                    cat("--functionary ", step.name, "=FILE, or --functionary FILE for all")});
}

}  // namespace

std::vector<DraftStep> chain_template() {
  return {
      {.name = "clone",
       .materials = {{"DISALLOW", "*"}},
       .products = {{"CREATE", "source/*"}, {"DISALLOW", "*"}}},
      {.name = "security-scan",
       .materials = {{"MATCH", "source/*", "WITH", "PRODUCTS", "FROM", "clone"}, {"DISALLOW", "*"}},
       .products = {{"MATCH", "source/*", "WITH", "PRODUCTS", "FROM", "clone"},
                    {"REQUIRE", "scan/report.json"},
                    {"CREATE", "scan/report.json"},
                    {"DISALLOW", "*"}}},
      {.name = "build",
       .materials = {{"MATCH", "source/*", "WITH", "PRODUCTS", "FROM", "clone"}, {"DISALLOW", "*"}},
       .products = {{"MATCH", "source/*", "WITH", "PRODUCTS", "FROM", "clone"},
                    {"CREATE", "image/*"},
                    {"DISALLOW", "*"}}},
      {.name = "sign",
       .materials = {{"MATCH", "image/*", "WITH", "PRODUCTS", "FROM", "build"}, {"DISALLOW", "*"}},
       .products = {{"MATCH", "image/*", "WITH", "PRODUCTS", "FROM", "build"},
                    {"REQUIRE", "signature/image.sigstore.json"},
                    {"CREATE", "signature/*"},
                    {"DISALLOW", "*"}}},
      {.name = "deploy",
       .materials = {{"MATCH", "image/*", "WITH", "PRODUCTS", "FROM", "build"},
                     {"MATCH", "signature/*", "WITH", "PRODUCTS", "FROM", "sign"},
                     {"DISALLOW", "*"}},
       .products = {{"MATCH", "image/*", "WITH", "PRODUCTS", "FROM", "build"},
                    {"MATCH", "signature/*", "WITH", "PRODUCTS", "FROM", "sign"},
                    {"MATCH", "*", "IN", "production", "WITH", "PRODUCTS", "IN", "image", "FROM",
                     "build"},
                    {"DISALLOW", "*"}}},
  };
}

Result<json::Value> draft_layout(const std::vector<DraftStep>& steps,
                                 const std::vector<DraftFunctionary>& functionaries, Time expires) {
  for (const auto& each : functionaries) {
    if (!each.step.empty() &&
        std::ranges::find(steps, each.step, &DraftStep::name) == steps.end()) {
      return fail(Errc::usage, cat("there is no step ", printable(each.step, 60)));
    }
  }
  json::Array step_list;
  for (const auto& step : steps) {
    SLUICE_CHECK(check_step_name(step.name));
    SLUICE_TRY(auto pubkeys, functionaries_of(step, functionaries));
    json::Value one;
    one.set("_type", "step");
    one.set("expected_command", words_json(step.command));
    one.set("expected_materials",
            rules_json(step.materials.empty() ? without_dead_end(drafted_materials(step))
                                              : step.materials));
    one.set("expected_products",
            rules_json(step.products.empty() ? drafted_products(step) : step.products));
    one.set("name", step.name);
    one.set("pubkeys", std::move(pubkeys));
    one.set("threshold", 1);
    step_list.push_back(std::move(one));
  }
  json::Value keys{json::Object{}};
  for (const auto& each : functionaries) keys.set(id_of(each.key), each.key);
  json::Value out;
  out.set("_type", "layout");
  out.set("expires", rfc3339(expires));
  out.set("inspect", json::Array{});
  out.set("keys", std::move(keys));
  out.set("readme", "");
  out.set("steps", std::move(step_list));
  return out;
}

}  // namespace sluice::intoto
