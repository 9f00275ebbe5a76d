// SPDX-License-Identifier: Apache-2.0
// A decision as it is stored: its inputs, all of them, and what was decided (sluice.decision/v1,
// docs/schema/decision.v1.json). replay() decides again from the inputs and compares.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/verdict.h"
#include "evidence/vsa.h"
#include "gate/decide.h"
#include "store/store.h"

namespace sluice::gate {

using Subject = evidence::VsaSubject;

// Where the policy came from. One from the change that is being judged is never used.
enum class PolicyOrigin : std::uint8_t { file, revision, builtin };
std::string_view name(PolicyOrigin origin);

struct Inputs {
  policy::Policy policy;
  PolicyOrigin origin = PolicyOrigin::file;
  std::string environment = {};
  Time now{};
  std::vector<Subject> subjects = {};  // artifacts that the decision is about
  std::string change = {};             // for people: "web 1a2b3c4"; may be empty
  std::vector<Signal> signals = {};
};

struct Record {
  std::string id;
  std::string program;    // "sluice 0.1.0"
  std::string evaluator;  // kEvaluator where it is ours
  Inputs inputs;
  crypto::Digest inputs_digest;  // SHA-256 over the inputs as they are written
  Decision decision;
};

// Decides, and makes the record of it. Texts that are too long or no UTF-8 are cut and escaped
// first, so that what is stored is exactly what was decided upon.
[[nodiscard]] Result<Record> judge(Inputs inputs, std::string id, std::string program);

// "20261120T140211Z-" and 16 hex digits.
std::string new_id(Time now, Random& random);

json::Value to_json(const Record& record);
std::string write_record(const Record& record);

// What a record says, without asking whether it is so. Strict; a newer kind is refused by name.
[[nodiscard]] Result<Record> parse_record(std::string_view text);

// The checks, in this order:
//   record.format     it parses, and its kind is known
//   record.policy     the policy's text is what its digest says
//   record.inputs     the inputs are what their digest says
//   record.evaluator  the evaluator that decided is one that this program still has
//   record.decision   deciding again gives the same decision, in every finding
Report replay(std::string_view text, std::string_view shown_as);

// "web 1a2b3c4", or the first subject; for people.
std::string subject_of(const Record& record);
// The first of the reasons: one line.
std::string summary_of(const Record& record);
store::Row row_of(const Record& record);

}  // namespace sluice::gate
