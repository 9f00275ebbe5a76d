// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: verify-blob and verify-blob-attestation.
#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "cosign.h"
#include "evidence/predicate.h"
#include "exit.h"
#include "identity_options.h"
#include "report/report.h"
#include "sigstore/convert.h"
#include "verify_plan.h"

namespace sluice::cli {

namespace {

using sigstore::Artifact;

std::unexpected<Error> cosign_misuse(std::string what, std::string hint) {
  return fail(Error{Errc::usage, std::move(what), {}, std::move(hint)});
}

bool ignores_log(const Invocation& in) {
  return in.args.has("--insecure-ignore-tlog") || in.args.has("--private-infrastructure");
}

// Nothing but the key is asked: then there is no trust material to have.
bool by_key_alone(const Invocation& in) {
  return in.args.has("--key") && ignores_log(in) && !in.args.has("--use-signed-timestamps");
}

Result<void> check_who(const Invocation& in) {
  const auto has = [&](const char* name) { return in.args.has(name); };
  const bool who = has("--certificate-identity") || has("--certificate-identity-regexp");
  const bool issuer = has("--certificate-oidc-issuer") || has("--certificate-oidc-issuer-regexp");
  if (has("--key")) {
    if (!who && !issuer) return {};
    return cosign_misuse("--key and --certificate-… are two ways to say who may have signed",
                         "leave one of them out");
  }
  if (!who) {
    return cosign_misuse("who may have signed? Anybody can sign anything",
                         "--certificate-identity or --certificate-identity-regexp, or --key");
  }
  if (issuer) return {};
  return cosign_misuse("who vouches for the identity? Any issuer can vouch for any name",
                       "--certificate-oidc-issuer or --certificate-oidc-issuer-regexp");
}

void warn_of_what_is_ignored(Invocation& in) {
  if (in.args.has("--insecure-ignore-tlog")) {
    cosign_warn(in,
                "no log has to have recorded the signature: nobody may ever see that it exists");
  }
  if (in.args.has("--insecure-ignore-sct") && !in.args.has("--key")) {
    cosign_warn(in, "no log has to have seen the certificate: a CA can issue one in secret");
  }
}

sigstore::Thresholds cosign_thresholds(const Invocation& in) {
  sigstore::Thresholds out;
  out.logs = ignores_log(in) ? 0 : 1;
  out.times = in.args.has("--key") && !in.args.has("--use-signed-timestamps") ? 0 : 1;
  out.certificate_logs = in.args.has("--insecure-ignore-sct") ? 0 : 1;
  return out;
}

Result<sigstore::VerifierOptions> cosign_verifier(Invocation& in) {
  SLUICE_CHECK(check_who(in));
  if (!by_key_alone(in)) SLUICE_CHECK(refuse_trust_variables(in));
  sigstore::VerifierOptions options;
  if (const auto key = in.args.get("--key")) {
    SLUICE_TRY(auto read, cosign_public_key(in, *key));
    options.keys.push_back({std::move(read), {}});
  } else {
    SLUICE_TRY(const auto wish, identity_wish(in.args, sigstore::Compat::cosign));
    SLUICE_TRY(auto rule, sigstore::make_identity_rule(*wish));
    for (const std::string& warning : rule.warnings()) cosign_warn(in, warning);
    options.rules.push_back(std::move(rule));
  }
  warn_of_what_is_ignored(in);
  options.now = in.world.clock.now();
  options.thresholds = cosign_thresholds(in);
  if (by_key_alone(in)) return options;
  SLUICE_TRY(options.trust, cosign_trust_root(in));
  return options;
}

// A file, or what it would hold.
Result<std::string> signature_text(Invocation& in, const std::string& word) {
  if (!in.world.files.info(word)) return word;
  return in.world.files.read(word, limits::kBundleFile);
}

bool is_older_bundle(std::string_view text) {
  const auto value = json::parse_strict(text, {.bytes = limits::kBundleFile});
  return value && value->find("base64Signature") != nullptr;
}

// What cosign wrote before there were bundles, as one, in memory.
Result<BundleText> made_bundle(Invocation& in, sigstore::ConvertRequest request,
                               std::string source) {
  if (const auto file = in.args.get("--certificate")) {
    SLUICE_TRY(request.certificate, in.world.files.read(*file, limits::kKeyFile));
  }
  if (const auto file = in.args.get("--rfc3161-timestamp")) {
    SLUICE_TRY(request.timestamp, in.world.files.read(*file, limits::kBundleFile));
  }
  if (const auto key = in.args.get("--key")) {
    SLUICE_TRY(request.key, cosign_public_key(in, *key));
  }
  auto made = sigstore::convert(request);
  if (!made) return fail(std::move(made).error().in(cat("reading ", source)));
  return BundleText{std::move(made->text), std::move(source)};
}

Result<BundleText> cosign_bundle(Invocation& in) {
  if (in.args.has("--certificate") && in.args.has("--key")) {
    return cosign_misuse("either --certificate or --key: one of them signed", "leave one out");
  }
  const auto bundle = in.args.get("--bundle");
  const auto signature = in.args.get("--signature");
  if (!bundle) {
    if (!signature) return cosign_misuse("say which bundle: --bundle FILE", "");
    SLUICE_TRY(std::string text, signature_text(in, *signature));
    return made_bundle(in, {.text = std::move(text)}, "--signature");
  }
  SLUICE_TRY(std::string text, in.world.files.read(*bundle, limits::kBundleFile));
  const bool older = is_older_bundle(text);
  for (const auto* const flag : {"--signature", "--certificate", "--rfc3161-timestamp"}) {
    if (!in.args.has(flag) || (older && std::string_view(flag) != "--signature")) continue;
    return cosign_misuse(cat(flag, " goes with --bundle only where that file lacks it"),
                         cat("leave out ", flag));
  }
  if (older) return made_bundle(in, {.text = std::move(text)}, shown(Path(*bundle)));
  return BundleText{std::move(text), shown(Path(*bundle))};
}

Result<Artifact> cosign_blob(const Invocation& in, const std::string& word) {
  if (word == "-") return Path("/dev/stdin");
  const std::size_t scheme = word.find("://");
  if (scheme != std::string::npos && !in.world.files.info(word)) {
    return fail(Error{Errc::unsupported,
                      cat("sluice, called as cosign, does not cover blobs from ",
                          printable(word.substr(0, scheme + 3), 20)),
                      {},
                      "fetch it, and name the file"});
  }
  return artifact_named(word);
}

// With --digest it need not be here; without claims nothing is compared.
Result<std::optional<Artifact>> attested(Invocation& in) {
  if (!in.args.has("--check-claims")) {
    cosign_warn(in, "--check-claims=false: the attestation may be about anything");
    return std::nullopt;
  }
  const auto& words = in.args.positionals();
  const auto digest = in.args.get("--digest");
  const auto algorithm = in.args.get("--digestAlg");
  if (!words.empty()) {
    if (digest) cosign_warn(in, "--digest is not looked at, since a file is named");
    SLUICE_TRY(auto artifact, cosign_blob(in, words[0]));
    return artifact;
  }
  if (!digest || !algorithm) {
    return cosign_misuse("what is the attestation to be about?",
                         "name a file, or --digest HEX --digestAlg sha256");
  }
  SLUICE_TRY(auto parsed, within(crypto::Digest::parse(cat(*algorithm, ":", lower_ascii(*digest))),
                                 "reading --digest"));
  return parsed;
}

// --use-signed-timestamps asks for the time of a timestamping service; that of a log does not do.
void demand_signed_time(Report& report) {
  const bool stamped = std::ranges::any_of(report.checks(), [](const Check& check) {
    return check.id == "timestamp.verified" && check.outcome == Outcome::pass;
  });
  if (stamped) return;
  Check& check = report.fail("time.verified", "time",
                             "no trusted timestamping service says when, which "
                             "--use-signed-timestamps asks for");
  check.expected = "an RFC 3161 timestamp of the signature";
  check.found = "none";
}

Result<int> verify_as_cosign(Invocation& in, const std::optional<Artifact>& artifact,
                             std::optional<std::string> type) {
  SLUICE_TRY(auto options, cosign_verifier(in));
  SLUICE_TRY(auto bundle, cosign_bundle(in));
  const Plan plan{.verifier = sigstore::Verifier(std::move(options)),
                  .predicate_type = std::move(type)};
  SLUICE_TRY(const auto verdict, verify_one(in, plan, artifact, std::move(bundle)));
  Report report = verdict.report();
  if (verdict.passed() && in.args.has("--use-signed-timestamps")) demand_signed_time(report);
  const bool good = verdict.passed() && report.passed();
  if (!good || in.args.has("--verbose")) {
    in.console.talk(report::as_text(report, {.every_check = in.args.has("--verbose")}));
  }
  if (good) in.console.talk("Verified OK\n");
  return good ? kDone : kRefused;
}

Result<int> run_verify_blob(Invocation& in) {
  SLUICE_TRY(const auto artifact, cosign_blob(in, in.args.positionals()[0]));
  return verify_as_cosign(in, artifact, std::nullopt);
}

Result<int> run_verify_blob_attestation(Invocation& in) {
  SLUICE_TRY(auto type, evidence::predicate_type_named(*in.args.get("--type")));
  SLUICE_TRY(const auto artifact, attested(in));
  return verify_as_cosign(in, artifact, std::move(type));
}

// Flags of cosign that change nothing here, or nothing there for blobs either.
std::vector<Option> harmless_options() {
  return {{.name = "--offline", .help = "open no connection; this command never does"},
          {.name = "--new-bundle-format",
           .help = "both formats are told apart by what is in the file",
           .fallback = "true"},
          {.name = "--max-workers", .value = "N", .help = "has no effect: there is one blob"},
          {.name = "--rekor-url", .value = "URL", .help = "has no effect: no log is asked"},
          {.name = "--experimental-oci11", .help = "has no effect on blobs"},
          {.name = "--signature-digest-algorithm",
           .value = "NAME",
           .help = "the key's own, which is sha256 unless the bundle says more",
           .choices = {"sha256"}}};
}

std::vector<Option> refused_options() {
  const std::string trusted =
      "put what is trusted into one file, with cosign trusted-root create, and name it with "
      "--trusted-root";
  std::vector<Option> out = {
      {.name = "--allow-certificate-chain",
       .help = "",
       .not_covered = "a bundle 0.3 has one certificate; cosign bundle upgrade leaves that one"},
      {.name = "--certificate-email",
       .value = "NAME",
       .help = "",
       .not_covered = "it is --certificate-identity today"},
      {.name = "--sct",
       .value = "FILE",
       .help = "",
       .not_covered = "the certificate has to hold the proof that a log has seen it"}};
  for (const auto* const name : {"--ca-intermediates", "--ca-roots", "--certificate-chain",
                                 "--timestamp-certificate-chain"}) {
    out.push_back({.name = name, .value = "FILE", .help = "", .not_covered = trusted});
  }
  for (Option& option : cosign_token_options()) out.push_back(std::move(option));
  return out;
}

std::vector<Option> shared_options() {
  std::vector<Option> out = {
      {.name = "--bundle", .value = "FILE", .help = "the bundle, or what cosign 1 and 2 wrote"},
      {.name = "--key",
       .value = "KEY",
       .help = "the public key's file, or env://VARIABLE that holds it"}};
  for (Option& option : identity_options()) {
    if (!option.name.starts_with("--certificate-")) continue;
    if (option.name == "--certificate-oidc-issuer") option.help = "who vouches for that";
    out.push_back(std::move(option));
  }
  for (Option& option : cosign_identity_options()) out.push_back(std::move(option));
  for (Option& option : std::vector<Option>{
           {.name = "--trusted-root",
            .value = "FILE",
            .help =
                "trust this trusted_root.json; otherwise what `initialize` got, or as sluice does"},
           {.name = "--insecure-ignore-tlog", .help = "no log has to have recorded the signature"},
           {.name = "--insecure-ignore-sct", .help = "no log has to have seen the certificate"},
           {.name = "--private-infrastructure", .help = "as --insecure-ignore-tlog, unwarned"},
           {.name = "--use-signed-timestamps",
            .help = "a timestamping service has to say when; those that do always count"},
           {.name = "--signature",
            .value = "FILE",
            .help = "a signature or an envelope without a bundle, or its text"},
           {.name = "--certificate", .value = "FILE", .help = "the certificate of that signature"},
           {.name = "--rfc3161-timestamp",
            .value = "FILE",
            .help = "a timestamp of that signature"}}) {
    out.push_back(std::move(option));
  }
  for (Option& option : harmless_options()) out.push_back(std::move(option));
  for (Option& option : refused_options()) out.push_back(std::move(option));
  return out;
}

std::vector<Option> attestation_options() {
  std::vector<Option> out = shared_options();
  std::vector<std::string> names;
  for (const auto& each : evidence::predicate_names()) names.emplace_back(each.name);
  out.push_back({.name = "--type",
                 .value = "TYPE",
                 .help = cat("the predicate's: ", join(names, ", "), ", or a URI"),
                 .fallback = "custom"});
  out.push_back({.name = "--check-claims",
                 .help = "the file, or --digest, has to be a subject",
                 .fallback = "true"});
  out.push_back({.name = "--digest", .value = "HEX", .help = "of what is not here as a file"});
  out.push_back({.name = "--digestAlg",
                 .value = "NAME",
                 .help = "of --digest: sha256, sha384 or sha512",
                 .choices = {"sha256", "sha384", "sha512"}});
  return out;
}

}  // namespace

std::vector<Command> cosign_verify_commands() {
  return {
      {.words = {"verify-blob"},
       .summary = "verify a file against its bundle, by identity or by key",
       .description = "Says \"Verified OK\" on standard error, or there why not, check by check. "
                      "No connection "
                      "is opened.",
       .examples = {{"who a certificate names",
                     "cosign verify-blob --bundle app.sigstore.json --certificate-identity "
                     "me@example.org --certificate-oidc-issuer https://id.example.org app"},
                    {"by key, without a log",
                     "cosign verify-blob --bundle app.sigstore.json --key cosign.pub "
                     "--insecure-ignore-tlog app"}},
       .options = shared_options(),
       .positionals = {{"BLOB", "a file, sha256:HEX of one, or - for standard input"}},
       .output = false,
       .run = run_verify_blob},
      {.words = {"verify-blob-attestation"},
       .summary = "verify an attestation about a file, by identity or by key",
       .description =
           "The file has to be one of the statement's subjects, and its predicate of the type that "
           "--type names.",
       .examples = {{"a provenance",
                     "cosign verify-blob-attestation --bundle app.sigstore.json --type "
                     "slsaprovenance1 --key cosign.pub app"}},
       .options = attestation_options(),
       .positionals = {{"BLOB", "a file, or sha256:HEX of one", false}},
       .output = false,
       .run = run_verify_blob_attestation}};
}

}  // namespace sluice::cli
