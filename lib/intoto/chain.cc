// SPDX-License-Identifier: Apache-2.0
#include "intoto/chain.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace sluice::intoto {

namespace {

LayoutReading reading_of(LayoutCompat compat) {
  return {.unclean_names = compat == LayoutCompat::python,
          .any_rfc3339 = compat == LayoutCompat::go,
          .inspection_names = compat == LayoutCompat::go};
}

std::string short_ids(const SignedMetadata& metadata) {
  std::vector<std::string> out;
  for (const auto& each : metadata.signatures()) {
    out.push_back(each.keyid.empty() ? "(no key id)" : printable(each.keyid.substr(0, 8)));
  }
  return out.empty() ? "nobody" : join(out, ", ");
}

std::string owners_text(const std::vector<Functionary>& owners) {
  std::set<std::string> out;
  for (const auto& each : owners) out.insert(material_of(each));
  return join({out.begin(), out.end()}, "\n");
}

}  // namespace

std::string ChainVerifier::title(const ChainLevel& level, std::string_view step) const {
  return cat("step ", level.at, step);
}

bool ChainVerifier::judge_signatures(SignedMetadata& metadata,
                                     const std::vector<Functionary>& owners,
                                     const std::string& at) {
  bool good = true;
  const std::string row_title =
      at.empty() ? "layout's signature" : cat("layout of ", at.substr(0, at.size() - 1));
  for (const Functionary& owner : owners) {
    const auto finding = check_signature(metadata, owner);
    if (finding && finding->outcome == SignatureFinding::Outcome::valid) {
      report_.pass("layout.signature", row_title, cat("by ", describe(owner)));
      continue;
    }
    good = false;
    const bool wrong = finding && finding->outcome == SignatureFinding::Outcome::wrong;
    auto& row = report_.fail(
        "layout.signature", row_title,
        wrong ? "the layout was changed after it was signed, or is signed by somebody else under "
                "its owner's key id"
              : "the layout is not signed by the owner that you trust");
    row.expected = describe(owner);
    row.found = cat("signatures by ", short_ids(metadata));
    if (!finding) row.found = finding.error().text();
    row.advice = wrong ? "Fetch the layout again from where its owner publishes it."
                       : "Is this the right key? The layout's owner signs it: sluice layout sign";
  }
  return good;
}

bool ChainVerifier::judge_time(const Layout& layout, const std::string& at) {
  if (now_ <= layout.expires) {
    report_.pass("layout.time", "layout's time",
                 cat("expires ", human_time(layout.expires), ", in ",
                     human_duration(layout.expires - now_)));
    return true;
  }
  auto& row = report_.fail(
      "layout.time", "layout's time",
      at.empty() ? "the layout has expired"
                 : cat("the layout of step ", at.substr(0, at.size() - 1), " has expired"));
  row.expected = cat("until ", human_time(layout.expires));
  row.found = cat("now it is ", human_time(now_));
  row.advice = "Its owner has to look at it again, give it a later time and sign it.";
  return false;
}

Result<bool> ChainVerifier::judge_version(const Layout& layout,
                                          const std::vector<Functionary>& owners) {
  if (!options_.memory) return true;
  VersionMemory memory(world_.files, *options_.memory);
  const std::size_t before = report_.checks().size();
  SLUICE_CHECK(memory.judge(layout, owners_text(owners), report_));
  return report_.checks()[before].outcome == Outcome::pass;
}

Result<ChainLevel*> ChainVerifier::run(SignedMetadata metadata,
                                       const std::vector<Functionary>& owners, const Path& links,
                                       const std::string& at, bool skip_rules) {
  if (metadata.kind() != PayloadKind::layout) {
    report_.fail("layout.envelope", "layout",
                 cat("it is a ", name(metadata.kind()), " and no layout"));
    return nullptr;
  }
  report_.pass("layout.envelope", "layout", cat("a ", name(metadata.wrapping())));
  if (!judge_signatures(metadata, owners, at)) {
    report_.skip("layout.format", "layout's form", "nobody vouches for it");
    return nullptr;
  }
  const Parameters none;
  auto layout = read_layout(metadata.payload(), at.empty() ? options_.parameters : none,
                            reading_of(options_.compat), report_);
  if (!layout || !judge_time(*layout, at)) return nullptr;
  if (at.empty()) {
    SLUICE_TRY(const bool newest, judge_version(*layout, owners));
    if (!newest) return nullptr;
  }
  ChainLevel& level = levels_.emplace_back(ChainLevel{.layout = *std::move(layout), .at = at});
  SLUICE_TRY(auto evidence, gather_evidence(world_.files, links, level.layout,
                                            {options_.identities, now_, options_.threads}));
  bool good = true;
  for (const Step& step : level.layout.steps) {
    SLUICE_TRY(const bool passed, judge_step(level, step, std::move(evidence[step.name]), links));
    good = good && passed;
  }
  if (!good) {
    report_.skip("rule", "rules", "they need the links of all steps");
    return nullptr;
  }
  if (skip_rules && at.empty()) return &level;
  if (!judge_rules(level, Tracing::counts, {})) {
    if (!level.layout.inspections.empty()) {
      report_.skip("inspection", "inspections", "the rules of the steps come first");
    }
    return nullptr;
  }
  SLUICE_TRY(const bool inspected, judge_inspections(level));
  if (!inspected) return nullptr;
  if (at.empty() && options_.memory) {
    // Only what was accepted as a whole is remembered.
    if (report_.passed()) {
      VersionMemory memory(world_.files, *options_.memory);
      SLUICE_CHECK(memory.accept(level.layout, owners_text(owners)));
    }
  }
  return &level;
}

Link ChainVerifier::summary_of(const ChainLevel& level, const std::string& name) {
  Link out;
  out.name = name;
  if (level.layout.steps.empty()) return out;
  const auto& first = level.links.find(level.layout.steps.front().name)->second;
  const auto& last = level.links.find(level.layout.steps.back().name)->second;
  out.materials = first.link->materials;
  out.products = last.link->products;
  out.command = last.link->command;
  out.byproducts = last.link->byproducts;
  out.environment = last.link->environment;
  return out;
}

Result<bool> ChainVerifier::judge_inspections(ChainLevel& level) {
  bool good = true;
  for (const Inspection& inspection : level.layout.inspections) {
    const std::string row_title = cat("inspection ", level.at, inspection.name);
    if (runs_a_command(inspection) && !options_.inspections.commands) {
      auto& row = report_.skip("inspection.run", row_title,
                               cat("it runs ", printable(join(inspection.run, " "), 200),
                                   ", which was not allowed; --run-inspections allows it"));
      row.advice = "Look at the command, then allow it: --run-inspections";
      good = false;
      continue;
    }
    if (!good) break;
    SLUICE_TRY(auto inspected, inspect(world_, inspection, options_.inspections, report_));
    if (!inspected) return false;
    level.inspected.emplace(inspection.name, *std::move(inspected));
    const StepsArtifacts steps = artifacts_of(level);
    const QueueInput materials{inspection.name, Side::materials, inspection.materials, steps};
    const QueueInput products{inspection.name, Side::products, inspection.products, steps};
    good = judge_queue(level, inspection.name, "inspection.materials", materials, Tracing::counts,
                       {}) &&
           good;
    good =
        judge_queue(level, inspection.name, "inspection.products", products, Tracing::counts, {}) &&
        good;
  }
  return good;
}

StepsArtifacts artifacts_of(const ChainLevel& level) {
  StepsArtifacts out;
  for (const auto& [name, link] : level.links) {
    out[name] = {&link.link->materials, &link.link->products};
  }
  // A step comes first where an inspection has its name, too.
  for (const auto& [name, inspected] : level.inspected) {
    out.try_emplace(name, StepArtifacts{&inspected.materials, &inspected.products});
  }
  return out;
}

}  // namespace sluice::intoto
