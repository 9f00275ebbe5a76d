// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: initialize, and whom to trust afterwards.
//
// What it gets lies in a folder of its own below the one that cosign uses ($TUF_ROOT, else
// ~/.sigstore/root): cosign's own files there stay as they are.
#include "base/limits.h"
#include "base/text.h"
#include "cosign.h"
#include "exit.h"
#include "report/report.h"
#include "repository_http.h"
#include "settings.h"
#include "trust_material.h"
#include "trust_update.h"
#include "tuf/limits.h"

namespace sluice::cli {

namespace {

using sigstore::Instance;
using sigstore::SigningConfig;
using sigstore::TrustRoot;

constexpr std::string_view kKeptFile = "sluice/trust.json";  // below cosign's folder

// Nothing without a home. A relative TUF_ROOT would be another folder for each call, and another
// one in its place would be trust that nobody asked for.
Result<std::optional<Path>> kept_file(const Environment& environment) {
  if (const auto folder = environment.get("TUF_ROOT"); folder && !folder->empty()) {
    if (folder->starts_with('/')) return Path(*folder) / kKeptFile;
    return fail(Error{Errc::usage,
                      cat("TUF_ROOT is no absolute path: ", printable(*folder, 200)),
                      {},
                      "name the folder from / on, or unset TUF_ROOT"});
  }
  if (const auto home = environment.get("HOME"); home && home->starts_with('/')) {
    return Path(*home) / ".sigstore/root" / kKeptFile;
  }
  return std::nullopt;
}

// What `initialize` kept; nothing where it was not called.
Result<std::optional<KeptTrust>> initialized(const Invocation& in) {
  SLUICE_TRY(const auto file, kept_file(in.world.environment));
  if (!file) return std::nullopt;
  auto kept = kept_in(in, *file);
  if (kept) return kept;
  return fail(std::move(kept).error().advise("cosign initialize fetches what is newer"));
}

bool is_http(std::string_view word) {
  return word.starts_with("http://") || word.starts_with("https://");
}

Result<std::optional<std::string>> mirror_of(const Invocation& in) {
  auto mirror = in.args.get("--mirror");
  if (!mirror || is_http(*mirror) || is_folder_url(*mirror)) return mirror;
  return fail(
      Error{Errc::unsupported,
            cat("sluice, called as cosign, does not cover the mirror ", printable(*mirror, 100)),
            {},
            "it is an http or https URL, or file:///FOLDER"});
}

Result<std::string> fetched_root(Invocation& in, const std::string& url) {
  if (!in.args.has("--root-checksum")) {
    return fail(Error{Errc::usage,
                      "a root that comes over the network has to be known: --root-checksum",
                      {},
                      "or fetch it, look at it, and name the file"});
  }
  HttpRequest request;
  request.url = url;
  request.budget.max_body = tuf::Limits{}.root;
  request.budget.total = in.settings.get(config::kNetTimeout).value;
  const auto http = net::make_client(in.world, client_options(in.settings));
  SLUICE_TRY(auto answer, within(http->send(request), "fetching the root"));
  if (answer.status == 200) return std::move(answer.body);
  return fail(Errc::network,
              cat("fetching the root: ", printable(url, 200), " answered ", answer.status));
}

// The root that was given, to begin with; nothing where the built-in one has to do.
Result<std::optional<std::string>> given_root(Invocation& in) {
  const auto given = in.args.get("--root");
  if (!given) return std::nullopt;
  SLUICE_TRY(std::string text, is_http(*given) ? fetched_root(in, *given)
                                               : in.world.files.read(*given, tuf::Limits{}.root));
  const auto expected = in.args.get("--root-checksum");
  if (!expected) return std::optional(std::move(text));
  const bool named = expected->find(':') != std::string::npos;
  SLUICE_TRY(const auto digest,
             within(crypto::Digest::parse(cat(named ? "" : "sha256:", lower_ascii(*expected))),
                    "reading --root-checksum"));
  const auto found = crypto::digest_of(digest.algorithm(), bytes_of(text));
  if (found == digest) return std::optional(std::move(text));
  return fail(Errc::denied,
              cat("the root is not the one of --root-checksum: it has ", found.text()));
}

// cosign says nothing on standard output.
Result<int> run_initialize(Invocation& in) {
  SLUICE_TRY(const auto file, kept_file(in.world.environment));
  if (!file) {
    return fail(Error{Errc::usage, "there is no home folder to keep it in", {}, "set TUF_ROOT"});
  }
  TrustWish wish{.step = TrustStep::begin, .keep_in = file};
  if (in.args.has("--staging")) wish.instance = Instance::staging;
  SLUICE_TRY(wish.mirror, mirror_of(in));
  SLUICE_TRY(wish.root, given_root(in));
  // A root alone: one of the public instance, as somebody else knows it.
  if (wish.root && !wish.mirror) wish.mirror = public_mirror(wish.instance);
  SLUICE_TRY(const auto verdict, update_trust(in, wish));
  in.console.talk(report::as_text(verdict.report(), {}));
  return verdict.passed() ? kDone : kRefused;
}

}  // namespace

Result<TrustRoot> cosign_trust_root(Invocation& in) {
  if (in.args.has("--trusted-root")) return trust_root_for(in);
  SLUICE_TRY(auto kept, initialized(in));
  return kept ? kept_trust(*std::move(kept))->trust_root() : trust_root_for(in);
}

Result<SigningConfig> cosign_signing_config(Invocation& in) {
  if (in.args.has("--signing-config")) return signing_config_for(in);
  SLUICE_TRY(const auto kept, initialized(in));
  if (!kept) return signing_config_for(in);
  if (kept->signing_config) return SigningConfig::parse(*kept->signing_config);
  return fail(Error{Errc::not_found,
                    "the repository of cosign initialize names no services to sign with",
                    {},
                    "--signing-config FILE names them; cosign signing-config create makes one"});
}

Result<bool> cosign_services_apart(const Invocation& in) {
  if (in.args.has("--signing-config")) return false;
  if (in.args.has("--trusted-root")) return true;
  SLUICE_TRY(const auto kept, initialized(in));
  return !kept && trust_is_named(in);
}

Result<void> refuse_trust_variables(const Invocation& in) {
  if (in.args.has("--trusted-root")) return {};
  for (const auto* const variable :
       {"SIGSTORE_ROOT_FILE", "SIGSTORE_REKOR_PUBLIC_KEY", "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
        "SIGSTORE_TSA_CERTIFICATE_FILE"}) {
    if (!in.world.environment.get(variable)) continue;
    return fail(Error{Errc::usage,
                      cat("sluice, called as cosign, does not cover the variable ", variable),
                      {},
                      "put what is trusted into one file, with cosign trusted-root create, and "
                      "name it with --trusted-root"});
  }
  return {};
}

std::vector<Command> cosign_trust_commands() {
  return {{.words = {"initialize"},
           .summary = "get whom to trust, and which services to use, from a TUF repository",
           .description =
               "Follows the client workflow of the TUF specification, from the root that is given "
               "or built in, and keeps trusted_root.json and signing_config.v0.2.json below "
               "$TUF_ROOT, else ~/.sigstore/root, in the folder sluice. The other commands then "
               "use them, until they are told otherwise or the material expires.",
           .examples = {{"Sigstore's public instance", "cosign initialize"},
                        {"another one, whose root came in another way",
                         "cosign initialize --mirror https://tuf.example.org --root root.json"}},
           .options = {{.name = "--mirror",
                        .value = "URL",
                        .help = "the repository: http, https or file:///FOLDER; default: that of "
                                "Sigstore"},
                       {.name = "--root",
                        .value = "FILE",
                        .help = "the root to begin with: a file, or a URL with --root-checksum; "
                                "default: the one that is built in"},
                       {.name = "--root-checksum",
                        .value = "HEX",
                        .help = "of that root: SHA-256, or sha512:HEX"},
                       {.name = "--staging", .help = "Sigstore's staging instance"}},
           .output = false,
           .run = run_initialize}};
}

}  // namespace sluice::cli
