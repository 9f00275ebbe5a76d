// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/text.h"
#include "policy/parse_parts.h"
#include "policy/policy.h"

namespace sluice::policy {

namespace {

using yaml::Fields;

constexpr std::size_t kMaxEnvironments = 64;
constexpr std::size_t kMaxKeys = 64;
constexpr std::size_t kMaxName = 64;
constexpr double kMaxGrams = 5000;  // the dirtiest grids stay below 1500

// Each take_* leaves its target as it is where the key is not there.
Result<void> take_number(const Fields& from, std::string_view key, double least, double most,
                         double& into) {
  if (!from.has(key)) return {};
  SLUICE_TRY(const Fields field, from.at(key));
  SLUICE_TRY(const double value, field.as_number());
  if (value < least || value > most) {
    return field.refuse(cat(field.path(), " lies between ", static_cast<std::int64_t>(least),
                            " and ", static_cast<std::int64_t>(most)));
  }
  into = value;
  return {};
}

Result<void> take_effect(const Fields& from, std::string_view key, std::string_view what,
                         std::initializer_list<std::string_view> words, Effect& into) {
  if (!from.has(key)) return {};
  SLUICE_TRY(const std::string word, from.choice(key, what, words));
  into = *effect_named(word);
  return {};
}

Result<void> take_level(const Fields& from, std::string_view key, std::optional<Level>& into) {
  if (!from.has(key)) return {};
  SLUICE_TRY(const std::string word, from.choice(key, "level", {"low", "medium", "high", "never"}));
  into = level_named(word);
  return {};
}

Result<void> take_common(const Fields& from, Common& into) {
  SLUICE_CHECK(take_effect(from, "on_unknown", "effect", {"undecided", "delay", "block", "ignore"},
                           into.on_unknown));
  SLUICE_CHECK(take_duration(from, "retry_after", into.retry_after));
  SLUICE_CHECK(take_duration(from, "max_age", into.max_age));
  if (!from.has("asserted")) return {};
  SLUICE_TRY(const std::string word, from.choice("asserted", "word", {"accept", "unknown"}));
  into.accept_asserted = word == "accept";
  return {};
}

Result<void> take_risk(const Fields& from, RiskRule& into) {
  SLUICE_CHECK(from.only({"block_at", "delay_at", "condition_at", "on_unknown", "retry_after",
                          "max_age", "asserted"}));
  SLUICE_CHECK(take_common(from, into));
  SLUICE_CHECK(take_level(from, "block_at", into.block_at));
  SLUICE_CHECK(take_level(from, "delay_at", into.delay_at));
  return take_level(from, "condition_at", into.condition_at);
}

Result<void> take_health(const Fields& from, HealthRule& into) {
  SLUICE_CHECK(
      from.only({"on_incident", "on_warning", "on_unknown", "retry_after", "max_age", "asserted"}));
  SLUICE_CHECK(take_common(from, into));
  SLUICE_CHECK(take_effect(from, "on_incident", "effect", {"block", "delay", "condition"},
                           into.on_incident));
  return take_effect(from, "on_warning", "effect", {"block", "delay", "condition", "approve"},
                     into.on_warning);
}

// "never" switches off a limit that the policy sets for all environments.
Result<void> take_hard_limit(const Fields& from, std::optional<double>& into) {
  if (!from.has("hard_limit")) return {};
  SLUICE_TRY(const Fields field, from.at("hard_limit"));
  if (field.node().kind == yaml::Node::Kind::scalar && field.node().text == "never") {
    into.reset();
    return {};
  }
  double grams = 0;
  SLUICE_CHECK(take_number(from, "hard_limit", 0, kMaxGrams, grams));
  into = grams;
  return {};
}

Result<void> take_carbon(const Fields& from, CarbonRule& into) {
  SLUICE_CHECK(from.only({"hard_limit", "low", "wait_percent", "wait_grams", "max_delay",
                          "on_unknown", "retry_after", "max_age", "asserted"}));
  SLUICE_CHECK(take_common(from, into));
  SLUICE_CHECK(take_hard_limit(from, into.hard_limit));
  SLUICE_CHECK(take_number(from, "low", 0, kMaxGrams, into.low));
  SLUICE_CHECK(take_number(from, "wait_percent", 0, 100, into.wait_percent));
  SLUICE_CHECK(take_number(from, "wait_grams", 0, kMaxGrams, into.wait_grams));
  return take_duration(from, "max_delay", into.max_delay);
}

// The members risk, health and carbon of a mapping, over the rules that an environment has already.
Result<void> take_rules(const Fields& from, Environment& into) {
  if (from.has("risk")) {
    SLUICE_TRY(const Fields field, from.mapping("risk"));
    SLUICE_CHECK(take_risk(field, into.risk));
  }
  if (from.has("health")) {
    SLUICE_TRY(const Fields field, from.mapping("health"));
    SLUICE_CHECK(take_health(field, into.health));
  }
  if (from.has("carbon")) {
    SLUICE_TRY(const Fields field, from.mapping("carbon"));
    SLUICE_CHECK(take_carbon(field, into.carbon));
  }
  return {};
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates) {
  const auto meant = closest(word, candidates);
  return meant.empty() ? std::string() : cat(" (did you mean \"", meant, "\"?)");
}

// As yaml::Fields::only, but it speaks of signals where their names are keys.
Result<void> only_signals(const Fields& from) {
  for (const yaml::Member& member : from.node().members) {
    if (std::ranges::find(signal_names(), member.key) != signal_names().end()) continue;
    return from.refuse(member, cat("unknown signal \"", printable(member.key, 64), "\"",
                                   suggestion(member.key, signal_names())));
  }
  return {};
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxName) return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

Result<std::vector<std::string>> counted_signals(const Fields& from) {
  SLUICE_TRY(const Fields list, from.at("signals"));
  SLUICE_TRY(const auto elements, list.elements(signal_names().size()));
  if (elements.empty()) return list.refuse("an environment counts at least one signal");
  std::vector<std::string> signals;
  for (const Fields& each : elements) {
    SLUICE_TRY(std::string word, each.as_choice("signal", {"risk", "health", "carbon"}));
    if (std::ranges::find(signals, word) != signals.end()) {
      return each.refuse(cat("the signal \"", word, "\" stands there twice"));
    }
    signals.push_back(std::move(word));
  }
  return signals;
}

Result<std::vector<Environment>> take_environments(const Fields& root, const Environment& base) {
  SLUICE_TRY(const Fields all, root.mapping("environments"));
  if (all.node().members.empty()) return all.refuse("a policy has at least one environment");
  if (all.node().members.size() > kMaxEnvironments) {
    return all.refuse(cat("more than ", kMaxEnvironments, " environments"));
  }
  std::vector<Environment> out;
  for (const yaml::Member& member : all.node().members) {
    if (!is_name(member.key)) {
      return all.refuse(
          member,
          cat("\"", printable(member.key, 64),
              "\" is no name of an environment: letters, digits, \"-\", \"_\" and \".\", at "
              "most ",
              kMaxName));
    }
    SLUICE_TRY(const Fields field, all.mapping(member.key));
    SLUICE_CHECK(field.only({"signals", "risk", "health", "carbon", "sources"}));
    Environment environment = base;
    environment.name = member.key;
    SLUICE_TRY(environment.signals, counted_signals(field));
    SLUICE_CHECK(take_rules(field, environment));
    SLUICE_CHECK(take_sources(field, environment.sources));
    out.push_back(std::move(environment));
  }
  return out;
}

Result<TrustedKey> take_key(const Fields& from, const std::vector<Environment>& environments) {
  SLUICE_CHECK(from.only({"name", "pem", "file", "environments"}));
  TrustedKey key;
  if (from.has("name")) {
    SLUICE_TRY(key.name, from.string("name"));
  }
  if (from.has("pem") == from.has("file")) {
    return from.refuse("a key is given by one of \"pem\" and \"file\"");
  }
  if (from.has("file")) {
    SLUICE_CHECK(take_file(from, "file", key.file));
  } else {
    SLUICE_TRY(const Fields field, from.at("pem"));
    SLUICE_TRY(const std::string pem, field.as_string());
    auto parsed = crypto::PublicKey::from_pem(pem);
    if (!parsed) return field.refuse(cat("this public key cannot be used: ", parsed.error().what));
    key.key = *std::move(parsed);
  }
  if (!from.has("environments")) return key;
  SLUICE_TRY(const auto names, from.sequence("environments", kMaxEnvironments));
  if (names.empty()) return from.refuse("a key for no environment is good for nothing");
  std::vector<std::string_view> known;
  for (const Environment& each : environments) known.push_back(each.name);
  for (const Fields& each : names) {
    SLUICE_TRY(std::string word, each.as_string());
    if (std::ranges::find(known, word) == known.end()) {
      return each.refuse(
          cat("unknown environment \"", printable(word, 64), "\"", suggestion(word, known)));
    }
    key.environments.push_back(std::move(word));
  }
  return key;
}

Result<void> check_heading(const Fields& root) {
  SLUICE_TRY(const Fields version, root.at("apiVersion"));
  SLUICE_TRY(const std::string text, version.as_string());
  if (text != "sluice/v1") {
    return version.refuse(
        cat("apiVersion \"", printable(text, 64), "\" is not known here; sluice/v1 is"));
  }
  SLUICE_TRY(const Fields kind, root.at("kind"));
  SLUICE_TRY(const std::string word, kind.as_string());
  if (word != "Policy") {
    return kind.refuse(cat("kind \"", printable(word, 64), "\" is no Policy"));
  }
  return {};
}

// RFC 3986's shape, no more: a scheme, a colon, and no blanks or control characters.
bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size()) return false;
  if (text.size() > 1024) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!letter(text[0])) return false;
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

Result<void> take_verifier(const Fields& root, Policy& into) {
  if (!root.has("verifier")) return {};
  SLUICE_TRY(const Fields field, root.at("verifier"));
  SLUICE_TRY(into.verifier, field.as_string());
  if (is_uri(into.verifier)) return {};
  return field.refuse(
      "verifier is a URI that stands for this gate, as https://gate.example.org/web");
}

Environment defaults() {
  Environment base;
  base.risk.max_age = std::chrono::days(1);     // a change stays what it is
  base.carbon.max_age = std::chrono::hours(2);  // grids report by the hour
  base.carbon.on_unknown = Effect::ignore;
  return base;
}

}  // namespace

Result<Policy> parse(std::string_view text, std::string_view source) {
  const std::string file = printable(source, 300);
  SLUICE_TRY(const yaml::Node node, yaml::parse(text, file, {.bytes = kMaxPolicy}));
  const Fields root(node, file);
  SLUICE_CHECK(root.only({"apiVersion", "kind", "verifier", "decision", "signals", "sources",
                          "environments", "keys"}));
  SLUICE_CHECK(check_heading(root));
  Policy policy{.source = std::string(source),
                .text = std::string(text),
                .digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(text))};
  SLUICE_CHECK(take_verifier(root, policy));
  if (root.has("decision")) {
    SLUICE_TRY(const Fields decision, root.mapping("decision"));
    SLUICE_CHECK(decision.only({"max_age"}));
    SLUICE_CHECK(take_duration(decision, "max_age", policy.max_age));
  }
  Environment base = defaults();
  if (root.has("signals")) {
    SLUICE_TRY(const Fields signals, root.mapping("signals"));
    SLUICE_CHECK(only_signals(signals));
    SLUICE_CHECK(take_rules(signals, base));
  }
  SLUICE_CHECK(take_sources(root, base.sources));
  SLUICE_TRY(policy.environments, take_environments(root, base));
  if (!root.has("keys")) return policy;
  SLUICE_TRY(const auto keys, root.sequence("keys", kMaxKeys));
  for (const Fields& each : keys) {
    SLUICE_TRY(auto key, take_key(each, policy.environments));
    policy.keys.push_back(std::move(key));
  }
  return policy;
}

}  // namespace sluice::policy
