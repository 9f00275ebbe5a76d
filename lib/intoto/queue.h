// SPDX-License-Identifier: Apache-2.0
// The artifact queue (in-toto specification 4.3.3.1): all artifacts of one side of a step stand in
// it, each rule takes some out, and what DISALLOW still finds there is refused.
//
// As the reference has it: only DISALLOW and REQUIRE can fail; what is left at the end is allowed;
// REQUIRE looks at what is still queued and at nothing else. Digests agree if they have a strong
// algorithm in common and none that differs; where they have none in common, MATCH does not take
// the artifact, and neither does MODIFY.
//
// Pure functions over sorted lists: a rule costs the part of the queue that begins with its literal
// prefix, and a walk over the list that it compares with.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "intoto/artifact.h"
#include "intoto/rule.h"

namespace sluice::intoto {

// What one step or inspection says that it used and made. The lists are those of links, which
// outlive this.
struct StepArtifacts {
  const Artifacts* materials = nullptr;
  const Artifacts* products = nullptr;
  const Artifacts& side(Side which) const {
    return which == Side::materials ? *materials : *products;
  }
};
using StepsArtifacts = std::map<std::string, StepArtifacts, std::less<>>;  // by name

struct QueueInput {
  std::string_view step;  // whose rules these are; in steps
  Side side;
  std::span<const Rule> rules;
  const StepsArtifacts& steps;  // all that MATCH may name
};

// Why a rule whose pattern covers an artifact did not take it.
enum class Miss : std::uint8_t {
  other_digest,   // MATCH: the other step has it with another one
  no_common_one,  // MATCH, MODIFY: the digests are of different algorithms
  not_there,      // MATCH: the other step does not have it
  no_such_step,   // MATCH: there is nothing to compare with
  was_there,      // CREATE: it is a material too
  still_there,    // DELETE: it is a product too
  unchanged,      // MODIFY: material and product are the same
  one_side_only,  // MODIFY: it is no material, or no product
};
// "it is a material too, so it was not created"; "step clone has no such product"
std::string clause(Miss miss, const Rule& rule);

struct NearMiss {
  std::size_t rule;  // number, from 0
  Miss miss;
  const Artifact* theirs = nullptr;  // what it was compared with, where there is such
};

struct RuleTrace {
  std::size_t queued = 0;   // before the rule
  std::size_t covered = 0;  // by its pattern, in the queue
  std::size_t taken = 0;
  std::vector<const Artifact*> sample = {};  // of what it took; of DISALLOW, what it found
  std::vector<std::pair<const Artifact*, NearMiss>> missed = {};  // a few of those covered
};

struct QueueFailure {
  std::size_t rule;                     // of the DISALLOW or REQUIRE
  std::size_t count = 1;                // artifacts that DISALLOW found
  const Artifact* artifact = nullptr;   // the one to speak of; none where REQUIRE misses its file
  std::optional<NearMiss> nearly = {};  // the rule that came closest to taking it
  std::optional<std::size_t> taken_by = {};  // REQUIRE: the rule that took it before
};

struct QueueResult {
  std::optional<QueueFailure> failure = {};
  std::vector<RuleTrace> trace = {};       // one for each rule that ran
  std::vector<const Artifact*> left = {};  // in the queue, where it stopped
  bool passed() const { return !failure; }
};

enum class Tracing : std::uint8_t { counts, samples };
QueueResult run_queue(const QueueInput& input, Tracing tracing = Tracing::counts);

// Rules that let everything pass that was refused, say as much as the artifacts bear out, and no
// more.
struct Suggestion {
  Side side = Side::products;
  std::vector<Rule> rules;  // at least one
  std::size_t at = 0;       // in front of that rule ...
  bool in_place = false;    // ... or in place of it, where it names the wrong step
  std::string allows(std::string_view step) const;  // what they let pass besides: for people
  // All of them have the artifacts compared with another step's, byte for byte.
  bool compares() const;
};
// The list with the suggestion in it.
std::vector<Rule> applied(const Suggestion& suggestion, std::span<const Rule> rules);

// Nothing where no honest rule would do: a file that changed between two steps; or where nothing
// narrower than a rule for everything would. `earlier`: the steps in front of this one in the
// layout, in order. What a later step has says nothing about what this one was given.
std::optional<Suggestion> suggest(const QueueInput& input, const QueueResult& refused,
                                  std::span<const std::string> earlier);

}  // namespace sluice::intoto
