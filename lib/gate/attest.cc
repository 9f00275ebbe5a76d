// SPDX-License-Identifier: Apache-2.0
#include "gate/attest.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::gate {

namespace {

constexpr std::size_t kMaxRows = 256;

Result<void> check_signable(const Record& record) {
  const auto refuse = [](std::string what, std::string hint) {
    return fail(Error{Errc::denied, std::move(what), {}, std::move(hint)});
  };
  if (record.decision.verdict == Verdict::undecided) {
    return refuse("an undecided decision is never signed", "");
  }
  if (record.inputs.origin == PolicyOrigin::builtin) {
    return refuse("a decision without a policy of your own is never signed",
                  "write a policy file; sluice policy check reads it");
  }
  if (record.inputs.policy.verifier.empty()) {
    return refuse("the policy does not say in whose name decisions are signed",
                  "add a line to it: verifier: https://gate.example.org/web");
  }
  if (record.inputs.subjects.empty()) {
    return refuse("there is no artifact to sign the decision for", "--digest sha256:HEX");
  }
  return {};
}

json::Value reasons_json(const Decision& decision) {
  json::Array out;
  for (const Finding* finding : decision.reasons()) {
    json::Value row;
    row.set("code", finding->code);
    if (!finding->signal.empty()) row.set("signal", finding->signal);
    row.set("text", finding->text);
    out.push_back(std::move(row));
  }
  return out;
}

json::Value extension_json(const Record& record) {
  const Decision& decision = record.decision;
  json::Value out;
  out.set("id", record.id);
  out.set("verdict", name(decision.verdict));
  out.set("environment", record.inputs.environment);
  if (!record.inputs.change.empty()) out.set("change", record.inputs.change);
  out.set("evaluator", record.evaluator);
  out.set("inputsDigest", record.inputs_digest.text());
  out.set("reasons", reasons_json(decision));
  json::Array conditions;
  for (const Condition& condition : decision.conditions) {
    json::Value row;
    row.set("code", condition.code);
    row.set("signal", condition.signal);
    row.set("text", condition.text);
    conditions.push_back(std::move(row));
  }
  out.set("conditions", std::move(conditions));
  if (decision.until) out.set("retryAfter", rfc3339(*decision.until));
  if (decision.valid_until) out.set("validUntil", rfc3339(*decision.valid_until));
  return out;
}

// A policy's source is a file name; in-toto wants a URI.
std::string policy_uri(const std::string& source) {
  std::string out = "file:";
  constexpr std::string_view kPlain = "-._~/:@";
  for (const char c : source) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 0xF];
    }
  }
  return out;
}

Result<std::optional<Time>> optional_time(const json::Fields& fields, std::string_view key) {
  if (!fields.has(key)) return std::nullopt;
  SLUICE_TRY(const std::string text, fields.string(key));
  SLUICE_TRY(const Time time, parse_rfc3339(text));
  return time;
}

Result<void> read_rows(const json::Fields& fields, SignedDecision& into) {
  SLUICE_TRY(const auto reasons, fields.array("reasons", kMaxRows));
  for (const auto& each : reasons) {
    SLUICE_CHECK(each.only({"code", "signal", "text"}));
    SLUICE_TRY(std::string code, each.string("code"));
    into.reasons.push_back(std::move(code));
  }
  SLUICE_TRY(const auto conditions, fields.array("conditions", kMaxRows));
  for (const auto& each : conditions) {
    SLUICE_CHECK(each.only({"code", "signal", "text"}));
    Condition condition;
    SLUICE_TRY(condition.code, each.string("code"));
    SLUICE_TRY(condition.signal, each.string("signal"));
    SLUICE_TRY(condition.text, each.string("text"));
    into.conditions.push_back(std::move(condition));
  }
  return {};
}

Result<void> check_agreement(const SignedDecision& decision) {
  const bool passed = decision.vsa.result == evidence::VsaResult::passed;
  if (decision.verdict == Verdict::undecided || passed != passes(decision.verdict)) {
    return fail(Errc::malformed, cat("the decision says ", name(decision.verdict),
                                     " and the VSA says ", passed ? "PASSED" : "FAILED"));
  }
  if (passed && !decision.valid_until) {
    return fail(Errc::malformed, "the approval does not say until when it holds");
  }
  return {};
}

}  // namespace

Result<std::string> statement_of(const Record& record, std::string_view resource) {
  SLUICE_CHECK(check_signable(record));
  const bool passed = passes(record.decision.verdict);
  const auto& policy = record.inputs.policy;
  evidence::Vsa vsa;
  vsa.verifier_id = policy.verifier;
  const auto blank = record.program.find(' ');
  if (blank != std::string::npos) {
    vsa.verifier_version = {{record.program.substr(0, blank), record.program.substr(blank + 1)}};
  }
  vsa.time_verified = record.inputs.now;
  vsa.resource_uri =
      resource.empty() ? record.inputs.subjects.front().digest.text() : std::string(resource);
  vsa.policy = {policy_uri(policy.source),
                {{std::string(crypto::name(policy.digest.algorithm())), policy.digest.hex()}}};
  vsa.result = passed ? evidence::VsaResult::passed : evidence::VsaResult::failed;
  vsa.verified_levels = {passed ? std::string(kApprovedLevel) : "FAILED"};
  vsa.slsa_version = "1.1";
  vsa.extensions = {{std::string(kDecisionUri), extension_json(record)}};
  return evidence::write_vsa(record.inputs.subjects, vsa);
}

Result<SignedDecision> read_decision(const dsse::Statement& statement) {
  SLUICE_TRY(auto vsa, evidence::read_vsa(statement));
  const auto at = std::ranges::find(vsa.extensions, kDecisionUri,
                                    [](const auto& extension) { return extension.first; });
  if (at == vsa.extensions.end()) {
    return fail(Errc::unsupported, "the VSA is no decision of a sluice gate");
  }
  const json::Value extension = at->second;
  const json::Fields fields(extension, "decision");
  SLUICE_TRY(const std::string digest, fields.string("inputsDigest"));
  SLUICE_TRY(auto inputs_digest, crypto::Digest::parse(digest));
  SLUICE_CHECK(fields.only({"id", "verdict", "environment", "change", "evaluator", "inputsDigest",
                            "reasons", "conditions", "retryAfter", "validUntil"}));
  SignedDecision out{.vsa = std::move(vsa),
                     .id = {},
                     .verdict = Verdict::undecided,
                     .environment = {},
                     .evaluator = {},
                     .inputs_digest = std::move(inputs_digest),
                     .retry_after = {},
                     .valid_until = {},
                     .reasons = {},
                     .conditions = {}};
  SLUICE_TRY(out.id, fields.string("id"));
  SLUICE_TRY(const std::string word, fields.string("verdict"));
  const auto verdict = verdict_named(word);
  if (!verdict) {
    return fail(Errc::malformed, cat("the verdict is \"", printable(word, 60), "\""));
  }
  out.verdict = *verdict;
  SLUICE_TRY(out.environment, fields.string("environment"));
  SLUICE_TRY(out.evaluator, fields.string("evaluator"));
  SLUICE_TRY(out.retry_after, optional_time(fields, "retryAfter"));
  SLUICE_TRY(out.valid_until, optional_time(fields, "validUntil"));
  SLUICE_CHECK(read_rows(fields, out));
  SLUICE_CHECK(check_agreement(out));
  return out;
}

}  // namespace sluice::gate
