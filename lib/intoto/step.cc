// SPDX-License-Identifier: Apache-2.0
#include "intoto/step.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::intoto {

namespace {

constexpr std::size_t kSecretSize = 6;
constexpr std::array<std::string_view, 9> kSecretWords{"token",      "secret",     "passw",
                                                       "passphrase", "credential", "private",
                                                       "apikey",     "api_key",    "access_key"};

json::Value counts_of(const Recorded& recorded) {
  json::Value out = json::Object{};
  for (const auto& [reason, left] : recorded.left_out) {
    out.set(reason, static_cast<std::int64_t>(left.count));
  }
  return out;
}

void add_left_out(json::Value& byproducts, const StepFacts& facts) {
  json::Value out = json::Object{};
  if (!facts.materials.left_out.empty()) out.set("materials", counts_of(facts.materials));
  if (!facts.products.left_out.empty()) out.set("products", counts_of(facts.products));
  if (!out.object()->empty()) byproducts.set("left-out", std::move(out));
}

json::Value origin_json(const StepOrigin& origin) {
  json::Value out = json::Object{};
  if (origin.commit) out.set("commit", *origin.commit);
  if (origin.finished) out.set("finished", rfc3339(*origin.finished));
  if (origin.run) out.set("run", *origin.run);
  return out;
}

std::string line_of(const LeftOut& left, std::string_view side, std::string_view what) {
  std::vector<std::string> names;
  for (const auto& each : left.examples) names.push_back(printable(each, 200));
  const std::string_view more = left.count > left.examples.size() ? ", …" : "";
  return cat(side, ": ", left.count, " ", what, ": ", join(names, ", "), more);
}

}  // namespace

bool is_secret_name(std::string_view variable) {
  const std::string name = lower_ascii(variable);
  return std::ranges::any_of(
      kSecretWords, [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

Secrets::Secrets(const Environment& environment) {
  for (const auto& name : environment.names()) {
    if (!is_secret_name(name)) continue;
    auto value = environment.get(name);
    if (value && value->size() >= kSecretSize) values_.push_back(*std::move(value));
  }
  // One that holds another one goes first, as a whole.
  std::ranges::sort(values_, std::ranges::greater(), &std::string::size);
}

std::string Secrets::masked(std::string text) const {
  for (const auto& value : values_) {
    for (std::size_t at = text.find(value); at != std::string::npos; at = text.find(value, at)) {
      text.replace(at, value.size(), "***");
      at += 3;
    }
  }
  return text;
}

Link make_link(StepFacts facts, const Secrets& secrets) {
  Link link;
  link.name = std::move(facts.name);
  if (facts.command) {
    for (auto& word : facts.command->words) link.command.push_back(secrets.masked(std::move(word)));
    link.byproducts.set("return-value", facts.command->exit_code);
    link.byproducts.set("stdout", secrets.masked(std::move(facts.command->out)));
    link.byproducts.set("stderr", secrets.masked(std::move(facts.command->err)));
    if (facts.command->signal) link.byproducts.set("signal", *facts.command->signal);
  }
  add_left_out(link.byproducts, facts);
  if (facts.origin) link.environment.set("sluice", origin_json(*facts.origin));
  link.materials = std::move(facts.materials.artifacts);
  link.products = std::move(facts.products.artifacts);
  return link;
}

std::vector<std::string> left_out_lines(const Recorded& recorded, std::string_view side) {
  std::vector<std::string> out;
  for (const auto& [reason, left] : recorded.left_out) {
    out.push_back(line_of(left, side, cat("left out, ", reason)));
  }
  if (recorded.outside.count > 0) {
    out.push_back(line_of(recorded.outside, side, "links to folders elsewhere, followed"));
  }
  return out;
}

}  // namespace sluice::intoto
