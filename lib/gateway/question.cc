// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "gateway/check.h"

namespace sluice::gateway {

namespace {

constexpr std::size_t kMaxSubjects = 1000;
constexpr std::size_t kMaxText = 1000;

Result<std::string> short_text(const json::Fields& fields, std::string_view key) {
  if (!fields.has(key)) return std::string();
  SLUICE_TRY(auto text, fields.string(key));
  if (text.size() > kMaxText) {
    return fail(Errc::limit, cat(key, " is longer than ", kMaxText, " bytes"));
  }
  return text;
}

// A report says nothing of when it was made; it is about commits, which do not change.
Result<gate::Signal> risk_of_report(const json::Fields& report, Time now) {
  SLUICE_TRY(const auto word, report.string("level"));
  const auto level = policy::level_named(word);
  if (!level) return fail(Errc::malformed, cat("the risk is \"", printable(word, 40), "\""));
  SLUICE_TRY(const auto score, report.integer("score"));
  SLUICE_TRY(const auto paths, report.integer("changed_paths"));
  return gate::Signal{.id = "risk",
                      .value = *level,
                      .text = cat("score ", score, ", ", paths, " changed paths"),
                      .observed_at = now};
}

Result<gate::Signal> read_risk(const json::Fields& fields, Time now) {
  SLUICE_TRY(const auto kind, fields.string("kind"));
  if (kind == "sluice.risk/v1") return risk_of_report(fields, now);
  SLUICE_TRY(auto signal, gate::signal_from(fields.value()));
  if (signal.id != "risk") {
    return fail(Errc::malformed, cat("\"risk\" holds the signal \"", printable(signal.id, 40),
                                     "\": the gate gathers everything but the risk itself"));
  }
  return signal;
}

}  // namespace

Result<Question> parse_question(std::string_view body, Time now) {
  SLUICE_TRY(const auto value, json::parse_strict(body, {.bytes = kMaxQuestion}));
  const json::Fields root(value, "request");
  SLUICE_TRY(const auto kind, root.string("kind"));
  if (kind != "sluice.gate-check/v1") {
    return fail(Errc::unsupported, cat("the kind \"", printable(kind, 60),
                                       "\" is not known here; sluice.gate-check/v1 is"));
  }
  SLUICE_CHECK(root.only({"kind", "environment", "subjects", "resource", "change", "risk"}));
  Question question;
  SLUICE_TRY(question.environment, root.string("environment"));
  SLUICE_TRY(question.resource, short_text(root, "resource"));
  SLUICE_TRY(question.change, short_text(root, "change"));
  if (root.has("subjects")) {
    SLUICE_TRY(const auto subjects, root.array("subjects", kMaxSubjects));
    for (const auto& each : subjects) {
      SLUICE_CHECK(each.only({"name", "digest"}));
      SLUICE_TRY(const auto text, each.string("digest"));
      SLUICE_TRY(auto digest, within(crypto::Digest::parse(text), cat("reading ", each.path())));
      SLUICE_TRY(auto name, short_text(each, "name"));
      question.subjects.push_back({std::move(name), std::move(digest)});
    }
  }
  if (root.has("risk")) {
    SLUICE_TRY(const auto risk, root.object("risk"));
    SLUICE_TRY(question.risk, read_risk(risk, now));
    question.risk->asserted = true;
  }
  return question;
}

}  // namespace sluice::gateway
