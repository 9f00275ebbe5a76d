// SPDX-License-Identifier: Apache-2.0
#include "gate/decide.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "gate/rules.h"

namespace sluice::gate {

namespace {

using policy::Effect;
using policy::Environment;

constexpr std::array<std::string_view, 5> kVerdicts = {"approve", "approve-with-conditions",
                                                       "delay", "undecided", "block"};

constexpr std::array<ReasonCode, 26> kReasons = {{
    {"risk.ok", "the risk is below every level that the policy names"},
    {"risk.condition", "the risk is at the level that asks for conditions"},
    {"risk.delay", "the risk is at the level that delays"},
    {"risk.block", "the risk is at the level that blocks"},
    {"health.ok", "the services are healthy"},
    {"health.warning", "one sign of trouble, not yet an incident"},
    {"health.incident", "several signs of trouble agree"},
    {"carbon.low", "the grid is below the intensity at which anybody waits"},
    {"carbon.no-forecast", "no better time is known"},
    {"carbon.window-open", "the best time is now"},
    {"carbon.window-too-late", "the best time is further away than the policy lets anybody wait"},
    {"carbon.saves-too-little", "waiting would save less than the policy asks for"},
    {"carbon.wait", "waiting saves enough"},
    {"carbon.hard-limit", "the grid is above the policy's hard limit"},
    {"unknown.unreachable", "the source did not answer"},
    {"unknown.no-data", "the source has no data"},
    {"unknown.stale", "the evidence has no date, or is older than the policy takes"},
    {"unknown.malformed", "the source's answer makes no sense"},
    {"unknown.not-configured", "no source is configured"},
    {"unknown.assumed", "only an assumed value is known"},
    {"unknown.caller-asserted", "only the caller says so, and the policy does not take that"},
    {"unknown.missing", "the policy counts it, and it is not there"},
    {"unknown.from-the-future", "it was observed later than now"},
    {"signal.not-counted", "the environment does not count this signal"},
    {"environment.unknown", "the policy has no such environment"},
    {"decision.nothing-known", "not one of the counted signals is known"},
}};

// Evidence from a clock that is a little ahead is not from the future.
constexpr std::chrono::seconds kClockSkew = std::chrono::minutes(5);

// Why what the signal says cannot be used; nothing where it can.
std::optional<Unknown> doubt(const Signal& signal, const policy::Common& rule, Time now) {
  if (const auto* reason = std::get_if<Unknown>(&signal.value)) return *reason;
  if (!makes_sense(signal)) return Unknown::malformed;
  if (signal.asserted && !rule.accept_asserted) return Unknown::caller_asserted;
  if (!signal.observed_at) return Unknown::stale;
  if (*signal.observed_at > now + kClockSkew) return Unknown::from_future;
  if (*signal.observed_at < now - rule.max_age) return Unknown::stale;
  return std::nullopt;
}

std::string unknown_text(Unknown reason, const Signal& signal) {
  if (signal.text.empty()) return std::string(sentence(reason));
  return cat(sentence(reason), ": ", signal.text);
}

Finding unknown_finding(Unknown reason, const Signal& signal, const policy::Common& rule,
                        Time now) {
  Finding finding{.code = cat("unknown.", name(reason)), .signal = signal.id};
  finding.effect = rule.on_unknown;
  finding.value = "unknown";
  finding.threshold = cat("unknown: ", policy::name(rule.on_unknown));
  finding.text = unknown_text(reason, signal);
  if (finding.effect == Effect::delay) finding.until = now + rule.retry_after;
  return finding;
}

Finding judge_signal(const Signal& signal, const Environment& environment, Time now) {
  const policy::Common& rule = environment.common(signal.id);
  if (const auto reason = doubt(signal, rule, now)) {
    return unknown_finding(*reason, signal, rule, now);
  }
  if (const auto* level = std::get_if<policy::Level>(&signal.value)) {
    return judge_risk(*level, signal, environment.risk, now);
  }
  if (const auto* health = std::get_if<Health>(&signal.value)) {
    return judge_health(*health, signal, environment.health, now);
  }
  return judge_carbon(std::get<Carbon>(signal.value), environment.carbon, now);
}

Verdict verdict_of(Effect effect) {
  switch (effect) {
    case Effect::block:
      return Verdict::block;
    case Effect::undecided:
      return Verdict::undecided;
    case Effect::delay:
      return Verdict::delay;
    case Effect::condition:
      return Verdict::conditions;
    case Effect::approve:
    case Effect::ignore:
      return Verdict::approve;
  }
  return Verdict::undecided;
}

Effect effect_of(Verdict verdict) {
  constexpr std::array<Effect, 5> kEffects = {Effect::approve, Effect::condition, Effect::delay,
                                              Effect::undecided, Effect::block};
  return kEffects.at(static_cast<std::size_t>(verdict));
}

void conclude(Decision& decision, const policy::Policy& policy, Time now) {
  Effect worst = Effect::ignore;
  for (const Finding& finding : decision.findings) worst = std::max(worst, finding.effect);
  decision.verdict = verdict_of(worst);
  if (passes(decision.verdict)) decision.valid_until = now + policy.max_age;
  for (const Finding& finding : decision.findings) {
    // All that delays has to be over.
    if (decision.verdict == Verdict::delay && finding.until) {
      decision.until = std::max(decision.until.value_or(*finding.until), *finding.until);
    }
    if (finding.effect == Effect::condition) {
      decision.conditions.push_back({finding.code, finding.signal, condition_text(finding)});
    }
  }
}

void judge_counted(const Environment& environment, std::span<const Signal> signals, Time now,
                   Decision& into) {
  for (const std::string& id : environment.signals) {
    bool found = false;
    for (const Signal& signal : signals) {
      if (signal.id != id) continue;
      found = true;
      into.findings.push_back(judge_signal(signal, environment, now));
    }
    if (found) continue;
    const Signal none{.id = id};
    into.findings.push_back(unknown_finding(Unknown::missing, none, environment.common(id), now));
  }
  // Whatever is known has an effect; what the policy ignores cannot add up to an approval.
  const auto ignored = [](const Finding& finding) { return finding.effect == Effect::ignore; };
  if (!std::ranges::all_of(into.findings, ignored)) return;
  into.findings.push_back({.code = "decision.nothing-known",
                           .signal = "",
                           .effect = Effect::undecided,
                           .text = "not one of the signals that count is known"});
}

}  // namespace

std::string_view name(Verdict verdict) { return kVerdicts.at(static_cast<std::size_t>(verdict)); }

std::optional<Verdict> verdict_named(std::string_view word) {
  const auto* const at = std::ranges::find(kVerdicts, word);
  if (at == kVerdicts.end()) return std::nullopt;
  return static_cast<Verdict>(at - kVerdicts.begin());
}

bool passes(Verdict verdict) {
  return verdict == Verdict::approve || verdict == Verdict::conditions;
}

std::span<const ReasonCode> reason_codes() { return kReasons; }

std::vector<const Finding*> Decision::reasons() const {
  std::vector<const Finding*> out;
  for (const Finding& finding : findings) {
    if (finding.effect == effect_of(verdict)) out.push_back(&finding);
  }
  return out;
}

Decision decide(const policy::Policy& policy, std::string_view environment,
                std::span<const Signal> signals, Time now) {
  Decision decision;
  const Environment* rules = policy.find(environment);
  if (rules == nullptr) {
    decision.findings.push_back(
        {.code = "environment.unknown",
         .signal = "",
         .effect = Effect::undecided,
         .text = cat("the policy has no environment \"", environment, "\"")});
    conclude(decision, policy, now);
    return decision;
  }
  judge_counted(*rules, signals, now, decision);
  for (const Signal& signal : signals) {
    if (rules->counts(signal.id)) continue;
    decision.findings.push_back({.code = "signal.not-counted",
                                 .signal = signal.id,
                                 .effect = Effect::ignore,
                                 .text = cat(environment, " does not count this signal")});
  }
  conclude(decision, policy, now);
  return decision;
}

}  // namespace sluice::gate
