// SPDX-License-Identifier: Apache-2.0
#include "gate/rules.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace sluice::gate {

namespace {

using policy::Effect;
using policy::Level;

std::string grams_text(double grams) { return cat(short_number(grams), " g/kWh"); }

bool reaches(Level level, const std::optional<Level>& limit) { return limit && level >= *limit; }

void append_clause(std::string& to, std::string_view clause) {
  if (!to.empty()) to += ", ";
  to += clause;
}

std::string risk_thresholds(const policy::RiskRule& rule) {
  std::string out;
  if (rule.condition_at)
    append_clause(out, cat("conditions at ", policy::name(*rule.condition_at)));
  if (rule.delay_at) append_clause(out, cat("delays at ", policy::name(*rule.delay_at)));
  if (rule.block_at) append_clause(out, cat("blocks at ", policy::name(*rule.block_at)));
  return out.empty() ? "no level leads to anything" : out;
}

std::string carbon_thresholds(const policy::CarbonRule& rule) {
  std::string out = cat("waits to save ", short_number(rule.wait_percent), " %");
  if (rule.wait_grams > 0) out += cat(" and ", grams_text(rule.wait_grams));
  if (rule.hard_limit) out += cat(", blocks above ", grams_text(*rule.hard_limit));
  return out;
}

std::string or_else(const std::string& text, std::string_view fallback) {
  return text.empty() ? std::string(fallback) : text;
}

Finding delayed(Finding finding, Time until) {
  finding.effect = Effect::delay;
  finding.until = until;
  return finding;
}

}  // namespace

std::string short_number(double value) {
  std::array<char, 64> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 std::round(value * 10) / 10, std::chars_format::fixed)
                       .ptr;
  std::string text(digits.data(), end);
  return text == "-0" ? "0" : text;
}

Finding judge_risk(Level level, const Signal& signal, const policy::RiskRule& rule, Time now) {
  Finding finding{.code = "risk.ok",
                  .signal = "risk",
                  .value = std::string(policy::name(level)),
                  .threshold = risk_thresholds(rule),
                  .text = or_else(signal.text, cat("the risk is ", policy::name(level)))};
  if (reaches(level, rule.block_at)) {
    finding.code = "risk.block";
    finding.effect = Effect::block;
  } else if (reaches(level, rule.delay_at)) {
    finding.code = "risk.delay";
    return delayed(std::move(finding), now + rule.retry_after);
  } else if (reaches(level, rule.condition_at)) {
    finding.code = "risk.condition";
    finding.effect = Effect::condition;
  }
  return finding;
}

Finding judge_health(Health health, const Signal& signal, const policy::HealthRule& rule,
                     Time now) {
  Finding finding{.code = "health.ok",
                  .signal = "health",
                  .value = std::string(name(health)),
                  .threshold = cat("warning: ", policy::name(rule.on_warning),
                                   ", incident: ", policy::name(rule.on_incident)),
                  .text = or_else(signal.text, cat("the services are ", name(health)))};
  if (health == Health::healthy) return finding;
  const bool incident = health == Health::incident;
  finding.code = incident ? "health.incident" : "health.warning";
  finding.effect = incident ? rule.on_incident : rule.on_warning;
  if (signal.text.empty()) finding.text = incident ? "there is an incident" : "there is a warning";
  if (finding.effect == Effect::delay) return delayed(std::move(finding), now + rule.retry_after);
  return finding;
}

Finding judge_carbon(const Carbon& carbon, const policy::CarbonRule& rule, Time now) {
  Finding finding{.code = "carbon.low",
                  .signal = "carbon",
                  .value = grams_text(carbon.grams),
                  .threshold = carbon_thresholds(rule)};
  const auto answer = [&](std::string_view code, std::string text) {
    finding.code = code;
    finding.text = std::move(text);
    return finding;
  };
  if (rule.hard_limit && carbon.grams > *rule.hard_limit) {
    finding.effect = Effect::block;
    return answer("carbon.hard-limit",
                  cat("above the hard limit of ", grams_text(*rule.hard_limit)));
  }
  if (carbon.grams < rule.low) return answer("carbon.low", cat("below ", grams_text(rule.low)));
  if (!carbon.window) return answer("carbon.no-forecast", "no better time is known");
  const Window& window = *carbon.window;
  if (window.start <= now) return answer("carbon.window-open", "the best time is now");
  if (window.start - now > rule.max_delay) {
    return answer("carbon.window-too-late",
                  cat("the best time is ", human_time(window.start), ", more than ",
                      human_duration(rule.max_delay), " away"));
  }
  const double saved = carbon.grams - window.mean;
  const std::string saving =
      cat("waiting until ", human_time(window.start), " would save ",
          short_number(window.saving_percent), " % (", grams_text(saved), ")");
  if (saved <= 0 || saved < rule.wait_grams || window.saving_percent < rule.wait_percent) {
    return answer("carbon.saves-too-little", cat(saving, ", less than asked for"));
  }
  return delayed(answer("carbon.wait", saving), window.start);
}

std::string condition_text(const Finding& finding) {
  if (finding.code == "health.warning") return "Watch the service while this rolls out";
  if (finding.code == "health.incident") return "Agree this rollout with the incident's owner";
  if (finding.value == "high") return "Consider staged rollout with canary deployment";
  return "Enable enhanced monitoring during deployment";
}

}  // namespace sluice::gate
