// SPDX-License-Identifier: Apache-2.0
// sluice attest: says something about artifacts (a predicate), and signs it.
#include "base/limits.h"
#include "base/text.h"
#include "commands.h"
#include "dsse/envelope.h"
#include "evidence/predicate.h"
#include "exit.h"
#include "keyfile.h"
#include "settings.h"
#include "sign_services.h"
#include "sigstore/sign_key.h"

namespace sluice::cli {

namespace {

constexpr std::string_view kAttestationSuffix = ".attestation.sigstore.json";

struct Attestation {
  std::string name;
  std::string statement;
  Path target;
};

Result<json::Value> read_predicate(const Invocation& in) {
  const std::string file = *in.args.get("--predicate");
  SLUICE_TRY(const std::string text,
             file == "-"
                 ? within(read_all(*standard_input(), limits::kPayload), "reading standard input")
                 : in.world.files.read(file, limits::kPayload));
  auto value = json::parse_strict(text, {.bytes = limits::kPayload});
  if (!value) {
    // What cannot be attested is the caller's file, not something under examination.
    return fail(std::move(value).error().in(cat("reading the predicate ", printable(file))));
  }
  return value;
}

bool is_digest(std::string_view word) {
  return word.starts_with("sha256:") || word.starts_with("sha384:") || word.starts_with("sha512:");
}

// "sha256:HEX" names an artifact that is not here; a file is read once.
Result<evidence::StatementSubject> subject_of(const Invocation& in, const std::string& word) {
  if (is_digest(word)) {
    SLUICE_TRY(auto digest, crypto::Digest::parse(word));
    return evidence::StatementSubject{in.args.get("--name").value_or(word), std::move(digest)};
  }
  const Path path(word);
  SLUICE_TRY(auto digest, crypto::digest_file(in.world.files, path, crypto::HashAlgorithm::sha256));
  return evidence::StatementSubject{in.args.get("--name").value_or(path.filename().string()),
                                    std::move(digest)};
}

Result<Path> target_for(const Invocation& in, const std::string& word) {
  if (const auto bundle = in.args.get("--bundle")) return Path(*bundle);
  if (in.args.has("--together") || is_digest(word)) {
    return fail(Errc::usage, "say where the bundle goes: --bundle FILE");
  }
  return Path(cat(word, kAttestationSuffix));
}

Result<std::vector<Attestation>> make_attestations(const Invocation& in) {
  SLUICE_TRY(const std::string type, evidence::predicate_type_named(*in.args.get("--type")));
  SLUICE_TRY(const json::Value predicate, read_predicate(in));
  const auto& words = in.args.positionals();
  std::vector<evidence::StatementSubject> subjects;
  for (const auto& word : words) {
    SLUICE_TRY(auto subject, subject_of(in, word));
    subjects.push_back(std::move(subject));
  }
  std::vector<Attestation> out;
  if (in.args.has("--together")) {
    SLUICE_TRY(auto target, target_for(in, words.front()));
    out.push_back({cat(words.size(), " artifacts"),
                   evidence::write_statement(subjects, type, predicate), std::move(target)});
    return out;
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    SLUICE_TRY(auto target, target_for(in, words[i]));
    out.push_back(
        {words[i], evidence::write_statement({subjects[i]}, type, predicate), std::move(target)});
  }
  return out;
}

Result<int> attest_alone(Invocation& in, const std::vector<Attestation>& attestations) {
  SLUICE_TRY(const auto key, load_private_key(in, *in.args.get("--key")));
  std::vector<SignedAlone> all;
  for (const auto& one : attestations) {
    SLUICE_TRY(auto bundle, sigstore::sign_payload(MediaType(std::string(dsse::kInTotoPayload)),
                                                   bytes_of(one.statement), key));
    all.push_back({one.name, one.target, std::move(bundle)});
  }
  return write_signed_alone(in, "attested", key, all);
}

Result<int> run_attest(Invocation& in) {
  const auto& words = in.args.positionals();
  if (words.size() > 1 && !in.args.has("--together") &&
      (in.args.has("--bundle") || in.args.has("--name"))) {
    return fail(Errc::usage,
                "--bundle and --name go with one artifact, or with --together for all of them");
  }
  if (words.size() > 1 && in.args.has("--name")) {
    return fail(Errc::usage, "--name goes with one artifact");
  }
  SLUICE_CHECK(refuse_to_overwrite(in, {"--bundle", "--journal"},
                                   {"--key", "--password-file", "--identity-token-file",
                                    "--signing-config", "--trusted-root", "--predicate"}));
  SLUICE_TRY(const auto attestations, make_attestations(in));
  const bool services =
      in.args.has("--signing-config") || in.args.has("--staging") || in.args.has("--recorded");
  if (in.args.has("--key") && !services) return attest_alone(in, attestations);
  SLUICE_TRY(const auto setup, make_sign_setup(in));
  std::vector<sigstore::SignItem> items;
  std::vector<Path> targets;
  for (const auto& one : attestations) {
    items.push_back({one.name, sigstore::SignPayload{MediaType(std::string(dsse::kInTotoPayload)),
                                                     copy_of(bytes_of(one.statement))}});
    targets.push_back(one.target);
  }
  return sign_and_write(in, *setup, items, targets);
}

}  // namespace

std::vector<Command> attest_commands() {
  std::vector<Option> options = {
      {"--predicate", "FILE", "what is said, as JSON; - is standard input", {}, true},
      {"--type",
       "TYPE",
       "what kind of predicate it is: a URI, or custom, slsaprovenance1, spdxjson, cyclonedx, "
       "vuln, openvex, link",
       {},
       true},
      {"--bundle", "FILE", "where the bundle goes; - is standard output"},
      {"--together", "", "one statement about all artifacts, in place of one about each"},
      {"--name", "TEXT", "what the artifact is called in the statement; default: the file's name"},
      {"--key", "FILE",
       "the private key; without it, a certificate for your identity is asked for"},
      {"--recorded", "",
       "with --key: have the signature recorded by a log and stamped, as without a key"},
      threads_option(),
      password_option()};
  for (Option& option : sign_setup_options()) options.push_back(std::move(option));
  return {{.words = {"attest"},
           .summary = "sign what is said about artifacts: provenance, SBOM, scan, anything",
           .description =
               "Makes an in-toto statement v1 of the predicate about each artifact, signs it as "
               "`sign` does, and writes FILE.attestation.sigstore.json.\n"
               "sluice verify --type TYPE --bundle BUNDLE FILE checks it; so does cosign "
               "verify-blob-attestation.",
           .examples = {{"an SBOM, in a CI job",
                         "sluice attest --type cyclonedx --predicate app.cdx.json app.tar.gz"},
                        {"anything, with a key",
                         "sluice attest --key sluice.key --type https://example.org/review/v1 "
                         "--predicate review.json app.tar.gz"}},
           .options = std::move(options),
           .positionals = {{"FILE", "an artifact, or its digest as sha256:HEX", true, true}},
           .run = run_attest}};
}

}  // namespace sluice::cli
