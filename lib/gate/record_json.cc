// SPDX-License-Identifier: Apache-2.0
#include "gate/record_json.h"

#include "base/text.h"

namespace sluice::gate {

namespace {

constexpr std::size_t kMaxSubjects = 1000;
constexpr std::size_t kMaxFindings = 256;
constexpr std::size_t kMaxRecord = 8U << 20;

void set_time(json::Value& out, std::string_view key, const std::optional<Time>& time) {
  if (time) out.set(std::string(key), rfc3339(*time));
}

void set_text(json::Value& out, std::string_view key, const std::string& text) {
  if (!text.empty()) out.set(std::string(key), text);
}

Result<std::optional<Time>> maybe_time(const json::Fields& fields, std::string_view key) {
  if (!fields.has(key)) return std::nullopt;
  SLUICE_TRY(const std::string text, fields.string(key));
  SLUICE_TRY(const Time time,
             within(parse_rfc3339(text), cat("reading ", fields.path(), ".", key)));
  return time;
}

Result<std::string> maybe_text(const json::Fields& fields, std::string_view key) {
  if (!fields.has(key)) return std::string();
  return fields.string(key);
}

template <class T>
Result<T> known_word(const json::Fields& fields, std::string_view key,
                     std::optional<T> (*lookup)(std::string_view)) {
  SLUICE_TRY(const std::string word, fields.string(key));
  if (const auto value = lookup(word)) return *value;
  return fail(Errc::malformed,
              cat(fields.path(), ".", key, ": unknown word \"", printable(word, 60), "\""));
}

json::Value policy_json(const Inputs& inputs) {
  json::Value out;
  out.set("origin", name(inputs.origin));
  out.set("source", inputs.policy.source);
  out.set("digest", inputs.policy.digest.text());
  out.set("text", inputs.policy.text);
  return out;
}

Result<policy::Policy> policy_from(const json::Fields& fields) {
  SLUICE_CHECK(fields.only({"origin", "source", "digest", "text"}));
  SLUICE_TRY(const std::string text, fields.string("text"));
  SLUICE_TRY(const std::string source, fields.string("source"));
  SLUICE_TRY(auto policy, policy::parse(text, source));
  SLUICE_TRY(const std::string stated, fields.string("digest"));
  SLUICE_TRY(policy.digest, crypto::Digest::parse(stated));
  return policy;
}

Result<std::vector<Subject>> subjects_from(const json::Fields& fields) {
  std::vector<Subject> out;
  if (!fields.has("subjects")) return out;
  SLUICE_TRY(const auto rows, fields.array("subjects", kMaxSubjects));
  for (const auto& row : rows) {
    SLUICE_CHECK(row.only({"name", "digest"}));
    SLUICE_TRY(std::string name, maybe_text(row, "name"));
    SLUICE_TRY(const std::string text, row.string("digest"));
    SLUICE_TRY(auto digest, crypto::Digest::parse(text));
    out.push_back({std::move(name), std::move(digest)});
  }
  return out;
}

json::Value finding_json(const Finding& finding) {
  json::Value out;
  out.set("code", finding.code);
  set_text(out, "signal", finding.signal);
  out.set("effect", policy::name(finding.effect));
  set_text(out, "value", finding.value);
  set_text(out, "threshold", finding.threshold);
  out.set("text", finding.text);
  set_time(out, "until", finding.until);
  return out;
}

Result<Finding> finding_from(const json::Fields& fields) {
  SLUICE_CHECK(fields.only({"code", "signal", "effect", "value", "threshold", "text", "until"}));
  Finding finding;
  SLUICE_TRY(finding.code, fields.string("code"));
  SLUICE_TRY(finding.signal, maybe_text(fields, "signal"));
  SLUICE_TRY(finding.effect, known_word<policy::Effect>(fields, "effect", policy::effect_named));
  SLUICE_TRY(finding.value, maybe_text(fields, "value"));
  SLUICE_TRY(finding.threshold, maybe_text(fields, "threshold"));
  SLUICE_TRY(finding.text, fields.string("text"));
  SLUICE_TRY(finding.until, maybe_time(fields, "until"));
  return finding;
}

Result<Record> record_from(const json::Fields& root, const json::Value& inputs) {
  SLUICE_TRY(std::string id, root.string("id"));
  SLUICE_TRY(std::string program, root.string("program"));
  SLUICE_TRY(std::string evaluator, root.string("evaluator"));
  SLUICE_TRY(Inputs parsed, within(inputs_from(inputs), "reading the inputs"));
  SLUICE_TRY(const std::string stated, root.string("inputs_digest"));
  SLUICE_TRY(auto digest, crypto::Digest::parse(stated));
  SLUICE_TRY(const auto fields, root.object("decision"));
  SLUICE_TRY(auto decision, decision_from(fields));
  return Record{std::move(id),     std::move(program), std::move(evaluator),
                std::move(parsed), std::move(digest),  std::move(decision)};
}

Result<json::Value> parse_outside(std::string_view text) {
  SLUICE_TRY(auto value, json::parse_strict(text, {.bytes = kMaxRecord}));
  const json::Fields root(value, "record");
  SLUICE_TRY(const std::string kind, root.string("kind"));
  if (kind != "sluice.decision/v1") {
    return fail(Errc::unsupported,
                cat("\"", printable(kind, 80), "\" is not known here; sluice.decision/v1 is"));
  }
  SLUICE_CHECK(
      root.only({"kind", "id", "program", "evaluator", "inputs", "inputs_digest", "decision"}));
  SLUICE_CHECK(root.object("inputs"));
  return value;
}

// In order; what depends on a failed check is not run.
class Replay {
 public:
  explicit Replay(std::string_view shown_as) : report_(std::string(shown_as)) {}

  Report run(std::string_view text) {
    const auto value = parse_outside(text);
    if (!value) return refuse(value.error());
    const json::Value& inputs = *value->find("inputs");
    const auto record = record_from(json::Fields(*value, "record"), inputs);
    if (!record) return refuse(record.error());
    report_.pass("record.format", "record", "sluice.decision/v1");
    check_digests(*record, inputs);
    if (check_evaluator(*record)) compare(*record);
    return std::move(report_);
  }

 private:
  Report refuse(const Error& error) {
    report_.fail("record.format", "record", error.text());
    for (const auto& [id, title] : {std::pair{"record.policy", "policy"},
                                    {"record.inputs", "inputs"},
                                    {"record.evaluator", "evaluator"},
                                    {"record.decision", "decision"}}) {
      report_.skip(id, title, "the record cannot be read");
    }
    return std::move(report_);
  }

  void equal_digest(const char* id, const char* title, const crypto::Digest& stated,
                    const crypto::Digest& found) {
    if (stated == found) {
      report_.pass(id, title, stated.text());
      return;
    }
    Check& check = report_.fail(id, title, cat("the ", title, " changed since the decision"));
    check.expected = stated.text();
    check.found = found.text();
  }

  void check_digests(const Record& record, const json::Value& inputs) {
    const auto& policy = record.inputs.policy;
    equal_digest("record.policy", "policy", policy.digest,
                 crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(policy.text)));
    equal_digest("record.inputs", "inputs", record.inputs_digest, inputs_digest(inputs));
  }

  bool check_evaluator(const Record& record) {
    if (record.evaluator == kEvaluator) {
      report_.pass("record.evaluator", "evaluator", record.evaluator);
      return true;
    }
    Check& check = report_.fail("record.evaluator", "evaluator",
                                "this program does not have the evaluator that decided");
    check.expected = record.evaluator;
    check.found = kEvaluator;
    check.advice = cat("use the program that decided: ", record.program);
    report_.skip("record.decision", "decision", "its evaluator is not here");
    return false;
  }

  void compare(const Record& record) {
    const Inputs& inputs = record.inputs;
    const Decision again = decide(inputs.policy, inputs.environment, inputs.signals, inputs.now);
    if (again == record.decision) {
      report_.pass("record.decision", "decision", cat("again ", name(again.verdict)));
      return;
    }
    Check& check =
        report_.fail("record.decision", "decision", "these inputs lead to another decision");
    check.expected = json::write(decision_json(record.decision));
    check.found = json::write(decision_json(again));
  }

  Report report_;
};

}  // namespace

json::Value inputs_json(const Inputs& inputs) {
  json::Value out;
  out.set("now", rfc3339(inputs.now));
  out.set("environment", inputs.environment);
  set_text(out, "change", inputs.change);
  json::Array subjects;
  for (const Subject& subject : inputs.subjects) {
    json::Value row;
    set_text(row, "name", subject.name);
    row.set("digest", subject.digest.text());
    subjects.push_back(std::move(row));
  }
  if (!subjects.empty()) out.set("subjects", std::move(subjects));
  out.set("policy", policy_json(inputs));
  json::Array signals;
  for (const Signal& signal : inputs.signals) signals.push_back(to_json(signal));
  out.set("signals", std::move(signals));
  return out;
}

Result<Inputs> inputs_from(const json::Value& value) {
  const json::Fields fields(value, "inputs");
  SLUICE_CHECK(fields.only({"now", "environment", "change", "subjects", "policy", "signals"}));
  SLUICE_TRY(const auto policy_fields, fields.object("policy"));
  SLUICE_TRY(auto policy, policy_from(policy_fields));
  Inputs inputs{.policy = std::move(policy)};
  SLUICE_TRY(inputs.origin, known_word<PolicyOrigin>(policy_fields, "origin", origin_named));
  SLUICE_TRY(inputs.environment, fields.string("environment"));
  SLUICE_TRY(const std::string now, fields.string("now"));
  SLUICE_TRY(inputs.now, parse_rfc3339(now));
  SLUICE_TRY(inputs.change, maybe_text(fields, "change"));
  SLUICE_TRY(inputs.subjects, subjects_from(fields));
  SLUICE_TRY(const auto signals, fields.array("signals", kMaxSignals));
  for (const auto& each : signals) {
    SLUICE_TRY(auto signal, signal_from(each.value()));
    inputs.signals.push_back(std::move(signal));
  }
  return inputs;
}

crypto::Digest inputs_digest(const json::Value& inputs) {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(json::write(inputs)));
}

json::Value decision_json(const Decision& decision) {
  json::Value out;
  out.set("verdict", name(decision.verdict));
  set_time(out, "until", decision.until);
  set_time(out, "valid_until", decision.valid_until);
  json::Array findings;
  for (const Finding& finding : decision.findings) findings.push_back(finding_json(finding));
  out.set("findings", std::move(findings));
  json::Array conditions;
  for (const Condition& condition : decision.conditions) {
    json::Value row;
    row.set("code", condition.code);
    row.set("signal", condition.signal);
    row.set("text", condition.text);
    conditions.push_back(std::move(row));
  }
  out.set("conditions", std::move(conditions));
  return out;
}

Result<Decision> decision_from(const json::Fields& fields) {
  SLUICE_CHECK(fields.only({"verdict", "until", "valid_until", "findings", "conditions"}));
  Decision decision;
  SLUICE_TRY(decision.verdict, known_word<Verdict>(fields, "verdict", verdict_named));
  SLUICE_TRY(decision.until, maybe_time(fields, "until"));
  SLUICE_TRY(decision.valid_until, maybe_time(fields, "valid_until"));
  SLUICE_TRY(const auto findings, fields.array("findings", kMaxFindings));
  for (const auto& each : findings) {
    SLUICE_TRY(auto finding, finding_from(each));
    decision.findings.push_back(std::move(finding));
  }
  SLUICE_TRY(const auto conditions, fields.array("conditions", kMaxFindings));
  for (const auto& each : conditions) {
    SLUICE_CHECK(each.only({"code", "signal", "text"}));
    Condition condition;
    SLUICE_TRY(condition.code, each.string("code"));
    SLUICE_TRY(condition.signal, each.string("signal"));
    SLUICE_TRY(condition.text, each.string("text"));
    decision.conditions.push_back(std::move(condition));
  }
  return decision;
}

json::Value to_json(const Record& record) {
  json::Value out;
  out.set("kind", "sluice.decision/v1");
  out.set("id", record.id);
  out.set("program", record.program);
  out.set("evaluator", record.evaluator);
  out.set("inputs", inputs_json(record.inputs));
  out.set("inputs_digest", record.inputs_digest.text());
  out.set("decision", decision_json(record.decision));
  return out;
}

std::string write_record(const Record& record) { return json::write(to_json(record)); }

Result<Record> parse_record(std::string_view text) {
  SLUICE_TRY(const auto value, parse_outside(text));
  return record_from(json::Fields(value, "record"), *value.find("inputs"));
}

Report replay(std::string_view text, std::string_view shown_as) {
  return Replay(shown_as).run(text);
}

}  // namespace sluice::gate
