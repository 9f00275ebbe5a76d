// SPDX-License-Identifier: Apache-2.0
#include "intoto/verify.h"

#include "base/text.h"
#include "intoto/chain.h"

namespace sluice::intoto {

namespace {

Result<std::optional<SignedLayout>> open_layout(const std::string& text,
                                                const VerifyOptions& options, Report& report) {
  if (options.owners.empty()) {
    return fail(Error{Errc::usage, "nobody was named who owns the layout", {}, "--key FILE"});
  }
  if (options.identities != nullptr && options.identities->is_one(text)) {
    return std::optional(SignedLayout{.bundle = text, .source = report.subject()});
  }
  auto metadata = SignedMetadata::parse(text);
  if (!metadata && payload_kind(text) == PayloadKind::layout) {
    report.fail("layout.envelope", "layout", "the layout is not signed").advice =
        "Its owner signs it: sluice layout sign";
    return std::optional<SignedLayout>();
  }
  if (!metadata) {
    report.fail("layout.envelope", "layout", metadata.error().text()).advice =
        metadata.error().hint;
    return std::optional<SignedLayout>();
  }
  return std::optional(SignedLayout{.metadata = *std::move(metadata)});
}

std::vector<std::string> steps_before(const Layout& layout, std::string_view step) {
  std::vector<std::string> out;
  for (const Step& each : layout.steps) {
    if (each.name == step) break;
    out.push_back(each.name);
  }
  return out;
}

void tell_facts(const ChainLevel& level, Report& report) {
  std::size_t artifacts = 0;
  for (const auto& [name, link] : level.links) {
    artifacts += link.link->materials.size() + link.link->products.size();
  }
  report.fact("steps", cat(level.layout.steps.size(), ", ", artifacts, " artifacts"));
  for (const std::string& each : level.signers) report.fact("signed by", each);
  report.fact("expires", human_time(level.layout.expires));
}

}  // namespace

Result<Verdict<VerifiedChain>> verify_chain(const World& world, const std::string& layout_text,
                                            const std::string& subject, const Path& links,
                                            const VerifyOptions& options) {
  Report report(subject);
  SLUICE_TRY(auto file, open_layout(layout_text, options, report));
  std::optional<VerifiedChain> out;
  if (file) {
    ChainVerifier verifier(world, options, report);
    SLUICE_TRY(ChainLevel * level,
               verifier.run(*std::move(file), options.owners, links, "", false));
    if (level != nullptr) {
      tell_facts(*level, report);
      Link summary = ChainVerifier::summary_of(*level, "");
      out = VerifiedChain{std::move(level->layout), std::move(summary), std::move(level->signers)};
    }
  }
  return Verdict<VerifiedChain>::conclude(std::move(report), std::move(out));
}

Result<Explanation> explain_chain(const World& world, const std::string& layout_text,
                                  const std::string& subject, const Path& links,
                                  const VerifyOptions& options) {
  Explanation out{Report(subject)};
  SLUICE_TRY(auto file, open_layout(layout_text, options, out.report));
  if (!file) return out;
  ChainVerifier verifier(world, options, out.report);
  SLUICE_TRY(const ChainLevel* level,
             verifier.run(*std::move(file), options.owners, links, "", true));
  if (level == nullptr) return out;
  verifier.judge_rules(
      *level, Tracing::samples, [&out, level](const QueueInput& input, const QueueResult& result) {
        ExplainedQueue queue{
            std::string(input.step), input.side, {input.rules.begin(), input.rules.end()}, result};
        queue.suggestion = suggest(input, result, steps_before(level->layout, input.step));
        out.queues.push_back(std::move(queue));
      });
  out.keeps = std::make_shared<const std::list<ChainLevel>>(std::move(verifier.levels()));
  return out;
}

}  // namespace sluice::intoto
