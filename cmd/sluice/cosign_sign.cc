// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: sign-blob and attest-blob, by way of what sluice sign and attest call.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.h"
#include "base/text.h"
#include "cosign.h"
#include "dsse/envelope.h"
#include "dsse/statement.h"
#include "evidence/predicate.h"
#include "exit.h"
#include "keyfile.h"
#include "sign_services.h"

namespace sluice::cli {

namespace {

constexpr int kSignSecondsLeast = 5;  // as sluice sign --deadline has it

struct SigningAlgorithm {
  std::string_view name;
  crypto::KeyType type;
};
constexpr std::array kSigningAlgorithms{
    SigningAlgorithm{"ecdsa-sha2-256-nistp256", crypto::KeyType::ecdsa_p256},
    SigningAlgorithm{"ecdsa-sha2-384-nistp384", crypto::KeyType::ecdsa_p384},
    SigningAlgorithm{"ecdsa-sha2-512-nistp521", crypto::KeyType::ecdsa_p521}};

std::unexpected<Error> wrong_signing(std::string what, std::string hint) {
  return fail(Error{Errc::usage, std::move(what), {}, std::move(hint)});
}

Result<void> check_signing_flags(const Invocation& in) {
  if (!in.args.has("--bundle")) {
    return wrong_signing("--bundle FILE is needed: where the bundle goes", "");
  }
  struct OnlyOn {
    const char* flag;
    const char* instead;
  };
  for (const OnlyOn& each :
       {OnlyOn{"--use-signing-config", "--signing-config FILE names other services"},
        OnlyOn{"--new-bundle-format", "what is written is a bundle 0.3"},
        OnlyOn{"--tlog-upload",
               "name a signing config without a log: cosign signing-config "
               "create makes one"}}) {
    if (in.args.has(each.flag)) continue;
    return wrong_signing(cat("sluice, called as cosign, does not cover ", each.flag, "=false"),
                         each.instead);
  }
  return refuse_to_overwrite(in, {"--bundle"},
                             {"--key", "--identity-token", "--signing-config", "--trusted-root",
                              "--predicate", "--statement"});
}

// A compact JWS and no file's name: a file is called so by nobody.
bool is_token(std::string_view word) {
  return word.starts_with("eyJ") && std::ranges::count(word, '.') == 2;
}

Result<SignGivens> signing_givens(Invocation& in) {
  SignGivens out;
  SLUICE_CHECK(refuse_trust_variables(in));
  SLUICE_TRY(out.trust, cosign_trust_root(in));
  SLUICE_TRY(out.config, cosign_signing_config(in));
  SLUICE_TRY(out.services_apart, cosign_services_apart(in));
  if (const auto key = in.args.get("--key")) {
    SLUICE_TRY(out.key, cosign_private_key(in, *key));
  }
  const auto token = in.args.get("--identity-token");
  if (token && is_token(*token)) out.token = SecretBytes::copy_of(*token);
  if (const auto algorithm = in.args.get("--signing-algorithm")) {
    out.key_type = std::ranges::find(kSigningAlgorithms, *algorithm, &SigningAlgorithm::name)->type;
  }
  return out;
}

// The same wishes as options of sluice.
Arguments signing_arguments(const Invocation& in) {
  Arguments out;
  const auto token = in.args.get("--identity-token");
  if (token && !is_token(*token)) out.put("--identity-token-file", *token);
  if (const auto client = in.args.get("--oidc-client-id")) out.put("--oidc-client-id", *client);
  if (in.args.get("--fulcio-auth-flow") == "device") out.put("--device", "");
  // Seconds already: that is how durations are read (personality_parse.cc).
  const std::string text = in.args.get("--timeout").value_or("");
  int seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  out.put("--deadline", cat(std::max(seconds, kSignSecondsLeast)));
  return out;
}

Result<int> sign_as_cosign(Invocation& in, sigstore::SignItem item) {
  const bool keyless = !in.args.has("--key");
  keep_out_of_cores();
  SLUICE_TRY(SignGivens given, signing_givens(in));
  TalkingConsole talking(in.console);
  Invocation inner{signing_arguments(in), in.world, talking, in.settings, in.log};
  SLUICE_TRY(const auto setup, make_sign_setup(inner, std::move(given)));
  if (keyless) in.console.talk("Generating ephemeral keys...\n");
  in.console.talk("Signing artifact...\n");
  // To cosign, - is the name of a file.
  const std::string bundle = *in.args.get("--bundle");
  const Path target = bundle == "-" ? Path("./-") : Path(bundle);
  std::vector<sigstore::SignItem> items;
  items.push_back(std::move(item));
  SLUICE_TRY(const int code, sign_and_write(inner, *setup, items, {target}));
  if (code == kDone) {
    in.console.talk(cat("Wrote bundle to file ", printable(bundle, 4096), "\n"));
  }
  return code;
}

Result<int> run_sign_blob(Invocation& in) {
  SLUICE_CHECK(check_signing_flags(in));
  const auto& blobs = in.args.positionals();
  if (blobs.size() > 1) {
    return wrong_signing(
        cat("--bundle names one file, and ", blobs.size(), " blobs are to be signed"),
        "cosign would keep the bundle of the last one alone; call it once for each, or sluice sign "
        "for all");
  }
  in.console.talk(cat("Using payload from: ", printable(blobs[0], 4096), "\n"));
  SLUICE_TRY(auto item, sign_item_of(blobs[0]));
  return sign_as_cosign(in, std::move(item));
}

// ---- attestations

Result<std::string> text_of_file(Invocation& in, const std::string& file) {
  if (file != "-") return in.world.files.read(file, limits::kPayload);
  return within(read_all(*standard_input(), limits::kPayload), "reading standard input");
}

// As cosign writes them: of a predicate without a type of its own the text, and when it was signed;
// of SPDX in tag-value form the text; else the JSON itself.
Result<json::Value> predicate_as_cosign(Invocation& in, const std::string& type,
                                        const std::string& file) {
  SLUICE_TRY(std::string text, text_of_file(in, file));
  if (type == "spdx") return json::Value(std::move(text));
  if (type == "custom") {
    json::Value out;
    out.set("Data", std::move(text));
    out.set("Timestamp", rfc3339(in.world.clock.now()));
    return out;
  }
  auto value = json::parse_strict(text, {.bytes = limits::kPayload});
  if (value) return value;
  return fail(std::move(value).error().in(cat("reading the predicate ", printable(file))));
}

Result<evidence::StatementSubject> subject_as_cosign(Invocation& in) {
  const auto& blobs = in.args.positionals();
  if (blobs.empty()) {
    return wrong_signing("what is the attestation about? It takes one file",
                         "with --hash, the file's name is only told");
  }
  const Path file(blobs[0]);
  const std::string name = file.filename().string();
  if (const auto hash = in.args.get("--hash")) {
    SLUICE_TRY(auto digest,
               within(crypto::Digest::parse(cat("sha256:", lower_ascii(*hash))), "reading --hash"));
    return evidence::StatementSubject{name, std::move(digest)};
  }
  in.console.talk(cat("Using payload from: ", printable(blobs[0], 4096), "\n"));
  SLUICE_TRY(auto digest, crypto::digest_file(in.world.files, file, crypto::HashAlgorithm::sha256));
  return evidence::StatementSubject{name, std::move(digest)};
}

Result<std::string> statement_as_cosign(Invocation& in) {
  const auto predicate = in.args.get("--predicate");
  const auto statement = in.args.get("--statement");
  if (predicate.has_value() == statement.has_value()) {
    return wrong_signing(predicate ? "--predicate and --statement are two ways to say the same"
                                   : "one of --predicate and --statement is needed",
                         "");
  }
  if (statement) {
    in.console.talk(cat("Using statement from: ", printable(*statement, 4096), "\n"));
    SLUICE_TRY(std::string text, text_of_file(in, *statement));
    auto parsed = dsse::parse_statement(bytes_of(text));
    if (parsed) return text;
    return fail(std::move(parsed).error().in(cat("reading the statement ", printable(*statement))));
  }
  const std::string name = *in.args.get("--type");
  SLUICE_TRY(const std::string type, evidence::predicate_type_named(name));
  SLUICE_TRY(auto subject, subject_as_cosign(in));
  in.console.talk(cat("Using payload from: ",
                      *predicate == "-" ? "standard input" : printable(*predicate, 4096), "\n"));
  SLUICE_TRY(auto value, predicate_as_cosign(in, name, *predicate));
  return evidence::write_statement({std::move(subject)}, type, std::move(value),
                                   evidence::kStatementV01);
}

Result<int> run_attest_blob(Invocation& in) {
  SLUICE_CHECK(check_signing_flags(in));
  SLUICE_TRY(const std::string statement, statement_as_cosign(in));
  const auto& blobs = in.args.positionals();
  return sign_as_cosign(in, {blobs.empty() ? *in.args.get("--statement") : blobs[0],
                             sigstore::SignPayload{MediaType(std::string(dsse::kInTotoPayload)),
                                                   copy_of(bytes_of(statement))}});
}

// ---- the table

std::vector<Option> refused_signing_options() {
  const std::string config = "a signing config names the services; cosign signing-config create";
  const std::string bundle = "it is in the bundle; beside --bundle cosign ignores this flag";
  const std::string token =
      "sluice finds out by itself where a token comes from; --identity-token "
      "names one";
  const std::string tls = "client certificates of the timestamp authority";
  struct RefusedFlag {
    const char* name;
    const char* value;
    const std::string& why;
  };
  const std::string chain = "a certificate of your own; with --key, the key alone signs";
  const std::string skip = "what is signed under is always checked";
  std::vector<Option> out;
  for (const RefusedFlag& each :
       {RefusedFlag{"--certificate", "FILE", chain},
        RefusedFlag{"--certificate-chain", "FILE", chain},
        RefusedFlag{"--issue-certificate", "", chain}, RefusedFlag{"--fulcio-url", "URL", config},
        RefusedFlag{"--rekor-url", "URL", config}, RefusedFlag{"--oidc-issuer", "URL", config},
        RefusedFlag{"--timestamp-server-url", "URL", config},
        RefusedFlag{"--insecure-skip-verify", "", skip},
        RefusedFlag{"--oidc-client-secret-file", "FILE", token},
        RefusedFlag{"--oidc-disable-ambient-providers", "", token},
        RefusedFlag{"--oidc-provider", "NAME", token},
        RefusedFlag{"--oidc-redirect-url", "URL", token},
        RefusedFlag{"--output-signature", "FILE", bundle},
        RefusedFlag{"--output-certificate", "FILE", bundle},
        RefusedFlag{"--rfc3161-timestamp", "FILE", bundle},
        RefusedFlag{"--timestamp-client-cacert", "FILE", tls},
        RefusedFlag{"--timestamp-client-cert", "FILE", tls},
        RefusedFlag{"--timestamp-client-key", "FILE", tls},
        RefusedFlag{"--timestamp-server-name", "NAME", tls}}) {
    out.push_back({.name = each.name, .value = each.value, .help = "", .not_covered = each.why});
  }
  for (Option& option : cosign_token_options()) out.push_back(std::move(option));
  return out;
}

std::vector<Option> signing_options() {
  std::vector<Option> out = {
      {.name = "--bundle", .value = "FILE", .help = "where the bundle goes"},
      {.name = "--key",
       .value = "KEY",
       .help = "the private key's file, or env://VARIABLE that holds it; without it, a certificate "
               "for your identity is asked for"},
      {.name = "--identity-token",
       .value = "TOKEN",
       .help = "the token to sign with, or its file. What is an argument others on this machine "
               "can read: name a file"},
      {.name = "--signing-config",
       .value = "FILE",
       .help = "the services to use; otherwise what `initialize` got, or Sigstore's public ones"},
      {.name = "--trusted-root",
       .value = "FILE",
       .help = "trust this trusted_root.json; otherwise what `initialize` got, or as sluice does"},
      {.name = "--fulcio-auth-flow",
       .value = "FLOW",
       .help = "how to sign in where nothing says who signs: normal is a browser, device a code",
       .choices = {"normal", "device", "token"}},
      {.name = "--oidc-client-id",
       .value = "ID",
       .help = "what the token has to be for",
       .fallback = "sigstore"},
      {.name = "--use-signing-config", .help = "always, here", .fallback = "true"},
      {.name = "--new-bundle-format", .help = "always, here", .fallback = "true"},
      {.name = "--tlog-upload", .help = "as the signing config says", .fallback = "true"},
      {.name = "--yes", .help = "has no effect: no question is asked", .letter = 'y'}};
  for (Option& option : refused_signing_options()) out.push_back(std::move(option));
  return out;
}

std::vector<Option> sign_blob_options() {
  std::vector<Option> out = signing_options();
  Option algorithm{.name = "--signing-algorithm",
                   .value = "NAME",
                   .help = "of the key for a certificate",
                   .fallback = std::string(kSigningAlgorithms.front().name)};
  for (const auto& each : kSigningAlgorithms) algorithm.choices.emplace_back(each.name);
  out.push_back(std::move(algorithm));
  out.push_back({.name = "--b64", .help = "has no effect on a bundle", .fallback = "true"});
  out.push_back({.name = "--output",
                 .value = "FILE",
                 .help = "",
                 .not_covered = "the signature is in the bundle"});
  return out;
}

std::vector<Option> attest_blob_options() {
  std::vector<Option> out = signing_options();
  std::vector<std::string> names;
  for (const auto& each : evidence::predicate_names()) names.emplace_back(each.name);
  out.push_back(
      {.name = "--predicate",
       .value = "FILE",
       .help = "what is said, as JSON; of custom and spdx any text; - is standard input"});
  out.push_back({.name = "--statement",
                 .value = "FILE",
                 .help = "the whole in-toto statement, signed byte for byte"});
  out.push_back({.name = "--type",
                 .value = "TYPE",
                 .help = cat("the predicate's: ", join(names, ", "), ", or a URI"),
                 .fallback = "custom"});
  out.push_back(
      {.name = "--hash", .value = "HEX", .help = "SHA-256 of what is not here as a file"});
  out.push_back({.name = "--output-attestation",
                 .value = "FILE",
                 .help = "",
                 .not_covered = "the envelope is in the bundle"});
  return out;
}

}  // namespace

std::vector<Command> cosign_sign_commands() {
  return {
      {.words = {"sign-blob"},
       .summary = "sign a file, by your identity or with a key",
       .description =
           "As sluice sign does it: what the services answer is verified before the bundle is "
           "written, and their bad days are survived (docs/signing.md). --timeout is for all of "
           "it.",
       .examples = {{"in a CI job that may ask for an ID token",
                     "cosign sign-blob --yes --bundle app.sigstore.json app"},
                    {"with a key",
                     "cosign sign-blob --key cosign.key --bundle app.sigstore.json app"}},
       .options = sign_blob_options(),
       .positionals = {{"BLOB", "a file, or - for standard input", true, true}},
       .output = false,
       .run = run_sign_blob},
      {.words = {"attest-blob"},
       .summary = "sign what is said about a file",
       .description = "Makes the in-toto statement that cosign makes, and signs it as sign-blob "
                      "does.",
       .examples = {{"an SBOM",
                     "cosign attest-blob --yes --type cyclonedx --predicate app.cdx.json --bundle "
                     "app.sigstore.json app"}},
       .options = attest_blob_options(),
       .positionals = {{"BLOB", "a file; with --hash, its name", false}},
       .output = false,
       .run = run_attest_blob}};
}

}  // namespace sluice::cli
