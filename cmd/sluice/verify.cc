// SPDX-License-Identifier: Apache-2.0
// sluice verify: files and digests against their bundles, with a public key.
#include "base/limits.h"
#include "base/parallel.h"
#include "base/text.h"
#include "commands.h"
#include "evidence/vsa.h"
#include "exit.h"
#include "keyfile.h"
#include "report/report.h"
#include "settings.h"
#include "sigstore/verify_key.h"

namespace sluice::cli {

namespace {

using crypto::Digest;
using sigstore::Artifact;
using Answer = Result<Verdict<sigstore::VerifiedContent>>;

// "sha256:…" is always a digest: a file that somebody gave that name must not stand in for it. Such
// a file is reached as ./sha256:…
Result<Artifact> artifact_named(const std::string& word) {
  if (word.empty()) return fail(Errc::usage, "an empty name for a file");
  if (word == "-")
    return fail(Errc::usage, "verify reads files; only --bundle can be standard input");
  if (!word.starts_with("sha256:") && !word.starts_with("sha384:") && !word.starts_with("sha512:"))
    return Path(word);
  auto digest = Digest::parse(word);
  if (!digest) {
    return fail(Error{Errc::usage,
                      cat("\"", printable(word, 200), "\" is no digest: ", digest.error().what),
                      {},
                      "for a file of that name, put ./ before it"});
  }
  return *std::move(digest);
}

struct BundleText {
  std::optional<std::string> text;  // none: nothing lies where it was expected
  std::string source;
};

Result<BundleText> named_bundle(const Invocation& in, const std::string& name) {
  if (name == "-") {
    SLUICE_TRY(auto text,
               within(read_all(*standard_input(), limits::kBundleFile), "reading the bundle"));
    return BundleText{std::move(text), "standard input"};
  }
  SLUICE_TRY(auto text, in.world.files.read(name, limits::kBundleFile));
  return BundleText{std::move(text), shown(Path(name))};
}

Result<BundleText> find_bundle(const Invocation& in, const std::optional<Artifact>& artifact) {
  if (const auto given = in.args.get("--bundle")) return named_bundle(in, *given);
  const auto* path = artifact ? std::get_if<Path>(&*artifact) : nullptr;
  if (path == nullptr) return fail(Errc::usage, "say which bundle: --bundle FILE");
  // A missing file is "could not decide"; a file without a bundle is "unsigned".
  SLUICE_TRY(const FileInfo info, in.world.files.info(*path));
  if (info.kind == FileKind::folder) {
    return fail(
        Error{Errc::unsupported, cat(shown(*path), " is a folder"), {}, "name the files in it"});
  }
  const Path beside = path->native() + ".sigstore.json";
  auto text = in.world.files.read_plain(beside, limits::kBundleFile, Links::followed);
  if (!text && text.error().code == Errc::not_found) return BundleText{std::nullopt, shown(beside)};
  if (!text) return fail(std::move(text).error());
  return BundleText{*std::move(text), shown(beside)};
}

// A summary that says FAILED is as well signed as any other, and whoever asks about an artifact
// wants to know whether it passed.
void judge_summary(const dsse::Statement& statement, bool of_artifact, Report& report) {
  if (statement.predicate_type != evidence::kVsaPredicate) return;
  const auto summary = evidence::read_vsa(statement);
  if (!summary) {
    report.fail("statement.result", "result", summary.error().what);
    return;
  }
  const bool passed = summary->result == evidence::VsaResult::passed;
  const std::string verifier = printable(summary->verifier_id, 200);
  report.fact("result", cat(passed ? "PASSED, says " : "FAILED, says ", verifier));
  if (passed) report.pass("statement.result", "result", cat("PASSED, says ", verifier));
  if (passed || !of_artifact) return;
  Check& check = report.fail("statement.result", "result", "what was signed is a refusal");
  check.expected = "PASSED";
  check.found = "FAILED";
  check.source = verifier;
  check.advice = "the signature is good, but this artifact did not pass: it is not to be used";
}

// Decides and prints nothing: several of these run at a time.
Answer verify_one(const Invocation& in, const crypto::PublicKey& key,
                  const std::optional<Artifact>& artifact) {
  SLUICE_TRY(auto bundle, find_bundle(in, artifact));
  const sigstore::KeyRequest request{.key = key,
                                     .bundle = std::move(bundle.text),
                                     .bundle_source = std::move(bundle.source),
                                     .artifact = artifact,
                                     .predicate_type = in.args.get("--type"),
                                     .judge_statement = [&](const auto& statement, Report& report) {
                                       judge_summary(statement, artifact.has_value(), report);
                                     }};
  return sigstore::verify_with_key(in.world.files, request);
}

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

Result<int> answer_one(Invocation& in, const crypto::PublicKey& key,
                       const std::optional<Artifact>& artifact) {
  SLUICE_TRY(const auto verdict, verify_one(in, key, artifact));
  if (verdict.passed()) SLUICE_CHECK(write_payload(in, *verdict.value()));
  SLUICE_CHECK(in.json ? in.print_json(report::as_json(verdict.report()))
                       : print_report(in, verdict.report()));
  return verdict.passed() ? kDone : kRefused;
}

// Each gets its answer; a refusal weighs more than a file that could not be decided.
Result<int> answer_several(Invocation& in, const crypto::PublicKey& key,
                           const std::vector<std::string>& words) {
  std::vector<std::optional<Artifact>> artifacts;
  for (const auto& word : words) {
    SLUICE_TRY(auto artifact, artifact_named(word));
    if (std::holds_alternative<Digest>(artifact)) {
      return fail(
          Errc::usage,
          cat(word, ": a digest has no bundle beside it; verify it alone, with --bundle FILE"));
    }
    artifacts.emplace_back(std::move(artifact));
  }
  // Only the reports are kept: what was verified may be large.
  std::vector<std::optional<Result<Report>>> answers(words.size());
  for_each_parallel(words.size(), threads_for(in, key), [&](std::size_t i) {
    auto answer = verify_one(in, key, artifacts[i]);
    answers[i] = answer ? Result<Report>(answer->report()) : fail(std::move(answer).error());
  });
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
      reports.push_back(report::as_json(*answer));
    } else {
      SLUICE_CHECK(print_report(in, *answer));
    }
  }
  if (in.json) SLUICE_CHECK(in.print_json(json::Value(std::move(reports))));
  return worst;
}

Result<int> run_verify(Invocation& in) {
  const auto& words = in.args.positionals();
  if (words.empty() && !in.args.has("--payload-out")) {
    return fail(Error{Errc::usage,
                      "no artifact was named",
                      {},
                      "name a file; or take what an envelope holds with --payload-out FILE"});
  }
  if (words.size() > 1 && (in.args.has("--bundle") || in.args.has("--payload-out"))) {
    return fail(Errc::usage, "--bundle and --payload-out go with one artifact at a time");
  }
  if (in.json && in.args.get("--payload-out") == "-") {
    return fail(Errc::usage, "standard output cannot hold both the report and the payload");
  }
  SLUICE_CHECK(refuse_to_overwrite(in, {"--payload-out"}, {"--key", "--bundle"}));
  SLUICE_TRY(const auto key, load_public_key(in, *in.args.get("--key")));
  if (words.size() > 1) return answer_several(in, key, words);
  std::optional<Artifact> artifact;
  if (!words.empty()) {
    SLUICE_TRY(artifact, artifact_named(words[0]));
  }
  return answer_one(in, key, artifact);
}

}  // namespace

std::vector<Command> verify_commands() {
  return {{.words = {"verify"},
           .summary = "verify files against their bundles, offline",
           .description =
               "The bundle is FILE.sigstore.json beside the file, or the one that --bundle "
               "names. For an attestation, "
               "FILE has to be one of its subjects; a verification summary has to say that it "
               "PASSED.\n"
               "Exit code 0: verified. 1: refused, with the list of checks. 3: could not "
               "decide, say because a file "
               "is missing.",
           .examples = {{"a file and the bundle beside it",
                         "sluice verify --key sluice.pub app.tar.gz"},
                        {"a file that is elsewhere, by its digest",
                         "sluice verify --key sluice.pub --bundle app.tar.gz.sigstore.json "
                         "sha256:\"$DIGEST\""}},
           .options = {{"--key", "FILE", "the public key", {}, true},
                       {"--bundle", "FILE", "the bundle; - is standard input"},
                       {"--type", "URI", "the predicate type that an attestation must have"},
                       {"--payload-out", "FILE",
                        "write an envelope's payload, once it is verified; - is standard output"},
                       {"--checks", "", "list every check, also where all passed"},
                       threads_option()},
           .positionals = {{"FILE", "a file, or the digest of one, as sha256:HEX", false, true}},
           .run = run_verify}};
}

}  // namespace sluice::cli
