// SPDX-License-Identifier: Apache-2.0
#include "gateway/check.h"

#include "base/text.h"
#include "gate/attest.h"
#include "sigstore/verify_key.h"

namespace sluice::gateway {

namespace {

Reply refuse(int status, std::string_view what, std::string caller = {}) {
  json::Value body;
  body.set("error", printable(what, 1000));
  return {.status = status, .body = json::write(body) + "\n", .caller = std::move(caller)};
}

// As `sluice gate check` would end, for scripts that relay it.
int exit_code_of(gate::Verdict verdict) {
  switch (verdict) {
    case gate::Verdict::approve:
    case gate::Verdict::conditions:
      return 0;
    case gate::Verdict::block:
      return 1;
    case gate::Verdict::undecided:
      return 3;
    case gate::Verdict::delay:
      return 75;
  }
  return 4;
}

json::Value row(std::string_view code, std::string_view signal, std::string_view text) {
  json::Value out;
  out.set("code", code);
  if (!signal.empty()) out.set("signal", signal);
  out.set("text", printable(text, 1000));
  return out;
}

Result<std::string> reply_text(const gate::Record& record,
                               const std::optional<std::string>& bundle) {
  const auto& decision = record.decision;
  json::Array reasons;
  for (const auto* each : decision.reasons()) {
    reasons.push_back(row(each->code, each->signal, each->text));
  }
  json::Array conditions;
  for (const auto& each : decision.conditions) {
    conditions.push_back(row(each.code, each.signal, each.text));
  }
  json::Value out;
  out.set("kind", "sluice.gate-answer/v1");
  out.set("id", record.id);
  out.set("verdict", name(decision.verdict));
  out.set("exit_code", exit_code_of(decision.verdict));
  out.set("environment", record.inputs.environment);
  out.set("reasons", std::move(reasons));
  out.set("conditions", std::move(conditions));
  if (decision.until) out.set("retry_after", rfc3339(*decision.until));
  if (decision.valid_until) out.set("valid_until", rfc3339(*decision.valid_until));
  if (bundle) {
    SLUICE_TRY(auto value, json::parse_strict(*bundle));
    out.set("bundle", std::move(value));
  }
  return json::write(out) + "\n";
}

Result<std::optional<std::string>> sign(const Service& service, const gate::Record& record,
                                        const std::string& resource) {
  const bool wanted = service.signer != nullptr && !record.inputs.subjects.empty() &&
                      record.decision.verdict != gate::Verdict::undecided;
  if (!wanted) return std::nullopt;
  SLUICE_TRY(const auto statement, gate::statement_of(record, resource));
  SLUICE_TRY(auto bundle, sigstore::sign_payload(MediaType(std::string(dsse::kInTotoPayload)),
                                                 bytes_of(statement), *service.signer));
  return bundle;
}

Result<Reply> decide(const Service& service, Question question, const Caller& caller,
                     const policy::Policy& policy, const policy::Environment& environment,
                     Time now) {
  gate::Inputs inputs{.policy = policy};
  inputs.environment = environment.name;
  inputs.now = now;
  inputs.subjects = std::move(question.subjects);
  inputs.change = std::move(question.change);
  if (question.risk) {
    question.risk->source = cat("caller ", caller.name);
    inputs.signals.push_back(*std::move(question.risk));
  }
  for (auto& each : service.gather(environment, now)) inputs.signals.push_back(std::move(each));
  SLUICE_TRY(
      const auto record,
      gate::judge(std::move(inputs), gate::new_id(now, service.world.random), service.program));
  SLUICE_TRY(const auto bundle, sign(service, record, question.resource));
  {
    const std::lock_guard hold(service.storing);
    SLUICE_CHECK(service.store.append(gate::row_of(record), gate::write_record(record)));
  }
  SLUICE_TRY(auto body, reply_text(record, bundle));
  Reply reply{.body = std::move(body),
              .caller = caller.name,
              .verdict = std::string(name(record.decision.verdict)),
              .id = record.id};
  if (bundle && service.publish) {
    const auto put =
        service.world.files.create(*service.publish / cat(record.id, ".json"), *bundle);
    if (!put) reply.trouble = put.error().text();
  }
  return reply;
}

}  // namespace

Reply Service::answer(std::string_view body, const Credentials& shown) const {
  const auto known = callers();
  const Caller* caller = known ? find_caller(*known, shown) : nullptr;
  if (caller == nullptr) return refuse(401, "show a token or a certificate that is known here");
  const Time now = world.clock.now();
  if (body.size() > kMaxQuestion)
    return refuse(413, "the request is larger than 1 MiB", caller->name);
  auto question = parse_question(body, now);
  if (!question) return refuse(400, question.error().text(), caller->name);
  // One sentence for both: who may not ask learns nothing of what there is.
  const policy::Policy current = policy();
  const auto* environment = current.find(question->environment);
  if (environment == nullptr || !caller->may_ask_for(question->environment)) {
    return refuse(403, cat("this caller may not ask for ", printable(question->environment, 80)),
                  caller->name);
  }
  auto reply = decide(*this, *std::move(question), *caller, current, *environment, now);
  if (reply) return *std::move(reply);
  Reply failed = refuse(503, "it could not be decided; nothing was approved", caller->name);
  failed.trouble = reply.error().text();
  return failed;
}

}  // namespace sluice::gateway
