// SPDX-License-Identifier: Apache-2.0
// The last step: every bundle as a verifier sees it.
#include "base/text.h"
#include "signing/sign_parts.h"

namespace sluice::sigstore::signing {

namespace {

Result<VerifierOptions> verifier_options(const Run& run, const Work& work) {
  VerifierOptions out;
  if (run.options.trust && (!work.slots.empty() || work.signer->certificate)) {
    out.trust = run.options.trust;
  }
  out.thresholds.logs = work.proofs.size();
  out.memo = &run.memo;
  if (const auto& certificate = work.signer->certificate) {
    out.thresholds.certificate_logs = work.embedded_sct ? 1 : 0;
    IdentityWish wish;
    wish.identity = (*certificate)->alternative_names.front().value;
    if (const std::string* issuer = (*certificate)->fulcio.issuer()) wish.issuer = *issuer;
    SLUICE_TRY(auto rule, make_identity_rule(wish));
    out.rules.push_back(std::move(rule));
  } else {
    out.keys.push_back({work.signer->key, work.signer->scheme});
  }
  return out;
}

// A digest suffices for all schemes but those of Ed25519, which go through the file again.
std::optional<Artifact> artifact_of(const Work& work) {
  const auto kind = work.signer->scheme.kind;
  const bool by_digest =
      kind != crypto::SchemeKind::ed25519 && kind != crypto::SchemeKind::ed25519ph;
  if (std::holds_alternative<SignPayload>(work.item->content)) return std::nullopt;
  if (by_digest) return Artifact{*work.digest};
  if (const auto* path = std::get_if<Path>(&work.item->content)) return Artifact{*path};
  return Artifact{*work.digest};
}

void append_plain(Report& to, const Check& check) {
  Check& row = check.outcome == Outcome::pass   ? to.pass(check.id, check.title, check.detail)
               : check.outcome == Outcome::fail ? to.fail(check.id, check.title, check.detail)
                                                : to.skip(check.id, check.title, check.detail);
  row = check;
}

Report report_of(const Run& run, const Work& work) {
  Report out(printable(work.item->name));
  const auto [first, last] = work.shared_rows;
  for (std::size_t i = first; i < last; ++i) append_plain(out, run.shared.checks()[i]);
  for (const Check& check : work.report.checks()) append_plain(out, check);
  return out;
}

SignedBundle signed_bundle(Work& work, std::string text, const VerifiedContent& content) {
  SignedBundle out{.text = std::move(text),
                   .digest = work.digest,
                   .signer = content.signer,
                   .times = content.times};
  for (const LogProof& proof : work.proofs) out.entries.emplace_back(proof.log, proof.index);
  out.timestamps = work.stamps.size();
  out.from_journal = work.from_journal;
  out.found_again = work.found_again;
  out.notes = std::move(work.notes);
  return out;
}

Result<Verdict<SignedBundle>> conclude(const Run& run, Work& work) {
  if (work.error) return fail(*std::move(work.error));
  Report report = report_of(run, work);
  if (work.refused) return Verdict<SignedBundle>::conclude(std::move(report), std::nullopt);
  SLUICE_TRY(VerifierOptions options, verifier_options(run, work));
  const Verifier verifier(std::move(options));
  std::string text = write_bundle(work.bundle);
  const auto* payload = std::get_if<SignPayload>(&work.item->content);
  SLUICE_TRY(auto verdict, verifier.verify(run.world.files, {.bundle = text,
                                                             .bundle_source = "the new bundle",
                                                             .artifact = artifact_of(work),
                                                             .any_payload = payload != nullptr &&
                                                                            !payload->statement}));
  for (const Check& check : verdict.report().checks()) append_plain(report, check);
  for (const auto& [label, value] : verdict.report().facts()) report.fact(label, value);
  for (const std::string& note : work.notes) report.fact("note", note);
  if (!verdict.passed()) return Verdict<SignedBundle>::conclude(std::move(report), std::nullopt);
  auto done = signed_bundle(work, std::move(text), *verdict.value());
  return Verdict<SignedBundle>::conclude(std::move(report), std::move(done));
}

}  // namespace

SignResult finish(const Run& run, Work& work) { return {work.item->name, conclude(run, work)}; }

}  // namespace sluice::sigstore::signing
