// SPDX-License-Identifier: Apache-2.0
// What is known of a step that was performed, put together as its link.
//
// Nothing of the environment is recorded. Where a command prints the value of a variable whose name
// says that it is a secret, or is given it as an argument, the link has *** in its place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/time.h"
#include "intoto/link.h"
#include "intoto/record.h"

namespace sluice::intoto {

// Values that must not be told: of variables such as API_TOKEN or DB_PASSWORD, of at least six
// bytes (a shorter one would be found everywhere).
class Secrets {
 public:
  Secrets() = default;
  explicit Secrets(const Environment& environment);
  std::string masked(std::string text) const;

 private:
  std::vector<std::string> values_;  // the longest first
};

bool is_secret_name(std::string_view variable);

struct StepCommand {
  std::vector<std::string> words;
  int exit_code = 0;               // 128 + n for a signal
  std::optional<int> signal = {};  // n
  std::string out;                 // what was kept of its streams
  std::string err;
};

// When and for what it was done: how a verifier tells today's evidence from yesterday's.
struct StepOrigin {
  std::optional<std::string> run = {};     // of the pipeline
  std::optional<std::string> commit = {};  // hex
  std::optional<Time> finished = {};
};

struct StepFacts {
  std::string name;
  Recorded materials;
  Recorded products;
  std::optional<StepCommand> command = {};
  std::optional<StepOrigin> origin = {};
};

// byproducts: stdout, stderr and return-value of a command; "left-out", where something was.
// environment: "sluice" with the origin, where it is bound.
Link make_link(StepFacts facts, const Secrets& secrets);

// For people, a line for each reason: "materials: 2 left out, excluded by a pattern: .git, a.link".
std::vector<std::string> left_out_lines(const Recorded& recorded, std::string_view side);

}  // namespace sluice::intoto
