// SPDX-License-Identifier: Apache-2.0
// Of a chain: the links of one step.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "intoto/chain.h"

namespace sluice::intoto {

namespace {

std::string names_of_functionaries(const Layout& layout, const Step& step) {
  std::vector<std::string> out;
  for (const std::string& id : step.functionaries) {
    const auto at = layout.keys.find(id);
    if (at == layout.keys.end()) continue;
    std::string who = describe_by_material(layout, at->second);
    if (std::ranges::find(out, who) == out.end()) out.push_back(std::move(who));
  }
  for (const auto& each : step.certificates) {
    out.push_back(cat("certificate ", printable(each.common_name, 100)));
  }
  if (step.threshold == 1 && out.size() == 1) return cat("signed by ", out[0]);
  return cat("signed by ", step.threshold, " of: ", join(out, ", "));
}

// Where the two lists differ first.
struct Difference {
  const Artifact* ours = nullptr;
  const Artifact* theirs = nullptr;
};
std::optional<Difference> difference(const Artifacts& a, const Artifacts& b) {
  std::size_t i = 0;
  std::size_t k = 0;
  while (i < a.size() || k < b.size()) {
    if (k == b.size() || (i < a.size() && a[i].name < b[k].name)) return Difference{&a[i], nullptr};
    if (i == a.size() || b[k].name < a[i].name) return Difference{nullptr, &b[k]};
    if (agreement(a[i].digests, b[k].digests) != Agreement::same) return Difference{&a[i], &b[k]};
    ++i;
    ++k;
  }
  return std::nullopt;
}

const StepLink* first_counting(const std::vector<StepLink>& found) {
  const auto at = std::ranges::find_if(found, [](const StepLink& each) { return each.counts(); });
  return at == found.end() ? nullptr : &*at;
}

// The links that do not count: why, and the files to which that applies.
struct SetAside {
  explicit SetAside(const std::vector<StepLink>& found) : all(!found.empty()) {
    for (const StepLink& link : found) {
      if (link.counts()) {
        all = false;
        continue;
      }
      reason = link.reason;
      if (advice.empty()) advice = link.advice;
      const auto same = std::ranges::find(why, link.set_aside, &Why::first);
      if (same != why.end()) {
        same->second.push_back(printable(link.file, 200));
      } else {
        why.emplace_back(link.set_aside, std::vector{printable(link.file, 200)});
      }
    }
  }
  std::string each() const {
    std::vector<std::string> out;
    for (const auto& [text, files] : why) out.push_back(cat(join(files, ", "), ": ", text));
    return join(out, "; ");
  }

  using Why = std::pair<std::string, std::vector<std::string>>;
  std::vector<Why> why = {};
  bool all;  // none counts
  std::string_view reason = {};
  std::string advice = {};
};

// With names that are not clean, a rule that stops "evil" lets "./evil" through.
std::optional<std::string> unclean_name(const Link& link) {
  for (const Artifacts* list : {&link.materials, &link.products}) {
    for (const Artifact& each : *list) {
      if (!is_clean_name(each.name)) return each.name;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<bool> ChainVerifier::open_sublayouts(const ChainLevel& level, const Step& step,
                                            std::vector<StepLink>& found, const Path& links) {
  for (StepLink& each : found) {
    if (!each.counts() || !each.sublayout) continue;
    const std::string at = cat(level.at, step.name, "/");
    if (depth_ + 1 > kSublayoutDepth || levels_.size() >= kSublayoutsMost) {
      report_.fail("link.sublayout", title(level, step.name),
                   cat("layouts are nested too deep, or there are too many of them: at most ",
                       kSublayoutDepth, " deep and ", kSublayoutsMost, " in all"));
      return false;
    }
    if (!each.delegate) {
      each.set_aside = "a layout signed by a certificate: that delegates nothing";
      each.reason = "sublayout";
      continue;
    }
    ++depth_;
    auto below = run(*std::move(each.sublayout), {*each.delegate},
                     links / cat(step.name, ".", each.short_id), at, false);
    --depth_;
    if (!below && below.error().code == Errc::not_found) {
      report_.fail("link.sublayout", title(level, step.name),
                   cat("there is no folder ", step.name, ".", printable(each.short_id),
                       " with the links of its layout"));
      return false;
    }
    if (!below) return std::unexpected(std::move(below).error());
    if (*below == nullptr) return false;
    report_.pass("link.sublayout", title(level, step.name),
                 cat("its layout of ", (*below)->layout.steps.size(), " steps holds"));
    each.link = summary_of(**below, step.name);
  }
  return true;
}

bool ChainVerifier::judge_threshold(const ChainLevel& level, const Step& step,
                                    const std::vector<StepLink>& found, const Path& links,
                                    std::vector<std::string>& signers) {
  const std::string row_title = title(level, step.name);
  if (found.empty()) {
    auto& row = report_.fail("link.present", row_title,
                             cat("there is no link of step ", level.at, step.name));
    row.expected = cat(step.name, ".<key id>.link, ", names_of_functionaries(level.layout, step));
    row.found = cat("no such file in ", shown(links));
    row.advice = cat("Was step ", printable(step.name, 60),
                     " recorded, by sluice run --step, and was its link handed over?");
    return false;
  }
  std::vector<Signer> counting;
  for (const StepLink& each : found) {
    if (each.counts()) counting.insert(counting.end(), each.signers.begin(), each.signers.end());
  }
  for (const Signer& signer : counting) {
    if (std::ranges::find(signers, signer.who) == signers.end()) signers.push_back(signer.who);
  }
  const SetAside aside(found);
  const std::size_t different = count_different(counting);
  const std::string count = cat(different, " of ", step.threshold);
  if (different >= step.threshold) {
    report_.pass("link.threshold", row_title,
                 cat(count, ": ", join(signers, ", "),
                     aside.why.empty() ? "" : cat("; does not count: ", aside.each())));
    return true;
  }
  // One link, or one under the names that python and Go look for.
  const bool one = aside.all && aside.why.size() == 1;
  auto& row = report_.fail(
      one ? cat("link.", aside.reason) : "link.threshold", row_title,
      one ? cat("the link of step ", level.at, step.name, " does not count: ", aside.why[0].first)
          : cat("step ", level.at, step.name, " has too few links that count: ", count));
  row.expected = names_of_functionaries(level.layout, step);
  row.found = signers.empty() ? "none that counts" : join(signers, ", ");
  row.source = one ? join(aside.why[0].second, ", ") : aside.each();
  row.advice = aside.advice;
  return false;
}

bool ChainVerifier::judge_agreement(const ChainLevel& level, const Step& step,
                                    const std::vector<StepLink>& found) {
  const StepLink* first = first_counting(found);
  std::set<std::string> signers;
  for (const StepLink& each : found) {
    if (!each.counts()) continue;
    for (const Signer& signer : each.signers) signers.insert(signer.material);
    // python takes the first link where one is enough.
    if (options_.compat == LayoutCompat::python && step.threshold == 1) break;
    for (const Side side : {Side::materials, Side::products}) {
      const auto& ours = side == Side::materials ? first->link->materials : first->link->products;
      const auto& other = side == Side::materials ? each.link->materials : each.link->products;
      const auto differs = difference(ours, other);
      if (!differs) continue;
      const auto& name = differs->ours != nullptr ? differs->ours->name : differs->theirs->name;
      auto& row =
          report_.fail("link.agreement", title(level, step.name),
                       cat("two links of step ", level.at, step.name, " disagree about the ",
                           intoto::name(side), " ", printable(name, 200)));
      row.expected = cat(differs->ours != nullptr ? differs->ours->digests.text() : "not there",
                         ", says ", first->file);
      row.found = cat(differs->theirs != nullptr ? differs->theirs->digests.text() : "not there",
                      ", says ", each.file);
      row.advice = "One of them did something else, or on another input.";
      return false;
    }
  }
  // One functionary's link may be there twice, under the names that python and Go look for.
  if (signers.size() > 1) {
    report_.pass("link.agreement", title(level, step.name),
                 cat("the links of all ", signers.size(), " say the same about every artifact"));
  }
  return true;
}

bool ChainVerifier::judge_command(const ChainLevel& level, const Step& step, const StepLink& link) {
  if (step.command.empty()) return true;
  const std::string row_title = title(level, step.name);
  if (link.link->command == step.command) {
    report_.pass("step.command", row_title, "ran the expected command");
    return true;
  }
  const std::string expected = printable(join(step.command, " "), 300);
  const std::string found = printable(join(link.link->command, " "), 300);
  if (!step.exact_command && !options_.exact_commands) {
    // The reference warns; who wants more demands it.
    report_.pass("step.command", row_title,
                 cat("ran another command than the expected one, which is not demanded: ", found));
    return true;
  }
  auto& row = report_.fail("step.command", row_title,
                           cat("step ", level.at, step.name, " ran another command"));
  row.expected = expected;
  row.found = found.empty() ? "none" : found;
  row.source = link.file;
  return false;
}

bool ChainVerifier::judge_success(const ChainLevel& level, const Step& step, const StepLink& link) {
  const bool demanded = step.success || options_.success;
  const auto value = link.link->return_value();
  if (value == 0 || (!value && !demanded)) {
    if (demanded) report_.pass("step.success", title(level, step.name), "return value 0");
    return true;
  }
  const std::string found = value ? cat("return value ", *value) : "no return value";
  if (!demanded) {
    report_.pass("step.success", title(level, step.name),
                 cat("its command failed (", found, "), which nothing forbids"));
    return true;
  }
  auto& row = report_.fail("step.success", title(level, step.name),
                           cat("the command of step ", level.at, step.name, " failed"));
  row.expected = "return value 0";
  row.found = found;
  row.source = link.file;
  return false;
}

Result<bool> ChainVerifier::judge_step(ChainLevel& level, const Step& step,
                                       std::vector<StepLink> found, const Path& links) {
  if (options_.compat != LayoutCompat::python) {
    for (StepLink& each : found) {
      if (!each.counts() || !each.link) continue;
      if (const auto bad = unclean_name(*each.link)) {
        each.reason = "name";
        each.set_aside = cat("the artifact ", printable(*bad, 200),
                             " has no clean name, so rules would miss it");
      }
    }
  }
  SLUICE_TRY(const bool opened, open_sublayouts(level, step, found, links));
  if (!opened) return false;
  std::vector<std::string> signers;
  if (!judge_threshold(level, step, found, links, signers)) return false;
  if (!judge_agreement(level, step, found)) return false;
  const StepLink& speaks = *first_counting(found);
  bool good = judge_command(level, step, speaks);
  good = judge_success(level, step, speaks) && good;
  Freshness demanded = level.layout.freshness;
  if (options_.freshness.run) demanded.run = options_.freshness.run;
  if (options_.freshness.commit) demanded.commit = options_.freshness.commit;
  if (options_.freshness.max_age) demanded.max_age = options_.freshness.max_age;
  const std::size_t before = report_.checks().size();
  for (const StepLink& each : found) {
    if (each.counts()) judge_freshness(demanded, each, level.at + step.name, now_, report_);
  }
  for (std::size_t i = before; i < report_.checks().size(); ++i) {
    good = good && report_.checks()[i].outcome == Outcome::pass;
  }
  level.signers.push_back(cat(level.at, step.name, ": ", join(signers, ", ")));
  for (StepLink& each : found) {
    if (&each == &speaks) level.links.emplace(step.name, std::move(each));
  }
  return good;
}

}  // namespace sluice::intoto
