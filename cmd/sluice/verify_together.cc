// SPDX-License-Identifier: Apache-2.0
// sluice verify --require: several bundles about one artifact, by different signers.
#include "base/text.h"
#include "verify_plan.h"

namespace sluice::cli {

namespace {

struct Tally {
  std::vector<std::string> signers;  // that differ
  std::vector<Report> good;
  std::vector<std::pair<std::string, Check>> bad;  // with their bundle
};

void add_row(Report& report, const Check& check) {
  Check& row = check.outcome == Outcome::fail ? report.fail(check.id, check.title, check.detail)
                                              : report.pass(check.id, check.title, check.detail);
  row = check;
}

Report together(const std::string& subject, std::size_t wanted, const Tally& tally) {
  Report out(subject);
  const bool enough = tally.signers.size() >= wanted;
  for (const Report& each : tally.good) {
    for (const Check& check : each.checks()) add_row(out, check);
  }
  for (const auto& [bundle, check] : tally.bad) {
    if (enough) {
      out.fact("not counted", cat(bundle, ": ", check.detail));
    } else {
      add_row(out, check);
    }
  }
  for (const auto& signer : tally.signers) out.fact("signed by", signer);
  const std::string found = tally.signers.empty() ? "none" : join(tally.signers, "; ");
  if (enough) {
    out.pass("signers.threshold", "signers", cat(tally.signers.size(), " different ones: ", found));
    return out;
  }
  Check& check = out.fail("signers.threshold", "signers", "too few different signers");
  check.expected = cat(wanted, " different signers");
  check.found = tally.signers.empty() ? found : cat(tally.signers.size(), ": ", found);
  check.advice = "get a bundle from another signer, and name it, too: --bundle FILE";
  return out;
}

}  // namespace

Result<Report> verify_together(const Invocation& in, const Plan& plan,
                               const sigstore::Artifact& artifact,
                               std::vector<BundleText> bundles) {
  std::vector<std::string> sources;
  std::vector<sigstore::VerifyRequest> requests;
  for (BundleText& bundle : bundles) {
    sources.push_back(bundle.source);
    requests.push_back(request_for(in, plan, artifact, std::move(bundle)));
  }
  SLUICE_TRY(const auto verdicts,
             plan.verifier.verify_together(in.world.files, artifact, std::move(requests)));
  Tally tally;
  std::vector<const sigstore::VerifiedContent*> good;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i].passed()) {
      tally.good.push_back(verdicts[i].report());
      good.push_back(&*verdicts[i].value());
      continue;
    }
    const Check* failure = verdicts[i].report().first_failure();
    if (failure != nullptr) tally.bad.emplace_back(sources[i], *failure);
  }
  for (const std::size_t one : sigstore::different_signers(good)) {
    tally.signers.push_back(good[one]->signer);
  }
  return together(sigstore::shown(artifact), plan.signers, tally);
}

}  // namespace sluice::cli
