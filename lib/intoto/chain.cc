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

std::string_view why_not(SignatureFinding::Outcome outcome) {
  using Outcome = SignatureFinding::Outcome;
  if (outcome == Outcome::wrong) {
    return "the layout was changed after it was signed, or is signed by somebody else under its "
           "owner's key id";
  }
  if (outcome == Outcome::expired) {
    return "the layout is signed by its owner's GPG key, and that key or the signature has expired";
  }
  return "the layout is not signed by the owner that you trust";
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
                                     const std::string& title) {
  using Outcome = SignatureFinding::Outcome;
  bool good = true;
  for (const Functionary& owner : owners) {
    if (std::holds_alternative<IdentityKey>(owner)) {
      good = false;
      refuse_kind(owner, title, "signatures by keys");
      continue;
    }
    const auto finding = check_signature(metadata, owner, now_);
    const Outcome outcome = finding ? finding->outcome : Outcome::absent;
    if (outcome == Outcome::valid) {
      report_.pass("layout.signature", title, cat("by ", describe(owner)));
      continue;
    }
    good = false;
    auto& row = report_.fail("layout.signature", title, std::string(why_not(outcome)));
    row.expected = describe(owner);
    row.found = finding ? cat("signatures by ", short_ids(metadata)) : finding.error().text();
    row.advice = outcome == Outcome::wrong
                     ? "Fetch the layout again from where its owner publishes it."
                     : "Is this the right key? The layout's owner signs it: sluice layout sign";
  }
  return good;
}

void ChainVerifier::refuse_kind(const Functionary& owner, const std::string& title,
                                std::string found) {
  const bool identity = std::holds_alternative<IdentityKey>(owner);
  auto& row = report_.fail("layout.signature", title,
                           identity ? "the layout is signed by keys, and not by an identity"
                                    : "the layout is signed by an identity, and not by this key");
  row.expected = describe(owner);
  row.found = std::move(found);
  row.advice = identity ? "Name its owner's key: --key FILE, or --gpg KEYID"
                        : "Name whom you trust to sign it: --certificate-identity and "
                          "--certificate-oidc-issuer";
}

Result<std::optional<std::string>> ChainVerifier::judge_identities(
    const SignedLayout& file, const std::vector<Functionary>& owners, const std::string& title) {
  std::optional<std::string> payload;
  bool good = true;
  for (const Functionary& owner : owners) {
    const auto* who = std::get_if<IdentityKey>(&owner);
    if (who == nullptr) {
      good = false;
      refuse_kind(owner, title, "a Sigstore bundle");
      continue;
    }
    SLUICE_TRY(auto judged, options_.identities->judge(file.bundle, file.source, *who));
    if (!judged) {
      good = false;
      Check& row = report_.fail("layout.signature", title,
                                cat("the layout is not signed by the "
                                    "identity that you trust: ",
                                    judged.error().detail));
      row.expected = describe(owner);
      row.found = judged.error().found;
      row.source = judged.error().id;
      row.advice = judged.error().advice;
      continue;
    }
    std::string when;
    for (const Time time : judged->times)
      when += cat(when.empty() ? ", on " : ", ", human_time(time));
    report_.pass("layout.signature", title, cat("by ", printable(judged->signer), when));
    payload = std::move(judged->payload);
  }
  if (!good) payload.reset();
  return payload;
}

Result<std::optional<std::string>> ChainVerifier::judge_owners(
    SignedLayout& file, const std::vector<Functionary>& owners, const std::string& at) {
  const std::string title =
      at.empty() ? "layout's signature" : cat("layout of ", at.substr(0, at.size() - 1));
  std::optional<std::string> out;
  if (file.metadata) {
    report_.pass("layout.envelope", "layout", cat("a ", name(file.metadata->wrapping())));
    if (judge_signatures(*file.metadata, owners, title)) out.emplace(file.metadata->payload());
  } else {
    report_.pass("layout.envelope", "layout", "a Sigstore bundle");
    SLUICE_TRY(out, judge_identities(file, owners, title));
  }
  if (!out) report_.skip("layout.format", "layout's form", "nobody vouches for it");
  return out;
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

Result<ChainLevel*> ChainVerifier::run(SignedLayout file, const std::vector<Functionary>& owners,
                                       const Path& links, const std::string& at, bool skip_rules) {
  if (file.metadata && file.metadata->kind() != PayloadKind::layout) {
    report_.fail("layout.envelope", "layout",
                 cat("it is a ", name(file.metadata->kind()), " and no layout"));
    return nullptr;
  }
  SLUICE_TRY(const auto payload, judge_owners(file, owners, at));
  if (!payload) return nullptr;
  const Parameters none;
  auto layout = read_layout(*payload, at.empty() ? options_.parameters : none,
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
    const bool owners = level.at.empty();
    if (runs_a_command(inspection) &&
        (!options_.inspections.commands || (!owners && !options_.delegated_commands))) {
      const std::string option = owners ? "--run-inspections" : "--run-delegated-inspections";
      auto& row = report_.skip("inspection.run", row_title,
                               cat("it runs ", printable(join(inspection.run, " "), 200),
                                   ", which was not allowed; ", option, " allows it"));
      row.advice = cat(owners ? "Look at the command, then allow it: "
                              : "It is not the owner's, but that of whom the step is delegated to. "
                                "Look at it, then allow it: ",
                       option);
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
