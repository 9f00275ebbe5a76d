// SPDX-License-Identifier: Apache-2.0
// sluice verify: files and digests against their bundles, by identity or by public key.
#include "base/parallel.h"
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "keyfile.h"
#include "report/report.h"
#include "settings.h"
#include "verify_plan.h"

namespace sluice::cli {

namespace {

using sigstore::Artifact;

Result<void> write_payload(Invocation& in, const sigstore::VerifiedContent& content) {
  const auto out = in.args.get("--payload-out");
  if (!out) return {};
  const auto* envelope = std::get_if<dsse::Envelope>(&content.bundle.content);
  if (envelope == nullptr) {
    return fail(Errc::usage, "--payload-out: the bundle signs a file and holds no payload");
  }
  const auto payload = text_of(envelope->payload);
  return *out == "-" ? in.console.print(payload) : in.world.files.replace(*out, payload);
}

Result<void> print_report(Invocation& in, const Report& report) {
  const std::string text = report::as_text(report, {in.colour, in.args.has("--checks")});
  // With the payload on standard output, the verdict is talk.
  if (in.args.get("--payload-out") != "-") return in.console.print(text);
  in.console.talk(text);
  return {};
}

Result<int> print_verdict(Invocation& in, const Report& report) {
  SLUICE_CHECK(in.json ? in.print_json(verification_json(report)) : print_report(in, report));
  return report.passed() ? kDone : kRefused;
}

Result<std::vector<BundleText>> bundles_for(const Invocation& in,
                                            const std::optional<Artifact>& artifact) {
  std::vector<BundleText> out;
  for (const auto& name : in.args.all("--bundle")) {
    SLUICE_TRY(auto bundle, named_bundle(in, name));
    out.push_back(std::move(bundle));
  }
  if (!out.empty()) return out;
  if (!artifact) return fail(Errc::usage, "say which bundle: --bundle FILE");
  SLUICE_TRY(auto bundle, bundle_beside(in, *artifact));
  out.push_back(std::move(bundle));
  return out;
}

Result<int> answer_one(Invocation& in, const Plan& plan, const std::optional<Artifact>& artifact) {
  SLUICE_TRY(auto bundles, bundles_for(in, artifact));
  if (bundles.size() > 1 || plan.signers > 1) {
    if (!artifact || in.args.has("--payload-out")) {
      return fail(Errc::usage,
                  "several bundles are about one artifact, which has to be named, and "
                  "--payload-out goes with one bundle");
    }
    SLUICE_TRY(const auto report, verify_together(in, plan, *artifact, std::move(bundles)));
    return print_verdict(in, report);
  }
  SLUICE_TRY(const auto verdict, verify_one(in, plan, artifact, std::move(bundles.front())));
  if (verdict.passed()) SLUICE_CHECK(write_payload(in, *verdict.value()));
  return print_verdict(in, verdict.report());
}

Result<std::vector<Artifact>> files_named(const std::vector<std::string>& words) {
  std::vector<Artifact> out;
  for (const auto& word : words) {
    SLUICE_TRY(auto artifact, artifact_named(word));
    if (!std::holds_alternative<Path>(artifact)) {
      return fail(
          Errc::usage,
          cat(word, ": a digest has no bundle beside it; verify it alone, with --bundle FILE"));
    }
    out.push_back(std::move(artifact));
  }
  return out;
}

Result<Report> answer_beside(const Invocation& in, const Plan& plan, const Artifact& artifact) {
  SLUICE_TRY(auto bundle, bundle_beside(in, artifact));
  SLUICE_TRY(const auto verdict, verify_one(in, plan, artifact, std::move(bundle)));
  return verdict.report();
}

// Each gets its answer; a refusal weighs more than a file that could not be decided.
Result<int> answer_several(Invocation& in, const Plan& plan,
                           const std::vector<std::string>& words) {
  SLUICE_TRY(const auto artifacts, files_named(words));
  // Only the reports are kept: what was verified may be large.
  std::vector<std::optional<Result<Report>>> answers(words.size());
  for_each_parallel(words.size(), plan.threads,
                    [&](std::size_t i) { answers[i] = answer_beside(in, plan, artifacts[i]); });
  json::Array reports;
  int worst = kDone;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Result<Report>& answer = *answers[i];
    if (!answer) {
      if (in.json) reports.push_back(report::as_json(answer.error(), words[i]));
      in.console.talk(cat("sluice: ", report::as_text(answer.error())));
      if (worst == kDone) worst = exit_code(answer.error().code);
      continue;
    }
    if (!answer->passed()) worst = kRefused;
    if (in.json) {
      reports.push_back(verification_json(*answer));
    } else {
      SLUICE_CHECK(print_report(in, *answer));
    }
  }
  if (in.json) SLUICE_CHECK(in.print_json(json::Value(std::move(reports))));
  return worst;
}

Result<void> check_call(const Invocation& in) {
  const auto& words = in.args.positionals();
  if (in.args.has("--batch")) {
    if (words.empty() && !in.args.has("--bundle") && !in.args.has("--payload-out")) return {};
    return fail(Errc::usage, "--batch names artifacts and bundles in its lines, and nothing else");
  }
  if (words.empty() && !in.args.has("--payload-out")) {
    return fail(Error{Errc::usage,
                      "no artifact was named",
                      {},
                      "name a file; or take what an envelope holds with --payload-out FILE"});
  }
  if (words.size() > 1 &&
      (in.args.has("--bundle") || in.args.has("--payload-out") || in.args.has("--require"))) {
    return fail(Errc::usage,
                "--bundle, --require and --payload-out go with one artifact at a time");
  }
  if (in.json && in.args.get("--payload-out") == "-") {
    return fail(Errc::usage, "standard output cannot hold both the report and the payload");
  }
  return refuse_to_overwrite(in, {"--payload-out"}, {"--key", "--bundle", "--trusted-root"});
}

Result<int> run_verify(Invocation& in) {
  SLUICE_CHECK(check_call(in));
  SLUICE_TRY(const Plan plan, make_plan(in));
  if (const auto batch = in.args.get("--batch")) return verify_batch(in, plan, *batch);
  const auto& words = in.args.positionals();
  if (words.size() > 1) return answer_several(in, plan, words);
  std::optional<Artifact> artifact;
  if (!words.empty()) {
    SLUICE_TRY(artifact, artifact_named(words[0]));
  }
  return answer_one(in, plan, artifact);
}

std::vector<Option> verify_options() {
  std::vector<Option> out = {
      {"--bundle", "FILE", "the bundle; - is standard input", {}, false, true},
      {"--batch", "FILE",
       "JSON lines {\"artifact\", \"bundle\", \"id\"}, answered as JSON lines; - is standard "
       "input"},
      {"--payload-out", "FILE",
       "write an envelope's payload, once it is verified; - is standard output"},
      {"--checks", "", "list every check, also where all passed"},
      threads_option()};
  for (Option& option : plan_options()) out.push_back(std::move(option));
  return out;
}

}  // namespace

std::vector<Command> verify_commands() {
  return {{.words = {"verify"},
           .summary = "verify files against their bundles, offline",
           .description =
               "By identity: who is named in the certificate, and who vouches for that. Or by key. "
               "Trust material comes with the program; no connection is opened.\n"
               "The bundle is FILE.sigstore.json beside the file, or the one that --bundle "
               "names. For an attestation, "
               "FILE has to be one of its subjects; a verification summary has to say that it "
               "PASSED.\n"
               "Exit code 0: verified. 1: refused, with the list of checks. 3: could not "
               "decide, say because a file "
               "is missing.",
           .examples = {{"a file that a workflow of GitHub's has signed",
                         "sluice verify --repo org/app --workflow release.yml --ref 'refs/tags/v*' "
                         "app.tar.gz"},
                        {"a file that a person has signed",
                         "sluice verify --certificate-identity me@example.org "
                         "--certificate-oidc-issuer https://id.example.org app.tar.gz"},
                        {"a file and the bundle beside it, by key",
                         "sluice verify --key sluice.pub app.tar.gz"},
                        {"a file that is elsewhere, by its digest",
                         "sluice verify --key sluice.pub --bundle app.tar.gz.sigstore.json "
                         "sha256:\"$DIGEST\""},
                        {"two of three people have to have signed",
                         "sluice verify --key a.pub --key b.pub --key c.pub --require 2-of "
                         "--bundle a.json --bundle b.json app.tar.gz"}},
           .options = verify_options(),
           .positionals = {{"FILE", "a file, or the digest of one, as sha256:HEX", false, true}},
           .run = run_verify}};
}

}  // namespace sluice::cli
