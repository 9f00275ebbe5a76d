// SPDX-License-Identifier: Apache-2.0
#include "dsse/statement.h"

#include "base/limits.h"
#include "base/text.h"

namespace sluice::dsse {

namespace {

constexpr std::size_t kMaxSubjects = 200'000;
constexpr std::size_t kMaxDigests = 16;  // of one subject

Result<Subject> parse_subject(const json::Fields& fields) {
  Subject subject;
  if (fields.has("name")) {
    SLUICE_TRY(subject.name, fields.string("name"));
  }
  SLUICE_TRY(const auto digest, fields.object("digest"));
  const json::Object& members = *digest.value().object();
  if (members.empty() || members.size() > kMaxDigests) {
    return fail(Errc::malformed, cat(digest.path(), " has ", members.size(), " digests, 1 to ",
                                     kMaxDigests, " are wanted"));
  }
  for (const auto& [algorithm, value] : members) {
    const std::string* hex = value.string();
    if (hex == nullptr)
      return fail(Errc::malformed, cat(digest.path(), " holds something that is no text"));
    subject.digests.emplace_back(algorithm, *hex);
  }
  return subject;
}

}  // namespace

Result<std::vector<crypto::Digest>> Subject::known_digests() const {
  std::vector<crypto::Digest> known;
  for (const auto& [algorithm, hex] : digests) {
    if (algorithm != "sha256" && algorithm != "sha384" && algorithm != "sha512") continue;
    SLUICE_TRY(auto digest, within(crypto::Digest::parse(cat(algorithm, ":", hex)),
                                   cat("reading the subject \"", printable(name, 100), "\"")));
    known.push_back(std::move(digest));
  }
  return known;
}

Result<Statement> parse_statement(ByteView payload) {
  SLUICE_TRY(auto value, json::parse_strict(text_of(payload), {.bytes = limits::kPayload}));
  const json::Fields fields(value, "statement");
  Statement statement;
  SLUICE_TRY(statement.type, fields.string("_type"));
  if (statement.type != "https://in-toto.io/Statement/v0.1" &&
      statement.type != "https://in-toto.io/Statement/v1") {
    return fail(Errc::unsupported,
                cat("the statement is of type \"", printable(statement.type, 100),
                    "\"; v0.1 and v1 of in-toto's are known"));
  }
  SLUICE_TRY(statement.predicate_type, fields.string("predicateType"));
  SLUICE_TRY(const auto subjects, fields.array("subject", kMaxSubjects));
  if (subjects.empty()) return fail(Errc::malformed, "the statement names no subject");
  for (const auto& each : subjects) {
    SLUICE_TRY(auto subject, parse_subject(each));
    statement.subjects.push_back(std::move(subject));
  }
  if (const json::Value* predicate = fields.optional("predicate")) statement.predicate = *predicate;
  return statement;
}

}  // namespace sluice::dsse
