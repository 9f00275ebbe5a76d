// SPDX-License-Identifier: Apache-2.0
#include "verify_plan.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "base/text.h"
#include "evidence/predicate.h"
#include "evidence/vsa.h"
#include "identity_options.h"
#include "keyfile.h"
#include "report/report.h"
#include "settings.h"
#include "trust_material.h"

namespace sluice::cli {

namespace {

using crypto::Digest;
using sigstore::Artifact;

constexpr std::size_t kCountMost = 32;

Result<std::size_t> count_of(std::string_view option, std::string_view text, std::size_t least) {
  std::size_t count = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (status != std::errc{} || end != text.data() + text.size() || count < least ||
      count > kCountMost) {
    return fail(Errc::usage, cat(option, " wants a number from ", least, " to ", kCountMost,
                                 ", not \"", printable(text, 40), "\""));
  }
  return count;
}

Result<std::optional<std::size_t>> optional_count(const Invocation& in, std::string_view option) {
  const auto text = in.args.get(option);
  if (!text) return std::nullopt;
  SLUICE_TRY(const std::size_t count, count_of(option, *text, 0));
  return count;
}

// "2-of" reads better than "2", and both are meant.
Result<std::size_t> signers_wanted(const Invocation& in) {
  const auto text = in.args.get("--require");
  if (!text) return 1;
  std::string_view number = *text;
  if (number.ends_with("-of")) number.remove_suffix(3);
  return count_of("--require", number, 1);
}

Result<sigstore::Thresholds> thresholds_of(const Invocation& in) {
  sigstore::Thresholds out;
  SLUICE_TRY(out.logs, optional_count(in, "--logs"));
  SLUICE_TRY(out.times, optional_count(in, "--times"));
  SLUICE_TRY(const auto certificate_logs, optional_count(in, "--certificate-logs"));
  out.certificate_logs = certificate_logs.value_or(out.certificate_logs);
  return out;
}

Result<void> read_trust(Invocation& in, sigstore::VerifierOptions& options) {
  if (in.args.has("--key-alone")) {
    if (!options.rules.empty()) {
      return fail(Errc::usage, "--key-alone goes with --key: a certificate needs logs and times");
    }
    for (const auto* demand : {"--logs", "--times", "--certificate-logs", "--witness-policy"}) {
      if (!in.args.has(demand)) continue;
      return fail(Errc::usage, cat("with --key-alone nobody looks at what ", demand, " asks for"));
    }
    return {};
  }
  SLUICE_TRY(options.trust, trust_root_for(in));
  SLUICE_TRY(options.thresholds, thresholds_of(in));
  if (const auto file = in.args.get("--witness-policy")) {
    SLUICE_TRY(const std::string text, in.world.files.read(*file, sigstore::kPolicyBytes));
    auto policy = sigstore::parse_witness_policy(text);
    if (!policy) return fail(std::move(policy).error().in(cat("reading ", shown(Path(*file)))));
    options.witnesses = *std::move(policy);
  }
  return {};
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

// A word for a shell; a placeholder for what would not come through a terminal as it is.
std::string pasted(const std::string& word) {
  return printable(word, word.size()) == word ? sigstore::shell_word(word) : "FILE";
}

// Everything of this call but who may have signed: what a refusal's advice puts behind that.
std::string rest_of_call(const Invocation& in, const std::optional<Artifact>& artifact,
                         const BundleText& bundle) {
  std::vector<std::string> words;
  if (in.args.has("--staging")) words.emplace_back("--staging");
  for (const auto* option : {"--key", "--trusted-root", "--type", "--witness-policy", "--logs",
                             "--times", "--certificate-logs", "--payload-out"}) {
    for (const auto& value : in.args.all(option)) {
      const bool joined = value.starts_with('-') && value != "-";
      words.push_back(joined ? cat(option, "=", pasted(value)) : cat(option, " ", pasted(value)));
    }
  }
  if (!bundle.named.empty()) {
    const bool joined = bundle.named.starts_with('-') && bundle.named != "-";
    words.push_back(cat("--bundle", joined ? "=" : " ", pasted(bundle.named)));
  }
  if (!artifact) return join(words, " ");
  const auto* path = std::get_if<Path>(&*artifact);
  const std::string name = path != nullptr ? path->native() : sigstore::shown(*artifact);
  if (name.starts_with('-')) words.emplace_back("--");
  words.push_back(pasted(name));
  return join(words, " ");
}

}  // namespace

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

Result<BundleText> named_bundle(const Invocation& in, const std::string& name) {
  if (name == "-") {
    SLUICE_TRY(auto text,
               within(read_all(*standard_input(), limits::kBundleFile), "reading the bundle"));
    return BundleText{std::move(text), "standard input", name};
  }
  SLUICE_TRY(auto text, in.world.files.read(name, limits::kBundleFile));
  return BundleText{std::move(text), shown(Path(name)), name};
}

Result<void> check_plain(const Invocation& in, const Artifact& artifact) {
  const auto* path = std::get_if<Path>(&artifact);
  if (path == nullptr) return {};
  SLUICE_TRY(const FileInfo info, in.world.files.info(*path));
  if (info.kind == FileKind::file) return {};
  if (info.kind == FileKind::folder) {
    return fail(
        Error{Errc::unsupported, cat(shown(*path), " is a folder"), {}, "name the files in it"});
  }
  return fail(Error{Errc::unsupported,
                    cat(shown(*path), " is no plain file"),
                    {},
                    "verify it alone, with --bundle FILE"});
}

Result<BundleText> bundle_beside(const Invocation& in, const Artifact& artifact) {
  const auto* path = std::get_if<Path>(&artifact);
  if (path == nullptr) return fail(Errc::usage, "say which bundle: --bundle FILE");
  // A missing file is "could not decide"; a file without a bundle is "unsigned".
  SLUICE_CHECK(check_plain(in, artifact));
  const Path beside = path->native() + ".sigstore.json";
  auto text = in.world.files.read_plain(beside, limits::kBundleFile, Links::followed);
  if (!text && text.error().code == Errc::not_found) return BundleText{std::nullopt, shown(beside)};
  if (!text) return fail(std::move(text).error());
  return BundleText{*std::move(text), shown(beside)};
}

Result<Plan> make_plan(Invocation& in) {
  sigstore::VerifierOptions options;
  for (const auto& file : in.args.all("--key")) {
    SLUICE_TRY(auto key, load_public_key(in, file));
    options.keys.push_back({std::move(key), {}});
  }
  SLUICE_TRY(const auto wish, identity_wish(in.args));
  if (wish) {
    SLUICE_TRY(auto rule, sigstore::make_identity_rule(*wish));
    options.rules.push_back(std::move(rule));
  }
  if (options.keys.empty() && options.rules.empty()) {
    return fail(Error{Errc::usage,
                      "who may have signed? Anybody can sign anything",
                      {},
                      "--certificate-identity and --certificate-oidc-issuer, or --repo, or --key: "
                      "sluice verify --help"});
  }
  SLUICE_CHECK(read_trust(in, options));
  options.now = in.world.clock.now();
  SLUICE_TRY(const std::size_t signers, signers_wanted(in));
  unsigned at_a_time = threads(in.settings);
  for (const auto& one : options.keys) at_a_time = std::min(at_a_time, threads_for(in, one.key));
  std::optional<std::string> type;
  if (const auto given = in.args.get("--type")) {
    SLUICE_TRY(type, evidence::predicate_type_named(*given));
  }
  return Plan{sigstore::Verifier(std::move(options)), std::move(type), signers, at_a_time};
}

std::vector<Option> plan_options() {
  std::vector<Option> out = identity_options();
  out.push_back({"--key", "FILE", "a public key that may have signed", {}, false, true});
  for (Option& option : trust_options()) out.push_back(std::move(option));
  for (Option& option : std::vector<Option>{
           {"--type", "URI", "the predicate type that an attestation must have"},
           {"--require", "N-of",
            "so many of the bundles have to be good, each by another signer: another identity and "
            "another key; --bundle is given for each of them"},
           {"--witness-policy", "FILE",
            "who else must have seen the tree of each log that counts: keys and quorum (C2SP "
            "tlog-policy); --logs is then at least 1, unless the quorum is none"},
           {"--logs", "N",
            "so many logs must have recorded the signature; default: 1, with a key 0"},
           {"--times", "N",
            "so many must say when; default: 1, with a key 0; with a certificate at least 1"},
           {"--certificate-logs", "N", "so many logs must have seen the certificate; default: 1"},
           {"--key-alone", "",
            "with --key: the key alone decides, log entries and timestamps are not looked at"},
           {"--offline", "", "open no connection; this command never does"}}) {
    out.push_back(std::move(option));
  }
  return out;
}

sigstore::VerifyRequest request_for(const Invocation& in, const Plan& plan,
                                    const std::optional<Artifact>& artifact, BundleText bundle) {
  auto rest = rest_of_call(in, artifact, bundle);
  return {.bundle = std::move(bundle.text),
          .bundle_source = std::move(bundle.source),
          .artifact = artifact,
          .predicate_type = plan.predicate_type,
          .judge_statement = [of_artifact = artifact.has_value()](
                                 const auto& statement,
                                 Report& report) { judge_summary(statement, of_artifact, report); },
          .accepting = {.rest = std::move(rest)}};
}

Answer verify_one(const Invocation& in, const Plan& plan, const std::optional<Artifact>& artifact,
                  BundleText bundle) {
  return plan.verifier.verify(in.world.files, request_for(in, plan, artifact, std::move(bundle)));
}

json::Value verification_json(const Report& report) {
  json::Value out = report::as_json(report);
  if (!report.passed()) out.set("reason", std::string(sigstore::refusal_kind(report)));
  return out;
}

}  // namespace sluice::cli
