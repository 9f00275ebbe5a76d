// SPDX-License-Identifier: Apache-2.0
// Verifies a supply chain: a layout, the links of its steps, and the rules between them (in-toto
// specification 4.3, 5.2), with a report that says of each failure which step, rule and artifact it
// is about, and both digests.
//
// The checks, in this order, as far as they apply; those of a sublayout come under its step's name:
//   layout.envelope       the file is signed metadata, of one kind, and a layout; or a bundle
//   layout.signature      one row for each owner that was given: all of them signed it. Keys sign
//                         metadata, identities bundles; no file is both
//   layout.*              its form (layout.h)
//   layout.time           it has not expired
//   layout.version        not older than one that was accepted before (freshness.h)
//   link.present          of each step: files by its name
//   link.threshold        as many different functionaries as the step asks for
//   link.agreement        all that count say the same about materials and products
//   link.sublayout        a delegated step's own layout holds
//   step.command          is the expected one, where that is demanded; else a difference is told
//   step.success          return value 0, where that is demanded; else another one is told
//   fresh.*               run, commit and age, where the layout or the caller demands them
//   rule.materials, rule.products        the queue of each step (queue.h)
//   inspection.run, inspection.materials, inspection.products   after all steps passed
// Inspections run commands that the layout names. They do so only where the caller says so; a
// layout that has some is refused otherwise, and says how.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/world.h"
#include "intoto/evidence.h"
#include "intoto/freshness.h"
#include "intoto/inspect.h"
#include "intoto/queue.h"

namespace sluice::intoto {

inline constexpr int kSublayoutDepth = 8;
inline constexpr std::size_t kSublayoutsMost = 64;  // of one verification

// Strict, unless it says otherwise. What each name stands for is in docs/in-toto-layouts.md.
enum class LayoutCompat : std::uint8_t { strict, python, go };

struct VerifyOptions {
  std::vector<Functionary> owners = {};  // each of them has to have signed the layout
  Parameters parameters = {};
  LayoutCompat compat = LayoutCompat::strict;
  bool exact_commands = false;      // demanded of all steps
  bool success = false;             // likewise
  Freshness freshness = {};         // demanded besides what the layout demands
  std::optional<Path> memory = {};  // the folder that remembers versions (freshness.h)
  const IdentityJudge* identities = nullptr;
  InspectionOptions inspections = {};
  // Commands are run for layouts below, too. Their authors are functionaries of a step, and not
  // the owners whom the caller trusts with it.
  bool delegated_commands = false;
  unsigned threads = 1;
  // The command that explains a step, for the advice of a refusal; the step's name comes behind it.
  std::string explain = {};
};

struct VerifiedChain {
  Layout layout;
  // What the chain as a whole did: materials of its first step, products of its last.
  Link summary;
  std::vector<std::string> signers;  // "build: Ed25519 8a98b525"
};

// Error: it could not be decided: an unreadable folder, a program that cannot be started.
[[nodiscard]] Result<Verdict<VerifiedChain>> verify_chain(const World& world,
                                                          const std::string& layout_text,
                                                          const std::string& subject,
                                                          const Path& links,
                                                          const VerifyOptions& options);

// For `explain`: everything up to the rules, and then each queue with samples, also where one
// failed.
struct ExplainedQueue {
  std::string step;
  Side side;
  std::vector<Rule> rules;
  QueueResult result;
  std::optional<Suggestion> suggestion = {};
};
struct Explanation {
  Report report;
  std::vector<ExplainedQueue> queues = {};
  // What the queues' artifacts point into.
  std::shared_ptr<const void> keeps = {};
};
[[nodiscard]] Result<Explanation> explain_chain(const World& world, const std::string& layout_text,
                                                const std::string& subject, const Path& links,
                                                const VerifyOptions& options);

}  // namespace sluice::intoto
