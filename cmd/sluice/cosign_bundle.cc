// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: bundle create, inspect and upgrade.
#include "base/limits.h"
#include "base/text.h"
#include "bundle_convert.h"
#include "cosign.h"
#include "exit.h"
#include "keyfile.h"
#include "sigstore/inspect.h"

namespace sluice::cli {

namespace {

// What was signed with: of these, one.
Result<std::string> signed_text(Invocation& in) {
  std::optional<std::string> file;
  for (const auto* const flag : {"--bundle", "--attestation", "--signature"}) {
    const auto given = in.args.get(flag);
    if (given && file) {
      return fail(Errc::usage, "one of --bundle, --attestation and --signature, not two of them");
    }
    if (given) file = given;
  }
  if (!file) return fail(Errc::usage, "one of --bundle, --attestation and --signature is needed");
  return in.world.files.read(*file, limits::kBundleFile);
}

Result<sigstore::ConvertRequest> create_request(Invocation& in) {
  const auto artifact = in.args.get("--artifact");
  if (!artifact) return fail(Errc::usage, "--artifact FILE is needed: what was signed");
  if (!in.args.has("--bundle") && !in.args.has("--ignore-tlog")) {
    return fail(Error{Errc::unsupported,
                      "sluice, called as cosign, does not cover searching a log for an entry",
                      {},
                      "--ignore-tlog makes a bundle without one; --bundle FILE takes that of what "
                      "cosign 1 or 2 wrote"});
  }
  sigstore::ConvertRequest request;
  SLUICE_TRY(request.text, signed_text(in));
  if (const auto file = in.args.get("--certificate")) {
    SLUICE_TRY(request.certificate, in.world.files.read(*file, limits::kKeyFile));
  }
  if (const auto key = in.args.get("--key")) {
    SLUICE_TRY(request.key, cosign_public_key(in, *key));
  }
  if (const auto file = in.args.get("--rfc3161-timestamp")) {
    SLUICE_TRY(request.timestamp, in.world.files.read(*file, limits::kBundleFile));
  }
  request.artifact_digest = [&in, artifact](crypto::HashAlgorithm algorithm) {
    return crypto::digest_file(in.world.files, *artifact, algorithm);
  };
  return request;
}

Result<int> run_bundle_create(Invocation& in) {
  SLUICE_CHECK(refuse_to_overwrite(in, {"--out"},
                                   {"--artifact", "--attestation", "--bundle", "--certificate",
                                    "--key", "--rfc3161-timestamp", "--signature"}));
  SLUICE_TRY(auto request, create_request(in));
  return convert_and_write(
      in, std::move(request),
      {.rekor_url = in.args.get("--rekor-url"), .out = in.args.get("--out").value_or("-")});
}

Result<int> run_bundle_upgrade(Invocation& in) {
  SLUICE_CHECK(refuse_to_overwrite(in, {"--out"}, {}));
  sigstore::ConvertRequest request;
  SLUICE_TRY(request.text, in.world.files.read(in.args.positionals()[0], limits::kBundleFile));
  return convert_and_write(in, std::move(request),
                           {.rekor_url = in.args.get("--rekor-url"),
                            .out = in.args.get("--out").value_or("-"),
                            .newest = true});
}

Result<int> run_bundle_inspect(Invocation& in) {
  const Path file = in.args.positionals()[0];
  SLUICE_TRY(const std::string text, in.world.files.read(file, limits::kBundleFile));
  const auto inspection = sigstore::inspect(text);
  SLUICE_CHECK(in.console.print(sigstore::as_text(inspection, shown(file), false)));
  return inspection.sound() ? kDone : kRefused;
}

Option rekor_option() {
  return {.name = "--rekor-url",
          .value = "URL",
          .help = "ask this log for proofs of inclusion that are missing; none is asked unnamed"};
}

}  // namespace

std::vector<Command> cosign_bundle_commands() {
  const Option out{.name = "--out", .value = "FILE", .help = "otherwise standard output"};
  std::vector<Option> create = {
      {.name = "--artifact", .value = "FILE", .help = "what was signed"},
      {.name = "--signature", .value = "FILE", .help = "a signature, in base64"},
      {.name = "--attestation", .value = "FILE", .help = "an envelope"},
      {.name = "--bundle", .value = "FILE", .help = "what cosign 1 or 2 wrote with --bundle"},
      {.name = "--certificate", .value = "FILE", .help = "the signer's certificate"},
      {.name = "--key", .value = "KEY", .help = "the signer's public key"},
      {.name = "--rfc3161-timestamp", .value = "FILE", .help = "a timestamp of the signature"},
      {.name = "--ignore-tlog", .help = "no log's entry belongs to it"},
      rekor_option(),
      out};
  for (Option& option : cosign_token_options()) create.push_back(std::move(option));
  return {
      {.words = {"bundle", "create"},
       .summary = "make a bundle of its parts",
       .description = "Nothing is verified; parts that belong to different signatures are "
                      "refused.",
       .examples = {{"a signature by key",
                     "cosign bundle create --artifact app --signature app.sig --key cosign.pub "
                     "--ignore-tlog --out app.sigstore.json"}},
       .options = std::move(create),
       .output = false,
       .run = run_bundle_create},
      {.words = {"bundle", "inspect"},
       .summary = "show what is in a bundle, also in a broken one",
       .description = "As sluice bundle inspect does it; nothing is verified.",
       .examples = {{"what is in there?", "cosign bundle inspect app.sigstore.json"}},
       .positionals = {{"BUNDLE", "its file"}},
       .output = false,
       .run = run_bundle_inspect},
      {.words = {"bundle", "upgrade"},
       .summary = "make a bundle 0.3 of an older one",
       .description = "A log's proof that is missing is asked for with --rekor-url; without it, "
                      "such a bundle is refused.",
       .examples = {{"of a bundle 0.1",
                     "cosign bundle upgrade --out new.sigstore.json old.sigstore.json"}},
       .options = {rekor_option(), out},
       .positionals = {{"BUNDLE", "its file"}},
       .output = false,
       .run = run_bundle_upgrade}};
}

}  // namespace sluice::cli
